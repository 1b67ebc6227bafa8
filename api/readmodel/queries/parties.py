"""Who is there: resident units, and members under their pseudonyms."""

from typing import NamedTuple

from sqlalchemy import Connection, Row, func, select, true

from api.readmodel.queries.filters import NO_FILTER, Filter, between, equals, in_region
from api.readmodel.queries.paging import DEFAULT_LIMIT, fetch_page
from api.readmodel.queries.suppression import shown_among
from api.readmodel.tables import UNIT, enrolments, movements, units
from api.readmodel.views import MemberClassCount, MemberView, Named, Page, UnitView
from schemas.enrolment import Enrolled, EnrolmentKind, MemberEnrolled, UnitEnrolled
from schemas.industries import industry_system, spellings
from schemas.lives.enrolment import id_of
from schemas.uscc import unit_kind


class Standing(NamedTuple):
    """What the registry knows of a party: its entry, the newest version of any kind, and whether it is there."""

    entry: Enrolled
    version: int
    is_active: bool


def standing_of(connection: Connection, *, party: str, kind: EnrolmentKind | None) -> Standing | None:
    """Return how a party stands that reports by ``kind`` (None: a unit); None where it never did."""
    view: UnitView | MemberView | None
    if kind is None:
        view = get_unit(connection, party=party)
    else:
        views = get_member(connection, member_ref=party.partition(":")[2])
        view = next((view for view in views if view.enrolment.kind == kind), None)
    if view is None:
        return None
    newest = select(func.max(movements.c.version)).where(movements.c.party == party, movements.c.kind == (kind or UNIT))
    entry = view.unit if isinstance(view, UnitView) else view.enrolment
    return Standing(entry, connection.execute(newest).scalar_one(), view.is_active)


def is_listed(connection: Connection, *, party: str) -> bool:
    """Return whether a party is in the registry, or ever was."""
    return connection.execute(select(movements.c.party).where(movements.c.party == party)).first() is not None


def get_unit(connection: Connection, *, party: str) -> UnitView | None:
    """Return a unit by its reference (``unit:USCC`` or ``unit:USCC/branch``)."""
    row = connection.execute(select(units).where(units.c.party == party)).one_or_none()
    return None if row is None else _unit(row)


def list_units(
    connection: Connection,
    *,
    filter: Filter = NO_FILTER,
    kind: str | None = None,
    industry: str | None = None,
    is_active: bool | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[UnitView]:
    """Return units by the time they reported; ``region``, ``party``, ``since`` and ``until`` narrow.

    ``kind`` is the beginning of a USCC, ``industry`` a code; ``is_active`` keeps those who are there, or who left.
    """
    query = select(units).where(
        in_region(units.c.community, filter.region),
        equals(units.c.party, filter.party),
        equals(units.c.kind, kind),
        true() if industry is None else units.c.industry_system.in_(spellings(industry)),
        true() if is_active is None else units.c.is_active == is_active,
        between(_UNIT_KEY[0], filter),
    )
    return fetch_page(connection, query, key=_UNIT_KEY, cursor=cursor, limit=limit, view=_unit)


def get_member(connection: Connection, *, member_ref: str) -> tuple[MemberView, ...]:
    """Return the member's enrolments, at most one of each kind; empty where there is none."""
    query = select(enrolments).where(enrolments.c.member_ref == member_ref).order_by(enrolments.c.kind)
    return tuple(_member(row) for row in connection.execute(query))


def list_members(
    connection: Connection,
    *,
    filter: Filter = NO_FILTER,
    member_class: str | None = None,
    is_active: bool | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[MemberView]:
    """Return enrolments by time; ``region``, ``party`` (the home unit), ``since`` and ``until`` narrow."""
    query = select(enrolments).where(
        in_region(enrolments.c.community, filter.region),
        equals(enrolments.c.home_unit, filter.party),
        equals(enrolments.c.member_class, member_class),
        true() if is_active is None else enrolments.c.is_active == is_active,
        between(_MEMBER_KEY[0], filter),
    )
    return fetch_page(connection, query, key=_MEMBER_KEY, cursor=cursor, limit=limit, view=_member)


def count_member_classes(connection: Connection, *, region: str = "") -> tuple[MemberClassCount, ...]:
    """Return how many enrolments each class has; small cells are None."""
    query = (
        select(enrolments.c.member_class, func.count().label("members"))
        .where(in_region(enrolments.c.community, region), enrolments.c.is_active)
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
    unit = UnitEnrolled.model_validate_json(row.body)
    en, zh = unit_kind(unit.uscc) or (row.kind, row.kind)
    said = unit.industry_system
    return UnitView(
        party=row.party,
        version=row.version,
        is_active=row.is_active,
        enrolment_id=id_of(unit),
        kind=Named(code=row.kind, zh=zh, en=en),
        industry_system=None if said is None else Named(**industry_system(said)._asdict()),
        unit=unit,
    )


def _member(row: Row[tuple[object, ...]]) -> MemberView:
    enrolment = MemberEnrolled.model_validate_json(row.body)
    return MemberView(
        party=enrolment.party,
        version=row.version,
        is_active=row.is_active,
        enrolment_id=id_of(enrolment),
        enrolment=enrolment,
    )
