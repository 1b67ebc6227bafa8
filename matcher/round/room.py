"""Room for what lives on: an entry that was revised to fewer seats keeps no more promises than it has seats."""

from typing import Final

import numpy as np

from matcher.pairs.rules import line_rows
from matcher.state.columns import Bools, Ints
from matcher.state.pool import Frozen

_SEATS: Final = 2**20
"""More than any resource has."""


def beyond_room(frozen: Frozen, *, stays: Bools, firm: Bools, fulfilled: Bools, used_up: Bools) -> Ints:
    """Return which of the live assignments that would stay have no room any more; rows, sorted.

    All masks have shape (live,): ``fulfilled`` ones fill their line from this round on, ``used_up`` ones use up
    their resource's seat. Of those that stay the ``firm`` ones keep their seat first, then by id.
    """
    line, resource = line_rows(frozen), frozen.live["resource"]
    there = frozen.live["line"] < frozen.demands["lines"][frozen.live["demand"]]
    asked = frozen.lines["quantity"] - np.fromiter(map(int.bit_count, frozen.filled), np.int64, len(frozen.filled))
    asked -= np.bincount(line[fulfilled & there], minlength=len(asked))
    gone = _surplus(line, room=asked, stays=stays, firm=firm)
    stays = stays.copy()
    stays[gone] = False
    spent = _spent(frozen, used_up)
    homeless = _without_seat(frozen, spent, stays=stays, firm=firm)
    stays[homeless] = False
    offered = frozen.resources["capacity"].astype(np.int64)
    for row, bits in spent.items():
        offered[row] -= bits.bit_count()
    offered[frozen.resources["per_occasion"]] = len(stays)
    crowded = _surplus(resource, room=offered, stays=stays, firm=firm)
    return np.sort(np.concatenate([gone, homeless, crowded]))


def _spent(frozen: Frozen, used_up: Bools) -> dict[int, int]:
    """Return the bits of the seats that are used up, those of this round too, by resource row."""
    spent, live = dict(frozen.spent), frozen.live
    for row in np.flatnonzero(used_up).tolist():
        resource = int(live["resource"][row])
        spent[resource] = spent.get(resource, 0) | 1 << int(live["resource_seat"][row])
    return spent


def _without_seat(frozen: Frozen, spent: dict[int, int], *, stays: Bools, firm: Bools) -> Ints:
    """Return the rows that stay on a seat that they cannot have.

    Per occasion a seat keeps all its jobs, but not where it is not there any more. Otherwise, which matters only after
    a resource was changed from the one to the other, a seat that is used up has no job, and any other has one.
    """
    live, resources = frozen.live, frozen.resources
    seats, seat = np.unique(live["resource"] * np.int64(_SEATS) + live["resource_seat"], return_inverse=True)
    resource, number = seats // _SEATS, seats % _SEATS
    per_occasion = resources["per_occasion"][resource]
    room = np.where(per_occasion, len(live), 1)
    room[per_occasion & (number >= resources["capacity"][resource])] = 0
    for place in np.flatnonzero(np.isin(resource, list(spent))).tolist():
        if spent[int(resource[place])] >> int(number[place]) & 1:
            room[place] = 0
    return _surplus(seat, room=room, stays=stays, firm=firm)


def _surplus(entry: Ints, *, room: Ints, stays: Bools, firm: Bools) -> Ints:
    """Return the rows that stay beyond the ``room`` (entries,) of their ``entry`` (live,)."""
    full = np.bincount(entry[stays], minlength=len(room)) > room
    rows = np.flatnonzero(stays)
    rows = rows[full[entry[rows]]]
    order = rows[np.lexsort((rows, ~firm[rows], entry[rows]))]
    rank = np.arange(len(order)) - np.searchsorted(entry[order], entry[order])
    return order[rank >= room[entry[order]]]
