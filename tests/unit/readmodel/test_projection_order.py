"""However topics interleave and batches are cut, the lists end up the same, and agree with the matcher."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, select

from api.readmodel.model import ReadModel
from api.readmodel.projection.tallies import SUMS
from api.readmodel.queries.claims import list_claims
from api.readmodel.tables import (
    assignments,
    demand_lines,
    demands,
    enrolments,
    resource_seats,
    resources,
    tallies,
    units,
)
from matcher.state.fold import OPEN, SUSPENDED, WITHDRAWN
from matcher.state.pool import open_seats
from schemas.topics import ASSIGNMENTS
from tests.unit.readmodel.story import Story
from tests.unit.readmodel.strategies import interleaved, stories
from tests.unit.readmodel.world import contents, fill, model_of, new_model

_SETTINGS = settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),  # to shrink sixty doings takes minutes and tells little
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@_SETTINGS
@given(story=stories, seed=st.integers(0, 2**32))
def test_the_end_is_the_same_whatever_the_interleaving(story: Story, seed: int) -> None:
    model = new_model()
    fill(model, interleaved(story, Random(seed)))
    found, expected = contents(model), contents(model_of(story))
    for table, rows in expected.items():
        assert found[table] == rows, table


@_SETTINGS
@given(story=stories)
def test_entries_stand_as_the_matcher_sees_them(story: Story) -> None:
    model = model_of(story)
    assert _demands(model) == _matchers_demands(story)
    assert _resources(model) == _matchers_resources(story)
    assert _live(model) == {name for state in story.states.values() for name in state.rounds.ids}
    _check_claims(model, story)


@_SETTINGS
@given(story=stories, seed=st.integers(0, 2**32))
def test_sums_and_seats_are_what_counting_gives(story: Story, seed: int) -> None:
    model = new_model()
    fill(model, interleaved(story, Random(seed)))
    _check_seats(model)
    _check_tallies(model)


@_SETTINGS
@given(story=stories, seed=st.integers(0, 2**32))
def test_the_feed_has_each_event_once_in_the_order_of_its_partition(story: Story, seed: int) -> None:
    model = new_model()
    fill(model, interleaved(story, Random(seed)))
    with model.read() as connection:
        rows = connection.exec_driver_sql("select seq, event_id, shard from feed order by seq").all()
    for (topic, _), events in story.log.items():
        if topic == ASSIGNMENTS.name:
            once = list(dict.fromkeys(event.id for event in events))
            assert [row.event_id for row in rows if row.shard == events[0].key] == once
    assert len({row.seq for row in rows}) == len({row.event_id for row in rows}) == len(rows)


def _check_claims(model: ReadModel, story: Story) -> None:
    with model.read() as connection:
        found = {claim.claim_id: claim for claim in list_claims(connection, limit=200).rows}
    told = {claim.claim_id: claim for decided in story.rounds for claim in decided.claims}
    made = {name: state for state in story.states.values() for name in state.responses.claims}
    assert found.keys() == made.keys()
    for name, claim in found.items():
        dropped = name in made[name].responses.dropped
        assert claim.state == (told[name].outcome if name in told else "dropped" if dropped else "open")
        assert claim.rule == (told[name].rule if name in told else None)


def _demands(model: ReadModel) -> dict[str, tuple[int, bool, int]]:
    """Version, withdrawn and open seats of each demand."""
    with model.read() as connection:
        return {
            row.demand_id: (
                row.version,
                row.withdrawn,
                0 if row.state in ("withdrawn", "lapsed") else row.asked - row.filled,
            )
            for row in connection.execute(select(demands))
        }


def _matchers_demands(story: Story) -> dict[str, tuple[int, bool, int]]:
    found = {}
    for state in story.states.values():
        table = state.demands.table.rows
        for name, row, seats in zip(state.demands.ids, table, open_seats(state), strict=True):
            if row["lines"]:  # not merely mentioned
                found[name] = (int(row["version"]), bool(row["status"] == WITHDRAWN), int(seats))
    return found


def _resources(model: ReadModel) -> dict[str, tuple[int, str]]:
    with model.read() as connection:
        rows = connection.execute(select(resources.c.resource_id, resources.c.version, resources.c.state))
        return {name: (version, state) for name, version, state in rows}


def _matchers_resources(story: Story) -> dict[str, tuple[int, str]]:
    words = {OPEN: "published", SUSPENDED: "suspended", WITHDRAWN: "withdrawn"}
    return {
        name: (int(row["version"]), words[int(row["status"])])
        for state in story.states.values()
        for name, row in zip(state.resources.ids, state.resources.table.rows, strict=True)
        if row["capacity"]  # not merely mentioned
    }


def _live(model: ReadModel) -> set[str]:
    with model.read() as connection:
        query = select(assignments.c.assignment_id).where(assignments.c.phase.in_(["proposed", "confirmed"]))
        return set(connection.execute(query).scalars())


def _check_seats(model: ReadModel) -> None:
    """Seats of resources and of demand lines are the assignments that hold them."""
    live, done, held = Counter[str](), Counter[str](), Counter[tuple[str, int]]()
    with model.read() as connection:
        for row in connection.execute(select(assignments)):
            live[row.resource_id] += row.phase in ("proposed", "confirmed")
            done[row.resource_id] += row.phase == "fulfilled"
            held[row.demand_id, row.line] += row.phase in ("proposed", "confirmed", "fulfilled")
        for row in connection.execute(select(resource_seats)):
            assert (row.live, row.fulfilled) == (live.pop(row.resource_id), done.pop(row.resource_id))
        for row in connection.execute(select(demand_lines)):
            assert row.filled == min(row.quantity, held[row.demand_id, row.line])
    assert not any(live.values())
    assert not any(done.values())


def _check_tallies(model: ReadModel) -> None:
    """The sums of every region and category are what one gets by going through the lists."""
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def count(place: str, category: str, **numbers: int) -> None:
        for level in (0, 2, 4, 6, 9, 12):
            sums[place[:level], category].update(numbers)
        cells = place.split("-")
        for depth in range(2, len(cells) + 1):
            sums["-".join(cells[:depth]), category].update(numbers)

    with model.read() as connection:
        for row in connection.execute(select(resources).where(resources.c.state == "published")):
            for category in ("", row.category):
                count(row.place, category, resources=1)
        for row in connection.execute(select(assignments).where(assignments.c.phase.in_(["proposed", "confirmed"]))):
            for category in ("", row.category):
                count(row.community, category, live=1)
        for row in connection.execute(select(units).where(units.c.is_active)):
            count(row.community, "", units=1)
        for row in connection.execute(select(enrolments).where(enrolments.c.is_active)):
            count(row.community, "", enrolments=1)
        for demand in connection.execute(select(demands)).all():
            own = connection.execute(select(demand_lines).where(demand_lines.c.demand_id == demand.demand_id)).all()
            for category in {"", *(line.category for line in own)}:
                count(demand.place, category, **_numbers(demand.state, category, own))
        for row in connection.execute(select(tallies)):
            expected = sums.pop((row.region, row.category), Counter())
            assert {name: row._mapping[name] for name in SUMS} == {name: expected[name] for name in SUMS}
    assert not any(any(numbers.values()) for numbers in sums.values())


def _numbers(state: str, category: str, lines: Sequence[Row[Any]]) -> dict[str, int]:
    mine = [line for line in lines if category in ("", line.category)]
    filled = sum(line.filled for line in mine)
    asked = filled if state == "withdrawn" else sum(line.quantity for line in mine)
    left = asked - filled if state in ("open", "partly_matched") else 0
    fulfilled = sum(line.fulfilled for line in mine)
    return {"open_demands": min(left, 1), "open_seats": left, "asked": asked, "filled": filled, "fulfilled": fulfilled}
