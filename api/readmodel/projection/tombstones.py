"""What was withdrawn before it was ever offered or posted: gone is gone, as it is to the matcher."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from api.readmodel.projection.rows import put_once, rows_among
from api.readmodel.tables import tombstones


def load_tombstones(connection: Connection, *, kind: str, wanted: Iterable[str]) -> set[str]:
    """Return those among ``wanted`` that were withdrawn without ever having been on the list."""
    query = select(tombstones.c.entity_id).where(tombstones.c.kind == kind)
    return {row.entity_id for row in rows_among(connection, query, key=tombstones.c.entity_id, wanted=set(wanted))}


def write_tombstones(connection: Connection, *, kind: str, gone: Iterable[str]) -> None:
    """Remember that these are gone."""
    put_once(connection, tombstones, [{"kind": kind, "entity_id": name} for name in sorted(gone)])
