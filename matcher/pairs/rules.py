"""The hard rules: may this resource serve this line at all?

Each rule takes broadcastable arrays of line and resource rows and returns an array of their common shape,
so the same definition serves a block of all pairs, a list of pairs, and one line against everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.pairs.gates import Gate, Gates, binding, gates_of
from matcher.pairs.people import parts_of, person_of
from matcher.pairs.slots import Slots, busy, full, slots_of
from matcher.state.calendars import NEVER, Timetable, near
from matcher.state.columns import Bools, Ints, code, looked_up
from matcher.state.pool import Frozen
from schemas.policy import Policy
from schemas.rules import Rule

_LEVELS: Final = (10**8, 10**6, 10**3, 1)
"""What to divide a 12-digit code by to keep city, district, street, community."""


@dataclass(frozen=True, slots=True)
class Board:
    """The frozen pool with its small lookup tables: what regions, calendars and items mean to each other.

    ``covers`` (places, scopes): the scope holds the place. ``level`` (places, homes): how near, from 0
    (beyond the city) over city, district and street to 4 (same community). ``place``/``home`` number the
    distinct places of lines and homes of resources. ``calendar`` (resources,) is a row of ``open``: when the resource
    can be had; ``hours`` (demands,) one of ``asked``: when the job may be, within the demand's window.
    ``slots`` are the seats that serve beside the jobs that they have.
    ``gates`` are those that entries set themselves, ``binding`` those of them that some entry sets;
    ``notice`` (resources,) is the least time (ms) before a start. ``backed`` are the codes of pairs that a claim backs.
    ``person`` (resources,) is the row that stands for each in a market, ``part`` (categories,) the first of the
    categories that are one market because of it (``people``). ``less`` (lines,) is by how many points a seat of each
    line is to count less; None: all count in full.
    """

    frozen: Frozen
    policy: Policy
    now_ms: int
    gates: Gates
    binding: tuple[Gate, ...]
    notice: Ints
    need: Ints
    place: Ints
    home: Ints
    scope: Ints
    covers: Bools
    level: Ints
    calendar: Ints
    open: Timetable
    hours: Ints
    asked: Timetable
    slots: Slots | None
    rests: Ints
    backed: Ints
    person: Ints
    part: Ints
    less: Ints | None = None

    def item(self, line: Ints, resource: Ints) -> Bools:
        """The item asked for; or, where the line takes it, another of its category. Money stands in for nothing."""
        index = self.frozen.items.category
        asked, offered = self.frozen.lines["item"][line], self.frozen.resources["item"][resource]
        sibling = self.frozen.lines["siblings"][line] & self.policy.rules.siblings
        stands_in = sibling & (index[asked] == index[offered])
        return (asked == offered) | (stands_in & ~self.frozen.resources["is_fund"][resource])

    def covered(self, line: Ints, resource: Ints) -> Bools:
        """The resource's scope holds the place of the demand."""
        return looked_up(self.covers, self.place[line], self.scope[resource])

    def qualified(self, line: Ints, resource: Ints) -> Bools:
        """The resource holds what the category's gate asks for."""
        need = self.need[line]
        return (self.frozen.resources["qualified"][resource] & need) == need

    def passes(self, line: Ints, resource: Ints) -> Bools:
        """All rules that only the two entries decide, whatever the time and whoever else is there."""
        fine = self.item(line, resource) & self.covered(line, resource) & self.qualified(line, resource)
        for gate in self.binding:
            fine &= gate(self.gates, line, resource)
        return fine

    def rested(self, line: Ints, resource: Ints) -> Bools:
        """The pair was not declined, and is not resting after no answer."""
        if not len(self.rests):
            return np.ones(np.broadcast_shapes(np.shape(line), np.shape(resource)), bool)
        pair = code(self.frozen.line_demand[line], resource)
        found = np.minimum(np.searchsorted(self.rests, pair), len(self.rests) - 1)
        return self.rests[found] != pair

    def start(self, line: Ints, resource: Ints, *, notice: bool = True, committed: bool = True) -> Ints:
        """Return the earliest start (ms) of the job in a common window from now on, NEVER where there is none.

        Without ``notice``, as if none were needed; without ``committed``, as if nothing else were promised.
        """
        if self.slots is None or not committed:
            return self._start(line, resource, self.calendar[resource], notice=notice)
        whole = np.broadcast_arrays(line, resource)
        line, resource = (rows.ravel() for rows in whole)
        best = self._start(line, resource, self.calendar[resource], notice=notice)
        full = np.flatnonzero(self.slots.number[resource] >= 0)
        best[full] = NEVER
        for nth in range(self.slots.away.shape[1]):
            full = full[self.slots.count[resource[full]] > nth]
            best[full] = np.minimum(
                best[full], self._seat_start(self.slots, line[full], resource[full], nth=nth, notice=notice)
            )
        return best.reshape(whole[0].shape)

    def seat(self, line: int, resource: int, start: int) -> int | None:
        """Return the first seat of a full resource that is free for a job from ``start`` on; None where it is not full.

        Raises:
            ValueError: no seat is free.
        """
        if self.slots is None or self.slots.number[resource] < 0:
            return None
        end = start + self.frozen.demands["duration"][self.frozen.line_demand[line]]
        seats = np.arange(self.slots.count[resource])
        rows = [self.slots.rows(np.array([resource]), self.place[line : line + 1], nth=nth)[0] for nth in seats]
        free = self.open.hold(np.array(rows), np.full(len(seats), start), np.full(len(seats), end))
        return int(self.slots.seat[self.slots.number[resource], free.tolist().index(True)])

    def stretches(self, line: int, resource: Ints) -> tuple[Ints, Ints]:
        """Return when each resource (n,) can be had for a line, whichever its seat: starts and ends (n, windows)."""
        rows = self.calendar[resource]
        if self.slots is None:
            return self.open.starts[rows], self.open.ends[rows]
        full, place = self.slots.number[resource] >= 0, np.full(len(resource), self.place[line])
        starts, ends = [], []
        for nth in range(self.slots.away.shape[1]):
            row = np.where(full, self.slots.rows(resource, place, nth=nth), rows)
            there = self.slots.count[resource] > nth
            starts.append(self.open.starts[row])
            ends.append(np.where(there[:, None], self.open.ends[row], -NEVER))
        return np.concatenate(starts, axis=1), np.concatenate(ends, axis=1)

    def _seat_start(self, slots: Slots, line: Ints, resource: Ints, *, nth: int, notice: bool) -> Ints:
        return self._start(line, resource, slots.rows(resource, self.place[line], nth=nth), notice=notice)

    def _start(self, line: Ints, resource: Ints, calendar: Ints, *, notice: bool) -> Ints:
        """Return the earliest start by a row of ``open`` for each pair."""
        demand = self.frozen.line_demand[line]
        soonest = self.now_ms + (self.notice[resource] if notice else 0)
        earliest = np.maximum(self.frozen.demands["start"][demand], soonest)
        duration = self.frozen.demands["duration"][demand]
        start = self.open.first_fit(calendar, earliest, duration)
        if self.asked.binds:
            start = self._in_hours(start, demand, calendar, duration)
        latest = self.frozen.demands["end"][demand] - duration
        return np.where(start <= latest, start, NEVER)

    def _in_hours(self, start: Ints, demand: Ints, calendar: Ints, duration: Ints) -> Ints:
        """Return the first start from ``start`` on that the demand's hours allow as well: each gives way in turn."""
        whole = np.broadcast_arrays(start, demand, calendar, duration)
        found, demand, calendar, duration = (column.ravel() for column in whole)
        found = found.copy()
        open_ = np.flatnonzero(found < NEVER)
        while len(open_):
            asked = self.asked.first_fit(self.hours[demand[open_]], found[open_], duration[open_])
            found[open_], moved = asked, asked != found[open_]
            open_ = open_[moved & (asked < NEVER)]
            offered = self.open.first_fit(calendar[open_], found[open_], duration[open_])
            found[open_], moved = offered, offered != found[open_]
            open_ = open_[moved & (offered < NEVER)]
        return found.reshape(whole[0].shape)


