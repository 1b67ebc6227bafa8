"""What one party did between two instants: jobs given and received, entries, and the lives that concern it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, and_, func, or_, select, type_coerce

from api.readmodel.queries.parties import get_member, get_unit
from api.readmodel.reportviews import Entry, Matter, PartyReport, Service
from api.readmodel.tables import assignments, demands, life_parties, lives, resources, steps
from schemas.lives import BY_KIND

_MINUTE = 60 * 1_000_000


def party_report(
    connection: Connection, *, party: str, period: str, since: datetime, until: datetime, now: datetime
) -> PartyReport | None:
    """Return what a unit or a member did within a period, or so far; None where nobody reported under that name."""
    name, community = None, None
    if party.startswith("unit:"):
        unit = get_unit(connection, party=party)
        if unit is None:
            return None
        name, community = unit.unit.name, unit.unit.community
    else:
        found = get_member(connection, member_ref=party.partition(":")[2])
        if not found:
            return None
        community = found[0].enrolment.community
    return PartyReport(
        party=party,
        name=name,
        community=community,
        period=period,
        since=since,
        until=until,
        as_of=min(until, now),
        given=_services(connection, assignments.c.provider == party, since=since, until=until),
        received=_services(connection, assignments.c.requester == party, since=since, until=until),
        offered=_entries(connection, resources, resources.c.provider == party, "offered_at", since=since, until=until),
        asked=_entries(connection, demands, demands.c.requester == party, "posted_at", since=since, until=until),
        matters=_matters(connection, party, since=since, until=until),
    )


def _within(column: Column[datetime], since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(column >= since, column < until)


def _services(
    connection: Connection, whose: ColumnElement[bool], *, since: datetime, until: datetime
) -> tuple[Service, ...]:
    """Return the jobs that were fulfilled within a period, by item."""
    table = assignments.c
    lasted = type_coerce(table.ends_at, BigInteger) - type_coerce(table.starts_at, BigInteger)
    query = (
        select(
            table.item,
            func.count().label("times"),
            func.sum(lasted).label("lasted"),
            func.count(table.community.distinct()).label("communities"),
        )
        .where(whose, table.phase == "fulfilled", _within(table.phase_at, since, until))
        .group_by(table.item)
        .order_by(table.item)
    )
    return tuple(
        Service(item=row.item, times=row.times, minutes=int(row.lasted) // _MINUTE, communities=row.communities)
        for row in connection.execute(query)
    )


def _entries(
    connection: Connection, table: Any, whose: ColumnElement[bool], at: str, *, since: datetime, until: datetime
) -> tuple[Entry, ...]:
    [key] = table.primary_key.columns
    query = select(key, table.c.title).where(whose, _within(table.c[at], since, until)).order_by(table.c[at], key)
    return tuple(Entry(id=found, title=title) for found, title in connection.execute(query))


def _matters(connection: Connection, party: str, *, since: datetime, until: datetime) -> tuple[Matter, ...]:
    """Return the lives that concern a party, that were open in the period or had a step in it, by kind and opening."""
    query = (
        select(steps, lives.c.title)
        .join(lives, and_(lives.c.kind == steps.c.kind, lives.c.id == steps.c.id))
        .join(
            life_parties,
            and_(life_parties.c.kind == steps.c.kind, life_parties.c.id == steps.c.id, life_parties.c.party == party),
        )
        .where(steps.c.at < until, or_(lives.c.is_open, lives.c.since >= since))
        .order_by(steps.c.kind, lives.c.opened_at, steps.c.id, steps.c.step)
    )
    found: dict[tuple[str, str], Matter] = {}
    stirred = set[tuple[str, str]]()
    for row in connection.execute(query):
        key = (row.kind, row.id)
        took = found[key].steps if key in found else 0
        found[key] = Matter(
            kind=row.kind,
            id=row.id,
            title=row.title,
            state=row.after,
            is_open=BY_KIND[row.kind].states[row.after].is_open,
            steps=took + (row.by == party and row.at >= since),
        )
        if row.at >= since:
            stirred.add(key)
    return tuple(matter for key, matter in found.items() if matter.is_open or key in stirred)
