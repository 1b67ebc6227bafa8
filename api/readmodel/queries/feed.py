"""The match stream: what became of assignments, in the order in which the read model took it in."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select, true

from api.readmodel.queries.filters import equals, in_region
from api.readmodel.tables import assignments, demands, feed, resources
from api.readmodel.views import FeedPage, FeedRow

_SHOWN = ("item", "offered_item", "demand_id", "resource_id", "provider", "requester", "value", "margin", "starts_at")


def feed_head(connection: Connection) -> int:
    """Return the ``seq`` of the newest row, 0 where there is none."""
    return connection.execute(select(func.max(feed.c.seq))).scalar() or 0


def feed_after(
    connection: Connection,
    *,
    seq: int,
    region: str = "",
    category: str | None = None,
    types: Sequence[str] | None = None,
    limit: int = 500,
) -> FeedPage:
    """Return the next rows after ``seq``, oldest first.

    Call again with ``next_seq``: it has passed what the filters left out. With no row and an unchanged
    ``next_seq`` the reader has seen everything.
    """
    head = feed_head(connection)
    query = _query().where(feed.c.seq > seq, feed.c.seq <= head, _wanted(region, category, types))
    rows = connection.execute(query.order_by(feed.c.seq).limit(limit)).all()
    return FeedPage(
        rows=tuple(_view(row) for row in rows), next_seq=rows[-1].seq if len(rows) == limit else max(seq, head)
    )


def feed_tail(
    connection: Connection,
    *,
    region: str = "",
    category: str | None = None,
    types: Sequence[str] | None = None,
    limit: int = 50,
) -> FeedPage:
    """Return the newest rows, oldest of them first; go on with ``feed_after(seq=next_seq)``."""
    head = feed_head(connection)
    query = _query().where(feed.c.seq <= head, _wanted(region, category, types))
    rows = connection.execute(query.order_by(feed.c.seq.desc()).limit(limit)).all()
    return FeedPage(rows=tuple(_view(row) for row in reversed(rows)), next_seq=head)


def seq_of(connection: Connection, *, event_id: str) -> int | None:
    """Return where an event lies in the feed, so that a reader can resume by event id across a rebuild."""
    return connection.execute(select(feed.c.seq).where(feed.c.event_id == event_id)).scalar_one_or_none()


def _wanted(region: str, category: str | None, types: Sequence[str] | None) -> ColumnElement[bool]:
    kinds = true() if types is None else feed.c.type.in_(types)
    return and_(in_region(feed.c.community, region), equals(feed.c.category, category), kinds)


def _query() -> Select[Any]:
    return (
        select(
            feed,
            *(assignments.c[name] for name in _SHOWN),
            assignments.c.auto_accepted,
            demands.c.title.label("demand_title"),
            resources.c.title.label("resource_title"),
        )
        .outerjoin(assignments, assignments.c.assignment_id == feed.c.assignment_id)
        .outerjoin(demands, demands.c.demand_id == assignments.c.demand_id)
        .outerjoin(resources, resources.c.resource_id == assignments.c.resource_id)
    )


def _view(row: Row[Any]) -> FeedRow:
    return FeedRow.model_validate(dict(row._mapping))
