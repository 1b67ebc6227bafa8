"""What was withdrawn before it was ever offered or posted: gone is gone, as it is to the matcher."""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import Connection, Select, select

from api.readmodel.projection.rows import put_once, rows_among
from api.readmodel.tables import tombstones


def load_tombstones(connection: Connection, *, kind: str, wanted: Iterable[str]) -> set[str]:
    """Return those among ``wanted`` that were withdrawn without ever having been on the list."""
    return {
        row.entity_id for row in rows_among(connection, _of_kind(kind), key=tombstones.c.entity_id, wanted=set(wanted))
    }


@cache
def _of_kind(kind: str) -> Select[tuple[str]]:
    return select(tombstones.c.entity_id).where(tombstones.c.kind == kind)


def write_tombstones(connection: Connection, *, kind: str, gone: Iterable[str]) -> None:
    """Remember that these are gone."""
    put_once(connection, tombstones, [{"kind": kind, "entity_id": name} for name in sorted(gone)])
