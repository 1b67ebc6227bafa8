"""Which open demands and needs say again what one says, and what speaks for it. A person decides what is merged.

A score between 0 and 1 adds up what two demands share (``WEIGHTS``): words, above all, by the root of the cosine of
their TF-IDF vectors among the demands they are compared with (the same thing said anew shares few of them); then the
door, item, time, community, and for whom. What tells them apart cuts it (``CUTS``): 3号楼 and 5号楼 may both have a
blocked sink on the same day, and haircuts in a fortnight are other haircuts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import prod
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from api.words.doors import apart, doors, shared
from api.words.grams import counted
from schemas.base import Window
from schemas.demands import Beneficiary, Demand
from schemas.lives.demand import Need

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
class Saying:
    """What a demand on the list says, or a need that is not there yet and may not know its items and window."""

    id: str
    title: str
    detail: str
    community: str
    items: frozenset[str]
    window: Window | None
    beneficiary: Beneficiary
    since: datetime
    listed: bool


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One that may say the same: a score between 0 and 1, what speaks for it, and what against."""

    other: Saying
    score: float
    reasons: tuple[Reason, ...]
    against: tuple[Against, ...] = ()


def said(one: Demand | Need) -> Saying:
    """Return what a demand or a need says; a need goes by its entry on the list where it has one."""
    if isinstance(one, Need):
        return _said(one, name=one.entry or one.id, since=one.opened_at, listed=False)
    return _said(one, name=one.demand_id, since=one.posted_at, listed=True)


def _said(one: Any, *, name: str, since: datetime, listed: bool) -> Saying:
    return Saying(
        id=name,
        title=one.title,
        detail=one.detail or "",
        community=one.community,
        items=frozenset(line.item for line in one.lines or ()),
        window=one.window,
        beneficiary=one.beneficiary or Beneficiary.GENERAL,
        since=since,
        listed=listed,
    )


def duplicates(of: Saying, among: Sequence[Saying], *, most: int, least: float = LIKELY) -> tuple[Duplicate, ...]:
    """Return up to ``most`` of those that score at least ``least``, the likeliest first; never ``of`` itself."""
    others = [each for each in among if each.id != of.id]
    if not others:
        return ()
    found = [_compared(of, other, alike=float(alike)) for other, alike in zip(others, _alike(of, others), strict=True)]
    likely = sorted((each for each in found if each.score >= least), key=lambda each: (-each.score, each.other.id))
    return tuple(likely[:most])


def _alike(of: Saying, others: Sequence[Saying]) -> Weights:
    """Return how alike each one's words are to those of ``of``: the root of their cosine."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - half a second that few have to wait

    texts = [_text(each) for each in (of, *others)]
    if not any(counted(text) for text in texts):
        return np.zeros(len(others))
    weights = TfidfVectorizer(analyzer=counted, sublinear_tf=True).fit_transform(texts)
    return np.asarray(np.sqrt((weights[1:] @ weights[0].T).toarray()[:, 0]))


def _compared(one: Saying, other: Saying, *, alike: float) -> Duplicate:
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


def _same_item(one: Saying, other: Saying) -> dict[Reason, float]:
    if one.items & other.items:
        return {"item": 1.0}
    kinds = [{item.partition(".")[0] for item in items} for items in (one.items, other.items)]
    return {"category": float(not kinds[0].isdisjoint(kinds[1]))}


def _overlap(one: Saying, other: Saying) -> float:
    """Return how much of the shorter window lies in the other's; 0 where one has none."""
    if one.window is None or other.window is None:
        return 0.0
    start = max(one.window.start, other.window.start)
    end = min(one.window.end, other.window.end)
    shorter = min(one.window.end - one.window.start, other.window.end - other.window.start)
    return max(0.0, (end - start) / shorter)


def _gap(one: Window | None, other: Window | None) -> timedelta:
    """Return how long after the one window ends the other begins; nothing where they overlap, or one has none."""
    if one is None or other is None:
        return timedelta(0)
    return max(one.start, other.start) - min(one.end, other.end)


def _text(saying: Saying) -> str:
    return f"{saying.title}\n{saying.detail}"
