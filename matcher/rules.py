"""The hard rules: may this resource serve this line at all?

Each rule takes broadcastable arrays of line and resource rows and returns an array of their common shape,
so the same definition serves a block of all pairs, a list of pairs, and one line against everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.calendars import NEVER, Timetable, near
from matcher.columns import Bools, Ints, looked_up
from matcher.gates import Gate, Gates, binding, gates_of
from matcher.pool import Frozen
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
    ``gates`` are those that entries set themselves, ``binding`` those of them that some entry sets;
    ``notice`` (resources,) is the least time (ms) before a start. ``backed`` are the codes of pairs that a claim backs.
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
    rests: Ints
    backed: Ints

    def item(self, line: Ints, resource: Ints) -> Bools:
        """The item asked for; or, where the line takes it, another of the same category."""
        index = self.frozen.items.category
        asked, offered = self.frozen.lines["item"][line], self.frozen.resources["item"][resource]
        sibling = self.frozen.lines["siblings"][line] & self.policy.rules.siblings
        return (asked == offered) | (sibling & (index[asked] == index[offered]))

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

    def start(self, line: Ints, resource: Ints, *, notice: bool = True) -> Ints:
        """Return the earliest start (ms) of the job in a common window from now on, NEVER where there is none."""
        demand = self.frozen.line_demand[line]
        soonest = self.now_ms + (self.notice[resource] if notice else 0)
        earliest = np.maximum(self.frozen.demands["start"][demand], soonest)
        duration = self.frozen.demands["duration"][demand]
        start = self.open.first_fit(self.calendar[resource], earliest, duration)
        if self.asked.binds:
            start = self._in_hours(start, demand, self.calendar[resource], duration)
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


def board_of(frozen: Frozen, *, policy: Policy, now_ms: int, resting: Ints | None = None) -> Board:
    """Return the board for ``frozen``; ``resting`` (n, 2) adds pairs that rest from this round on."""
    demands, resources = frozen.demands, frozen.resources
    places, place = np.unique(demands["place"], return_inverse=True)
    homes, home = np.unique(resources["home"], return_inverse=True)
    scopes, scope = np.unique(resources["scope"], return_inverse=True)
    calendars, calendar = np.unique(resources["calendar"], return_inverse=True)
    asked, hours = np.unique(demands["hours"], return_inverse=True)
    items = frozen.lines["item"]
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
        open=Timetable.of([near(frozen.calendars[number], demands, now_ms=now_ms) for number in calendars]),
        hours=hours,
        asked=Timetable.of([near(frozen.hours[number], demands, now_ms=now_ms) for number in asked]),
        rests=_resting(frozen, now_ms=now_ms, added=resting),
        backed=np.zeros(0, np.int64),
    )


def trials(board: Board, line: Ints, resource: Ints, *, supply: Ints) -> dict[Rule, Bools]:
    """Return which of some pairs pass each rule but ``worth``; ``supply`` (all resources,) counts the free seats."""
    return {
        "item": board.item(line, resource),
        "scope": board.covered(line, resource),
        "gate": board.qualified(line, resource),
        "beneficiary": board.gates.beneficiary(line, resource),
        "fitness": board.gates.fitness(line, resource),
        "cost": board.gates.cost(line, resource),
        "admission": board.gates.admitted(line, resource),
        "seats": supply[resource] > 0,
        "window": board.start(line, resource, notice=False) < NEVER,
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


def code(first: Ints, second: Ints) -> Ints:
    """Return one number for each pair of rows."""
    return first * np.int64(2**31) + second
