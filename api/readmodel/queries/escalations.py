"""Escalation 四级联动: what went up, where each seat is now, and what waits at every level."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, select, true

from api.readmodel.instants import from_micros
from api.readmodel.queries.filters import NO_FILTER, Filter, between, equals, in_region
from api.readmodel.queries.paging import DEFAULT_LIMIT, fetch_page
from api.readmodel.tables import demands, moved_seats, transfers
from api.readmodel.views import (
    EscalationState,
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
MOST_STEPS: Final = 200
"""Of one demand: it visits the level above some times a day."""
WEEK: Final = timedelta(days=7)
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
        select(*transfers.c, demands.c.title, demands.c.urgency, demands.c.posted_at)
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
    """Return the newest transfers of a demand's seats, oldest first; of one moment, up comes before down and back."""
    newest = transfers.c.at.desc(), transfers.c.shard, transfers.c.round_no.desc(), transfers.c.number.desc()
    query = select(transfers).where(transfers.c.demand_id == demand_id).order_by(*newest).limit(MOST_STEPS)
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
    """Return what is with each shard above, of demands of a region, and what became of what reached it in a week."""
    waiting = {row[0]: row for row in _waiting(connection, now=now, region=region)}
    reached: dict[str, dict[EscalationState, int]] = defaultdict(dict)
    query = (
        select(transfers.c.to, transfers.c.state, func.count())
        .where(
            transfers.c.kind == "escalated",
            transfers.c.at >= now - WEEK,
            in_region(transfers.c.community, region),
        )
        .group_by(transfers.c.to, transfers.c.state)
    )
    for shard, state, count in connection.execute(query):
        reached[shard][state] = count
    found = []
    for shard in {*waiting, *reached}:
        _, demand_count, held, posted_at, *seats = waiting.get(shard, (shard, 0, 0, None, 0, 0, 0, 0))
        found.append(
            LevelView(
                shard=shard,
                level=shard_level(shard),
                demands=demand_count,
                waiting=(seats[0], seats[1], seats[2], seats[3]),
                held=held,
                posted_at=posted_at,
                reached=dict(sorted(reached[shard].items())),
            )
        )
    return Levels(at=now, levels=tuple(sorted(found, key=lambda row: (-_RANKS.index(row.level), row.shard))))


def _waiting(connection: Connection, *, now: datetime, region: str) -> Iterable[Row[Any]]:
    """Yield level, demands, seats held, when the oldest demand was posted, and the seats by age."""
    seat = moved_seats.c
    ages = [
        func.sum(case((_between(newer, older, now=now), 1), else_=0))
        for newer, older in zip((None, *_AGES), (*_AGES, None), strict=True)
    ]
    held = func.sum(case((seat.state == "held", 1), else_=0))
    query = (
        select(seat.level, func.count(seat.demand_id.distinct()), held, func.min(demands.c.posted_at), *ages)
        .join(demands, demands.c.demand_id == seat.demand_id)
        .where(seat.away, seat.state.in_(("waiting", "held")), in_region(seat.community, region))
        .group_by(seat.level)
    )
    return connection.execute(query)


def _upward(row: Row[Any]) -> tuple[int, int, str]:
    down = row.kind == "sent_home"
    rank = _RANKS.index(shard_level(row.to))
    return ("escalated", "asked", "returned", "sent_home").index(row.kind), -rank if down else rank, row.to


def _between(newer: timedelta | None, older: timedelta | None, *, now: datetime) -> ColumnElement[bool]:
    """Whether a demand is at least as old as ``newer`` and not as old as ``older``."""
    parts: list[ColumnElement[bool]] = [true()]
    if newer is not None:
        parts.append(demands.c.posted_at <= now - newer)
    if older is not None:
        parts.append(demands.c.posted_at > now - older)
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
        posted_at=row.posted_at,
        urgency=row.urgency,
        community=row.community,
        categories=tuple(row.categories.split()),
        lines=_lines(row.seats),
        cause=row.cause,
        waited_minutes=row.waited_minutes,
        state=row.state,
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
