"""The undoing of an import: what it put on a list is withdrawn, as far as nobody has built upon it.

1. Only rows that the import posted are looked at; what was on the list before stays.
2. What was matched meanwhile (a live or a fulfilled assignment), changed since, or withdrawn by somebody is left alone,
   and the report says so, row by row.
3. The report is kept: a second undo gets it again. Where the log fails half-way there is none yet, and the next undo
   goes on: what the first one withdrew bears its reason, and counts as undone.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from anyio.to_thread import run_sync

from api.commands import Command
from api.imports.archive import Archive
from api.imports.columns import ListKind
from api.imports.report import Fault, ImportReport, RowUndone, UndoReport, fault
from api.imports.service import entity
from api.positions import Position, latest
from api.reading import Reading, some
from api.readmodel.queries.standing import Standing, standing
from api.writing import Writer
from schemas.base import Fact
from schemas.demands import DemandWithdrawn
from schemas.envelope import Event
from schemas.resources import ResourceWithdrawn

REASON = "导入已撤销 import undone"


def _demand(entry: Standing) -> Fact:
    return DemandWithdrawn(demand_id=entry.entry_id, version=entry.version + 1, community=entry.region, reason=REASON)


def _resource(entry: Standing) -> Fact:
    return ResourceWithdrawn(resource_id=entry.entry_id, version=entry.version + 1, home=entry.region, reason=REASON)


_WITHDRAWN: dict[ListKind, Callable[[Standing], Fact]] = {"demands": _demand, "resources": _resource}


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """Undoes imports."""

    archive: Archive
    reading: Reading
    writer: Writer
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
        async with AsyncExitStack() as stack:
            for entry_id in ids:
                await stack.enter_async_context(self.writer.hold(entity(kind, entry_id)))
            written = [self.writer.recall(entity(kind, entry_id)) for entry_id in ids]
            await self.reading.catch_up()
            await self.reading.settle(latest(note.position for note in written if note is not None))
            found = await self.reading.query(standing, ids, kind=kind)
            faults = {entry_id: _kept(found.get(entry_id)) for entry_id in ids}
            going = [entry for entry in found.values() if faults[entry.entry_id] is None and not entry.withdrawn]
            events = [self._event(entry, kind=kind, command=command) for entry in going]
            positions = await self.writer.publish_all(events) if events else []
            for entry, position in zip(going, positions, strict=True):
                self.writer.remember(entity(kind, entry.entry_id), version=entry.version + 1, position=position)
            return faults, positions

    def _event(self, entry: Standing, *, kind: ListKind, command: Command) -> Event[Fact]:
        shard = self.writer.shard(entry.region)
        return self.writer.event(_WITHDRAWN[kind](entry), shard=shard, command=command, name=entry.entry_id)


def _kept(entry: Standing | None) -> Fault | None:
    """Return why an entry is to stay as it is."""
    if entry is None:
        return fault("not_found")
    if entry.withdrawn:
        return None if entry.reason == REASON else fault("already_withdrawn")
    if entry.matched:
        return fault("matched_meanwhile")
    return fault("changed_meanwhile") if entry.version > 1 else None


def _rows(report: ImportReport, faults: dict[str, Fault | None]) -> Iterator[RowUndone]:
    for row in report.rows:
        if row.id is not None and row.id in faults and row.outcome == "posted":
            kept = faults[row.id]
            yield RowUndone(row=row.row, id=row.id, outcome="undone" if kept is None else "kept", fault=kept)
