"""What a round left behind: the lines that were outbid in it, and what its terms of fairness cost."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from matcher.pairs.fairness import is_weighed
from matcher.pairs.rules import Board, line_rows
from matcher.pairs.values import values
from matcher.round.matched import Matching, Seats
from matcher.round.matching import match
from matcher.state.columns import Bools, Ints
from schemas.policy import LoadWeights, RegretWeights
from schemas.rounds import FairnessCost, Outbid, Proposal, Transition

MOST: Final = 6_000
"""Lines that one record says to be outbid; the others are said when they are outbid again."""


def outbid(
    board: Board,
    seats: Seats,
    matching: Matching,
    *,
    transitions: Sequence[Transition],
    proposals: Sequence[Proposal],
) -> tuple[Outbid, ...]:
    """Return the lines whose clock of regret starts with this round, in order of demand and line.

    Args:
        board: the pool.
        seats: what was open in it.
        matching: what the round gave.
        transitions: what the round did to live assignments; those confirmed or fulfilled end a clock.
        proposals: what the round proposed; those accepted beforehand end a clock.
    """
    if not board.policy.regret.per_hour:
        return ()
    frozen, running = board.frozen, board.frozen.outbid > 0
    running[_ended(board, transitions)] = False
    at_once = {(given.demand_id, given.line) for given in proposals if given.auto_accepted}
    lines = [
        (frozen.demand_ids[frozen.line_demand[row]], int(frozen.line_no[row]), bool(running[row]))
        for row in np.flatnonzero(_beaten(seats, matching))
    ]
    starting = [line[:2] for line in lines if not line[2] or line[:2] in at_once]
    return tuple(Outbid(demand_id=demand_id, line=line) for demand_id, line in starting[:MOST])


def cost(board: Board, seats: Seats, matching: Matching) -> FairnessCost | None:
    """Return what the policy's terms of fairness cost this round; None where it has none.

    The same lines are matched once more by the other terms alone. What the round gave is one of the assignments
    that were possible then: its worth by those terms is at most the best.
    """
    if not is_weighed(board.policy):
        return None
    plain = _without_fairness(board)
    pairs, _, taken = matching.pairs_of_all()
    given, other = taken > 0, match(plain, _taken_on(seats, matching), rivals=False)
    worth = int((values(other.board, pairs.keep(given)) * taken[given]).sum())
    # Where teams make the best known only, what was given may be better.
    return FairnessCost(value=worth, best=max(other.value(), worth))


def _beaten(seats: Seats, matching: Matching) -> Bools:
    """Return which lines (lines,) were outbid: a seat is open, and one that it might have had went elsewhere."""
    pairs, _, taken = matching.pairs_of_all()
    whose = matching.board.person[pairs.resource]
    given = np.zeros(len(seats.supply), np.int64)
    np.add.at(given, whose, taken)
    _, place = np.unique(pairs.line * len(given) + whose, return_inverse=True)
    own = np.bincount(place, weights=taken)[place]
    lost = np.zeros(len(seats.need), bool)
    lost[pairs.line[given[whose] > own]] = True
    return lost & (matching.given() < seats.need) & ~matching.left_out


def _ended(board: Board, transitions: Sequence[Transition]) -> Ints:
    """Return the rows of the lines of which a seat was confirmed or fulfilled."""
    frozen = board.frozen
    ends = {moved.assignment_id for moved in transitions if moved.to in ("confirmed", "fulfilled")}
    there = frozen.live["line"] < frozen.demands["lines"][frozen.live["demand"]]
    return line_rows(frozen)[there & np.array([name in ends for name in frozen.live_ids], bool)]


def _without_fairness(board: Board) -> Board:
    """Return the board under a policy without terms of fairness, and without a bound on the seats of a round."""
    pace = board.policy.pace.model_copy(update={"most_seats": 2**31})
    plain = {"load": LoadWeights(), "regret": RegretWeights(), "pace": pace}
    return replace(board, policy=board.policy.model_copy(update=plain))


def _taken_on(seats: Seats, matching: Matching) -> Seats:
    """Return the open seats without the lines that the round had no room for."""
    need = np.where(matching.left_out, 0, seats.need)
    return Seats(np.flatnonzero(need), seats.resources, need, seats.supply)
