"""Cursor paging by keyset: a page ends where the next begins, however the list grows meanwhile.

A cursor is the sort key of the last row seen (time, then id), as URL-safe base64 of JSON. No list is ever read
by row number, so the thousandth page costs what the first does.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, literal, tuple_

from api.readmodel.instants import Instant, from_micros, to_micros
from api.readmodel.views import Page
from api.readmodel.views import Row as View
from schemas.refusals import Refused

MAX_LIMIT = 500
DEFAULT_LIMIT = 50

Key = tuple[Any, ...]


def encode_cursor(key: Key) -> str:
    """Return the opaque form of a sort key: a time, then strings and whole numbers."""
    parts = [to_micros(part) if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, columns: Sequence[Column[Any]]) -> Key:
    """Return the sort key; raise Refused ``bad_cursor`` where it is none of these columns."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        raise Refused("bad_cursor") from None
    if not isinstance(parts, list) or len(parts) != len(columns):
        raise Refused("bad_cursor")
    return tuple(_part(part, column) for part, column in zip(parts, columns, strict=True))


def _part(part: object, column: Column[Any]) -> object:
    wanted = int if isinstance(column.type, Instant) else column.type.python_type
    if type(part) is not wanted:
        raise Refused("bad_cursor")
    try:
        return from_micros(part) if isinstance(column.type, Instant) and isinstance(part, int) else part
    except OverflowError:
        raise Refused("bad_cursor") from None


def fetch_page(
    connection: Connection,
    query: Select[Any],
    *,
    key: Sequence[Column[Any]],
    cursor: str | None,
    limit: int,
    view: Callable[[Row[Any]], View],
) -> Page[View]:
    """Return at most ``limit`` rows (capped at 500) of ``query`` after ``cursor``, descending by ``key``.

    The query must select the key columns under their own names.

    Raises:
        Refused: ``bad_cursor``.
    """
    limit = max(1, min(limit, MAX_LIMIT))
    if cursor:
        query = query.where(tuple_(*key) < tuple_(*_bound(decode_cursor(cursor, key), key)))
    rows = connection.execute(query.order_by(*(column.desc() for column in key)).limit(limit + 1)).all()
    more = len(rows) > limit
    last = rows[limit - 1] if more else None
    return Page(
        rows=tuple(view(row) for row in rows[:limit]),
        next_cursor=None if last is None else encode_cursor(tuple(last._mapping[column.name] for column in key)),
    )


def _bound(values: Key, columns: Sequence[Column[Any]]) -> list[Any]:
    return [literal(value, column.type) for value, column in zip(values, columns, strict=True)]
