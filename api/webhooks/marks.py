"""How far a reader has come in a source of events, across restarts and across lists that were made anew.

1. A mark is a ``seq`` of one generation of the read model. In a new generation ``seq`` counts anew, and events may lie
   in another order: the reader begins at its start.
2. There it passes over what is older than ``OVERLAP`` before the last event it had passed, and what is older than its
   own beginning; what it meets twice it knows by its id.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from api.store import marks

OVERLAP: Final = timedelta(days=7)
"""Shorter than deliveries and notices are kept, or an old one would be sent again."""


@dataclass(frozen=True, slots=True)
class Mark:
    """All up to ``seq`` was read in this generation; what is older than ``floor`` is passed over."""

    generation: str
    seq: int
    at: datetime
    floor: datetime | None = None

    def within(self, generation: str, *, began: datetime) -> "Mark":
        """Return the mark to go on from in ``generation``; ``began`` is when the reader wanted its first event."""
        if generation == self.generation:
            return self
        return Mark(generation, 0, self.at, max(self.at - OVERLAP, began))

    def wants(self, at: datetime) -> bool:
        """Whether an event of that instant is news to the reader."""
        return self.floor is None or at >= self.floor

    def passed(self, *, seq: int, ats: Iterable[datetime] = ()) -> "Mark":
        """Return the mark behind ``seq``, having met events of those instants on the way."""
        return replace(self, seq=seq, at=max([self.at, *ats]))


def find_mark(connection: Connection, *, reader: str, source: str) -> Mark | None:
    """Return where a reader stands, or None: it has not begun."""
    mine = (marks.c.reader == reader) & (marks.c.source == source)
    row = connection.execute(select(marks).where(mine)).one_or_none()
    return None if row is None else Mark(row.generation, row.seq, row.at, row.floor)


def put_mark(connection: Connection, mark: Mark, *, reader: str, source: str) -> None:
    """Write down where a reader stands."""
    row = {"generation": mark.generation, "seq": mark.seq, "at": mark.at, "floor": mark.floor}
    statement = insert(marks).values(reader=reader, source=source, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["reader", "source"], set_=row))
