"""The log's file: its tables, its stamp, and how connections to it are opened.

One row per record, clustered by partition: ``id = stream << 40 | offset`` with ``stream = topic * partitions +
partition``. Reading a run of offsets is then one walk along the leaves of the tree, without a second index.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Literal, TypeVar

from streams.log import LogError

Sync = Literal["full", "normal"]
Result = TypeVar("Result")

APPLICATION_ID = 0x436F4C67
"""``CoLg`` in the file's header: whose file it is."""
VERSION = 1

BUSY_TRIES = 3

_MAGIC = b"SQLite format 3\x00"
_PAGE_BYTES = 8192
_WAL_LIMIT_BYTES = 64 * 1024 * 1024
_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE topics (topic INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE records (id INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    "CREATE TABLE commits (consumers TEXT, topic TEXT, partition INTEGER, next_offset INTEGER NOT NULL,"
    " PRIMARY KEY (consumers, topic, partition)) WITHOUT ROWID",
)


def prepare_file(path: Path, *, partitions: int, patience_ms: int) -> None:
    """Create the file where there is none; check that it is a log of ``partitions`` partitions.

    Raises:
        LogError: it is something else, of another version, has another partition count, or cannot be opened.
    """
    if partitions < 1:
        raise LogError(f"a log needs at least one partition, not {partitions}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _refuse_garbage(path)
        with closing(_connect(path, patience_ms=patience_ms)) as connection:
            if _is_empty(connection):
                _create(connection, partitions=partitions)
            _check(connection, path=path, partitions=partitions)
    except (sqlite3.Error, OSError) as error:
        raise LogError(f"{path} cannot be opened as a log: {error}") from error


def open_writer(path: Path, *, sync: Sync, patience_ms: int) -> sqlite3.Connection:
    """Return a connection that appends; "full" keeps what is acknowledged through a loss of power too."""
    try:
        connection = _connect(path, patience_ms=patience_ms)
        connection.execute(f"PRAGMA synchronous={sync.upper()}")
        connection.execute(f"PRAGMA journal_size_limit={_WAL_LIMIT_BYTES}")
    except sqlite3.Error as error:
        raise LogError(f"{path} cannot be opened for appends: {error}") from error
    return connection


def open_source(path: Path, *, patience_ms: int) -> sqlite3.Connection:
    """Return a connection that only reads."""
    connection = _connect(path, patience_ms=patience_ms)
    connection.execute("PRAGMA query_only=ON")
    return connection


def retry_busy(action: Callable[[], Result]) -> Result:
    """Run ``action``; where others keep the file busy beyond the patience of its connection, run it again.

    Raises:
        sqlite3.Error: it failed for another reason, or was refused ``BUSY_TRIES`` times.
    """
    for attempt in range(1, BUSY_TRIES + 1):
        try:
            return action()
        except sqlite3.OperationalError as error:
            if attempt == BUSY_TRIES or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(0.01 * attempt)
    raise AssertionError("the loop above returns or raises")


def _refuse_garbage(path: Path) -> None:
    """SQLite takes a file of less than 100 bytes for an empty database and would write over it."""
    if path.exists():
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
        if start and start != _MAGIC:
            raise LogError(f"{path} cannot be opened as a log: file is not a database; it was left as it is")


def _connect(path: Path, *, patience_ms: int) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=patience_ms / 1000, isolation_level=None, check_same_thread=False, cached_statements=600
    )


def _is_empty(connection: sqlite3.Connection) -> bool:
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return tables == 0 and _pragma(connection, "application_id") == 0 and _pragma(connection, "user_version") == 0


def _create(connection: sqlite3.Connection, *, partitions: int) -> None:
    connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
    retry_busy(lambda: connection.execute("PRAGMA journal_mode=WAL").fetchone())
    retry_busy(lambda: connection.execute("BEGIN IMMEDIATE"))
    if not _is_empty(connection):  # another process was faster
        connection.execute("ROLLBACK")
        return
    for table in _TABLES:
        connection.execute(table)
    connection.execute("INSERT INTO meta VALUES ('partitions', ?)", (partitions,))
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={VERSION}")
    connection.execute("COMMIT")


def _check(connection: sqlite3.Connection, *, path: Path, partitions: int) -> None:
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise LogError(f"{path} is a database of something else, not a Cobuild log; it was left as it is")
    version = _pragma(connection, "user_version")
    if version != VERSION:
        raise LogError(f"{path} has log format {version}; this version of Cobuild reads format {VERSION}")
    found = connection.execute("SELECT value FROM meta WHERE name = 'partitions'").fetchone()
    if found is None or found[0] != partitions:
        raise LogError(
            f"{path} was made with {found and found[0]} partitions, not {partitions}: keys would change their "
            "partition. Open it with its own number, or start a new log"
        )
    if _pragma(connection, "journal_mode") != "wal":
        raise LogError(f"{path} is not in WAL mode; a log needs a local file system")


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]
