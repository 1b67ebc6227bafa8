"""Points of members 积分: an append-only ledger with a reason for each entry, for the member alone.

1. Nobody's points are kept who has not asked for it, and all of them are deleted when the member says so.
2. An entry is never changed. What was wrong is taken back by an entry of its own, once.
3. They are read by pseudonym, one member at a time. There is no list over members, no sum, no rank.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.dialects.sqlite import insert

from api.store import point_books, points
from schemas.base import EntityId, EntryRef
from schemas.refusals import Refused


class PointReason(StrEnum):
    """What points are for."""

    SERVICE = "service"
    STUDY = "study"
    MEETING = "meeting"
    PROPOSAL = "proposal"
    AWARD = "award"
    CORRECTION = "correction"


class PointsGiven(BaseModel):
    """So many points, for what."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"points": 2, "reason": "service"}]}
    )

    points: Annotated[int, Field(ge=-1000, le=1000, description="Less than nothing takes points away.")]
    reason: PointReason
    about: EntryRef | None = None


class PointEntry(BaseModel):
    """One entry of a ledger; ``reverses`` is the entry that it takes back."""

    entry_id: EntityId
    at: datetime
    points: int
    reason: PointReason
    about: str | None
    reverses: str | None


class Ledger(BaseModel):
    """A member's points: their sum, and every entry, the first one first."""

    member_ref: str
    opened_at: datetime
    balance: int
    entries: tuple[PointEntry, ...]


class Points:
    """Keeps the ledgers; all calls block, run them in a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, member_ref: str, *, at: datetime) -> None:
        """Keep a member's points from now on; once more changes nothing."""
        row = {"member_ref": member_ref, "opened_at": at}
        with self._engine.begin() as connection:
            connection.execute(insert(point_books).values(row).on_conflict_do_nothing())

    def give(self, member_ref: str, given: PointsGiven, *, entry_id: str, at: datetime) -> None:
        """Add an entry; an id that is there already is the same entry sent again. Raise Refused ``not_opted_in``."""
        self._add(member_ref, entry_id, at=at, points=given.points, reason=given.reason.value, about=given.about)

    def reverse(self, member_ref: str, entry_id: str, *, by_id: str, at: datetime) -> None:
        """Take an entry back by another; raise Refused ``not_found``, ``not_possible_now`` where it was before."""
        ledger = self.read(member_ref)
        wrong = next((entry for entry in ledger.entries if entry.entry_id == entry_id), None)
        if wrong is None:
            raise Refused("not_found", entry_id)
        if any(entry.reverses == entry_id and entry.entry_id != by_id for entry in ledger.entries):
            raise Refused("not_possible_now", "it was taken back before")
        said = {"points": -wrong.points, "reason": PointReason.CORRECTION.value, "about": wrong.about}
        self._add(member_ref, by_id, at=at, reverses=entry_id, **said)

    def read(self, member_ref: str) -> Ledger:
        """Return a member's ledger; raise Refused ``not_opted_in``."""
        query = select(points).where(points.c.member_ref == member_ref).order_by(points.c.at, points.c.entry_id)
        with self._engine.connect() as connection:
            book = connection.execute(select(point_books).where(point_books.c.member_ref == member_ref)).one_or_none()
            rows = connection.execute(query).all()
        if book is None:
            raise Refused("not_opted_in", member_ref)
        entries = tuple(PointEntry.model_validate(row, from_attributes=True) for row in rows)
        balance = sum(entry.points for entry in entries)
        return Ledger(member_ref=member_ref, opened_at=book.opened_at, balance=balance, entries=entries)

    def forget(self, member_ref: str) -> bool:
        """Delete a member's points and keep no more; return whether there was a ledger."""
        with self._engine.begin() as connection:
            connection.execute(delete(points).where(points.c.member_ref == member_ref))
            book = connection.execute(delete(point_books).where(point_books.c.member_ref == member_ref))
        with self._engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return book.rowcount > 0

    def _add(self, member_ref: str, entry_id: str, **said: object) -> None:
        with self._engine.begin() as connection:
            if not connection.execute(select(point_books).where(point_books.c.member_ref == member_ref)).first():
                raise Refused("not_opted_in", member_ref)
            row = {"entry_id": entry_id, "member_ref": member_ref} | said
            connection.execute(insert(points).values(row).on_conflict_do_nothing())
