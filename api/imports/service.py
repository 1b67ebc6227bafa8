"""An import from file to report: read apart, parse in a thread, publish what is good in batches.

1. A row stands or falls alone, the rows of one demand together: bad ones are reported, good ones are posted.
2. A row that is on the list already, by its id, is left as it is: importing a file twice changes nothing, even where
   its window has passed since.
3. Where the log fails half-way the request fails; the same file again posts the rest.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from anyio.to_thread import run_sync
from sqlalchemy import Connection

from api.checks import Checks
from api.commands import Command
from api.entries import Kind, Present
from api.imports.archive import Archive
from api.imports.columns import ListKind, find_header
from api.imports.reader import Reader
from api.imports.report import Fault, ImportReport, Outcome, RowReport, fault
from api.imports.rows import Parsed, RowParser, content_of
from api.imports.shapes import Lookup
from api.positions import Position, latest
from api.reading import Reading
from api.writing import Writer
from schemas.base import Fact
from schemas.demands import Demand
from schemas.envelope import Event
from schemas.resources import Resource

Listed = Demand | Resource
Kinds = dict[ListKind, Kind[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """Imports lists."""

    reader: Reader
    archive: Archive
    checks: Checks
    lookup: Lookup
    kinds: Kinds
    reading: Reading
    writer: Writer
    batch: int

    async def run(self, data: bytes, *, kind: ListKind, dry_run: bool, command: Command) -> ImportReport:
        """Import a file and return the report.

        Raises:
            Refused: the file as a whole cannot be read: unreadable_file, too_many_rows, missing_columns.
        """
        rows = await self.reader.rows(data)
        header, places = find_header(rows, kind=kind)
        parser = RowParser(kind, places, self.checks, self.lookup, command.at)
        parsed = await run_sync(lambda: parser.parse(rows[header + 1 :], first=header + 2))
        lines: list[RowReport] = []
        positions: list[Position] = []
        mentioned: set[str] = set()
        for start in range(0, len(parsed), self.batch):
            done, where = await self._batch(
                parsed[start : start + self.batch], kind=kind, dry_run=dry_run, command=command, mentioned=mentioned
            )
            lines += done
            positions += where
        lines.sort(key=lambda line: line.row)  # a bundle's rows may lie apart
        report = _summary(lines, positions, kind=kind, dry_run=dry_run, command=command)
        if not dry_run:
            await run_sync(self.archive.keep, report)
        return report

    async def _batch(
        self, rows: Sequence[Parsed], *, kind: ListKind, dry_run: bool, command: Command, mentioned: set[str]
    ) -> tuple[list[RowReport], list[Position]]:
        """Post one batch; ``mentioned`` are the ids of the rows before, and grows."""
        ids = sorted({self._id(row.entry, kind) for row in rows if row.entry is not None})
        async with AsyncExitStack() as stack:
            # Locks are taken in the order of ids: two imports of the same entries cannot wait for each other.
            for entry_id in ids:
                await stack.enter_async_context(self.writer.hold(entity(kind, entry_id)))
            present = await self._present(ids, kind=kind)
            reports: list[RowReport] = []
            fresh = []
            for row in rows:
                judged = self._judge(row, kind=kind, present=present, mentioned=mentioned, dry_run=dry_run)
                reports += judged
                if judged[0].outcome == "posted" and row.entry is not None:
                    fresh.append(row.entry)
            return reports, await self._publish(fresh, kind=kind, command=command)

    async def _present(self, ids: Sequence[str], *, kind: ListKind) -> dict[str, Present[Listed]]:
        written = [self.writer.recall(entity(kind, entry_id)) for entry_id in ids]
        await self.reading.catch_up()
        await self.reading.settle(latest(note.position for note in written if note is not None))
        return await self.reading.query(_find_all, ids, kind=self.kinds[kind])

    def _judge(
        self, row: Parsed, *, kind: ListKind, present: dict[str, Present[Listed]], mentioned: set[str], dry_run: bool
    ) -> list[RowReport]:
        """Return what becomes of an entry, once for each of its rows."""

        def report(outcome: Outcome, *faults: Fault) -> list[RowReport]:
            return [
                RowReport(
                    row=number,
                    id=entry_id,
                    outcome=outcome,
                    faults=faults or (row.faults.get(number, ()) if outcome == "refused" else ()),
                    warnings=row.warnings.get(number, ()),
                )
                for number in row.numbers
            ]

        entry_id = None
        if row.entry is None:
            return report("refused")
        known = present.get(self._id(row.entry, kind))
        differs = known is not None and row.given_id and content_of(known.entry) != content_of(row.entry)
        if row.faults and (known is None or differs):
            return report("refused")
        entry_id = self._id(row.entry, kind)
        twice = entry_id in mentioned
        mentioned.add(entry_id)
        if twice or differs:
            return report("refused", fault("duplicate_id", entry_id, field="id", column="编号"))
        if known is not None:
            return report("unchanged")
        return report("valid" if dry_run else "posted")

    async def _publish(self, entries: Sequence[Listed], *, kind: ListKind, command: Command) -> list[Position]:
        events = [self._event(entry, kind=kind, command=command) for entry in entries]
        positions = await self.writer.publish_all(events) if events else []
        for entry, position in zip(entries, positions, strict=True):
            self.writer.remember(entity(kind, self._id(entry, kind)), version=1, position=position)
        return positions

    def _event(self, entry: Listed, *, kind: ListKind, command: Command) -> Event[Fact]:
        known = self.kinds[kind]
        shard = self.writer.shard(known.region_of(entry))
        return self.writer.event(known.posted(entry), shard=shard, command=command, name=self._id(entry, kind))

    def _id(self, entry: Listed, kind: ListKind) -> str:
        entry_id: str = self.kinds[kind].id_of(entry)
        return entry_id


def entity(kind: ListKind, entry_id: str) -> str:
    """Return under which name the writer knows an entry."""
    return f"{kind.removesuffix('s')}:{entry_id}"


def _find_all(connection: Connection, ids: Sequence[str], *, kind: Kind[Any]) -> dict[str, Present[Listed]]:
    found = ((entry_id, kind.find(connection, entry_id)) for entry_id in kind.known(connection, ids))
    return {entry_id: present for entry_id, present in found if present is not None}


def _summary(
    lines: Sequence[RowReport], positions: Sequence[Position], *, kind: ListKind, dry_run: bool, command: Command
) -> ImportReport:
    def count(outcome: Outcome) -> int:
        return sum(line.outcome == outcome for line in lines)

    return ImportReport(
        import_id=command.entity_id("i"),
        kind=kind,
        dry_run=dry_run,
        created_at=command.at,
        total=len(lines),
        posted=count("posted"),
        valid=count("valid"),
        unchanged=count("unchanged"),
        refused=count("refused"),
        positions=tuple(str(position) for position in latest(positions)),
        rows=tuple(lines),
    )
