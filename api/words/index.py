"""Which items of a catalogue a text may mean: an index over their names and everyday words.

An item's score multiplies two things, both between 0 and 1:

* how alike text and item are: the cosine of their TF-IDF vectors over grams (Salton and Buckley, Term-weighting
  approaches in automatic text retrieval, 1988), the item being all its words of one language together;
* how fully one of its words is there: the part of that word's own weight whose grams the text holds. A text that
  touches many words of an item a little means it less than one that says a single word outright.

Equal scores go by the order of the catalogue, so that the same text is always told the same.
"""

from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from api.words.grams import Gram, counted, grams, tidied
from schemas.catalogue import Catalogue, Item

FITS = 0.12
"""Where the best score is below, nothing fits. Of the sentences for tuning (``deploy/bench/sentences.tsv``) that turns
away 1 % of those that ask for something we have, and 70 % of the others."""
BESIDE = 0.2
"""An item is told beside the best if it has at least this part of the best's score."""
SAID_OUTRIGHT = 0.77
"""So much of the score is asked of a word that is fully there; the rest an item gets by being alike alone."""
TOLD_WORDS = 4
_SPEAKS = 0.2
"""A gram speaks for an item if it adds at least this part of what the strongest adds."""

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An item that a text may mean: a score between 0 and 1, and the words of the text that spoke for it."""

    item: Item
    score: float
    words: tuple[str, ...]


class Index:
    """The words of a catalogue, weighed. Making one takes some 0.2 s; a question a millisecond."""

    def __init__(self, catalogue: Catalogue) -> None:
        # Half a second of imports that only who asks for a suggestion shall wait for.
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

        self._items = tuple(catalogue.items.values())
        said = [tuple(dict.fromkeys((item.zh, item.en, *item.words))) for item in self._items]
        plain = ["\n".join(word for word in words if word.isascii()) for words in said]
        other = ["\n".join(word for word in words if not word.isascii()) for words in said]
        self._weigher = TfidfVectorizer(analyzer=counted, sublinear_tf=True)
        self._of_items = csr_array(self._weigher.fit_transform([*other, *plain]))
        weights = csr_array(self._weigher.transform([word for words in said for word in words]))
        self._of_words = weights.multiply(weights).tocsr()
        self._first_word = np.cumsum([0, *map(len, said)])[:-1]

    def suggest(self, text: str, *, most: int, fits: float = FITS) -> tuple[Suggestion, ...]:
        """Return up to ``most`` items, the best first; none where even the best scores below ``fits``."""
        clean = tidied(text)
        asked = csr_array(self._weigher.transform([clean]))
        scores = self._scores(asked)
        best = np.argsort(-scores, kind="stable")[:most]
        highest = scores[best[0]]
        if highest == 0 or highest < fits:
            return ()
        cut = list(grams(clean))
        return tuple(
            Suggestion(self._items[place], round(float(scores[place]), 3), self._reasons(clean, cut, asked, place))
            for place in best
            if scores[place] >= BESIDE * highest
        )

    def _scores(self, asked: csr_array) -> Weights:
        """Return the score of every item for a text's weights, of shape (1, grams)."""
        alike = (self._of_items @ asked.T).toarray().reshape(2, -1).max(axis=0)
        held = (self._of_words @ (asked > 0).astype(np.float64).T).toarray()[:, 0]
        outright = np.maximum.reduceat(held, self._first_word)
        return np.asarray(alike * (1 - SAID_OUTRIGHT + SAID_OUTRIGHT * outright))

    def _reasons(self, text: str, cut: list[Gram], asked: csr_array, place: int) -> tuple[str, ...]:
        """Return the stretches of the text whose grams added the most to an item, the weightiest first."""
        both = self._of_items[[place], :] + self._of_items[[place + len(self._items)], :]
        shared = asked.multiply(both).tocoo()
        adds = dict(zip(shared.coords[1].tolist(), shared.data.tolist(), strict=True))
        number = self._weigher.vocabulary_
        found = [(gram, add) for gram in cut if (add := adds.get(number.get(gram.text, -1), 0.0)) > 0]
        least = _SPEAKS * max((add for _, add in found), default=0.0)
        weight: dict[str, float] = {}
        for start, end, add in _joined([(gram, add) for gram, add in found if add >= least]):
            weight[text[start:end]] = weight.get(text[start:end], 0.0) + add
        return tuple(sorted(weight, key=lambda word: -weight[word])[:TOLD_WORDS])


def _joined(found: list[tuple[Gram, float]]) -> list[tuple[int, int, float]]:
    """Join grams that overlap into stretches (start, end, what they add together)."""
    stretches: list[tuple[int, int, float]] = []
    for gram, add in sorted(found, key=lambda each: each[0].start):
        if stretches and gram.start < stretches[-1][1]:
            start, end, sofar = stretches.pop()
            stretches.append((start, max(end, gram.end), sofar + add))
        else:
            stretches.append((gram.start, gram.end, add))
    return stretches


class Shelf:
    """Keeps the index of a catalogue once it was made; whoever comes meanwhile waits for it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._index: Index | None = None
        self._making = Lock()

    def index(self) -> Index:
        """Return the index; blocks for about a second the first time."""
        with self._making:
            if self._index is None:
                self._index = Index(self._catalogue)
            return self._index
