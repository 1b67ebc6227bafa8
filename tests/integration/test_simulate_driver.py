"""Virtual time: what the log gets when, and what the departments answer to it. A fake loop assigns everything."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import StringIO

import pytest
from rich.console import Console

from deploy.simulate.bar import bar
from deploy.simulate.cast import offers, posting
from deploy.simulate.departments import Departments, active_days, every_day
from deploy.simulate.driver import Driver, Pace, Progress
from deploy.simulate.source import Cell, Request
from schemas.assignments import AssignmentConfirmed, AssignmentRevoked
from schemas.catalogue import builtin
from schemas.demands import DemandPosted
from schemas.envelope import decode, encode, new_event
from schemas.topics import ASSIGNMENTS, DEMANDS, RESOURCES, RESPONSES
from streams.log import Draft, TopicPartition
from tests.fakes.log import FakeLog

START = datetime(2015, 3, 2, 5, 0, tzinfo=UTC)  # a Monday, midnight in Boston
CLOSE = timedelta(hours=17)
CELL = Cell(number=7, department="Parks", item="trees.tree_emergencies", street="990101002",
            active_days=2, closed_total=9, per_active_day=3, most_in_a_day=4)  # fmt: skip


class FakeSink:
    """Appends events one topic after the other."""

    def __init__(self, log):
        self.log = log

    async def publish(self, events):
        positions = []
        for event in events:
            key, headers, value = encode(event)
            positions += await self.log.append(event.topic.name, [Draft(key=key, value=value, headers=headers)])
        return positions


class FakeLoop:
    """Gives every demand to the one cell at once; one round for each step that had any."""

    def __init__(self, log):
        self.log = log
        self.steps = []
        self.reader = log.reader({TopicPartition(DEMANDS.name, number): 0 for number in range(log.partitions)})

    async def step(self, now):
        self.steps.append(now)
        found = [event_of(record) for record in await self.reader.poll()]
        await FakeSink(self.log).publish([confirmation(event.data.demand.demand_id, now) for event in found])
        return 1 if found else 0


class FakeProjector:
    def __init__(self):
        self.calls = 0

    async def catch_up(self):
        self.calls += 1
        return 0


def event_of(record):
    return decode(topic=record.topic, key=record.key, headers=record.headers, value=record.value)


def assignment_id(demand_id):
    return sha256(demand_id.encode()).hexdigest()[:32]


def confirmation(demand_id, at, *, resource_id="cell-0007"):
    data = AssignmentConfirmed(
        shard="990101", round_no=1, at=at, assignment_id=assignment_id(demand_id), demand_id=demand_id,
        resource_id=resource_id, reason="auto_accepted",
    )  # fmt: skip
    return new_event(data, id=f"c-{demand_id}-{at}", source="/test", key="990101", time=at)


def request(number, hours):
    return Request(
        request_id=str(number), opened_at=START + timedelta(hours=hours), due_at=None, closed_at=None,
        item="trees.tree_emergencies", department="Parks", community="990101002001", channel="twitter",
    )  # fmt: skip


async def everything(log, topic):
    reader = log.reader({TopicPartition(topic.name, number): 0 for number in range(log.partitions)})
    return [event_of(record) for record in await reader.poll()]


async def run(log, requests, *, days=2, speed=None, closes=None, on_hour=lambda _: None):
    loop, projector = FakeLoop(log), FakeProjector()
    ends = closes or [START + CLOSE + timedelta(days=day) for day in range(days)]
    driver = Driver(
        log=log, sink=FakeSink(log), loop=loop, projector=projector, departments=Departments(every_day([CELL], ends))
    )
    end = START + timedelta(days=days)
    catalogue = builtin("boston")
    progress = await driver.run(
        offers=offers([CELL], catalogue=catalogue, at=START),
        postings=(posting(one, catalogue=catalogue, stays_until=end) for one in requests),
        start=START,
        end=end,
        pace=Pace(speed=speed, start=START),
        on_hour=on_hour,
    )
    return progress, loop, projector


async def test_every_request_is_posted_within_its_hour_and_the_loop_steps_every_hour():
    log, seen = FakeLog(), []
    progress, loop, _ = await run(log, [request(1, 0.2), request(2, 0.9), request(3, 30.0)], on_hour=seen.append)
    assert [event.data.demand.demand_id for event in await everything(log, DEMANDS)] == [
        "boston-1", "boston-2", "boston-3",
    ]  # fmt: skip
    assert loop.steps == [START + timedelta(hours=hour) for hour in range(1, 49)]
    assert [now.posted for now in seen[:2]] == [2, 2]
    assert (seen[29].posted, seen[30].posted) == (2, 3)
    assert (progress.posted, progress.assigned, progress.rounds) == (3, 3, 2)


async def test_a_request_on_the_hour_waits_for_the_next_step():
    seen = []
    await run(FakeLog(), [request(1, 1.0)], on_hour=seen.append)
    assert [now.posted for now in seen[:2]] == [0, 1]


async def test_offers_lie_in_the_log_before_any_demand():
    log = FakeLog()
    await run(log, [])
    (offer,) = await everything(log, RESOURCES)
    assert (offer.data.resource.resource_id, offer.data.resource.capacity) == ("cell-0007", 3)


async def test_departments_report_each_job_at_the_end_of_the_day_on_which_it_was_assigned():
    log = FakeLog()
    progress, _, _ = await run(log, [request(1, 3.0), request(2, 15.5), request(3, 16.5), request(4, 20.0)])
    done = {event.data.assignment_id: event.data.at for event in await everything(log, RESPONSES)}
    first, second = START + CLOSE, START + CLOSE + timedelta(days=1)
    by_demand = {f"boston-{number}": done.get(assignment_id(f"boston-{number}")) for number in range(1, 5)}
    # The third was opened before the close and assigned at it: it takes a seat of the next day.
    assert by_demand == {"boston-1": first, "boston-2": first, "boston-3": second, "boston-4": second}
    assert progress.done == 4


async def test_a_job_after_the_last_working_day_stays_in_work():
    log = FakeLog()
    progress, _, _ = await run(log, [request(1, 45.0)])
    assert (progress.assigned, progress.done) == (1, 0)
    assert await everything(log, RESPONSES) == []


async def test_the_read_model_is_brought_up_every_virtual_day_and_at_the_end():
    _, _, projector = await run(FakeLog(), [])
    assert projector.calls == 3


async def test_only_what_the_matcher_says_is_heard():
    log = FakeLog()
    stray = new_event(DemandPosted(demand=posting(request(9, 1), catalogue=builtin("boston"), stays_until=START +
                      timedelta(days=9)).data.demand), id="x", source="/test", key="990101", time=START)  # fmt: skip
    key, headers, value = encode(stray)
    await log.append(ASSIGNMENTS.name, [Draft(key=key, value=value, headers=headers)])
    progress, _, _ = await run(log, [])
    assert progress.assigned == 0


async def test_speed_holds_virtual_time_back():
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    paced = Pace(speed=3600, start=START, clock=lambda: 100.0, sleep=sleep)
    await paced.wait_for(START + timedelta(hours=5))
    await Pace(speed=None, start=START, sleep=sleep).wait_for(START + timedelta(hours=5))
    assert slept == [5.0]


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_speed_is_refused(speed):
    with pytest.raises(ValueError, match="no speed"):
        Pace(speed=speed, start=START)


def test_what_is_no_terminal_gets_a_line_a_month():
    console = Console(file=StringIO(), width=40)
    with bar(console, start=START, end=START + timedelta(days=62)) as shown:
        for hour in range(1, 62 * 24 + 1):
            shown.hour(Progress(now=START + timedelta(hours=hour), posted=hour))
    lines = console.file.getvalue().strip().splitlines()
    assert [line.split(" ")[0] for line in lines] == ["2015-04-01", "2015-05-01"]
    assert "posted 719" in lines[0]


def test_a_terminal_gets_a_bar():
    console = Console(file=StringIO(), width=160, force_terminal=True)
    with bar(console, start=START, end=START + timedelta(hours=4)) as shown:
        for hour in range(1, 5):
            shown.hour(Progress(now=START + timedelta(hours=hour), posted=hour, assigned=2, rounds=3))
    assert "matched 2 · rounds 3" in console.file.getvalue()
    assert "100%" in console.file.getvalue()


def test_a_job_that_was_taken_away_is_not_reported():
    departments = Departments(every_day([CELL], [START + CLOSE]))
    told = confirmation("boston-1", START)
    revoked = AssignmentRevoked(
        shard="990101", round_no=2, at=START, assignment_id=told.data.assignment_id, demand_id="boston-1",
        resource_id="cell-0007", reason="demand_gone",
    )  # fmt: skip
    departments.hear([told, new_event(revoked, id="r", source="/test", key="990101", time=START)])
    assert departments.reports(START + CLOSE) == []
    assert departments.jobs_in_work == 0


def test_a_job_heard_twice_is_reported_once():
    departments = Departments(every_day([CELL], [START + CLOSE]))
    departments.hear([confirmation("boston-1", START), confirmation("boston-1", START)])
    assert len(departments.reports(START + CLOSE)) == 1
    assert departments.reports(START + CLOSE) == []


@pytest.mark.parametrize(("active", "worked"), [(1, [5]), (2, [2, 7]), (5, [1, 3, 5, 7, 9]), (10, list(range(10)))])
def test_active_days_are_spread_evenly_over_the_working_days(active, worked):
    closes = [START + timedelta(days=day) for day in range(10)]
    cell = Cell(**{name: getattr(CELL, name) for name in Cell.__slots__} | {"active_days": active})
    assert [closes.index(end) for end in active_days([cell], closes)["cell-0007"]] == worked


def test_a_cell_seen_on_more_days_than_there_are_works_on_all_of_them():
    closes = [START + timedelta(days=day) for day in range(10)]
    cell = Cell(**{name: getattr(CELL, name) for name in Cell.__slots__} | {"active_days": 300})
    assert active_days([cell], closes)["cell-0007"] == closes
