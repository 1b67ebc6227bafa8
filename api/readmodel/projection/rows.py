"""Small SQL moves that every part of the projection makes, a batch at a time."""

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, Update, bindparam, update

from api.readmodel.dialect import insert_or_add, insert_or_ignore, insert_or_replace
from api.readmodel.lookup import Found, look_up
from api.readmodel.writing import write_many

Values = dict[str, Any]
"""Column values by name."""

_MOST_PARAMETERS = 10_000


def rows_among(
    connection: Connection, query: Select[Any], *, key: Column[str], wanted: Collection[str]
) -> Iterator[Found]:
    """Yield the rows of ``query`` whose ``key`` is among ``wanted``. Keep the query for the next time."""
    return look_up(connection, query, key=key, names=sorted(wanted))


def pieces(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list of names into pieces that fit into one statement."""
    for start in range(0, len(names), _MOST_PARAMETERS):
        yield names[start : start + _MOST_PARAMETERS]


def put(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows or overwrite those of the same primary key."""
    if rows:
        write_many(connection, insert_or_replace(connection.dialect.name, table), rows)


def put_once(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert the rows that are not there yet."""
    if rows:
        write_many(connection, insert_or_ignore(connection.dialect.name, table), rows)


def add(connection: Connection, table: Table, rows: Sequence[Values], *, sums: tuple[str, ...]) -> None:
    """Insert rows or add the columns ``sums`` to those of the same primary key."""
    if rows:
        write_many(connection, insert_or_add(connection.dialect.name, table, sums), rows)


def change(connection: Connection, table: Table, rows: Sequence[Values], *, columns: tuple[str, ...]) -> None:
    """Set ``columns`` of the rows with the given primary keys; other values in ``rows`` are left aside."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    named = [(name, f"new_{name}") for name in columns] + [(name, f"key_{name}") for name in keys]
    write_many(connection, _update(table, columns), [{bound: row[name] for name, bound in named} for row in rows])


@cache
def _update(table: Table, columns: tuple[str, ...]) -> Update:
    statement = update(table).values({name: bindparam(f"new_{name}") for name in columns})
    return statement.where(*(column == bindparam(f"key_{column.name}") for column in table.primary_key.columns))
