"""Lists: whole, in order, page by page, and narrowed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from api.readmodel.queries.assignments import assignments_of, get_assignment, list_assignments
from api.readmodel.queries.deadletters import get_dead_letter, list_dead_letters
from api.readmodel.queries.demands import demand_detail, get_demand, list_demands
from api.readmodel.queries.filters import Filter
from api.readmodel.queries.paging import encode_cursor
from api.readmodel.queries.parties import get_member, get_unit, list_members, list_units
from api.readmodel.queries.resources import get_resource, list_resources
from api.readmodel.queries.rounds import get_round, list_rounds, prices_of
from schemas.refusals import Refused
from tests.unit.readmodel.story import START, Story, items
from tests.unit.readmodel.world import fill, model_of, new_model

LISTS: dict[Callable[..., Any], Callable[[Any], tuple[Any, ...]]] = {
    list_units: lambda row: (row.unit.enrolled_at, row.party),
    list_members: lambda row: (row.enrolment.enrolled_at, row.enrolment.member_ref, row.enrolment.kind.value),
    list_resources: lambda row: (row.resource.offered_at, row.resource.resource_id),
    list_demands: lambda row: (row.demand.posted_at, row.demand.demand_id),
    list_assignments: lambda row: (row.proposed_at, row.assignment_id),
    list_rounds: lambda row: (row.decided_at, row.shard, row.round_no),
    list_dead_letters: lambda row: (row.refused_at, row.topic, row.partition, row.offset),
}


def whole(question: Callable[..., Any], connection: Connection, *, limit: int = 3, **arguments: Any) -> list[Any]:
    """All rows of a list, read in small pages."""
    rows: list[Any] = []
    cursor = None
    while True:
        page = question(connection, cursor=cursor, limit=limit, **arguments)
        assert len(page.rows) <= limit
        rows += page.rows
        cursor = page.next_cursor
        if cursor is None:
            return rows
        assert len(page.rows) == limit


@pytest.mark.parametrize("question", LISTS, ids=lambda question: question.__name__)
def test_pages_hold_every_row_once_newest_first(connection: Connection, question: Callable[..., Any]) -> None:
    keys = [LISTS[question](row) for row in whole(question, connection, limit=2)]
    assert keys
    assert keys == sorted(set(keys), reverse=True)
    assert keys == [LISTS[question](row) for row in question(connection, limit=500).rows]


def test_what_comes_in_meanwhile_shifts_no_page() -> None:
    story = Story()
    for number in range(6):
        story.post(number, lines=[(0, 1)])
    model = new_model()
    fill(model, [story.located()])
    with model.read() as connection:
        first = list_demands(connection, limit=3)
    for number in range(6, 9):
        story.wait(1)
        story.post(number, lines=[(0, 1)])
    fill(model, [story.located()])
    with model.read() as connection:
        second = list_demands(connection, cursor=first.next_cursor, limit=3)
    assert [row.demand.demand_id for row in (*first.rows, *second.rows)] == [
        f"d-{number}" for number in range(5, -1, -1)
    ]


@pytest.mark.parametrize(
    "cursor", ["x", "not base64!", "é", encode_cursor(("a",)), encode_cursor((1.5, "d")), "W10", "bnVsbA"]
)
@pytest.mark.parametrize("question", LISTS, ids=lambda question: question.__name__)
def test_a_cursor_that_is_none_is_refused(connection: Connection, question: Callable[..., Any], cursor: str) -> None:
    with pytest.raises(Refused) as refused:
        question(connection, cursor=cursor)
    assert refused.value.code == "bad_cursor"


def test_a_cursor_beyond_the_calendar_is_refused(connection: Connection) -> None:
    with pytest.raises(Refused):
        list_demands(connection, cursor=encode_cursor((10**30, "d-1")))


def test_a_page_never_holds_more_than_500_rows() -> None:
    story = Story()
    for number in range(510):
        story.post(number, lines=[(0, 1)])
    with model_of(story).read() as connection:
        page = list_demands(connection, limit=10**9)
        assert len(page.rows) == 500
        assert len(list_demands(connection, cursor=page.next_cursor).rows) == 10


@pytest.mark.parametrize("prefix", ["31", "3101", "310105", "310105001", "310105001001", "310104", "44"])
def test_a_region_narrows_to_what_lies_in_it(connection: Connection, prefix: str) -> None:
    where = {
        list_demands: lambda row: row.demand.community,
        list_resources: lambda row: row.resource.home,
        list_assignments: lambda row: row.community,
        list_units: lambda row: row.unit.community,
        list_members: lambda row: row.enrolment.community,
    }
    for question, place in where.items():
        everything = whole(question, connection)
        expected = [row for row in everything if place(row).startswith(prefix)]
        assert whole(question, connection, filter=Filter(region=prefix)) == expected


@pytest.mark.parametrize(("prefix", "shards"), [("31", {"310105", "310104"}), ("310105002", {"310105"}), ("44", set())])
def test_rounds_of_a_region_are_those_of_shards_that_share_ground(
    connection: Connection, prefix: str, shards: set[str]
) -> None:
    assert {row.shard for row in whole(list_rounds, connection, filter=Filter(region=prefix))} == shards


@pytest.mark.parametrize("question", [list_demands, list_resources, list_assignments], ids=lambda q: q.__name__)
def test_a_state_narrows(connection: Connection, question: Callable[..., Any]) -> None:
    everything = whole(question, connection)
    states = {row.state for row in everything}
    assert len(states) > 1
    for state in states:
        expected = [row for row in everything if row.state == state]
        assert whole(question, connection, filter=Filter(state=state)) == expected


def test_category_and_item_narrow_demands_by_any_line(connection: Connection) -> None:
    everything = whole(list_demands, connection)
    for wanted in {line.item for row in everything for line in row.demand.lines}:
        category = wanted.partition(".")[0]
        of_item = [row for row in everything if wanted in {line.item for line in row.demand.lines}]
        assert whole(list_demands, connection, filter=Filter(item=wanted)) == of_item
        of_category = [row for row in everything if category in row.categories]
        assert whole(list_demands, connection, filter=Filter(category=category)) == of_category
    assert whole(list_demands, connection, filter=Filter(category="culture", item=items()[2])) == []


def test_a_party_narrows_to_what_it_offers_asks_or_both(connection: Connection) -> None:
    found = whole(list_assignments, connection)[0]
    for party in (found.provider, found.requester):
        listed = whole(list_assignments, connection, filter=Filter(party=party))
        assert found in listed
        assert all(party in (row.provider, row.requester) for row in listed)
    assert all(
        row.resource.provider == found.provider
        for row in whole(list_resources, connection, filter=Filter(party=found.provider))
    )
    asked = whole(list_demands, connection, filter=Filter(party=found.requester))
    assert {row.demand.requester for row in asked} == {found.requester}


def test_since_is_in_and_until_is_out(connection: Connection) -> None:
    rows = whole(list_assignments, connection)
    middle = rows[len(rows) // 2].proposed_at
    since = whole(list_assignments, connection, filter=Filter(since=middle))
    until = whole(list_assignments, connection, filter=Filter(until=middle))
    assert {row.proposed_at for row in since} == {row.proposed_at for row in rows if row.proposed_at >= middle}
    assert since + until == rows
    assert not whole(list_assignments, connection, filter=Filter(since=START + timedelta(days=900)))


def test_what_is_listed_can_be_got_and_what_is_not_cannot(connection: Connection) -> None:
    for resource in whole(list_resources, connection):
        assert get_resource(connection, resource_id=resource.resource.resource_id) == resource
    for demand in whole(list_demands, connection):
        assert get_demand(connection, demand_id=demand.demand.demand_id) == demand
    for found in whole(list_assignments, connection):
        assert get_assignment(connection, assignment_id=found.assignment_id) == found
    for unit in whole(list_units, connection):
        assert get_unit(connection, party=unit.party) == unit
    for member in whole(list_members, connection):
        assert member in get_member(connection, member_ref=member.enrolment.member_ref)
    for letter in whole(list_dead_letters, connection):
        record = get_dead_letter(connection, topic=letter.topic, partition=letter.partition, offset=letter.offset)
        assert record is not None
        assert record.code == letter.code
    assert get_resource(connection, resource_id="r-none") is None
    assert get_demand(connection, demand_id="d-none") is None
    assert demand_detail(connection, demand_id="d-none") is None
    assert get_assignment(connection, assignment_id="0" * 32) is None
    assert get_unit(connection, party="unit:none") is None
    assert get_member(connection, member_ref="none") == ()
    assert get_round(connection, shard="440101", round_no=1) is None
    assert prices_of(connection, shard="440101") is None
    assert get_dead_letter(connection, topic="none", partition=0, offset=0) is None


def test_a_round_is_kept_whole(connection: Connection, story: Story) -> None:
    first = {}
    for decided in story.rounds:
        first.setdefault((decided.shard, decided.round_no), decided)
    for (shard, round_no), decided in first.items():
        assert get_round(connection, shard=shard, round_no=round_no) == decided
    newest = prices_of(connection, shard="310105")
    last = [decided for decided in first.values() if decided.shard == "310105"][-1]
    assert newest is not None
    assert (newest.round_no, newest.lines, newest.resources) == (
        last.round_no,
        last.line_prices,
        last.resource_prices,
    )


def test_assignments_of_a_demand_and_of_a_resource_are_those_that_name_it(connection: Connection) -> None:
    everything = whole(list_assignments, connection)
    demand_id, resource_id = everything[0].demand_id, everything[0].resource_id
    of_demand = assignments_of(connection, demand_id=demand_id)
    of_resource = assignments_of(connection, resource_id=resource_id)
    assert list(of_demand) == [row for row in everything if row.demand_id == demand_id]
    assert list(of_resource) == [row for row in everything if row.resource_id == resource_id]
