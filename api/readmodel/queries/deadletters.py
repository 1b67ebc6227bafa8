"""The dead letters 死信: what was refused and why."""

from typing import Any

from sqlalchemy import Connection, Row, func, select

from api.readmodel.queries.filters import NO_FILTER, Filter, between
from api.readmodel.queries.paging import DEFAULT_LIMIT, fetch_page
from api.readmodel.tables import deadletters
from api.readmodel.views import DeadLetterView, Page
from schemas.deadletters import RecordRefused

_KEY = (deadletters.c.refused_at, deadletters.c.topic, deadletters.c.partition, deadletters.c.offset)


def get_dead_letter(connection: Connection, *, topic: str, partition: int, offset: int) -> RecordRefused | None:
    """Return a refused record whole, by where it lay."""
    table = deadletters.c
    query = select(table.body).where(table.topic == topic, table.partition == partition, table.offset == offset)
    body = connection.execute(query).scalar_one_or_none()
    return None if body is None else RecordRefused.model_validate_json(body)


def list_dead_letters(
    connection: Connection,
    *,
    filter: Filter = NO_FILTER,
    code: str | None = None,
    topic: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[DeadLetterView]:
    """Return dead letters by the time they were refused; of the filter, ``since`` and ``until`` narrow."""
    query = select(deadletters).where(between(deadletters.c.refused_at, filter))
    if code is not None:
        query = query.where(deadletters.c.code == code)
    if topic is not None:
        query = query.where(deadletters.c.topic == topic)
    return fetch_page(connection, query, key=_KEY, cursor=cursor, limit=limit, view=_view)


def count_dead_letters(connection: Connection) -> int:
    """Return how many there are."""
    return connection.execute(select(func.count()).select_from(deadletters)).scalar_one()


def _view(row: Row[Any]) -> DeadLetterView:
    refused = RecordRefused.model_validate_json(row.body)
    return DeadLetterView(
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        code=row.code,
        detail=row.detail,
        value_sha256=refused.value_sha256,
        refused_at=row.refused_at,
    )
