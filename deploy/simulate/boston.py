"""Boston, 2015: the city's real requests and its departments' observed pace, through the whole path.

Method, assumptions and what the figures do not say: ``docs/simulate.md``.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from sqlalchemy import Engine

from deploy.simulate.bar import bar
from deploy.simulate.calendar import closes, midnight, working_days
from deploy.simulate.cast import offers, posting, resource_id_of
from deploy.simulate.departments import Closes, Departments, active_days, every_day
from deploy.simulate.driver import Driver, Pace
from deploy.simulate.outcome import count_refused, count_rounds, read_outcomes
from deploy.simulate.source import Cell, Request, read_cells, read_requests
from deploy.simulate.stage import Stage
from deploy.simulate.summary import Capacity, Summary, by_category, cases_of, check_accounts, group
from schemas.catalogue import builtin
from schemas.policy import load_policy

YEAR = 2015
HORIZON = timedelta(days=30)
"""How long after the year's end a request without a due time would still be open."""


class WorkDays(StrEnum):
    """On which days a department works on an item in a neighbourhood."""

    EVERY = "every"
    """Every working day: generous, more than the city did."""
    ACTIVE = "active"
    """As many days as it was seen at it, evenly spread: strict, less than the city did on its busy days."""


@dataclass(frozen=True, slots=True)
class Course:
    """What is to be run: from when to when, how fast (None: as fast as the machine goes), by whose rules."""

    start: datetime
    end: datetime
    speed: float | None
    work_days: WorkDays
    policy: str


def course_of(*, until: date | None, speed: str, work_days: str, policy: Path) -> Course:
    """Return the course that these words mean; ``until`` is the first day left out, ``policy`` a file.

    Raises:
        ValueError: one of them means nothing; nothing was touched yet.
    """
    start, end = span(until)
    times = None if speed == "max" else float(speed)
    Pace(speed=times, start=start)
    return Course(start=start, end=end, speed=times, work_days=WorkDays(work_days), policy=load_policy(policy).name)


async def simulate(stage: Stage, course: Course, *, console: Console) -> Summary:
    """Run the course and return the figures.

    Raises:
        UnaccountedError: the read model does not account for every request.
    """
    start, end, work_days = course.start, course.end, course.work_days
    catalogue, cells, requests = builtin("boston"), read_cells(), read_requests()
    ends = _closes(cells, requests, work_days=work_days)
    requests = [request for request in requests if request.opened_at < end]
    stays_until = midnight(date(YEAR + 1, 1, 1)) + HORIZON
    driver = Driver(
        log=stage.log, sink=stage.sink, loop=stage.loop, projector=stage.projector, departments=Departments(ends)
    )
    with bar(console, start=start, end=end) as shown:
        await driver.run(
            offers=offers(cells, catalogue=catalogue, at=start),
            postings=(posting(request, catalogue=catalogue, stays_until=stays_until) for request in requests),
            start=start,
            end=end,
            pace=Pace(speed=course.speed, start=start),
            on_hour=shown.hour,
        )
    capacity = capacity_of(cells, ends, start=start, end=end, work_days=work_days)
    return summarise(stage.engine, requests, start=start, end=end, policy=course.policy, capacity=capacity,
                     offered=frozenset((cell.item, cell.street) for cell in cells))  # fmt: skip


def span(until: date | None) -> tuple[datetime, datetime]:
    """Return the beginning and end of the simulated time; ``until`` is the first day left out.

    Raises:
        ValueError: ``until`` lies outside the year.
    """
    first, last = date(YEAR, 1, 1), date(YEAR + 1, 1, 1)
    until = last if until is None else until
    if not first < until <= last:
        raise ValueError(f"the log holds requests of {YEAR}: --until takes a day from {YEAR}-01-02 to {last}")
    return midnight(first), midnight(until)


def capacity_of(cells: list[Cell], ends: Closes, *, start: datetime, end: datetime, work_days: WorkDays) -> Capacity:
    """Return how many jobs the departments could do between ``start`` and ``end``, beside the year's closings."""
    worked = {cell.number: sum(start < close <= end for close in ends[resource_id_of(cell)]) for cell in cells}
    return Capacity(
        work_days=work_days.value,
        seat_days_offered=sum(cell.per_active_day * worked[cell.number] for cell in cells),
        closings_observed=sum(cell.closed_total for cell in cells),
    )


def summarise(
    engine: Engine,
    requests: list[Request],
    *,
    start: datetime,
    end: datetime,
    policy: str,
    capacity: Capacity,
    offered: frozenset[tuple[str, str]],
) -> Summary:
    """Return the figures, read from the read model; raise UnaccountedError where they do not add up."""
    outcomes = read_outcomes(engine)
    cases = cases_of(requests, outcomes, offered=offered)
    total = group("all", cases, end=end)
    check_accounts(cases, total, outcomes=len(outcomes), refused=count_refused(engine))
    rounds, broken = count_rounds(engine)
    return Summary(
        start=start, end=end, policy=policy, rounds=rounds, certificates_hold=broken == 0, capacity=capacity,
        total=total, categories=by_category(cases, end=end),
    )  # fmt: skip


def _closes(cells: list[Cell], requests: list[Request], *, work_days: WorkDays) -> Closes:
    ends = closes(working_days(requests, year=YEAR))
    return every_day(cells, ends) if work_days is WorkDays.EVERY else active_days(cells, ends)
