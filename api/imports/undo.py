"""The undoing of an import: what it put on a list is withdrawn, as far as nobody has built upon it.

1. Only rows that the import posted are looked at; what was on the list before stays.
2. What was matched meanwhile (a live or a fulfilled assignment), changed since, or withdrawn by somebody is left alone,
   and the report says so, row by row. An enrolment, too, whose party has an entry of its own or has taken a step; and
   a project that has taken one.
3. The report is kept: a second undo gets it again. Where the log fails half-way there is none yet, and the next undo
   goes on: what the first one withdrew bears its reason, an enrolment ended without a life, and both count as undone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from anyio.to_thread import run_sync
from sqlalchemy import Connection

from api.commands import Command
from api.imports.archive import Archive
from api.imports.columns import ListKind
from api.imports.entries import entity_of
from api.imports.proposals import REASON, Proposals
from api.imports.report import Fault, ImportReport, RowUndone, UndoReport, fault
from api.positions import Position, latest
from api.reading import Reading, some
from api.readmodel.queries.standing import Enrolment, Standing, enrolments_standing, standing
from api.writing import Writer
from schemas.base import Fact
from schemas.demands import DemandWithdrawn
from schemas.enrolment import MemberLeft, UnitEnrolled, UnitLeft
from schemas.lives.enrolment import party_of
from schemas.resources import ResourceWithdrawn


class Verdict(NamedTuple):
    """What is to become of an entry: the fact that ends it and where it belongs, or what keeps it, or neither."""

    end: Fact | None = None
    region: str = ""
    entity: str = ""
    version: int = 0
    kept: Fault | None = None


def _of_list(found: Standing, *, kind: ListKind) -> Verdict:
    if found.withdrawn:
        return Verdict() if found.reason == REASON else Verdict(kept=fault("already_withdrawn"))
    if found.matched:
        return Verdict(kept=fault("matched_meanwhile"))
    if found.version > 1:
        return Verdict(kept=fault("changed_meanwhile"))
    version = found.version + 1
    told: dict[str, Any] = {"version": version, "reason": REASON}
    end: Fact
    if kind == "demands":
        end = DemandWithdrawn(demand_id=found.entry_id, community=found.region, **told)
    else:
        end = ResourceWithdrawn(resource_id=found.entry_id, home=found.region, **told)
    return Verdict(end, found.region, f"{kind[:-1]}:{found.entry_id}", version)


def _of_registry(found: Enrolment, *, at: datetime) -> Verdict:
    entry = found.entry
    if found.gone:
        return Verdict()
    if found.matched:
        return Verdict(kept=fault("matched_meanwhile"))
    if found.moved_on:
        return Verdict(kept=fault("changed_meanwhile"))
    if found.busy:
        return Verdict(kept=fault("has_entries"))
    version = entry.version + 1
    told: dict[str, Any] = {"version": version, "community": entry.community, "left_at": at, "reason": REASON}
    end: Fact
    if isinstance(entry, UnitEnrolled):
        end = UnitLeft(uscc=entry.uscc, branch=entry.branch, **told)
    else:
        end = MemberLeft(member_ref=entry.member_ref, member_class=entry.member_class, kind=entry.kind, **told)
    return Verdict(end, entry.community, entity_of(entry), version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """Undoes imports."""

    archive: Archive
    reading: Reading
    writer: Writer
    proposals: Proposals
    batch: int

    async def undo(self, import_id: str, *, command: Command) -> UndoReport:
        """Withdraw what an import posted, and return what became of each row; raise Refused ``not_found``."""
        async with self.writer.hold(f"import:{import_id}"):
            known = await run_sync(self.archive.undo_of, import_id)
            if known is not None:
                return known
            report = some(await run_sync(self.archive.get, import_id), what=import_id)
            undone = await self._undo(report, command=command)
            await run_sync(lambda: self.archive.keep_undo(undone, of=report))
            return undone

    async def _undo(self, report: ImportReport, *, command: Command) -> UndoReport:
        ids = sorted({row.id for row in report.rows if row.outcome == "posted" and row.id is not None})
        faults: dict[str, Fault | None] = {}
        positions: list[Position] = []
        for start in range(0, len(ids), self.batch):
            found, where = await self._batch(ids[start : start + self.batch], kind=report.kind, command=command)
            faults |= found
            positions += where
        rows = tuple(_rows(report, faults))
        undone = sum(row.outcome == "undone" for row in rows)
        return UndoReport(
            import_id=report.import_id,
            kind=report.kind,
            undone_at=command.at,
            undone=undone,
            kept=len(rows) - undone,
            positions=tuple(str(position) for position in latest(positions)),
            rows=rows,
        )

    async def _batch(
        self, ids: Sequence[str], *, kind: ListKind, command: Command
    ) -> tuple[dict[str, Fault | None], list[Position]]:
        """Withdraw what can be withdrawn of ``ids``, in order; return for each id what kept it, or None."""
        if kind == "projects":
            return await self.proposals.take_back(ids, command=command)
        async with self.writer.hold_all({_lock(kind, entry_id) for entry_id in ids}):
            await self.writer.shown((_entity(kind, entry_id) for entry_id in ids), reading=self.reading)
            verdicts = await self.reading.query(_verdicts, ids, kind=kind, at=command.at)
            ends = {entry_id: verdict for entry_id, verdict in verdicts.items() if verdict.end is not None}
            events = [
                self.writer.event(verdict.end, shard=self.writer.shard(verdict.region), command=command, name=entry_id)
                for entry_id, verdict in ends.items()
                if verdict.end is not None
            ]
            positions = await self.writer.publish_all(events) if events else []
            for verdict, position in zip(ends.values(), positions, strict=True):
                self.writer.remember(verdict.entity, version=verdict.version, position=position)
            return {entry_id: verdict.kept for entry_id, verdict in verdicts.items()}, positions


def _verdicts(connection: Connection, ids: Sequence[str], *, kind: ListKind, at: datetime) -> dict[str, Verdict]:
    """Return what is to become of each of ``ids``, in order."""
    match kind:
        case "demands" | "resources":
            listed = standing(connection, ids, kind=kind)
            found = {entry_id: _of_list(each, kind=kind) for entry_id, each in listed.items()}
        case "units" | "members":
            enrolled = enrolments_standing(connection, ids)
            found = {entry_id: _of_registry(each, at=at) for entry_id, each in enrolled.items()}
    return {entry_id: found.get(entry_id, Verdict(kept=fault("not_found"))) for entry_id in ids}


def _entity(kind: ListKind, entry_id: str) -> str:
    """Return the name by which writers know the entry of an id."""
    named = party_of(entry_id) if kind in ("units", "members") else None
    if named is None:
        return f"{kind[:-1]}:{entry_id}"
    party, by = named
    return party if by is None else f"{party}:{by}"


def _lock(kind: ListKind, entry_id: str) -> str:
    """Return what to hold while the entry of an id is written."""
    named = party_of(entry_id) if kind in ("units", "members") else None
    return _entity(kind, entry_id) if named is None else named[0]


def _rows(report: ImportReport, faults: dict[str, Fault | None]) -> Iterator[RowUndone]:
    for row in report.rows:
        if row.id is not None and row.id in faults and row.outcome == "posted":
            kept = faults[row.id]
            yield RowUndone(row=row.row, id=row.id, outcome="undone" if kept is None else "kept", fault=kept)
