"""The one place that knows which database it is: upserts, and how a connection is set up."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

_PRAGMAS = (
    "journal_mode=WAL",  # readers never wait for the projector
    "synchronous=NORMAL",  # a power cut may take the last batches; their offsets go with them
    "busy_timeout=10000",
    "cache_size=-65536",
    "mmap_size=268435456",
    "temp_store=MEMORY",
    "wal_autocheckpoint=4000",
)

_WRITES = "cobuild_writes"
_LOCK = 0x636F6275696C64
"""Which of PostgreSQL's advisory locks is ours."""

Upsert = sqlite.Insert | postgresql.Insert


def open_engine(url: str) -> Engine:
    """Return an engine; a SQLite one has WAL and begins its transactions itself.

    Raises:
        ValueError: the driver of that database is not installed.
    """
    try:
        engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))  # a server may have restarted
    except ModuleNotFoundError as error:
        raise ValueError(f"{error.name} is not installed; for PostgreSQL: pip install 'psycopg[binary]'") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that will write, committed at the end.

    It takes the write lock first, of which there is one: on SQLite a transaction that reads first and writes later
    would fail when another wrote in between, on PostgreSQL two that make the tables would meet.
    """
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        yield connection


@cache
def insert_or_ignore(dialect: str, table: Table) -> Upsert:
    """Return an insert that leaves a row alone which is there already."""
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def insert_or_replace(dialect: str, table: Table) -> Upsert:
    """Return an insert that overwrites every other column of a row with the same primary key."""
    statement = _insert(dialect, table)
    changed = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changed)


@cache
def insert_or_add(dialect: str, table: Table, sums: tuple[str, ...]) -> Upsert:
    """Return an insert that adds the columns ``sums`` to those of a row with the same primary key."""
    statement = _insert(dialect, table)
    changed = {name: table.c[name] + statement.excluded[name] for name in sums}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changed)


def _insert(dialect: str, table: Table) -> Upsert:
    match dialect:
        case "sqlite":
            return sqlite.insert(table)
        case "postgresql":
            return postgresql.insert(table)
        case other:
            raise ValueError(f"the read model runs on SQLite or PostgreSQL, not on {other}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where the "begin" event says so
    for pragma in _PRAGMAS:
        connection.cursor().execute(f"PRAGMA {pragma}")
