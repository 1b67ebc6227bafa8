"""Seats of demands that a round let go, one row a transfer."""

from collections.abc import Sequence

from pydantic_core import to_json
from sqlalchemy import Connection

from api.readmodel.projection.rows import Values, put_once
from api.readmodel.tables import transfers
from schemas.catalogue import Catalogue
from schemas.envelope import Event
from schemas.transfers import Asked, CarriedDemand, DemandEscalated, Escalated, HoldAsked, SeatRef, SeatReturned

Told = DemandEscalated | HoldAsked | SeatReturned


def project_transfers(connection: Connection, events: Sequence[Event[Told]], *, catalogue: Catalogue) -> set[str]:
    """Write transfers, each once; return the ids of their demands."""
    rows = [_row(event.data, catalogue) for event in events]
    put_once(connection, transfers, rows)
    return {row["demand_id"] for row in rows}


def _row(told: Told, catalogue: Catalogue) -> Values:
    passed = told.passed
    row: Values = {
        "shard": told.shard,
        "round_no": told.round_no,
        "number": told.number,
        "to": passed.to,
        "at": told.at,
        "community": "",
        "categories": "",
        "cause": None,
        "waited_minutes": None,
        "resource_id": None,
        "state": "waiting",
    }
    match passed:
        case Escalated():
            part = {"kind": "escalated", "cause": passed.cause, "waited_minutes": passed.waited_minutes}
            return row | part | _demand(passed.demand, passed.seats, catalogue)
        case Asked():
            part = {"kind": "asked", "resource_id": passed.resource_id}
            return row | part | _demand(passed.demand, (passed.seat,), catalogue)
        case _:
            kind = "sent_home" if passed.resource_id is None else "returned"
            over: Values = {"kind": kind, "resource_id": passed.resource_id, "demand_id": passed.demand_id}
            return row | over | {"seats": _seats((passed.seat,))}


def _demand(demand: CarriedDemand, seats: Sequence[SeatRef], catalogue: Catalogue) -> Values:
    items = [demand.lines[line].item for line in sorted({seat.line for seat in seats}) if line < len(demand.lines)]
    known = dict.fromkeys(catalogue.items[item].category_id for item in items if item in catalogue.items)
    return {
        "demand_id": demand.demand_id,
        "community": demand.community,
        "categories": "".join(f" {category} " for category in known),
        "seats": _seats(seats),
    }


def _seats(seats: Sequence[SeatRef]) -> str:
    return to_json([(seat.line, seat.seat) for seat in seats]).decode()
