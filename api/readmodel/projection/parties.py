"""Units and members as they report."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from api.readmodel.projection.rows import Values, put, rows_among
from api.readmodel.projection.tallies import Tally
from api.readmodel.tables import enrolments, units
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.envelope import Event

_UNITS = select(units.c.party, units.c.version, units.c.community)
_ENROLMENTS = select(enrolments.c.member_ref, enrolments.c.kind, enrolments.c.version, enrolments.c.community)


def project_units(connection: Connection, events: Sequence[Event[UnitEnrolled]], *, tally: Tally) -> None:
    """Keep each unit's newest version."""
    if not events:
        return
    wanted = {event.data.party for event in events}
    known = {row.party: row._asdict() for row in rows_among(connection, _UNITS, key=units.c.party, wanted=wanted)}
    changed: dict[str, Values] = {}
    for event in events:
        party = event.data.party
        before: Any = changed.get(party) or known.get(party)
        if before is None or event.data.version > before["version"]:
            changed[party] = _unit(event.data)
            _moved(tally, before, changed[party], "units")
    put(connection, units, list(changed.values()))


def project_members(connection: Connection, events: Sequence[Event[MemberEnrolled]], *, tally: Tally) -> None:
    """Keep the newest version of each enrolment: one per member and kind."""
    if not events:
        return
    wanted = {event.data.member_ref for event in events}
    found = rows_among(connection, _ENROLMENTS, key=enrolments.c.member_ref, wanted=wanted)
    known = {(row.member_ref, row.kind): row._asdict() for row in found}
    changed: dict[tuple[str, str], Values] = {}
    for event in events:
        enrolment = (event.data.member_ref, event.data.kind.value)
        before: Any = changed.get(enrolment) or known.get(enrolment)
        if before is None or event.data.version > before["version"]:
            changed[enrolment] = _member(event.data)
            _moved(tally, before, changed[enrolment], "enrolments")
    put(connection, enrolments, list(changed.values()))


def _moved(tally: Tally, before: Any, after: Values, name: str) -> None:
    if before is not None:
        tally.add(before["community"], "", **{name: -1})
    tally.add(after["community"], "", **{name: 1})


def _unit(unit: UnitEnrolled) -> Values:
    return {
        "party": unit.party,
        "version": unit.version,
        "name": unit.name,
        "community": unit.community,
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
