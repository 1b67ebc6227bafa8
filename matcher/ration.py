"""How much one round takes on, so that its record and its time stay within bounds.

A round that could give more seats than the policy allows takes on some of the lines only: whistles and emergencies
first, the others in turn from round to round, so that nobody is left out for ever. Its optimum and its proof are
those of the lines it took. While lines are left out, the next round follows at once.
"""

import numpy as np

from matcher.candidates import Pairs
from matcher.columns import Bools, Ints
from matcher.demands import WHISTLE
from matcher.rules import Board


def left_out(board: Board, pairs: Pairs, *, need: Ints, supply: Ints, most: int, giving: Bools | None = None) -> Bools:
    """Return which lines (all lines,) have to wait for the next round.

    Args:
        board: the pool.
        pairs: the allowed pairs.
        need: open seats of every line.
        supply: open seats of every resource.
        most: how many seats the round may take on; it takes one line at least.
        giving: which resources (all resources,) have an allowed pair, where ``pairs`` are not all that are allowed.
    """
    waits = np.zeros(len(need), bool)
    asking = np.flatnonzero(np.bincount(pairs.line, minlength=len(need)))
    if giving is None:
        giving = np.bincount(pairs.resource, minlength=len(supply)) > 0
    if min(need[asking].sum(), supply[giving].sum()) <= most:
        return waits
    patient = board.frozen.demands["urgency"][board.frozen.line_demand[asking]] < WHISTLE
    turn = (np.arange(len(asking)) - board.frozen.round_no * most) % len(asking)
    order = asking[np.lexsort((turn, patient))]
    waits[order[np.cumsum(need[order]) > most]] = True
    waits[order[0]] = False
    return waits
