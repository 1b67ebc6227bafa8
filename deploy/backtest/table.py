"""A backtest at the terminal: the runs side by side, then who wins and who loses."""

from collections.abc import Callable, Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.backtest.result import Backtest, Comparison, Group, Run

SHOWN = 8
"""Streets and categories in the terminal, those with most changes; the JSON file holds all."""

_UNSEEN: Final = {
    "accept": "accepted after {answer}, done {done}",
    "shares": "answered in the record's shares ({ends}), yes after {answer}, done {done}",
    "silent": "never answered",
}


def percent(share: float | None) -> str:
    """Return a share for people."""
    return "–" if share is None else f"{share:.1%}"


def hours(found: float | None) -> str:
    """Return hours for people."""
    return "–" if found is None else f"{found:,.1f}"


ROWS: Final[dict[str, Callable[[Run], str]]] = {
    "seats asked for": lambda run: f"{run.seats_asked:,}",
    "seats served": lambda run: f"{run.seats_served:,}",
    "coverage": lambda run: percent(run.coverage),
    "hours, median": lambda run: hours(run.waiting.median_hours),
    "  90th percentile": lambda run: hours(run.waiting.p90_hours),
    "  mean of served": lambda run: hours(run.waiting.mean_hours),
    "  mean of all": lambda run: hours(run.waiting.mean_hours_of_all),
    "same street": lambda run: percent(run.near),
    "busiest tenth": lambda run: percent(run.load.busiest_tenth),
    "load, Gini": lambda run: "–" if run.load.gini is None else f"{run.load.gini:.3f}",
    "lowest street": lambda run: percent(run.streets.lowest),
    "  spread": lambda run: percent(run.streets.spread),
    "points, own": lambda run: f"{run.value.own:,}",
    "  the record's": lambda run: f"{run.value.recorded:,}",
    "  – less waiting": lambda run: f"{run.value.recorded_without_waiting:,}",
    "as recorded": lambda run: f"{run.answered.recorded:,}",
    "  pair as recorded": lambda run: f"{run.answered.known:,}",
    "  guessed": lambda run: f"{run.answered.guessed:,}",
}


def print_backtest(found: Backtest, console: Console) -> None:
    """Print the runs, what was assumed, and the groups with most changes; 80 columns are enough for three runs."""
    console.print(_runs(found))
    console.print(f"Not in the record: {escape(_assumed(found))}.", style="dim", highlight=False)
    recorded = found.runs[0]
    if recorded.rounds_as_recorded < recorded.rounds:
        console.print(
            f"[yellow]Decided anew by the record's own policy, {recorded.rounds - recorded.rounds_as_recorded} of "
            f"{recorded.rounds} rounds came out otherwise[/]: cobuild replay says where.",
            highlight=False,
        )
    for comparison in found.comparisons:
        console.print(_changes(comparison))
    console.print(f"Counts of demands from 1 to {found.smallest_cell - 1} are not shown (·).", style="dim")


def _runs(found: Backtest) -> Table:
    first, last = (moment.strftime("%Y-%m-%d %H:%M") for moment in (found.first_round_at, found.last_round_at))
    table = Table(title=f"{found.runs[0].rounds:,} rounds, {first} to {last} UTC", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    for run in found.runs:
        table.add_column(escape(run.name), justify="right", overflow="fold", min_width=11)
    for name, cell in ROWS.items():
        table.add_row(name, *(cell(run) for run in found.runs))
    return table


def _changes(comparison: Comparison) -> Table:
    title = f"Who gets more, and who fewer, under {escape(comparison.policy)} than was recorded"
    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("demands")
    for heading in ("all", "win", "lose", "same"):
        table.add_column(heading, justify="right")
    _add(table, [comparison.total])
    for groups in (comparison.streets, comparison.categories):
        table.add_section()
        _add(table, groups[:SHOWN])
    sooner, later = _cell(comparison.sooner), _cell(comparison.later)
    table.caption = f"of the same: {sooner} an hour sooner or more, {later} later"
    return table


def _add(table: Table, groups: Sequence[Group]) -> None:
    for group in groups:
        table.add_row(escape(group.title), *map(_cell, (group.demands, group.wins, group.loses, group.same)))


def _cell(count: int | None) -> str:
    return "·" if count is None else f"{count:,}"


def _assumed(found: Backtest) -> str:
    model = found.answers
    done = "never" if model.done_after_hours is None else f"after {model.done_after_hours:,.1f} h"
    if model.done_as_recorded:
        done = f"with the recorded job in whose place it is, else after its resource's median, else {done}"
    ends = ", ".join(f"{name} {count:,}" for name, count in model.recorded_ends.items()) or "none"
    return _UNSEEN[model.unseen].format(answer=f"{model.answer_after_hours:,.1f} h", done=done, ends=ends)
