"""What the API keeps for itself, beside the log: answers by idempotency key, identities, import reports.

One SQLite file, ``api.sqlite3``. It cannot be rebuilt from the log: back it up, together with ``vault.key``.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Column, Engine, Index, Integer, LargeBinary, MetaData, String, Table, create_engine, event

from api.readmodel.instants import Instant

metadata = MetaData()

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String, primary_key=True),
    Column("digest", LargeBinary, nullable=False),  # keyed hash of method, path and body
    Column("started_at", Instant, nullable=False),  # the instant that the facts carry, whenever they are repeated
    Column("status", Integer),  # None until there is an answer
    Column("headers", LargeBinary),
    Column("body", LargeBinary),
    Index("ix_idempotency_time", "started_at"),
)

identities = Table(
    "identities",
    metadata,
    Column("ref", String, primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

imports = Table(
    "imports",
    metadata,
    Column("import_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("report", LargeBinary, nullable=False),  # ImportReport as JSON, zlib
    Index("ix_imports_time", "created_at"),
)


def open_store(path: Path | str) -> Engine:
    """Open the file, make what is missing, and return the engine; ``path`` None-like ``:memory:`` is not shared."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare)
    metadata.create_all(engine)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # A kill -9 loses nothing; a power cut may lose the last answers kept for a key, which a repeat makes again.
    cursor.execute("PRAGMA synchronous=NORMAL")
    # What is deleted is overwritten: a forgotten identity must not linger in free pages.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()
