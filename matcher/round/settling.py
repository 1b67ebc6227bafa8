"""Settling the past before anything new is matched: what ended, which seats are taken, which demands lapse."""

from dataclasses import dataclass

import numpy as np

from matcher.pairs.rules import Board, board_of, line_rows
from matcher.pairs.slots import Busy, busy, full
from matcher.pairs.teams import ALONE, open_wholly, team_of
from matcher.round.endings import Endings, endings
from matcher.round.matched import Seats
from matcher.state.columns import Bools, Ints
from matcher.state.fold import OPEN
from matcher.state.pool import Frozen
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
    need = _need(frozen, tally)
    lapsed = _lapsed(frozen, need, now_ms)
    need = np.where(lapsed[frozen.line_demand], 0, need)
    jobs = busy(frozen, stays=ends.stays, policy=policy)
    seats = _seats(frozen, tally, need, jobs=jobs, now_ms=now_ms)
    return Settled(ends, tally, lapsed, seats)


def board_after(frozen: Frozen, settled: Settled, *, policy: Policy, now_ms: int) -> Board:
    """Return the board on which what is open after the past was settled is matched."""
    ends, supply = settled.endings, settled.seats.supply
    return board_of(frozen, policy=policy, now_ms=now_ms, resting=ends.resting, stays=ends.stays, supply=supply)


def _tally(frozen: Frozen, ends: Endings) -> Tally:
    live, line_of = frozen.live, line_rows(frozen)
    line, resource = list(frozen.filled), dict(frozen.spent)
    fills = np.flatnonzero((ends.stays | ends.fulfilled) & (live["line"] < frozen.demands["lines"][live["demand"]]))
    for place, seat in zip(line_of[fills].tolist(), live["seat"][fills].tolist(), strict=True):
        line[place] |= 1 << seat
    holds = np.flatnonzero(ends.stays | ends.used_up)
    for place, seat in zip(live["resource"][holds].tolist(), live["resource_seat"][holds].tolist(), strict=True):
        resource[place] = resource.get(place, 0) | 1 << seat
    return Tally(line, resource)


def _lapsed(frozen: Frozen, need: Ints, now_ms: int) -> Bools:
    """Return which demands (demands,) still have an open seat though their time is over."""
    short = np.zeros(len(frozen.demands), bool)
    short[frozen.line_demand[need > 0]] = True
    return short & (frozen.demands["lapses"] <= now_ms)


def _open(frozen: Frozen) -> Bools:
    demands = frozen.demands
    return (demands["status"] == OPEN) & (demands["lapsed_version"] < demands["version"])


def _need(frozen: Frozen, tally: Tally) -> Ints:
    """Return how many seats of each line (lines,) of open demands are to be filled: of a team all or none, at home."""
    taken = np.fromiter(map(int.bit_count, tally.line), np.int64, len(tally.line))
    need = np.where(_open(frozen)[frozen.line_demand], np.maximum(frozen.lines["quantity"] - taken, 0), 0)
    of_guests = frozen.demands["guest"][frozen.line_demand] & (team_of(frozen) != ALONE)
    return open_wholly(frozen, need=np.where(of_guests, 0, need), taken=tally.line)


def _seats(frozen: Frozen, tally: Tally, need: Ints, *, jobs: Busy, now_ms: int) -> Seats:
    supply = frozen.resources["capacity"].astype(np.int64)
    for row, bits in tally.resource.items():
        supply[row] -= bits.bit_count()
    again = np.array(full(frozen, jobs), np.int64)
    supply[again[frozen.resources["per_occasion"][again]]] = 1  # one more round, one more job
    supply = np.where(frozen.resources["status"] == OPEN, np.maximum(supply, 0), 0)
    supply[[row for row, until in frozen.abroad.taken.items() if until > now_ms]] = 0
    return Seats(np.flatnonzero(need), np.flatnonzero(supply), need, supply)
