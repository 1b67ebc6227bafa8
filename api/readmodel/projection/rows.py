"""Small SQL moves that every part of the projection makes, a batch at a time."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, Table, bindparam, update

from api.readmodel.dialect import insert_or_add, insert_or_ignore, insert_or_replace

Values = dict[str, Any]
"""Column values by name."""

_MOST_PARAMETERS = 10_000


def rows_among(
    connection: Connection, query: Select[Any], *, key: Column[str], wanted: Collection[str]
) -> Iterator[Row[Any]]:
    """Yield the rows of ``query`` whose ``key`` is among ``wanted``, in pieces that the database can take."""
    for names in pieces(sorted(wanted)):
        yield from connection.execute(query.where(key.in_(names)))


def pieces(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list of names into pieces that fit into one statement."""
    for start in range(0, len(names), _MOST_PARAMETERS):
        yield names[start : start + _MOST_PARAMETERS]


def put(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows or overwrite those of the same primary key."""
    if rows:
        connection.execute(insert_or_replace(connection.dialect.name, table), rows)


def put_once(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert the rows that are not there yet."""
    if rows:
        connection.execute(insert_or_ignore(connection.dialect.name, table), rows)


def add(connection: Connection, table: Table, rows: Sequence[Values], *, sums: tuple[str, ...]) -> None:
    """Insert rows or add the columns ``sums`` to those of the same primary key."""
    if rows:
        connection.execute(insert_or_add(connection.dialect.name, table, sums), rows)


def change(connection: Connection, table: Table, rows: Sequence[Values], *, columns: tuple[str, ...]) -> None:
    """Set ``columns`` of the rows with the given primary keys; other values in ``rows`` are left aside."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    statement = update(table).values({name: bindparam(f"new_{name}") for name in columns})
    statement = statement.where(*(table.c[name] == bindparam(f"key_{name}") for name in keys))
    named = [(name, f"new_{name}") for name in columns] + [(name, f"key_{name}") for name in keys]
    connection.execute(statement, [{bound: row[name] for name, bound in named} for row in rows])
