"""``cobuild bench words``: how well free text finds its item of the catalogue, beside a match on names, and chance.

The sentences (``sentences.tsv``) were written before any everyday word of the catalogue; what is told here is of their
part ``test``. The part ``tune`` is what everything was tried on: grams, the formula, the threshold.
"""

import csv
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from api.words.grams import counted
from api.words.index import Index
from deploy.bench.report import Figure, Goal, Report, percentile
from schemas.catalogue import Catalogue, Item, load_catalogue

QUESTION = "A sentence as people say it: is the item that it means among those suggested, and is a stray one let be?"
SENTENCES = Path(__file__).with_name("sentences.tsv")
GOAL_RECALL, GOAL_MS = 90.0, 5.0

Suggest = Callable[[str], Sequence[str]]
"""Item ids for a text, the best first; none where nothing fits."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, its language, and the items that would be right; none where the catalogue has nothing for it."""

    text: str
    language: str
    items: frozenset[str]
    category: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was suggested for a sentence."""

    sentence: Sentence
    items: Sequence[str]

    def among(self, first: int) -> bool:
        """Whether a right item is among the ``first`` suggested."""
        return not self.sentence.items.isdisjoint(self.items[:first])


def sentences(part: str) -> list[Sentence]:
    """Return the sentences of a part: ``tune`` or ``test``."""
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["part"] == part]
    return [
        Sentence(
            row["text"], row["language"], frozenset(row["items"].split("|")) - {""}, row["items"].partition(".")[0]
        )
        for row in rows
    ]


def run() -> Report:
    """Measure and return the report."""
    catalogue = load_catalogue()
    began = time.process_time()
    index = Index(catalogue)
    built = (time.process_time() - began) * 1e3
    asked = sentences("test")
    ours, taken = _timed(asked, lambda text: [found.item.item_id for found in index.suggest(text, most=5)])
    peers = {
        "match on names": _timed(asked, names_match(catalogue))[0],
        "chance": _timed(asked, chance(catalogue))[0],
    }
    found = right(ours)
    return Report(
        "words",
        QUESTION,
        (
            *_figures("ours", ours, ours),
            *(figure for name, outcomes in peers.items() for figure in _figures(name, outcomes, ours)),
            Figure("ours: a question, p50", median(taken), "ms"),
            Figure("ours: a question, p99", percentile(taken, 0.99), "ms"),
            Figure("ours: making the index, imports included", built, "ms", note="once, when first asked"),
            *_by_language(ours),
            *_by_category(ours, catalogue),
        ),
        (
            Goal(f"a right item among three in {GOAL_RECALL:.0f} %: {found[3]:.1f} %", found[3] >= GOAL_RECALL),
            Goal(f"a question under {GOAL_MS:.0f} ms", percentile(taken, 0.99) < GOAL_MS),
        ),
    )


def right(outcomes: Iterable[Outcome]) -> dict[int, float]:
    """Return in how many of a hundred sentences that mean an item a right one is among the first 1, 3 and 5."""
    meant = [outcome for outcome in outcomes if outcome.sentence.items]
    return {first: _percent([outcome.among(first) for outcome in meant]) for first in (1, 3, 5)}


def nothing(outcomes: Iterable[Outcome]) -> tuple[float, float]:
    """Return precision and recall (%) of the answer that nothing fits."""
    told = [not outcome.items for outcome in outcomes]
    true = [not outcome.sentence.items for outcome in outcomes]
    both = [said and so for said, so in zip(told, true, strict=True)]
    return 100 * sum(both) / max(1, sum(told)), 100 * sum(both) / max(1, sum(true))


def names_match(catalogue: Catalogue) -> Suggest:
    """Return the peer that counts how much of an item's own two names a text holds, as a search box would."""
    parts = {item: [_parts(name) for name in (item.zh, item.en)] for item in catalogue.items.values()}

    def share(item: Item, said: frozenset[str]) -> float:
        return max(len(name & said) / len(name) for name in parts[item] if name)

    def suggest(text: str) -> list[str]:
        said = frozenset(counted(text))
        scores = {item.item_id: share(item, said) for item in parts}
        best = sorted(scores, key=lambda item_id: -scores[item_id])[:5]
        return [item_id for item_id in best if scores[item_id] > 0]

    return suggest


def _parts(name: str) -> frozenset[str]:
    return frozenset(gram for gram in counted(name) if gram.isascii() or len(gram) > 1)


def chance(catalogue: Catalogue) -> Suggest:
    """Return the peer that draws five items, always the same for the same text."""
    items = list(catalogue.items)
    return lambda text: random.Random(text).sample(items, 5)  # noqa: S311 - no secret hangs on it


def _timed(asked: Sequence[Sentence], suggest: Suggest) -> tuple[list[Outcome], list[float]]:
    """Return what was suggested for each sentence, and the milliseconds each took."""
    outcomes, taken = list[Outcome](), list[float]()
    for sentence in asked:
        began = time.process_time()
        items = suggest(sentence.text)
        taken.append((time.process_time() - began) * 1e3)
        outcomes.append(Outcome(sentence, items))
    return outcomes, taken


def _figures(name: str, outcomes: list[Outcome], ours: list[Outcome]) -> tuple[Figure, ...]:
    found, of_ours = right(outcomes), right(ours)
    precision, recall = nothing(outcomes)
    meant = sum(bool(outcome.sentence.items) for outcome in outcomes)
    shares = [
        Figure(f"{name}: {what}", found[first], "%", found[first] / of_ours[first], f"of {meant} sentences")
        for first, what in ((1, "right at once"), (3, "right among three"), (5, "right among five"))
    ]
    if all(outcome.items for outcome in outcomes):
        return (*shares, Figure(f"{name}: of the strays, let be", recall, "%"))
    return (
        *shares,
        Figure(f"{name}: of the strays, let be", recall, "%", note=f"of {len(outcomes) - meant} sentences"),
        Figure(f"{name}: when nothing is told to fit, it is so", precision, "%"),
    )


def _by_language(outcomes: list[Outcome]) -> Iterable[Figure]:
    for language in ("zh", "en"):
        of_it = [outcome for outcome in outcomes if outcome.sentence.language == language]
        yield Figure(f"in {language}: right at once", right(of_it)[1], "%", note=f"among three {right(of_it)[3]:.0f} %")


def _by_category(outcomes: list[Outcome], catalogue: Catalogue) -> Iterable[Figure]:
    for category in catalogue.categories:
        of_it = [outcome for outcome in outcomes if outcome.sentence.category == category]
        found = right(of_it)
        yield Figure(f"{category}: right at once", found[1], "%", note=f"among three {found[3]:.0f} % of {len(of_it)}")


def _percent(hits: Sequence[bool]) -> float:
    return 100 * sum(hits) / max(1, len(hits))
