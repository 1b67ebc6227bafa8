"""What a pair is worth: a sum of separate terms in whole points, weighted by the policy.

Some terms look at the demand line alone: they take the board and return an array (lines,). The others look at
the pair and return an array (pairs,), or of the shape to which its lines and resources broadcast. ``LINE_TERMS`` and
``PAIR_TERMS`` list them all.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.pairs.claims import claim
from matcher.pairs.fairness import HOUR_MS, load, regret
from matcher.pairs.rules import Board
from matcher.state.columns import Ints, looked_up
from matcher.state.demands import URGENCIES
from schemas.demands import Urgency


def service(board: Board) -> Ints:
    """The base worth of serving one seat at all."""
    return np.full(len(board.frozen.lines), board.policy.service.base, np.int64)


def urgency(board: Board) -> Ints:
    """By the demand's urgency."""
    weights = board.policy.urgency
    points = {
        Urgency.NORMAL: weights.normal,
        Urgency.URGENT: weights.urgent,
        Urgency.WHISTLE: weights.whistle,
        Urgency.EMERGENCY: weights.emergency,
    }
    of_level = np.array([points[level] for level in URGENCIES], np.int64)
    return of_level[board.frozen.demands["urgency"]][board.frozen.line_demand]


def waiting(board: Board) -> Ints:
    """For each full hour since the demand was posted, up to the cap."""
    weights = board.policy.waiting
    hours = np.clip((board.now_ms - board.frozen.demands["posted"]) // HOUR_MS, 0, weights.cap_hours)
    return (hours * weights.per_hour)[board.frozen.line_demand]


def nearness(board: Board, pairs: Pairs) -> Ints:
    """By the smallest region that the resource's home and the demand's place share."""
    weights = board.policy.nearness
    of_level = np.array([weights.beyond, weights.city, weights.district, weights.street, weights.community], np.int64)
    home, place = board.home[pairs.resource], board.place[pairs.line]
    if board.level.size > np.broadcast(home, place).size:
        return of_level.take(looked_up(board.level, place, home))
    return looked_up(of_level.take(board.level), place, home)


def fit(board: Board, pairs: Pairs) -> Ints:
    """Exactly the item asked for, or a sibling of its category."""
    weights = board.policy.fit
    exact = board.frozen.lines["item"][pairs.line] == board.frozen.resources["item"][pairs.resource]
    return np.where(exact, np.int64(weights.exact), np.int64(weights.sibling))


LINE_TERMS: Final[dict[str, Callable[[Board], Ints]]] = {
    "service": service,
    "urgency": urgency,
    "waiting": waiting,
    "regret": regret,
}
PAIR_TERMS: Final[dict[str, Callable[[Board, Pairs], Ints]]] = {
    "nearness": nearness,
    "fit": fit,
    "load": load,
    "claim": claim,
}


def values(board: Board, pairs: Pairs) -> Ints:
    """Return what each pair is worth; shape (pairs,), in points."""
    return of_lines(board)[pairs.line] + of_pairs(board, pairs)


def of_lines(board: Board) -> Ints:
    """Return the sum of the terms that look at the line alone, less what a question takes off; (lines,)."""
    worth: Ints = np.sum([term(board) for term in LINE_TERMS.values()], axis=0)
    return worth if board.less is None else worth - board.less


def of_pairs(board: Board, pairs: Pairs) -> Ints:
    """Return the sum of the terms that look at the pair; in the shape to which lines and resources broadcast."""
    worth, *others = (term(board, pairs) for term in PAIR_TERMS.values())
    for other in others:
        if other.any():  # a term may be off
            worth += other
    return worth


def parts(board: Board, pairs: Pairs) -> dict[str, Ints]:
    """Return the terms of each pair by name, each (pairs,); their sum is its value."""
    return {name: term(board)[pairs.line] for name, term in LINE_TERMS.items()} | {
        name: term(board, pairs) for name, term in PAIR_TERMS.items()
    }
