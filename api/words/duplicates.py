"""Which open demands say again what a demand says, and what speaks for it. A person decides; nothing is merged here.

A score between 0 and 1 adds up what two demands share (``WEIGHTS``): words, above all, by the root of the cosine of
their TF-IDF vectors among the demands they are compared with (the same thing said anew shares few of them); then the
door, item, time, community, and for whom. What tells them apart cuts it (``CUTS``): 3号楼 and 5号楼 may both have a
blocked sink on the same day, and haircuts in a fortnight are other haircuts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import prod
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from api.words.doors import apart, doors, shared
from api.words.grams import counted
from schemas.base import Window
from schemas.demands import Beneficiary, Demand

Reason = Literal["words", "item", "category", "time", "community", "door", "beneficiary"]
Against = Literal["other_door", "other_days"]

WEIGHTS: Final[dict[Reason, float]] = {
    "words": 0.5,
    "door": 0.2,
    "item": 0.1,
    "category": 0.05,
    "time": 0.1,
    "community": 0.05,
    "beneficiary": 0.05,
}
CUTS: Final[dict[Against, float]] = {"other_door": 1 / 3, "other_days": 1 / 2}
OTHER_DAYS: Final = timedelta(days=3)
"""So far apart windows are on other days."""
LIKELY: Final = 0.5
"""From this score on a demand is told; chosen on the wishes for tuning (``deploy/bench/duplicates.tsv``)."""
_ALIKE: Final = 0.4
"""Words are given as a reason from this root on."""

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A demand that may say the same: a score between 0 and 1, what speaks for it, and what against."""

    demand: Demand
    score: float
    reasons: tuple[Reason, ...]
    against: tuple[Against, ...] = ()


def duplicates(of: Demand, among: Sequence[Demand], *, most: int, least: float = LIKELY) -> tuple[Duplicate, ...]:
    """Return up to ``most`` demands that score at least ``least``, the likeliest first; never ``of`` itself."""
    others = [each for each in among if each.demand_id != of.demand_id]
    if not others:
        return ()
    found = [_compared(of, other, alike=float(alike)) for other, alike in zip(others, _alike(of, others), strict=True)]
    likely = sorted(
        (each for each in found if each.score >= least), key=lambda each: (-each.score, each.demand.demand_id)
    )
    return tuple(likely[:most])


def _alike(of: Demand, others: Sequence[Demand]) -> Weights:
    """Return how alike each demand's words are to those of ``of``: the root of their cosine."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - half a second that few have to wait

    texts = [_text(each) for each in (of, *others)]
    if not any(counted(text) for text in texts):
        return np.zeros(len(others))
    weights = TfidfVectorizer(analyzer=counted, sublinear_tf=True).fit_transform(texts)
    return np.asarray(np.sqrt((weights[1:] @ weights[0].T).toarray()[:, 0]))


def _compared(one: Demand, other: Demand, *, alike: float) -> Duplicate:
    here, there = doors(_text(one)), doors(_text(other))
    shares: dict[Reason, float] = {
        "words": alike,
        "door": float(shared(here, there)),
        **_same_item(one, other),
        "time": _overlap(one, other),
        "community": float(one.community == other.community),
        "beneficiary": float(one.beneficiary == other.beneficiary != Beneficiary.GENERAL),
    }
    against: list[Against] = ["other_door"] if apart(here, there) else []
    if _gap(one.window, other.window) > OTHER_DAYS:
        against.append("other_days")
    score = sum(WEIGHTS[reason] * share for reason, share in shares.items())
    told = tuple(reason for reason, share in shares.items() if share > (_ALIKE if reason == "words" else 0))
    return Duplicate(other, round(score * prod(CUTS[each] for each in against), 3), told, tuple(against))


def _same_item(one: Demand, other: Demand) -> dict[Reason, float]:
    mine, theirs = ({line.item for line in each.lines} for each in (one, other))
    if mine & theirs:
        return {"item": 1.0}
    kinds = [{item.partition(".")[0] for item in items} for items in (mine, theirs)]
    return {"category": float(not kinds[0].isdisjoint(kinds[1]))}


def _overlap(one: Demand, other: Demand) -> float:
    """Return how much of the shorter window lies in the other's."""
    start = max(one.window.start, other.window.start)
    end = min(one.window.end, other.window.end)
    shorter = min(each.window.end - each.window.start for each in (one, other))
    return max(0.0, (end - start) / shorter)


def _gap(one: Window, other: Window) -> timedelta:
    """Return how long after the one window ends the other begins; not positive where they overlap."""
    return max(one.start, other.start) - min(one.end, other.end)


def _text(demand: Demand) -> str:
    return f"{demand.title}\n{demand.detail}"
