"""Where the seats of demands are that were with other shards, told anew whenever something about them was read."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, select

from api.readmodel.instants import to_micros
from api.readmodel.projection.rows import Values, change, put, rows_among
from api.readmodel.projection.sitting import (
    OPEN,
    Move,
    Sits,
    became,
    escalation_state,
    home_of,
    seat_state,
    sits,
    way_of,
)
from api.readmodel.tables import LIVE, assignments, demand_lines, demands, moved_seats, transfers
from api.readmodel.views import SeatState

_TRANSFERS = select(transfers)
_DEMANDS = select(demands.c.demand_id, demands.c.state)
_LINES = select(demand_lines.c.demand_id, demand_lines.c.line, demand_lines.c.quantity)
_TAKEN = select(assignments.c.demand_id, assignments.c.line, assignments.c.seat).where(
    assignments.c.phase.in_((*LIVE, "fulfilled"))
)

Place = tuple[int, int]
"""Line and seat."""


class _Lists(NamedTuple):
    """What the lists say of some demands: their states, the seats of their lines, and which are taken."""

    state: Mapping[str, str]
    asked: Mapping[tuple[str, int], int]
    taken: Set[tuple[str, int, int]]

    @classmethod
    def of(cls, connection: Connection, wanted: Set[str]) -> Self:
        states = rows_among(connection, _DEMANDS, key=demands.c.demand_id, wanted=wanted)
        lines = rows_among(connection, _LINES, key=demand_lines.c.demand_id, wanted=wanted)
        taken = rows_among(connection, _TAKEN, key=assignments.c.demand_id, wanted=wanted)
        return cls(
            state={row.demand_id: row.state for row in states},
            asked={(row.demand_id, row.line): row.quantity for row in lines},
            taken={(row.demand_id, row.line, row.seat) for row in taken},
        )


class _Seat(NamedTuple):
    """A seat that ever moved: its way, where that ends, and how it stands."""

    way: list[Move]
    sits: Sits
    state: SeatState


def project_whereabouts(connection: Connection, touched: Set[str]) -> None:
    """Write where the seats of those demands are that ever left their shard."""
    if not touched or connection.execute(select(transfers.c.number).limit(1)).first() is None:
        return
    by_demand: dict[str, list[Any]] = defaultdict(list)
    for row in rows_among(connection, _TRANSFERS, key=transfers.c.demand_id, wanted=touched):
        by_demand[row.demand_id].append(row)
    if not by_demand:
        return
    lists = _Lists.of(connection, by_demand.keys())
    seats: list[Values] = []
    escalated: list[Values] = []
    away: list[Values] = []
    for demand_id, rows in by_demand.items():
        community = max(row.community for row in rows)
        home = home_of(community, (row.shard for row in rows if row.kind == "escalated"))
        found = _seats(demand_id, rows, lists, home=home)
        seats += [_seat_row(demand_id, community, place, seat, home=home) for place, seat in found.items()]
        escalated += [told for row in rows if row.kind == "escalated" and (told := _retold(row, found))]
        away.append({"demand_id": demand_id, "sits_in": _sitting(found.values(), home=home)})
    change(connection, demands, away, columns=("sits_in",))
    put(connection, moved_seats, seats)
    change(connection, transfers, escalated, columns=("state",))


def _seats(demand_id: str, rows: Sequence[Any], lists: _Lists, *, home: str) -> dict[Place, _Seat]:
    moves: dict[Place, list[Move]] = defaultdict(list)
    for row in rows:
        for line, seat in json.loads(row.seats):
            moves[line, seat].append(Move(row.shard, row.round_no, row.number, row.to, row.at, row.kind))
    found: dict[Place, _Seat] = {}
    state = lists.state.get(demand_id)
    for (line, seat), own in sorted(moves.items()):
        way = way_of(own, home=home)
        if not way:  # the first step was not read yet
            continue
        at = sits(way)
        asked = state is None or seat < lists.asked.get((demand_id, line), 0)
        taken = (demand_id, line, seat) in lists.taken
        found[line, seat] = _Seat(way, at, seat_state(at, demand=state, taken=taken, asked=asked))
    return found


def _seat_row(demand_id: str, community: str, place: Place, seat: _Seat, *, home: str) -> Values:
    line, number = place
    row = {"demand_id": demand_id, "line": line, "seat": number, "community": community, "state": seat.state}
    return row | seat.sits._asdict() | {"away": seat.sits.level != home}


def _retold(row: Any, found: Mapping[Place, _Seat]) -> Values | None:
    """Return what became of what was escalated; None where that is known."""
    states = []
    for line, number in json.loads(row.seats):
        seat = found.get((line, number))
        steps = enumerate(seat.way) if seat else ()
        known = (row.shard, row.round_no, row.number)
        place = next((place for place, move in steps if move[:3] == known), None)
        states.append("waiting" if seat is None or place is None else became(seat.way, place, state=seat.state))
    state = escalation_state(states)
    if state == row.state:
        return None
    return {"shard": row.shard, "round_no": row.round_no, "number": row.number, "state": state}


def _sitting(seats: Iterable[_Seat], *, home: str) -> str | None:
    """Return where open seats sit that other levels look for, as JSON; None where none does."""
    since: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for seat in seats:
        if seat.state in OPEN and seat.sits.level != home:
            since[seat.sits.shard, seat.sits.level].append(seat.sits.since)
    found = [
        {"shard": shard, "level": level, "seats": len(times), "since": to_micros(min(times))}
        for (shard, level), times in sorted(since.items())
    ]
    return json.dumps(found) if found else None
