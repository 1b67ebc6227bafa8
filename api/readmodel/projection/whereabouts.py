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
    escalation_state,
    home_of,
    seat_state,
    sits,
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
        found = _whereabouts(demand_id, rows, lists)
        community = max(row.community for row in rows)
        seats += [_seat_row(demand_id, community, place, *at) for place, at in found.items()]
        escalated += [_escalated_row(row, found) for row in rows if row.kind == "escalated"]
        away.append({"demand_id": demand_id, "sits_in": _sitting(found.values(), besides=_home(rows))})
    change(connection, demands, away, columns=("sits_in",))
    put(connection, moved_seats, seats)
    change(connection, transfers, escalated, columns=("state", "sits_in"))


def _home(rows: Sequence[Any]) -> str:
    return home_of(max(row.community for row in rows), (row.shard for row in rows if row.kind == "escalated"))


def _whereabouts(demand_id: str, rows: Sequence[Any], lists: _Lists) -> dict[Place, tuple[Sits, SeatState]]:
    home, state = _home(rows), lists.state.get(demand_id)
    moves: dict[Place, list[Move]] = defaultdict(list)
    for row in rows:
        for line, seat in json.loads(row.seats):
            moves[line, seat].append(Move(row.at, row.shard, row.round_no, row.number, row.to, row.kind))
    found: dict[Place, tuple[Sits, SeatState]] = {}
    for (line, seat), own in sorted(moves.items()):
        at = sits(own, home=home)
        asked = state is None or seat < lists.asked.get((demand_id, line), 0)
        taken = (demand_id, line, seat) in lists.taken
        found[line, seat] = at, seat_state(at, demand=state, taken=taken, asked=asked)
    return found


def _seat_row(demand_id: str, community: str, place: Place, at: Sits, state: SeatState) -> Values:
    line, seat = place
    return {"demand_id": demand_id, "line": line, "seat": seat, "community": community, "state": state} | at._asdict()


def _escalated_row(row: Any, found: Mapping[Place, tuple[Sits, SeatState]]) -> Values:
    own = [found[line, seat] for line, seat in json.loads(row.seats)]
    key = {"shard": row.shard, "round_no": row.round_no, "number": row.number}
    return key | {"state": escalation_state(row.to, own), "sits_in": _sitting(own) or "[]"}


def _sitting(seats: Iterable[tuple[Sits, SeatState]], *, besides: str | None = None) -> str | None:
    """Return where open seats sit as JSON, those apart that wait in the shard ``besides``; None where none does."""
    since: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for at, state in seats:
        if state in OPEN and at.level != besides:
            since[at.shard, at.level].append(at.since)
    found = [
        {"shard": shard, "level": level, "seats": len(times), "since": to_micros(min(times))}
        for (shard, level), times in sorted(since.items())
    ]
    return json.dumps(found) if found else None
