"""Boston, 2015: the city's real requests and its departments' observed pace, through the whole path.

Method, assumptions and what the figures do not say: ``docs/simulate.md``.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from heapq import merge
from operator import attrgetter
from pathlib import Path

from rich.console import Console
from sqlalchemy import Engine

from deploy.simulate.bar import bar
from deploy.simulate.calendar import closes, midnight, working_days
from deploy.simulate.cast import CITY, STREET, offers, posting, resource_id_of
from deploy.simulate.departments import Closes, Departments, active_days, every_day
from deploy.simulate.driver import Driver, Pace
from deploy.simulate.outcome import count_refused, count_rounds, read_outcomes
from deploy.simulate.slots import changes, city_cells, closes_of, slots_of
from deploy.simulate.source import Cell, Request, read_cells, read_requests
from deploy.simulate.stage import Stage
from deploy.simulate.summary import Capacity, Summary, by_category, cases_of, check_accounts, group
from schemas.base import Fact
from schemas.catalogue import builtin
from schemas.envelope import Event
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
    CITY = "city"
    """Whenever the city closed a request, and as many: the same work at the same time. Requests do not lapse."""


class Reach(StrEnum):
    """Where a department serves."""

    STREET = "street"
    """In the neighbourhood where the log shows it at this item."""
    CITY = "city"
    """Anywhere: what would be if crews crossed from one neighbourhood into another."""

    @property
    def digits(self) -> int:
        """Of a region code."""
        return {"street": STREET, "city": CITY}[self.value]


@dataclass(frozen=True, slots=True)
class Course:
    """What is to be run: from when to when, how fast (None: as fast as the machine goes), by whose rules."""

    start: datetime
    end: datetime
    speed: float | None
    work_days: WorkDays
    policy: str
    reach: Reach = Reach.STREET


def course_of(*, until: date | None, speed: str, work_days: str, policy: Path, reach: str = "street") -> Course:
    """Return the course that these words mean; ``until`` is the first day left out, ``policy`` a file.

    Raises:
        ValueError: one of them means nothing; nothing was touched yet.
    """
    start, end = span(until)
    times = None if speed == "max" else float(speed)
    Pace(speed=times, start=start)
    if (WorkDays(work_days), Reach(reach)) == (WorkDays.CITY, Reach.CITY):
        raise ValueError("--work-days city is the city's own work where it did it: it goes with --reach street")
    return Course(
        start=start, end=end, speed=times, work_days=WorkDays(work_days), policy=load_policy(policy).name,
        reach=Reach(reach),
    )  # fmt: skip


async def simulate(stage: Stage, course: Course, *, console: Console) -> Summary:
    """Run the course and return the figures.

    Raises:
        UnaccountedError: the read model does not account for every request.
    """
    start, end, catalogue = course.start, course.end, builtin("boston")
    requests = read_requests()
    play = _by_city(requests, course) if course.work_days is WorkDays.CITY else _by_pace(requests, course)
    requests = [request for request in requests if request.opened_at < end]
    stays_until = midnight(date(YEAR + 1, 1, 1)) + HORIZON
    lapses = course.work_days is not WorkDays.CITY
    driver = Driver(
        log=stage.log, sink=stage.sink, loop=stage.loop, projector=stage.projector, departments=Departments(play.ends)
    )
    postings = (posting(request, catalogue=catalogue, stays_until=stays_until, lapses=lapses) for request in requests)
    with bar(console, start=start, end=end) as shown:
        await driver.run(
            offers=play.offers,
            postings=merge(postings, play.changes, key=attrgetter("time")),
            start=start,
            end=end,
            pace=Pace(speed=course.speed, start=start),
            on_hour=shown.hour,
        )
    return summarise(stage.engine, requests, start=start, end=end, policy=course.policy, capacity=play.capacity,
                     offered=_offered(play.cells, requests, course.reach))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Play:
    """What the departments do: their cells, what they offer at first and later, when their days end."""

    cells: list[Cell]
    offers: list[Event[Fact]]
    changes: list[Event[Fact]]
    ends: Closes
    capacity: Capacity


def _by_pace(requests: list[Request], course: Course) -> _Play:
    cells = read_cells()
    ends = _closes(cells, requests, work_days=course.work_days)
    capacity = capacity_of(cells, ends, start=course.start, end=course.end, work_days=course.work_days)
    offered = offers(cells, catalogue=builtin("boston"), at=course.start, reach=course.reach.digits)
    return _Play(cells, offered, [], ends, capacity)


def _by_city(requests: list[Request], course: Course) -> _Play:
    cells = city_cells(requests)
    slots = slots_of(cells, requests, start=course.start, end=course.end)
    capacity = Capacity(
        work_days=course.work_days.value,
        seat_days_offered=sum(seats.total() for seats in slots.values()),
        closings_observed=sum(cell.closed_total for cell in cells),
    )
    return _Play(cells, [], changes(cells, slots, catalogue=builtin("boston")), closes_of(slots, cells), capacity)


def _offered(cells: list[Cell], requests: list[Request], reach: Reach) -> frozenset[tuple[str, str]]:
    """Return (item, neighbourhood) of all that somebody could do."""
    if reach is Reach.STREET:
        return frozenset((cell.item, cell.street) for cell in cells)
    items = {cell.item for cell in cells}
    return frozenset((request.item, request.street) for request in requests if request.item in items)


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
    if capacity.work_days == "city":  # the work is done at once, and reported with the next hour's round
        outcomes = {name: replace(outcome, done_at=outcome.assigned_at) for name, outcome in outcomes.items()}
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
