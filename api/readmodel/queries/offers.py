"""Offers 资源办理: at which stage each is, and which are to be looked at again."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, func, select, true, type_coerce

from api.readmodel.instants import from_micros, to_micros
from api.readmodel.lifeviews import DueRow, Stage
from api.readmodel.queries.filters import equals, in_region
from api.readmodel.tables import lives, resources
from api.readmodel.views import ResourceView
from schemas.lives.resource import GOOD_MONTHS

LOOKED_AT: Final = timedelta(days=GOOD_MONTHS * 61 // 2)
"""How long an entry without a life is good for after its last change: whoever changed it looked at it."""
_MICROSECOND = timedelta(microseconds=1)


def stage_of(state: str, found: ResourceView | None, *, now: datetime) -> Stage:
    """Return where an offer stands: by its steps, and once it is on the list, by what the list says."""
    if found is None or state in ("withdrawn", "archived", "expired"):
        return _STAGES[state]
    if found.state != "published":
        return _STAGES[found.state]
    if found.resource.valid_to is not None and found.resource.valid_to <= now:
        return "expired"
    if not found.resource.has_seats:
        return "published"
    if found.free == 0:
        return "fully_committed"
    spent = found.live + (0 if found.resource.renewable else found.fulfilled)
    return "partly_committed" if spent else "published"


_STAGES: Final[dict[str, Stage]] = {
    "draft": "draft",
    "submitted": "submitted",
    "returned": "returned",
    "published": "published",
    "suspended": "suspended",
    "expired": "expired",
    "withdrawn": "withdrawn",
    "archived": "archived",
}


def due_of(found: ResourceView) -> datetime:
    """Return by when an entry without a life is to be looked at again."""
    looked_at = found.changed_at + LOOKED_AT
    valid_to = found.resource.valid_to
    return looked_at if valid_to is None else min(looked_at, valid_to)


def list_due(
    connection: Connection,
    *,
    before: datetime,
    after: datetime | None = None,
    region: str = "",
    party: str | None = None,
    limit: int,
) -> tuple[DueRow, ...]:
    """Return the entries on the list that are to be looked at again before a day; the most pressing first."""
    due = func.coalesce(type_coerce(lives.c.due_at, BigInteger), _own_due()).label("due")
    query = (
        select(resources, due)
        .outerjoin(lives, and_(lives.c.kind == "resource", lives.c.id == resources.c.resource_id))
        .where(
            resources.c.state != "withdrawn",
            in_region(resources.c.home, region),
            equals(resources.c.provider, party),
            due < to_micros(before),
            true() if after is None else due >= to_micros(after),
        )
        .order_by(due, resources.c.resource_id)
        .limit(limit)
    )
    return tuple(
        DueRow(
            resource_id=row.resource_id,
            title=row.title,
            provider=row.provider,
            home=row.home,
            state=row.state,
            due_at=from_micros(row.due),
            valid_to=row.valid_to,
        )
        for row in connection.execute(query)
    )


def _own_due() -> ColumnElement[int]:
    looked_at = type_coerce(resources.c.changed_at, BigInteger) + LOOKED_AT // _MICROSECOND
    valid_to = type_coerce(resources.c.valid_to, BigInteger)
    return case((valid_to < looked_at, valid_to), else_=looked_at)
