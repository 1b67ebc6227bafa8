"""An import from file to report: read apart, parse in a thread, publish what is good in batches.

1. A row stands or falls alone, the rows of one demand together: bad ones are reported, good ones are posted.
2. A row that is on the list already, by its id, is left as it is: importing a file twice changes nothing, even where
   its window has passed since.
3. Where the log fails half-way the request fails; the same file again posts the rest.
4. A project begins by the step that a request would take, row by row (``api.imports.proposals``).
5. Names and phones go to the vault before the log has the enrolment, and into no report.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

from anyio.to_thread import run_sync

from api.checks import Checks
from api.commands import Command
from api.entries import Present
from api.imports.archive import Archive
from api.imports.columns import COLUMNS, ListKind
from api.imports.entries import (
    HELD,
    LEFT,
    Kinds,
    entity_of,
    find_all,
    lock_of,
    posted,
    region_of,
    shown_id,
)
from api.imports.headers import find_header
from api.imports.people import People
from api.imports.proposals import Proposals
from api.imports.reader import Reader
from api.imports.report import Fault, ImportReport, Outcome, RowReport, fault
from api.imports.rows import Entry, Parsed, RowParser, content_of
from api.imports.shapes import Lookup
from api.positions import Position, latest
from api.reading import Reading
from api.vault import Vault
from api.writing import Writer
from schemas.base import Fact
from schemas.demands import Demand
from schemas.enrolment import Enrolled
from schemas.envelope import Event
from schemas.lives.project_steps import ProjectProposed
from schemas.resources import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """Imports lists."""

    reader: Reader
    archive: Archive
    checks: Checks
    lookup: Lookup
    kinds: Kinds
    vault: Vault
    proposals: Proposals
    reading: Reading
    writer: Writer
    batch: int

    async def run(self, data: bytes, *, kind: ListKind, dry_run: bool, command: Command) -> ImportReport:
        """Import a file and return the report.

        Raises:
            Refused: the file as a whole cannot be read: unreadable_file, too_many_rows, missing_columns.
        """
        rows = await self.reader.rows(data)
        header, places = find_header(rows, columns=COLUMNS[kind])
        parser = RowParser(kind, places, self.checks, self.lookup, command.at)
        parsed = await run_sync(lambda: parser.parse(rows[header + 1 :], first=header + 2))
        lines: list[RowReport] = []
        positions: list[Position] = []
        mentioned: set[str] = set()
        people = People(self.vault)
        for start in range(0, len(parsed), self.batch):
            done, where = await self._batch(
                await run_sync(people.told_apart, parsed[start : start + self.batch]),
                kind=kind,
                dry_run=dry_run,
                command=command,
                mentioned=mentioned,
                people=people,
            )
            lines += done
            positions += where
        lines.sort(key=lambda line: line.row)  # a bundle's rows may lie apart
        report = _summary(lines, positions, kind=kind, dry_run=dry_run, command=command)
        if not dry_run:
            await run_sync(self.archive.keep, report)
        return report

    async def _batch(
        self,
        rows: Sequence[Parsed],
        *,
        kind: ListKind,
        dry_run: bool,
        command: Command,
        mentioned: set[str],
        people: People,
    ) -> tuple[list[RowReport], list[Position]]:
        """Post one batch; ``mentioned`` are the names of the entries before, and grows."""
        entries = [row.entry for row in rows if row.entry is not None]
        async with AsyncExitStack() as stack:
            # Locks are taken in order: two imports of the same entries cannot wait for each other.
            for name in sorted({lock_of(entry) for entry in entries}):
                await stack.enter_async_context(self.writer.hold(name))
            present = await self._present(entries)
            reports: list[RowReport] = []
            fresh: list[Parsed] = []
            for row in (_numbered(row, present) for row in rows):
                judged = _judge(row, kind=kind, present=present, mentioned=mentioned, dry_run=dry_run)
                reports += judged
                if judged[0].outcome in ("posted", "valid"):
                    fresh.append(row)
            if kind == "projects":
                return await self._propose(fresh, reports, dry_run=dry_run, command=command)
            return reports, await self._publish([] if dry_run else fresh, command=command, people=people)

    async def _propose(
        self, rows: Sequence[Parsed], reports: Sequence[RowReport], *, dry_run: bool, command: Command
    ) -> tuple[list[RowReport], list[Position]]:
        """Propose the projects of rows; return the reports, of which some are refused by now."""
        facts = [row.entry for row in rows if isinstance(row.entry, ProjectProposed)]
        faults, positions = await self.proposals.propose(facts, dry_run=dry_run, command=command)
        refused = {
            number: faults[fact.id]
            for row, fact in zip(rows, facts, strict=True)
            if fact.id in faults
            for number in row.numbers
        }
        return [_refused_by(refused.get(report.row), report) for report in reports], positions

    async def _present(self, entries: Sequence[Entry]) -> dict[str, Present[Any]]:
        written = [self.writer.recall(entity_of(entry)) for entry in entries]
        await self.reading.catch_up()
        await self.reading.settle(latest(note.position for note in written if note is not None))
        return await self.reading.query(find_all, entries, kinds=self.kinds)

    async def _publish(self, rows: Sequence[Parsed], *, command: Command, people: People) -> list[Position]:
        """Publish entries; their people come to the vault before, so that nobody is enrolled whom it does not know."""
        entries = [row.entry for row in rows if isinstance(row.entry, Demand | Resource | Enrolled)]
        if not entries:
            return []
        await run_sync(lambda: people.keep(rows, at=command.at))
        events = [self._event(entry, command=command) for entry in entries]
        positions = await self.writer.publish_all(events)
        for entry, position in zip(entries, positions, strict=True):
            self.writer.remember(entity_of(entry), version=entry.version, position=position)
        return positions

    def _event(self, entry: Entry, *, command: Command) -> Event[Fact]:
        shard = self.writer.shard(region_of(entry))
        fact = posted(entry, kinds=self.kinds)
        # An entry of a list has its id for a name, as it had before enrolments were imported.
        return self.writer.event(fact, shard=shard, command=command, name=shown_id(entry))


def _numbered(row: Parsed, present: dict[str, Present[Any]]) -> Parsed:
    """Return a row under the next version of its entry, where that was there once and left."""
    known = None if row.entry is None else present.get(entity_of(row.entry))
    if row.entry is None or known is None or known.state != LEFT:
        return row
    return replace(row, entry=row.entry.model_copy(update={"version": known.version + 1}))


def _judge(
    row: Parsed, *, kind: ListKind, present: dict[str, Present[Any]], mentioned: set[str], dry_run: bool
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
    name = entity_of(row.entry)
    known = present.get(name)
    there = known if known is not None and known.state not in (LEFT, HELD) else None
    differs = there is not None and row.given_id and content_of(there.entry) != content_of(row.entry)
    if row.faults and (there is None or differs):
        return report("refused")
    twice = name in mentioned
    mentioned.add(name)
    entry_id = shown_id(row.entry if there is None else there.entry)
    if twice or differs:
        code, field, column = _TWICE[kind]
        return report("refused", fault(code, entry_id, field=field, column=column))
    if known is not None and known.state == HELD:
        return report("refused", fault("already_held", name))
    if there is not None:
        return report("unchanged")
    return report("valid" if dry_run else "posted")


_TWICE: dict[ListKind, tuple[str, str, str]] = {
    "demands": ("duplicate_id", "id", "编号"),
    "resources": ("duplicate_id", "id", "编号"),
    "projects": ("duplicate_id", "id", "编号"),
    "units": ("duplicate_enrolment", "uscc", "统一社会信用代码"),
    "members": ("duplicate_enrolment", "member_ref", "党员编号"),
}
"""What to say, and of which column, where an entry is there already and says something else."""


def _refused_by(found: Fault | None, report: RowReport) -> RowReport:
    """Return a report whose row was refused after all."""
    told = {"id": None, "outcome": "refused", "faults": (found,)}
    return report if found is None else report.model_copy(update=told)


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
