"""What was suspended or withdrawn before it was ever offered or posted: no entry, but its version counts.

The matcher has the same rule, so a later offer with an older version is refused there and passed over here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from api.readmodel.projection.rows import Values, put, rows_among
from api.readmodel.tables import strays


def load_strays(connection: Connection, *, kind: str, wanted: Iterable[str]) -> dict[str, Values]:
    """Return version and state of those among ``wanted`` that were never put on the list."""
    query = select(strays).where(strays.c.kind == kind)
    found = rows_among(connection, query, key=strays.c.entity_id, wanted=set(wanted))
    return {row.entity_id: {"version": row.version, "state": row.state} for row in found}


def is_stray(row: Mapping[str, Any]) -> bool:
    """Whether a row is no entry of the list."""
    return row.keys() == {"version", "state"}


def write_strays(connection: Connection, *, kind: str, rows: Mapping[str, Values]) -> None:
    """Remember those of ``rows`` that are strays."""
    found = [{"kind": kind, "entity_id": name, **row} for name, row in rows.items() if is_stray(row)]
    put(connection, strays, found)
