"""Who is there: resident units, and members under their pseudonyms."""

from sqlalchemy import Connection, Row, func, select

from api.readmodel.queries.filters import NO_FILTER, Filter, between, equals, in_region
from api.readmodel.queries.paging import DEFAULT_LIMIT, fetch_page
from api.readmodel.queries.suppression import shown_among
from api.readmodel.tables import enrolments, units
from api.readmodel.views import MemberClassCount, MemberView, Page, UnitView
from schemas.enrolment import MemberEnrolled, UnitEnrolled


def get_unit(connection: Connection, *, party: str) -> UnitView | None:
    """Return a unit by its reference (``unit:USCC`` or ``unit:USCC/branch``)."""
    row = connection.execute(select(units).where(units.c.party == party)).one_or_none()
    return None if row is None else _unit(row)


def list_units(
    connection: Connection, *, filter: Filter = NO_FILTER, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[UnitView]:
    """Return units by the time they reported; ``region``, ``party``, ``since`` and ``until`` narrow."""
    query = select(units).where(
        in_region(units.c.community, filter.region), equals(units.c.party, filter.party), between(_UNIT_KEY[0], filter)
    )
    return fetch_page(connection, query, key=_UNIT_KEY, cursor=cursor, limit=limit, view=_unit)


def get_member(connection: Connection, *, member_ref: str) -> tuple[MemberView, ...]:
    """Return the member's enrolments, at most one of each kind; empty where there is none."""
    query = select(enrolments).where(enrolments.c.member_ref == member_ref).order_by(enrolments.c.kind)
    return tuple(_member(row) for row in connection.execute(query))


def list_members(
    connection: Connection, *, filter: Filter = NO_FILTER, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[MemberView]:
    """Return enrolments by time; ``region``, ``party`` (the home unit), ``since`` and ``until`` narrow."""
    query = select(enrolments).where(
        in_region(enrolments.c.community, filter.region),
        equals(enrolments.c.home_unit, filter.party),
        between(_MEMBER_KEY[0], filter),
    )
    return fetch_page(connection, query, key=_MEMBER_KEY, cursor=cursor, limit=limit, view=_member)


def count_member_classes(connection: Connection, *, region: str = "") -> tuple[MemberClassCount, ...]:
    """Return how many enrolments each class has; small cells are None."""
    query = (
        select(enrolments.c.member_class, func.count().label("members"))
        .where(in_region(enrolments.c.community, region))
        .group_by(enrolments.c.member_class)
        .order_by(enrolments.c.member_class)
    )
    rows = connection.execute(query).all()
    counts = shown_among([row.members for row in rows])
    return tuple(
        MemberClassCount(member_class=row.member_class, members=count) for row, count in zip(rows, counts, strict=True)
    )


_UNIT_KEY = (units.c.enrolled_at, units.c.party)
_MEMBER_KEY = (enrolments.c.enrolled_at, enrolments.c.member_ref, enrolments.c.kind)


def _unit(row: Row[tuple[object, ...]]) -> UnitView:
    return UnitView(party=row.party, version=row.version, unit=UnitEnrolled.model_validate_json(row.body))


def _member(row: Row[tuple[object, ...]]) -> MemberView:
    enrolment = MemberEnrolled.model_validate_json(row.body)
    return MemberView(party=enrolment.party, version=row.version, enrolment=enrolment)
