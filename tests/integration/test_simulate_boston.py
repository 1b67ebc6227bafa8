"""Four days of Boston through the whole path: embedded log, round loop, assignments, projector, read model."""

from collections import Counter, defaultdict
from datetime import date
from io import StringIO

import pytest
from rich.console import Console
from sqlalchemy import create_engine, select

from api.readmodel.tables import assignments, demands, resources
from deploy.settings import BUILT_IN_POLICIES, CobuildSettings
from deploy.simulate.boston import WorkDays, course_of, simulate
from deploy.simulate.source import LOCAL, read_cells, read_requests
from deploy.simulate.stage import open_stage
from schemas.topics import ASSIGNMENTS, DEADLETTERS, DEMANDS, RESPONSES, ROUNDS

pytestmark = pytest.mark.slow
UNTIL = date(2015, 1, 7)  # a Wednesday: two working days lie before it
POLICY = BUILT_IN_POLICIES / "boston.toml"


async def run(directory, work_days):
    settings = CobuildSettings(data_dir=directory, partitions=2, log_sync="normal")
    course = course_of(until=UNTIL, speed="max", work_days=work_days, policy=POLICY)
    async with open_stage(settings, catalogue="boston", policy=POLICY) as stage:
        summary = await simulate(stage, course, console=Console(file=StringIO(), width=120))
        ends = await stage.log.end_offsets(
            [topic.name for topic in (ASSIGNMENTS, DEADLETTERS, DEMANDS, RESPONSES, ROUNDS)]
        )
    counts = Counter()
    for place, end in ends.items():
        counts[place.topic] += end
    return summary, counts


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("boston")


@pytest.fixture(scope="module")
async def every_day(directory):
    return await run(directory, WorkDays.EVERY)


@pytest.fixture(scope="module")
def lists(every_day, directory):
    engine = create_engine(f"sqlite:///{directory / 'readmodel.sqlite3'}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.asyncio(loop_scope="module")
async def test_every_request_is_accounted_for(every_day):
    summary, counts = every_day
    total = summary.total
    assert total.posted == len(read_requests(until=UNTIL)) == counts[DEMANDS.name]
    assert total.matched + total.open + total.expired + total.refused == total.posted
    assert (total.refused, counts[DEADLETTERS.name]) == (0, 0)
    assert total.matched > total.posted / 2


@pytest.mark.asyncio(loop_scope="module")
async def test_it_went_through_the_log_and_every_round_is_proven(every_day):
    summary, counts = every_day
    assert summary.rounds == counts[ROUNDS.name] > 50
    assert summary.certificates_hold
    # Each match is proposed and confirmed; each report is an answer and comes back as fulfilled.
    assert counts[ASSIGNMENTS.name] == 2 * summary.total.matched + summary.total.done
    assert counts[RESPONSES.name] == summary.total.done > 0


@pytest.mark.asyncio(loop_scope="module")
async def test_no_department_does_more_in_a_day_than_it_offered(every_day, lists):
    capacity = dict(lists.execute(select(resources.c.resource_id, resources.c.capacity)).all())
    done = lists.execute(
        select(assignments.c.resource_id, assignments.c.phase_at).where(assignments.c.phase == "fulfilled")
    ).all()
    by_day = Counter((resource_id, at.astimezone(LOCAL).date()) for resource_id, at in done)
    assert all(count <= capacity[resource_id] for (resource_id, _), count in by_day.items())
    assert {day for _, day in by_day} == {date(2015, 1, 5), date(2015, 1, 6)}
    assert {at.astimezone(LOCAL).hour for _, at in done} == {17}


@pytest.mark.asyncio(loop_scope="module")
async def test_rivals_are_served_in_the_order_in_which_they_waited(every_day, lists):
    """In one neighbourhood, nobody was assigned later than somebody who came a full hour after."""
    rows = lists.execute(
        select(assignments.c.resource_id, demands.c.posted_at, assignments.c.proposed_at)
        .join(demands, demands.c.demand_id == assignments.c.demand_id)
        .order_by(demands.c.posted_at)
    ).all()
    served = defaultdict(list)
    for resource_id, posted_at, proposed_at in rows:
        served[resource_id].append((posted_at, proposed_at))
    overtaken = [
        (earlier, later)
        for queue in served.values()
        for place, earlier in enumerate(queue)
        for later in queue[place + 1 :]
        if (later[0] - earlier[0]).total_seconds() >= 3600 and later[1] < earlier[1]
    ]
    assert overtaken == []


@pytest.mark.asyncio(loop_scope="module")
async def test_departments_that_work_less_often_serve_fewer(every_day, tmp_path):
    (strict, _), (generous, _) = await run(tmp_path, WorkDays.ACTIVE), every_day
    assert strict.total.posted == generous.total.posted
    assert strict.total.matched < generous.total.matched
    assert strict.capacity.seat_days_offered < generous.capacity.seat_days_offered
    assert strict.capacity.closings_observed == sum(cell.closed_total for cell in read_cells())
