"""The read model as one object: opens the database, gives connections, takes events, starts over."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, inspect, select

from api.readmodel.dialect import open_engine, writing
from api.readmodel.projection.batch import project
from api.readmodel.queries.positions import next_offsets, reached
from api.readmodel.tables import SCHEMA, meta, metadata
from schemas.catalogue import Catalogue
from schemas.envelope import Event

Position = tuple[str, int, int]


class ReadModel:
    """A database that the log fills; opened by any number of readers and one projector.

    Opening it drops everything where it was made by another ``SCHEMA`` or for another catalogue: it is
    disposable, and the projector then begins at offset 0. All methods block; call them in a thread.
    """

    def __init__(self, url: str, *, catalogue: Catalogue) -> None:
        self.engine: Engine = open_engine(url)
        self._catalogue = catalogue
        self._stamp = f"{SCHEMA}/{catalogue.digest}"
        if self._read_meta("stamp") != self._stamp:
            self._start_over_unless_another_did()

    @property
    def generation(self) -> str:
        """A word that changes whenever the database is made anew; ``seq`` of the feed counts within one."""
        return self._read_meta("generation") or ""

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one moment of the database."""
        with self.engine.connect() as connection:
            yield connection

    def offsets(self) -> dict[tuple[str, int], int]:
        """Return the next offset to read of every (topic, partition)."""
        with self.read() as connection:
            return next_offsets(connection)

    def reached(self, topic: str, partition: int, offset: int) -> bool:
        """Whether the record at this position is in the read model."""
        with self.read() as connection:
            return reached(connection, topic=topic, partition=partition, offset=offset)

    def apply(self, events: Sequence[tuple[Position, Event[Any]]], offsets: Mapping[tuple[str, int], int]) -> None:
        """Take in ``events`` and move the offsets on, in one transaction.

        Events that lie below the stored offsets are passed over, so a batch may come twice.
        """
        with writing(self.engine) as connection:
            project(connection, events=events, offsets=offsets, catalogue=self._catalogue)

    def reset(self) -> None:
        """Drop everything and start over with empty tables."""
        with writing(self.engine) as connection:
            self._start_over(connection)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def _start_over_unless_another_did(self) -> None:
        with writing(self.engine) as connection:
            if _meta_of(connection, "stamp") != self._stamp:
                self._start_over(connection)

    def _start_over(self, connection: Connection) -> None:
        metadata.drop_all(connection)
        metadata.create_all(connection)
        stamp = {"name": "stamp", "value": self._stamp}
        connection.execute(meta.insert(), [stamp, {"name": "generation", "value": secrets.token_hex(4)}])

    def _read_meta(self, name: str) -> str | None:
        with self.read() as connection:
            return _meta_of(connection, name)


def _meta_of(connection: Connection, name: str) -> str | None:
    if not inspect(connection).has_table(meta.name):
        return None
    return connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one_or_none()
