"""Telling the result: tables for the terminal, a JSON file for everything else."""

from collections.abc import Callable, Mapping
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from deploy.simulate.source import LOCAL
from deploy.simulate.summary import Group, Summary, Waits

SAME_WORK = (
    "No order of work shortens the mean of all posted: each closing takes one request off the queue, whichever it is, "
    "so the queues are as long at every moment, and what one gains another loses. Ours may be up to an hour more, "
    "because a round comes at the end of the hour.",
    "The mean of the closed is no measure: who leaves old requests lying closes younger ones, and looks quicker. "
    "First come, first served takes the oldest, those too that the city left.",
    "The city knew more than its log: a close on the phone serves that caller and nobody else, here the next in turn.",
)
"""What the figures at the same capacity can say."""

Columns = Mapping[str, Callable[[Group], str]]

SHOWN = 20
"""Categories in the terminal; the file holds all."""

_WORK_DAYS = {
    "every": "each department at each of its items on every working day",
    "active": "each department at each of its items on as many days as it was seen at it",
    "city": "the city's own closings, hour by hour",
}
CAVEATS = (
    "expired: nobody was assigned by the request's due time. It was not served in time here; "
    "the city may have served it later (it did close {late:,} of these {expired:,} within the simulated time).",
    "no offer: of the posted, those of an item and neighbourhood with too few closings in the log to observe a pace. "
    "Nobody offers them here, so they stay open or expire.",
    "capacity: {offered:,} jobs could be done ({work_days}); the city closed {closed:,} such requests in the whole "
    "year. Where ours is more, a shorter wait is due to that and not to matching alone.",
    "in time: done by the due time, of those that had one and fell due within the simulated time.",
    "hours: median / 90th percentile of those served. assigned, done: from opening to the round, and to the "
    "end of the working day that the job then takes; "
    "city: from opening to the city's close, which for a question on the phone may be the same minute.",
)


def write_json(summary: Summary, path: Path) -> None:
    """Write the whole summary."""
    path.write_text(summary.model_dump_json(indent=2) + "\n", encoding="utf-8")


def print_report(summary: Summary, console: Console) -> None:
    """Print the accounts, the categories beside the city, and what to keep in mind; 80 columns are enough."""
    first, last = (moment.astimezone(LOCAL).date() for moment in (summary.start, summary.end))
    console.print(_accounts(summary.total, title=f"Boston, {first} to {last}, policy {summary.policy}"))
    for title, columns in (("What became of them, by category", COUNTS), ("Hours waited, and done in time", WAITS)):
        console.print(_by_category(summary, title=title, columns=columns))
    if summary.capacity.work_days == "city":
        console.print(_same_work(summary.total))
        for line in SAME_WORK:
            console.print(f" · {line}", style="dim", highlight=False)
    state = "every certificate holds" if summary.certificates_hold else "SOME CERTIFICATES DO NOT HOLD"
    console.print(f"{summary.rounds:,} rounds, {state}.")
    for caveat in CAVEATS:
        text = caveat.format(
            late=summary.total.expired_but_closed_by_city,
            expired=summary.total.expired,
            offered=summary.capacity.seat_days_offered,
            closed=summary.capacity.closings_observed,
            work_days=_WORK_DAYS[summary.capacity.work_days],
        )
        console.print(f" · {text}", style="dim", highlight=False)


def _accounts(total: Group, *, title: str) -> Table:
    table = Table("what became of the requests", title=title)
    table.add_column("requests", justify="right")
    table.add_column("share", justify="right")
    for name, count in (
        ("matched", total.matched),
        ("  of these done", total.done),
        ("open", total.open),
        ("expired", total.expired),
        ("refused", total.refused),
    ):
        table.add_row(name, f"{count:,}", _share(count, total.posted))
    table.add_section()
    table.add_row("posted", f"{total.posted:,}", _share(total.posted, total.posted), style="bold")
    return table


def _same_work(total: Group) -> Table:
    """Return ours beside the city's, where both did the same work."""
    table = Table("at the same capacity", title="The same work at the same time: whose request is taken?")
    for name in ("matched here", "the city"):
        table.add_column(name, justify="right")
    for name, ours, city in (
        ("closed", total.to_done.served, total.city_to_close.served),
        ("hours waited, median", total.to_done.median_hours, total.city_to_close.median_hours),
        ("  90th percentile", total.to_done.p90_hours, total.city_to_close.p90_hours),
        ("  mean of the closed", total.to_done.mean_hours, total.city_to_close.mean_hours),
        ("  mean of all posted", total.all_ours, total.all_city),
    ):
        table.add_row(name, *("–" if figure is None else f"{figure:,.0f}" for figure in (ours, city)))
    table.add_row(
        "done in time", *(_share(part, total.on_time.due) for part in (total.on_time.ours, total.on_time.city))
    )
    return table


def _by_category(summary: Summary, *, title: str, columns: Columns) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, pad_edge=False)
    table.add_column("category", no_wrap=True, max_width=18)
    for heading in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for group in list(summary.categories.values())[:SHOWN]:
        table.add_row(group.name, *(cell(group) for cell in columns.values()))
    table.add_section()
    table.add_row(summary.total.name, *(cell(summary.total) for cell in columns.values()), style="bold")
    hidden = max(0, len(summary.categories) - SHOWN)
    table.caption = f"{hidden} smaller categories are in the file" if hidden else None
    return table


def _hours(waits: Waits) -> str:
    """Median and 90th percentile."""
    if waits.median_hours is None or waits.p90_hours is None:
        return "–"
    median = f"{waits.median_hours:,.0f}" if waits.median_hours >= 10 else f"{waits.median_hours:.1f}"
    return f"{median} / {waits.p90_hours:,.0f}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


COUNTS: Columns = {
    "posted": lambda group: f"{group.posted:,}",
    "matched": lambda group: f"{group.matched:,}",
    "open": lambda group: f"{group.open:,}",
    "expired": lambda group: f"{group.expired:,}",
    "no offer": lambda group: f"{group.without_capacity:,}",
}
WAITS: Columns = {
    "assigned": lambda group: _hours(group.to_assignment),
    "done": lambda group: _hours(group.to_done),
    "city": lambda group: _hours(group.city_to_close),
    "in time": lambda group: _share(group.on_time.ours, group.on_time.due),
    "city's": lambda group: _share(group.on_time.city, group.on_time.due),
}
