"""How much one round takes on, so that its record and its time stay within bounds.

A round that could give more seats than the policy allows takes on some of the lines only: whistles and emergencies
first, the others in turn from round to round, so that nobody is left out for ever. A team is taken on or left out
whole. Its optimum and its proof are those of the lines it took. While lines are left out, the next round follows at
once.
"""

import numpy as np

from matcher.pairs.candidates import Pairs, candidates
from matcher.pairs.rules import Board
from matcher.pairs.values import values
from matcher.state.columns import Bools, Ints
from matcher.state.demands import WHISTLE


def put_off(board: Board, *, asked: Ints, given: Ints, supply: Ints) -> Ints:
    """Return which line rows could have another seat of a resource that serves per occasion, one round later.

    A round gives such a resource no more jobs than it has seats; the next one may place others beside them. So it is
    with the other entries of a person who was given a job through one.

    Args:
        board: the pool.
        asked: seats of every line that the round took on and that are still open.
        given: seats that every resource gave in this round.
        supply: seats that every resource had to give in it.
    """
    again = board.frozen.resources["per_occasion"] & (given > 0) & (given >= supply)
    busy = np.union1d(np.flatnonzero(again), _of_the_same(board, given=given, supply=supply))
    lines = np.flatnonzero(asked > 0)
    if not len(busy) or not len(lines):
        return np.zeros(0, np.int64)
    pairs = candidates(board, lines=lines, resources=busy)
    return np.unique(pairs.line[values(board, pairs) > 0])


def _of_the_same(board: Board, *, given: Ints, supply: Ints) -> Ints:
    """Return the open entries of people who were given a job through another one."""
    gave = np.zeros(len(given), bool)
    gave[board.person[given > 0]] = True
    return np.flatnonzero(gave[board.person] & (given == 0) & (supply > 0))


def left_out(
    board: Board, pairs: Pairs, *, unit: Ints, need: Ints, supply: Ints, most: int, giving: Bools | None = None
) -> Bools:
    """Return which lines (all lines,) have to wait for the next round.

    Args:
        board: the pool.
        pairs: the allowed pairs.
        unit: the first of the lines that each line waits with; itself, if it is in no team.
        need: open seats of every line.
        supply: open seats of every resource.
        most: how many seats the round may take on; it takes one line or team at least.
        giving: which resources (all resources,) have an allowed pair, where ``pairs`` are not all that are allowed.
    """
    waits = np.zeros(len(need), bool)
    asking = np.flatnonzero(np.bincount(pairs.line, minlength=len(need)))
    if giving is None:
        giving = np.bincount(pairs.resource, minlength=len(supply)) > 0
    if min(need[asking].sum(), supply[giving].sum()) <= most:
        return waits
    units = np.unique(unit[asking])
    seats = np.bincount(unit[asking], weights=need[asking], minlength=len(need)).astype(np.int64)
    patient = board.frozen.demands["urgency"][board.frozen.line_demand[units]] < WHISTLE
    turn = (np.arange(len(units)) - board.frozen.round_no * most) % len(units)
    order = units[np.lexsort((turn, patient))]
    late = np.zeros(len(need), bool)
    late[order[np.cumsum(seats[order]) > most]] = True
    late[order[0]] = False
    waits[asking] = late[unit[asking]]
    return waits
