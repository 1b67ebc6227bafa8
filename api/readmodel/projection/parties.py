"""Units and members as they report and leave.

Of one party and kind the newest version counts, wherever it was read from first: arrivals fill the lists, and every
movement is kept, so that who had left before an older arrival is read stays gone.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, select

from api.readmodel.projection.rows import Values, change, put, put_once, rows_among
from api.readmodel.projection.tallies import Tally
from api.readmodel.tables import UNIT, enrolments, movements, units
from schemas.enrolment import Enrolled, Left, MemberEnrolled, MemberLeft, UnitEnrolled, UnitLeft, kind_of
from schemas.envelope import Event

_UNITS = select(units.c.party, units.c.version, units.c.community, units.c.is_active)
_ENROLMENTS = select(
    enrolments.c.member_ref, enrolments.c.kind, enrolments.c.version, enrolments.c.community, enrolments.c.is_active
)
_DEPARTURES = select(movements.c.party, movements.c.kind, movements.c.version).where(~movements.c.is_arrival)

Name = tuple[str, str]
"""A party, and by what it reports."""


def project_units(connection: Connection, events: Sequence[Event[UnitEnrolled | UnitLeft]], *, tally: Tally) -> None:
    """Keep each unit's newest version, and whether it is still there."""
    _project(
        connection, events, tally=tally, table=units, known=_UNITS, key=units.c.party, counted="units", row_of=_unit
    )


def project_members(
    connection: Connection, events: Sequence[Event[MemberEnrolled | MemberLeft]], *, tally: Tally
) -> None:
    """Keep the newest version of each enrolment, one per member and kind, and whether it still holds."""
    _project(
        connection,
        events,
        tally=tally,
        table=enrolments,
        known=_ENROLMENTS,
        key=enrolments.c.member_ref,
        counted="enrolments",
        row_of=_member,
    )


def _project(
    connection: Connection,
    events: Sequence[Event[Any]],
    *,
    tally: Tally,
    table: Table,
    known: Select[Any],
    key: Column[str],
    counted: str,
    row_of: Callable[[Any], Values],
) -> None:
    if not events:
        return
    keys = tuple(column.name for column in table.primary_key.columns)
    wanted = {_primary(event.data)[0] for event in events}
    found = rows_among(connection, known, key=key, wanted=wanted)
    rows = {tuple(getattr(row, name) for name in keys): row._asdict() for row in found}
    left = _left(connection, {event.data.party for event in events})
    changed: dict[tuple[str, ...], Values] = {}
    for event in events:
        primary = _primary(event.data)
        name = _name(event.data)
        before = changed.get(primary) or rows.get(primary)
        if isinstance(event.data, Left):
            left[name] = max(left.get(name, 0), event.data.version)
            after = _after_leaving(before, event.data)
        else:
            after = _after_arriving(before, event.data, left=left.get(name, 0), row_of=row_of)
        if after is not None:
            _count(tally, before, -1, counted)
            _count(tally, after, 1, counted)
            changed[primary] = after
    put(connection, table, [row for row in changed.values() if "body" in row])
    change(connection, table, [row for row in changed.values() if "body" not in row], columns=("is_active",))
    put_once(connection, movements, [_movement(event.data) for event in events])


def _left(connection: Connection, parties: set[str]) -> dict[Name, int]:
    """Return the newest version in which each party left."""
    newest: dict[Name, int] = {}
    for row in rows_among(connection, _DEPARTURES, key=movements.c.party, wanted=parties):
        newest[row.party, row.kind] = max(row.version, newest.get((row.party, row.kind), 0))
    return newest


def _after_leaving(row: Values | None, fact: Left) -> Values | None:
    is_news = row is not None and row["is_active"] and fact.version > row["version"]
    return {**row, "is_active": False} if row is not None and is_news else None


def _after_arriving(row: Values | None, fact: Enrolled, *, left: int, row_of: Callable[[Any], Values]) -> Values | None:
    if row is not None and fact.version <= row["version"]:
        return None
    return row_of(fact) | {"is_active": fact.version >= left}


def _count(tally: Tally, row: Values | None, sign: int, counted: str) -> None:
    if row is not None and row["is_active"]:
        tally.add(row["community"], "", **{counted: sign})


def _unit(unit: UnitEnrolled) -> Values:
    return {
        "party": unit.party,
        "version": unit.version,
        "name": unit.name,
        "community": unit.community,
        "kind": unit.uscc[:2],
        "industry_system": unit.industry_system,
        "enrolled_at": unit.enrolled_at,
        "body": unit.model_dump_json(),
    }


def _member(member: MemberEnrolled) -> Values:
    return {
        "member_ref": member.member_ref,
        "kind": member.kind.value,
        "version": member.version,
        "member_class": member.member_class.value,
        "home_unit": member.home_unit,
        "community": member.community,
        "enrolled_at": member.enrolled_at,
        "body": member.model_dump_json(),
    }


def _movement(fact: Enrolled | Left) -> Values:
    arrives = isinstance(fact, Enrolled)
    return {
        "party": fact.party,
        "kind": _name(fact)[1],
        "version": fact.version,
        "is_arrival": arrives,
        "member_class": fact.member_class.value if isinstance(fact, MemberEnrolled | MemberLeft) else None,
        "community": fact.community,
        "at": fact.enrolled_at if isinstance(fact, Enrolled) else fact.left_at,
        "to": None if isinstance(fact, Enrolled) else fact.to,
    }


def _name(fact: Enrolled | Left) -> Name:
    return fact.party, kind_of(fact) or UNIT


def _primary(fact: Enrolled | Left) -> tuple[str, ...]:
    """Return the primary key of the list it is on."""
    if isinstance(fact, UnitEnrolled | UnitLeft):
        return (fact.party,)
    return fact.member_ref, fact.kind.value
