"""Telling the result: tables for the terminal, a JSON file for everything else."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.simulate.source import LOCAL
from deploy.simulate.summary import Group, OnTime, Summary, Waits

SHOWN = 20
"""Categories in the terminal; the file holds all."""

_WORK_DAYS = {
    "every": "each department at each of its items on every working day",
    "active": "each department at each of its items on as many days as it was seen at it",
}
CAVEATS = (
    "expired: nobody was assigned by the request's due time. It was not served in time here; "
    "the city may have served it later (it did close {late:,} of these {expired:,} within the simulated time).",
    "no offer: of the posted, those of an item and neighbourhood with too few closings in the log to observe a pace. "
    "Nobody offers them here, so they stay open or expire.",
    "capacity: {offered:,} jobs could be done ({work_days}); the city closed {closed:,} such requests in the whole "
    "year. Where ours is more, a shorter wait is due to that and not to matching alone.",
    "assigned, done: from opening to the round, and to the end of the working day that the job then takes; "
    "city: from opening to the city's close, which for a question on the phone may be the same minute.",
)


def write_json(summary: Summary, path: Path) -> None:
    """Write the whole summary."""
    path.write_text(summary.model_dump_json(indent=2) + "\n", encoding="utf-8")


def print_report(summary: Summary, console: Console) -> None:
    """Print the accounts, the categories beside the city, and what to keep in mind."""
    first, last = (moment.astimezone(LOCAL).date() for moment in (summary.start, summary.end))
    console.print(_accounts(summary.total, title=f"Boston, {first} to {last}, policy {summary.policy}"))
    console.print(_comparison(summary))
    state = "every certificate holds" if summary.certificates_hold else "SOME CERTIFICATES DO NOT HOLD"
    console.print(f"{summary.rounds:,} rounds, {state}.")
    for caveat in CAVEATS:
        console.print(
            " · "
            + caveat.format(
                late=summary.total.expired_but_closed_by_city,
                expired=summary.total.expired,
                offered=summary.capacity.seat_days_offered,
                closed=summary.capacity.closings_observed,
                work_days=_WORK_DAYS[summary.capacity.work_days],
            ),
            style="dim",
        )


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


def _comparison(summary: Summary) -> Table:
    table = Table("category", title="By category, Cobuild beside the city (hours waited: median / 90th percentile)")
    for heading in (
        "posted",
        "matched",
        "open",
        "expired",
        "no offer",
        "assigned",
        "done",
        "city",
        "in time",
        "city's",
    ):
        table.add_column(heading, justify="right")
    for group in list(summary.categories.values())[:SHOWN]:
        table.add_row(*_row(group))
    table.add_section()
    table.add_row(*_row(summary.total), style="bold")
    hidden = max(0, len(summary.categories) - SHOWN)
    table.caption = f"{hidden} smaller categories are in the file" if hidden else None
    return table


def _row(group: Group) -> Iterable[str]:
    return (
        group.name,
        *(f"{count:,}" for count in (group.posted, group.matched, group.open, group.expired, group.without_capacity)),
        _hours(group.to_assignment),
        _hours(group.to_done),
        _hours(group.city_to_close),
        *_in_time(group.on_time),
    )


def _hours(waits: Waits) -> str:
    if waits.median_hours is None or waits.p90_hours is None:
        return "–"
    return f"{waits.median_hours:,.1f} / {waits.p90_hours:,.0f}"


def _in_time(on_time: OnTime) -> tuple[str, str]:
    return _share(on_time.ours, on_time.due), _share(on_time.city, on_time.due)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"
