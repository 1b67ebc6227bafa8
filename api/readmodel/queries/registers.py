"""The register of who came and went in a month 流入流出登记, and who is there at its end, class by class."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, and_, cast, func, or_, select

from api.readmodel.queries.filters import in_region
from api.readmodel.queries.suppression import shown_among
from api.readmodel.servingviews import Register, RegisterRow
from api.readmodel.tables import UNIT, movements
from schemas.enrolment import MemberClass
from schemas.member_classes import CLASS_RULES


def register_of(connection: Connection, *, region: str, start: datetime, end: datetime, month: str) -> Register:
    """Return the enrolments of members that began and ended in a region from ``start`` until ``end``.

    Who moves from one community of the region to another left the one and came to the other. Small numbers of people
    are None, and one more where a single one could be worked out.
    """
    counts = _counts(connection, region=region, start=start, end=end)
    columns = {name: shown_among([counts[each][name] for each in MemberClass]) for name in ("came", "left", "there")}
    rows = tuple(
        RegisterRow(
            member_class=member_class,
            zh=CLASS_RULES[member_class].zh,
            way=CLASS_RULES[member_class].way,
            **{name: column[place] for name, column in columns.items()},
        )
        for place, member_class in enumerate(MemberClass)
    )
    return Register(region=region, month=month, rows=rows)


def _counts(
    connection: Connection, *, region: str, start: datetime, end: datetime
) -> dict[MemberClass, dict[str, int]]:
    """Count by class: a movement is told by the one before it of the same enrolment."""
    own: dict[str, Any] = {"partition_by": (movements.c.party, movements.c.kind), "order_by": movements.c.version}
    known = (
        select(
            movements.c.member_class,
            movements.c.community,
            movements.c.at,
            movements.c.is_arrival,
            func.lag(movements.c.is_arrival).over(**own).label("was_there"),
            func.lag(movements.c.community).over(**own).label("was_in"),
            func.lead(movements.c.version).over(**own).label("next"),
        )
        .where(movements.c.kind != UNIT, movements.c.at < end)
        .subquery()
    )
    now, was_there = known.c.is_arrival, func.coalesce(known.c.was_there, False)
    moved = known.c.was_in != known.c.community
    columns: Any = known.c
    here, was_here = in_region(columns.community, region), in_region(columns.was_in, region)
    this_month = known.c.at >= start
    told = {
        "came": and_(now, here, this_month, or_(~was_there, moved)),
        "left": and_(was_there, was_here, this_month, or_(~now, moved)),
        "there": and_(now, here, known.c.next.is_(None)),
    }
    sums = (func.sum(cast(func.coalesce(part, False), Integer)).label(name) for name, part in told.items())
    query = select(known.c.member_class, *sums)
    counts = {member_class: dict.fromkeys(told, 0) for member_class in MemberClass}
    for row in connection.execute(query.group_by(known.c.member_class)):
        counts[MemberClass(row.member_class)] = {name: row._mapping[name] or 0 for name in told}
    return counts
