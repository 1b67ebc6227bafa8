"""Room for what lives on: an entry that was revised to fewer seats keeps no more promises than it has seats."""

import numpy as np

from matcher.columns import Bools, Ints
from matcher.pool import Frozen
from matcher.rules import line_rows


def beyond_room(frozen: Frozen, *, stays: Bools, firm: Bools, fulfilled: Bools, used_up: Bools) -> Ints:
    """Return which of the live assignments that would stay have no room any more; rows, sorted.

    All masks have shape (live,): ``fulfilled`` ones fill their line from this round on, ``used_up`` ones use up
    their resource's seat. Of those that stay the ``firm`` ones keep their seat first, then by id.
    """
    line, resource = line_rows(frozen), frozen.live["resource"]
    there = frozen.live["line"] < frozen.demands["lines"][frozen.live["demand"]]
    asked = frozen.lines["quantity"] - np.fromiter(map(int.bit_count, frozen.filled), np.int64, len(frozen.filled))
    asked -= np.bincount(line[fulfilled & there], minlength=len(asked))
    offered = frozen.resources["capacity"] - np.bincount(resource[used_up], minlength=len(frozen.resources))
    for row, bits in frozen.spent.items():
        offered[row] -= bits.bit_count()
    gone = _surplus(line, room=asked, stays=stays, firm=firm)
    stays = stays.copy()
    stays[gone] = False
    return np.sort(np.concatenate([gone, _surplus(resource, room=offered, stays=stays, firm=firm)]))


def _surplus(entry: Ints, *, room: Ints, stays: Bools, firm: Bools) -> Ints:
    """Return the rows that stay beyond the ``room`` (entries,) of their ``entry`` (live,)."""
    full = np.bincount(entry[stays], minlength=len(room)) > room
    rows = np.flatnonzero(stays)
    rows = rows[full[entry[rows]]]
    order = rows[np.lexsort((rows, ~firm[rows], entry[rows]))]
    rank = np.arange(len(order)) - np.searchsorted(entry[order], entry[order])
    return order[rank >= room[entry[order]]]
