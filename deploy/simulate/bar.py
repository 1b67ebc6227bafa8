"""The progress bar of a simulation: virtual date, counts, rates, time left."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from deploy.simulate import driver
from deploy.simulate.calendar import HOUR
from deploy.simulate.source import LOCAL


class Bar:
    """Shows every hour that the driver finished."""

    def __init__(self, progress: Progress, *, start: datetime, end: datetime) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=-(-(end - start) // HOUR), date="", counts="")
        self._began = time.monotonic()

    def hour(self, now: driver.Progress) -> None:
        """Move on by one hour."""
        events = now.posted + now.done
        rate = events / max(time.monotonic() - self._began, 1e-6)
        counts = f"posted {now.posted:,} · matched {now.assigned:,} · rounds {now.rounds:,} · {rate:,.0f} events/s"
        local = now.now.astimezone(LOCAL)
        if not self._progress.disable:
            self._progress.update(self._task, advance=1, date=f"{local:%Y-%m-%d %H:00}", counts=counts)
        elif (local.day, local.hour) == (1, 0):
            self._progress.console.print(f"{local:%Y-%m-%d} {counts}", soft_wrap=True, highlight=False)


@contextmanager
def bar(console: Console, *, start: datetime, end: datetime) -> Iterator[Bar]:
    """Show a bar for the time of the block; on what is no terminal, print one line a virtual month."""
    columns = (
        TextColumn("{task.fields[date]}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield Bar(progress, start=start, end=end)
