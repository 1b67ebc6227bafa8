"""Settling the past before anything new is matched: what ended, which seats are taken, which demands lapse."""

from dataclasses import dataclass

import numpy as np

from matcher.columns import Bools, Ints
from matcher.endings import Endings, endings
from matcher.fold import OPEN
from matcher.matching import Seats
from matcher.pool import Frozen
from schemas.policy import Policy


@dataclass(frozen=True, slots=True)
class Tally:
    """Seats taken after the endings, as bit sets: per line, and per resource row."""

    line: list[int]
    resource: dict[int, int]


@dataclass(frozen=True, slots=True)
class Settled:
    """The pool once the past is settled: what ended, what is taken, which demands (demands,) lapse, what is open."""

    endings: Endings
    tally: Tally
    lapsed: Bools
    seats: Seats


def settle(frozen: Frozen, *, now_ms: int, policy: Policy) -> Settled:
    """Return steps 1 and 2 of a round: endings and lapses, and the seats open after them."""
    ends = endings(frozen, now_ms=now_ms, policy=policy)
    tally = _tally(frozen, ends)
    lapsed = _lapsed(frozen, tally, now_ms)
    return Settled(ends, tally, lapsed, _seats(frozen, tally, lapsed))


def _tally(frozen: Frozen, ends: Endings) -> Tally:
    line_of = np.searchsorted(frozen.line_demand, frozen.live["demand"]) + frozen.live["line"]
    line, resource = list(frozen.filled), dict(frozen.spent)
    for row in np.flatnonzero(ends.stays | ends.fulfilled):
        held = frozen.live[row]
        if held["line"] < frozen.demands["lines"][held["demand"]]:
            line[line_of[row]] |= 1 << int(held["seat"])
        if ends.stays[row] or ends.used_up[row]:
            place = int(held["resource"])
            resource[place] = resource.get(place, 0) | 1 << int(held["resource_seat"])
    return Tally(line, resource)


def _lapsed(frozen: Frozen, tally: Tally, now_ms: int) -> Bools:
    """Return which demands (demands,) still have an open seat though their time is over."""
    due = (frozen.demands["lapses"] <= now_ms) & _open(frozen)
    unfilled = _need(frozen, tally) > 0
    short = np.zeros(len(frozen.demands), bool)
    short[frozen.line_demand[unfilled]] = True
    return due & short


def _open(frozen: Frozen) -> Bools:
    demands = frozen.demands
    return (demands["status"] == OPEN) & (demands["lapsed_version"] < demands["version"])


def _need(frozen: Frozen, tally: Tally) -> Ints:
    taken = np.array([bits.bit_count() for bits in tally.line], np.int64)
    return np.maximum(frozen.lines["quantity"] - taken, 0)


def _seats(frozen: Frozen, tally: Tally, lapsed: Bools) -> Seats:
    need = np.where((_open(frozen) & ~lapsed)[frozen.line_demand], _need(frozen, tally), 0)
    supply = frozen.resources["capacity"].astype(np.int64)
    for row, bits in tally.resource.items():
        supply[row] -= bits.bit_count()
    supply = np.where(frozen.resources["status"] == OPEN, np.maximum(supply, 0), 0)
    return Seats(np.flatnonzero(need), np.flatnonzero(supply), need, supply)
