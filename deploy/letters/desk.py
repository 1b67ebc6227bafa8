"""The dead letters of a log, opened for as long as it takes; on either log, also while servers use it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from deploy.commands.terminal import err, told
from deploy.letters.asking import the_one
from deploy.settings import CobuildSettings
from deploy.storage import open_log
from streams.deadletter_book import Book, Letter, Wanted, read_book
from streams.deadletter_desk import CHUNK, DeadLetterDesk, Report
from streams.log import Log, LogError

Found = TypeVar("Found")


def read(settings: CobuildSettings, wanted: Wanted, *, most: int | None = None, whole: bool = False) -> Book:
    """Return the book of the letters that are meant; exit where the log cannot be read."""

    async def reading(log: Log) -> Book:
        with _bar() as bar:
            task = bar.add_task("dead letters", total=None)
            return await read_book(
                log, wanted, most=most, whole=whole,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip

    return _on_log(settings, reading)


class Desk:
    """The desk in two steps: between looking and replaying a person may think."""

    def __init__(self, settings: CobuildSettings, *, rekey: bool, again: bool) -> None:
        self._settings, self._rekey, self._again = settings, rekey, again
        self._book = Book()

    def look(self, wanted: Wanted) -> list[Report]:
        """Find the letters; return what replaying them would do. Exits where a name means none, or several."""
        self._book = read(self._settings, wanted)
        for name in wanted.names:
            the_one(self._book, name)
        return self._reports(self._book.letters, appending=False)

    def replay(self, letters: Sequence[Letter]) -> list[Report]:
        """Append the records of ``letters`` again; return what became of each."""
        return self._reports(letters, appending=True)

    def _reports(self, letters: Sequence[Letter], *, appending: bool) -> list[Report]:
        async def working(log: Log) -> list[Report]:
            desk = DeadLetterDesk(
                log, self._book, now=lambda: datetime.now(UTC), shard_width=self._settings.shard_width
            )
            work = desk.replay if appending else desk.look
            reports: list[Report] = []
            with _bar() as bar:
                task = bar.add_task("records", total=len(letters))
                try:
                    async for report in work(letters, rekey=self._rekey, again=self._again):
                        reports.append(report)
                        bar.update(task, completed=len(reports))
                except LogError as error:
                    raise LogError(f"{error}; {_known(reports)}") from error
            return reports

        return _on_log(self._settings, working)


def _on_log(settings: CobuildSettings, work: Callable[[Log], Awaitable[Found]]) -> Found:
    if settings.kafka is None and not settings.log_path.exists():
        err.print(f"[red]cobuild:[/] there is no log at {settings.log_path}", highlight=False)
        raise typer.Exit(2)

    async def opened() -> Found:
        log = await open_log(settings, client_id="deadletters")
        try:
            return await work(log)
        finally:
            await log.close()

    with told(LogError, OSError):
        return asyncio.run(opened())


def _known(reports: Sequence[Report]) -> str:
    """Return how far it went before the log failed."""
    done = sum(report.outcome == "replayed" for report in reports)
    return f"{done:,} records were appended again before; of the next {CHUNK} it is not known"


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=err, transient=True)