def board_of(
    frozen: Frozen,
    *,
    policy: Policy,
    now_ms: int,
    resting: Ints | None = None,
    stays: Bools | None = None,
    supply: Ints | None = None,
) -> Board:
    """Return the board for ``frozen``.

    ``resting`` (n, 2) adds pairs that rest from this round on. ``stays`` (live,) are the live assignments that keep
    their slots; without it none does. ``supply`` are the open seats of resources; without it all entries are apart.
    """
    demands, resources = frozen.demands, frozen.resources
    places, place = np.unique(demands["place"], return_inverse=True)
    homes, home = np.unique(resources["home"], return_inverse=True)
    scopes, scope = np.unique(resources["scope"], return_inverse=True)
    calendars, calendar = np.unique(resources["calendar"], return_inverse=True)
    asked, hours = np.unique(demands["hours"], return_inverse=True)
    opening = [near(frozen.calendars[number], demands, now_ms=now_ms) for number in calendars]
    jobs = {} if stays is None else busy(frozen, stays=stays, policy=policy)
    slots, of_seats = slots_of(
        frozen, jobs=jobs, policy=policy, places=places,
        opening=[opening[calendar[row]] for row in full(frozen, jobs)], first_row=len(opening),
    )  # fmt: skip
    person, items = person_of(frozen, policy=policy, supply=supply), frozen.lines["item"]
    gate = np.where(demands["risky"][frozen.line_demand], frozen.items.risky_gate[items], frozen.items.gate[items])
    return Board(
        frozen=frozen,
        policy=policy,
        now_ms=now_ms,
        gates=gates_of(frozen),
        binding=binding(frozen),
        notice=np.maximum(resources["notice"], np.where(resources["booked"], policy.rules.booking_minutes * 60_000, 0)),
        need=gate if policy.rules.gates else np.zeros_like(gate),
        place=place[frozen.line_demand],
        home=home,
        scope=scope,
        covers=_covers([frozen.scopes[number] for number in scopes], places),
        level=_levels(homes, places),
        calendar=calendar,
        open=Timetable.of([*opening, *of_seats]),
        hours=hours,
        asked=Timetable.of([near(frozen.hours[number], demands, now_ms=now_ms) for number in asked]),
        slots=slots,
        rests=_resting(frozen, now_ms=now_ms, added=resting),
        backed=np.zeros(0, np.int64),
        person=person,
        part=parts_of(frozen, person),
    )


