"""What the API keeps for itself beside the log: answers by key, identities, import reports, webhooks, notices.

One SQLite file, ``api.sqlite3``. It cannot be rebuilt from the log: back it up, together with ``vault.key``.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    text,
)

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

acquaintances = Table(
    "acquaintances",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # keyed hash of name and phone
    Column("ref", String, nullable=False),
    Index("ix_acquaintances_ref", "ref"),
)
"""By what name and phone a sheet's members are told apart, where it has no pseudonyms."""

imports = Table(
    "imports",
    metadata,
    Column("import_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("report", LargeBinary, nullable=False),  # ImportReport as JSON, zlib
    Column("summary", String),  # ImportSummary as JSON; None for what was imported before there were any
    Column("undo", LargeBinary),  # UndoReport as JSON, zlib; None while it stands
    Index("ix_imports_time", "created_at"),
)

calendars = Table(
    "calendars",
    metadata,
    Column("party", String, primary_key=True),
    Column("serial", Integer, nullable=False),  # of its newest address
    Column("digest", LargeBinary, unique=True),  # SHA-256 of what the address ends in; None: revoked
    Column("made_at", Instant, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("until", Instant, nullable=False),
)
"""Who does what only one process may do at a time."""

webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", String, primary_key=True),
    Column("url", Text, nullable=False),
    Column("types", Text, nullable=False),  # as JSON; none: all
    Column("region", String, nullable=False),  # a prefix; "": everywhere
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("old_secret", LargeBinary),  # sealed; signs beside the new one until ``old_until``
    Column("old_until", Instant),
    Column("state", String, nullable=False),  # active | disabled
    Column("reason", String),  # by_hand | gone | given_up
    Column("created_at", Instant, nullable=False),
    Column("delivered_at", Instant),  # the newest success
    Column("failures", Integer, nullable=False),  # in a row
    Column("rests_until", Instant),  # after a failure nothing is tried before
)

marks = Table(
    "marks",
    metadata,
    Column("reader", String, primary_key=True),  # a webhook's id
    Column("source", String, primary_key=True),
    Column("generation", String, nullable=False),  # of the read model
    Column("seq", Integer, nullable=False),
    Column("at", Instant, nullable=False),  # of the newest event passed
    Column("floor", Instant),  # older events are passed over: they were seen in a generation before
)
"""How far each reader has come in each source of events."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("delivery_id", String, nullable=False, unique=True),  # the ``webhook-id`` that the receiver sees
    Column("webhook_id", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("type", String, nullable=False),
    Column("body", Text, nullable=False),  # byte for byte what every attempt sends
    Column("created_at", Instant, nullable=False),
    Column("state", String, nullable=False),  # waiting | delivered | given_up
    Column("tries", Integer, nullable=False),  # since it was made, or last asked for again
    Column("next_try", Instant),
    Column("attempts", Text, nullable=False),  # the newest, as JSON
    Column("settled_at", Instant),
    Index("ix_deliveries_webhook", "webhook_id", "created_at", "number"),
    Index("ix_deliveries_due", "state", "webhook_id", "next_try", "number"),
    Index("ix_deliveries_settled", "settled_at"),
    sqlite_autoincrement=True,
)
"""One row for each event and subscription: what is to be sent, and how that went."""

wishes = Table(
    "wishes",
    metadata,
    Column("party", String, primary_key=True),
    Column("began_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("leave", String, nullable=False, unique=True),  # hash of the way out that every e-mail has
    Column("body", Text, nullable=False),  # Wishes as JSON; the address is in the vault
)
"""How each party wishes to be told."""

notices = Table(
    "notices",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("notice_id", String, nullable=False, unique=True),
    Column("party", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("not_before", Instant),
    Column("expires_at", Instant),
    Column("facts", Text, nullable=False),  # what it tells, as JSON
    Column("state", String, nullable=False),  # planned | held | folded | sending | sent | dropped | failed
    Column("until", Instant, nullable=False),  # when it is looked at again
    Column("reason", String),
    Column("message_id", String),
    Column("tries", Integer, nullable=False),
    Column("settled_at", Instant),
    Index("ix_notices_until", "state", "until"),
    Index("ix_notices_party", "party", "made_at", "number"),
    Index("ix_notices_settled", "settled_at"),
    sqlite_autoincrement=True,
)
"""The outbox: every notice, from when it was made to what became of it."""

messages = Table(
    "messages",
    metadata,
    Column("message_id", String, primary_key=True),
    Column("party", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("channel", String, nullable=False),
    Index("ix_messages_party", "party", "at"),
    Index("ix_messages_time", "at"),
)
"""What counts against a budget: written before a message goes out, taken back where it surely did not."""


sealed_evaluations = Table(
    "sealed_evaluations",
    metadata,
    Column("digest", String, primary_key=True),
    Column("project", String, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("kept_at", Instant, nullable=False),
    Index("ix_sealed_evaluations_project", "project"),
)
"""What parties said of each other, until it is shown; the log has the digests."""

point_books = Table(
    "point_books",
    metadata,
    Column("member_ref", String, primary_key=True),
    Column("opened_at", Instant, nullable=False),
)
"""Members who want their points kept."""

points = Table(
    "points",
    metadata,
    Column("entry_id", String, primary_key=True),
    Column("member_ref", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("points", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Column("about", String),
    Column("reverses", String, unique=True),  # the entry that it takes back
    Index("ix_points_member", "member_ref", "at", "entry_id"),
)
"""Here and not in the log, so that a member can have them deleted."""


def open_store(path: Path | str) -> Engine:
    """Open the file, make what is missing, and return the engine; ``path`` None-like ``:memory:`` is not shared."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare)
    metadata.create_all(engine)
    _add_columns(engine)
    return engine


def _add_columns(engine: Engine) -> None:
    """Give tables of before the columns that joined later; those may be empty, so nothing else has to change."""
    with engine.begin() as connection:
        for table in metadata.tables.values():
            known = {column["name"] for column in inspect(connection).get_columns(table.name)}
            for column in table.columns:
                if column.name not in known:
                    kind = column.type.compile(engine.dialect)
                    connection.execute(text(f'ALTER TABLE "{table.name}" ADD COLUMN "{column.name}" {kind}'))


def _prepare(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # A kill -9 loses nothing; a power cut may lose the last answers kept for a key, which a repeat makes again.
    cursor.execute("PRAGMA synchronous=NORMAL")
    # What is deleted is overwritten: a forgotten identity must not linger in free pages.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()
