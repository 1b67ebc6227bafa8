"""Looking many rows up by a key, with less work per look than SQLAlchemy's own way.

A projector asks a handful of questions hundreds of times a second, mostly for a row or two. What SQLAlchemy does anew
for each (building the statement, finding its place in the cache, setting up a result) is done here once per question;
where a database wants its parameters by name, SQLAlchemy's way is taken.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Dialect, Select, bindparam
from sqlalchemy.sql.compiler import SQLCompiler

Found = Any
"""A named tuple of the columns selected."""

_MOST = 8192
"""So many names in one statement; a power of two."""
_NAME = "looked_up_"


class _Prepared(NamedTuple):
    text: str
    parameters: tuple[tuple[str, Any], ...]
    """In order: a name that is looked up, or else what always stands there."""
    row: type[Any]
    converters: tuple[tuple[int, Callable[[Any], Any]], ...]


def look_up(connection: Connection, query: Select[Any], *, key: Column[Any], names: Sequence[str]) -> Iterator[Found]:
    """Yield the rows of ``query`` whose ``key`` is among ``names``. Keep the query for the next time.

    The transaction must have begun.
    """
    for start in range(0, len(names), _MOST):
        piece = names[start : start + _MOST]
        width = 1 << (len(piece) - 1).bit_length()
        prepared = _prepare(query, key, connection.dialect, width)
        if prepared is None:
            yield from connection.execute(query.where(key.in_(piece)))
        else:
            yield from _ask(connection, prepared, [*piece, *[piece[-1]] * (width - len(piece))])


def _ask(connection: Connection, prepared: _Prepared, names: Sequence[str]) -> Iterator[Found]:
    place = iter(names)
    values = [next(place) if name.startswith(_NAME) else fixed for name, fixed in prepared.parameters]
    cursor = connection.connection.cursor()
    cursor.execute(prepared.text, values)
    for found in cursor.fetchall():
        if not prepared.converters:
            yield prepared.row._make(found)
            continue
        row = list(found)
        for number, convert in prepared.converters:
            row[number] = convert(row[number])
        yield prepared.row._make(row)
    cursor.close()


@lru_cache(maxsize=512)
def _prepare(query: Select[Any], key: Column[Any], dialect: Dialect, width: int) -> _Prepared | None:
    marks = [bindparam(f"{_NAME}{number}", type_=key.type, required=False) for number in range(width)]
    compiled = query.where(key.in_(marks)).compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    if not isinstance(compiled, SQLCompiler) or compiled.positiontup is None:
        return None
    columns = list(query.selected_columns)
    converters = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    return _Prepared(
        text=str(compiled),
        parameters=tuple((name, compiled.params.get(name)) for name in compiled.positiontup),
        row=namedtuple("Found", [column.key or "" for column in columns], rename=True),
        converters=tuple((number, convert) for number, convert in enumerate(converters) if convert),
    )
