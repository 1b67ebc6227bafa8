"""Which mode is in force where, and in which community a member serves by it."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select, true

from api.readmodel.queries.filters import LEVELS, in_region
from api.readmodel.queries.parties import get_member
from api.readmodel.servingviews import ModeView, Serving
from api.readmodel.tables import lives
from schemas.enrolment import EnrolmentKind
from schemas.lives.mode import Mode


def mode_of(connection: Connection, *, region: str, now: datetime) -> ModeView:
    """Return the mode of a region, by its code or prefix: an emergency of its own, else that of whatever is above it.

    An emergency whose day has come is over, whether or not anybody lifted it.
    """
    found = _in_force(connection, _above(region), now=now)
    if not found:
        return ModeView(region=region, mode="peacetime")
    mode = max(found, key=lambda each: len(each.region))
    return ModeView(
        region=region,
        mode="emergency",
        mode_id=mode.id,
        declared_for=mode.region,
        since=mode.opened_at,
        until=mode.due,
        reason=mode.reason,
    )


def modes_around(connection: Connection, *, region: str, now: datetime) -> list[Mode]:
    """Return the emergencies in force around a region, that of the widest first: above it, its own, and within it."""
    around = true() if not region else or_(_above(region), in_region(lives.c.community, region))
    return sorted(_in_force(connection, around, now=now), key=lambda each: (len(each.region), each.region))


def _above(region: str) -> ColumnElement[bool]:
    """Whether a mode is that of a region or of one above it."""
    prefix = region.ljust(12, "0")
    return lives.c.community.in_({prefix[:level].ljust(12, "0") for level in LEVELS})


def _in_force(connection: Connection, where: ColumnElement[bool], *, now: datetime) -> list[Mode]:
    query = (
        select(lives.c.body)
        .where(lives.c.kind == "mode", lives.c.is_open, where)
        .where(or_(lives.c.due_at.is_(None), lives.c.due_at > now))
        .order_by(lives.c.opened_at, lives.c.id)
    )
    return [Mode.model_validate_json(body) for body in connection.execute(query).scalars()]


def serving_of(connection: Connection, *, member_ref: str, now: datetime) -> Serving | None:
    """Return where a member serves: by unit link in peacetime, at home in an emergency there; None where nowhere."""
    there = [view for view in get_member(connection, member_ref=member_ref) if view.is_active]
    if not there:
        return None
    at_home_first = sorted(there, key=lambda view: view.enrolment.kind is not EnrolmentKind.RESIDENCE)
    mode = mode_of(connection, region=at_home_first[0].enrolment.community, now=now)
    chosen = at_home_first[0 if mode.mode == "emergency" else -1]
    return Serving(
        member_ref=member_ref,
        mode=mode.mode,
        kind=chosen.enrolment.kind,
        community=chosen.enrolment.community,
        home_unit=chosen.enrolment.home_unit,
        enrolment_id=chosen.enrolment_id,
    )