def trials(board: Board, line: Ints, resource: Ints, *, supply: Ints) -> dict[Rule, Bools]:
    """Return which of some pairs pass each rule but ``worth``; ``supply`` (all resources,) counts the free seats."""
    alone = board.start(line, resource, notice=False, committed=False) < NEVER
    placed = board.start(line, resource, notice=False) < NEVER
    return {
        "item": board.item(line, resource),
        "scope": board.covered(line, resource),
        "gate": board.qualified(line, resource),
        "beneficiary": board.gates.beneficiary(line, resource),
        "fitness": board.gates.fitness(line, resource),
        "cost": board.gates.cost(line, resource),
        "admission": board.gates.admitted(line, resource),
        "seats": (supply[resource] > 0) & (placed | ~alone),
        "window": placed,
        "notice": board.start(line, resource) < NEVER,
        "barred": board.rested(line, resource),
    }


def still_allowed(frozen: Frozen, *, policy: Policy) -> Bools:
    """Return, for each live assignment, whether its pair still passes the rules that a revision can break.

    Only pairs with a side that changed since the proposal are looked at; their slot must still hold the job and
    lie in a common window. Notice was kept when it was proposed, and a resource that rests keeps what it promised.
    """
    live, allowed = frozen.live, np.ones(len(frozen.live), bool)
    demand_version = frozen.demands["version"][live["demand"]]
    resource_version = frozen.resources["version"][live["resource"]]
    changed = np.flatnonzero(
        (demand_version != live["demand_version"]) | (resource_version != live["resource_version"])
    )
    if not len(changed):
        return allowed
    there = live["line"] < frozen.demands["lines"][live["demand"]]
    usable = changed[there[changed]]
    rows, seats = line_rows(frozen)[usable], live["resource"][usable]
    board = board_of(frozen, policy=policy, now_ms=0)
    allowed[changed] = False
    allowed[usable] = board.passes(rows, seats) & _slot_holds(frozen, board, live[usable])
    return allowed


def line_rows(frozen: Frozen) -> Ints:
    """Return the row among the lines of each live assignment (live,); the next demand's where its line is gone."""
    lines = frozen.demands["lines"].astype(np.int64)
    return (np.cumsum(lines) - lines)[frozen.live["demand"]] + frozen.live["line"]


def _slot_holds(frozen: Frozen, board: Board, held: np.ndarray) -> Bools:
    demands = frozen.demands[held["demand"]]
    offered = board.open.hold(board.calendar[held["resource"]], held["starts"], held["ends"])
    asked = board.asked.hold(board.hours[held["demand"]], held["starts"], held["ends"])
    long_enough = held["ends"] - held["starts"] >= demands["duration"]
    return offered & asked & (demands["start"] <= held["starts"]) & (held["ends"] <= demands["end"]) & long_enough


def _covers(scopes: Sequence[tuple[str, ...]], places: Ints) -> Bools:
    covers = np.zeros((len(places), len(scopes)), bool)
    for column, scope in enumerate(scopes):
        for prefix in scope:
            covers[:, column] |= places // 10 ** (12 - len(prefix)) == int(prefix)
    return covers


def _levels(homes: Ints, places: Ints) -> Ints:
    shared = [places[:, None] // unit == homes // unit for unit in _LEVELS]
    return np.sum(shared, axis=0, dtype=np.int64)


def _resting(frozen: Frozen, *, now_ms: int, added: Ints | None) -> Ints:
    pairs = frozen.rests[frozen.rests[:, 2] > now_ms][:, :2]
    if added is not None and len(added):
        pairs = np.concatenate([pairs, added])
    return np.unique(code(pairs[:, 0], pairs[:, 1]))
