"""What a pair is worth: a sum of separate terms in whole points, weighted by the policy.

Each term takes the board and the pairs and returns an array (pairs,) of points; ``TERMS`` lists them all.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matcher.candidates import Pairs
from matcher.columns import Ints
from matcher.demands import URGENCIES
from matcher.rules import Board
from schemas.demands import Urgency

HOUR_MS = 3_600_000


def service(board: Board, pairs: Pairs) -> Ints:
    """The base worth of serving one seat at all."""
    return np.full(len(pairs.line), board.policy.service.base, np.int64)


def urgency(board: Board, pairs: Pairs) -> Ints:
    """By the demand's urgency."""
    weights = board.policy.urgency
    points = {
        Urgency.NORMAL: weights.normal,
        Urgency.URGENT: weights.urgent,
        Urgency.WHISTLE: weights.whistle,
        Urgency.EMERGENCY: weights.emergency,
    }
    of_level = np.array([points[level] for level in URGENCIES], np.int64)
    return of_level[board.frozen.demands["urgency"]][board.frozen.line_demand][pairs.line]


def waiting(board: Board, pairs: Pairs) -> Ints:
    """For each full hour since the demand was posted, up to the cap."""
    weights = board.policy.waiting
    hours = np.clip((board.now_ms - board.frozen.demands["posted"]) // HOUR_MS, 0, weights.cap_hours)
    return (hours * weights.per_hour)[board.frozen.line_demand][pairs.line]


def nearness(board: Board, pairs: Pairs) -> Ints:
    """By the smallest region that the resource's home and the demand's place share."""
    weights = board.policy.nearness
    of_level = np.array([weights.beyond, weights.city, weights.district, weights.street, weights.community], np.int64)
    return of_level[board.level][board.home[pairs.resource], board.place[pairs.line]]


def fit(board: Board, pairs: Pairs) -> Ints:
    """Exactly the item asked for, or a sibling of its category."""
    weights = board.policy.fit
    exact = board.frozen.lines["item"][pairs.line] == board.frozen.resources["item"][pairs.resource]
    return np.where(exact, np.int64(weights.exact), np.int64(weights.sibling))


TERMS: dict[str, Callable[[Board, Pairs], Ints]] = {
    "service": service,
    "urgency": urgency,
    "waiting": waiting,
    "nearness": nearness,
    "fit": fit,
}


@dataclass(frozen=True, slots=True)
class Values:
    """``total`` (pairs,) and its parts, each (pairs,), in points."""

    total: Ints
    terms: dict[str, Ints]


def values(board: Board, pairs: Pairs) -> Values:
    """Return what each pair is worth, and from which terms."""
    terms = {name: term(board, pairs) for name, term in TERMS.items()}
    return Values(np.sum(list(terms.values()), axis=0, dtype=np.int64), terms)
