"""How a benchmark tells its figures: a table for people, a JSON file for machines."""

import json
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TypeVar

from rich.console import Console
from rich.table import Table

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a benchmark: what was measured, in which unit, and as a ratio to ours where that means something."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """A number to reach (docs/benchmarks.md): what was asked, what came out."""

    text: str
    reached: bool


@dataclass(frozen=True, slots=True)
class Report:
    """All that a benchmark found."""

    bench: str
    question: str
    figures: tuple[Figure, ...]
    goals: tuple[Goal, ...] = ()

    def show(self, console: Console) -> None:
        """Print the table, then the goals."""
        table = Table(title=f"cobuild bench {self.bench}", caption=self.question, title_justify="left")
        table.add_column("what")
        table.add_column("figure", justify="right")
        table.add_column("", justify="left")
        table.add_column("to ours", justify="right")
        table.add_column("note", style="dim")
        for figure in self.figures:
            ratio = "" if figure.ratio is None else f"{figure.ratio:,.2f}x"
            table.add_row(figure.name, f"{figure.value:,.2f}", figure.unit, ratio, figure.note)
        console.print(table)
        for goal in self.goals:
            console.print(
                f"[{'green' if goal.reached else 'red'}]{'reached' if goal.reached else 'MISSED'}[/]  {goal.text}"
            )

    def write(self, directory: Path) -> Path:
        """Write the JSON file and return its path."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{self.bench}.json"
        machine = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
        body = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine, **asdict(self)}
        path.write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        return path


def timed(task: Callable[[], Result], *, repeats: int) -> tuple[float, Result]:
    """Return the median time in seconds over ``repeats`` runs after one that does not count, and the result.

    It is the CPU's time, of all threads: on a shared machine a clock on the wall tells of the neighbours.
    """
    return in_turns({"": task}, repeats=repeats)[""]


def in_turns(tasks: Mapping[str, Callable[[], Result]], *, repeats: int) -> dict[str, tuple[float, Result]]:
    """Return of each task what ``timed`` does. They take turns, so that a busy machine is busy for all of them."""
    results = {name: task() for name, task in tasks.items()}
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            begin = time.process_time()
            results[name] = task()
            taken[name].append(time.process_time() - begin)
    return {name: (median(taken[name]), results[name]) for name in tasks}


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` (0..1) of the values lie, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
