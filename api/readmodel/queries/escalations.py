"""Escalation 四级联动: what went up, where each seat is now, and what waits at every level."""

import json
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, select, true

from api.readmodel.instants import from_micros
from api.readmodel.queries.filters import NO_FILTER, Filter, between, equals, in_region
from api.readmodel.queries.paging import DEFAULT_LIMIT, fetch_page
from api.readmodel.tables import demands, moved_seats, transfers
from api.readmodel.views import (
    EscalationView,
    Levels,
    LevelView,
    LineSeats,
    Page,
    SeatView,
    Sitting,
    WayStep,
)
from schemas.sharding import shard_level
from schemas.transfers import Cause

_KEY = (transfers.c.at, transfers.c.shard, transfers.c.round_no, transfers.c.number)
_RANKS: Final = ("street", "district", "city", "alliance")
_AGES: Final = (timedelta(hours=1), timedelta(days=1), timedelta(days=3))


def list_escalations(
    connection: Connection,
    *,
    to_shard: str | None = None,
    from_shard: str | None = None,
    cause: Cause | None = None,
    filter: Filter = NO_FILTER,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[EscalationView]:
    """Return what was escalated, by time; region, category, state and time of the filter narrow."""
    query = (
        select(*transfers.c, demands.c.title, demands.c.urgency)
        .outerjoin(demands, demands.c.demand_id == transfers.c.demand_id)
        .where(
            transfers.c.kind == "escalated",
            equals(transfers.c.to, to_shard),
            equals(transfers.c.shard, from_shard),
            equals(transfers.c.cause, cause),
            equals(transfers.c.state, filter.state),
            in_region(transfers.c.community, filter.region),
            between(transfers.c.at, filter),
            _of_category(filter.category),
        )
    )
    return fetch_page(connection, query, key=_KEY, cursor=cursor, limit=limit, view=_view)


def way_of(connection: Connection, *, demand_id: str) -> tuple[WayStep, ...]:
    """Return every transfer of a demand's seats, oldest first; of one moment, up comes before down and back."""
    query = select(transfers).where(transfers.c.demand_id == demand_id)
    rows = sorted(connection.execute(query), key=lambda row: (row.at, *_upward(row), row.round_no, row.number))
    return tuple(_step(row) for row in rows)


def seats_of(connection: Connection, *, demand_id: str) -> tuple[SeatView, ...]:
    """Return the seats of a demand that ever left its shard, and where they are."""
    query = (
        select(*(moved_seats.c[name] for name in SeatView.model_fields))
        .where(moved_seats.c.demand_id == demand_id)
        .order_by(moved_seats.c.line, moved_seats.c.seat)
    )
    return tuple(SeatView.model_validate(dict(row._mapping)) for row in connection.execute(query))


def sitting(stored: str | None) -> tuple[Sitting, ...]:
    """Return where open seats sit, as the projection wrote it."""
    return tuple(Sitting(**entry | {"since": from_micros(entry["since"])}) for entry in json.loads(stored or "[]"))


def levels(connection: Connection, *, now: datetime, region: str = "") -> Levels:
    """Return what waits with each shard above, of demands of a region; the highest level first."""
    seat = moved_seats.c
    ages = [
        func.sum(case((_between(newer, older, now=now), 1), else_=0))
        for newer, older in zip((None, *_AGES), (*_AGES, None), strict=True)
    ]
    query = (
        select(
            seat.level,
            func.count(seat.demand_id.distinct()),
            func.sum(case((seat.state == "held", 1), else_=0)),
            func.min(seat.since),
            *ages,
        )
        .where(seat.state.in_(("waiting", "held")), in_region(seat.community, region))
        .group_by(seat.level)
    )
    found = [
        LevelView(
            shard=shard,
            level=shard_level(shard),
            demands=count,
            held=held,
            oldest=oldest,
            seats=(seats[0], seats[1], seats[2], seats[3]),
        )
        for shard, count, held, oldest, *seats in connection.execute(query)
    ]
    return Levels(at=now, levels=tuple(sorted(found, key=lambda row: (-_RANKS.index(row.level), row.shard))))


def _upward(row: Row[Any]) -> tuple[int, int, str]:
    return ("escalated", "asked", "returned").index(row.kind), _RANKS.index(shard_level(row.to)), row.to


def _between(newer: timedelta | None, older: timedelta | None, *, now: datetime) -> ColumnElement[bool]:
    """Whether a seat has waited for at least ``newer`` and less than ``older``."""
    parts: list[ColumnElement[bool]] = [true()]
    if newer is not None:
        parts.append(moved_seats.c.since <= now - newer)
    if older is not None:
        parts.append(moved_seats.c.since > now - older)
    return and_(*parts)


def _of_category(category: str | None) -> ColumnElement[bool]:
    return true() if category is None else transfers.c.categories.contains(f" {category} ", autoescape=True)


def _view(row: Row[Any]) -> EscalationView:
    return EscalationView(
        from_shard=row.shard,
        to_shard=row.to,
        to_level=shard_level(row.to),
        round_no=row.round_no,
        number=row.number,
        at=row.at,
        demand_id=row.demand_id,
        demand_title=row.title,
        urgency=row.urgency,
        community=row.community,
        categories=tuple(row.categories.split()),
        lines=_lines(row.seats),
        cause=row.cause,
        waited_minutes=row.waited_minutes,
        state=row.state,
        sits_in=sitting(row.sits_in),
    )


def _step(row: Row[Any]) -> WayStep:
    return WayStep(
        kind=row.kind,
        from_shard=row.shard,
        to_shard=row.to,
        at=row.at,
        round_no=row.round_no,
        lines=_lines(row.seats),
        cause=row.cause,
        waited_minutes=row.waited_minutes,
        resource_id=row.resource_id,
    )


def _lines(stored: str) -> tuple[LineSeats, ...]:
    seats: dict[int, list[int]] = defaultdict(list)
    for line, seat in json.loads(stored):
        seats[line].append(seat)
    return tuple(LineSeats(line=line, seats=tuple(sorted(own))) for line, own in sorted(seats.items()))
