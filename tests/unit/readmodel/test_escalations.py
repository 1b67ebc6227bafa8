"""What the lists say of demands that were escalated: where each seat is, how it came there, what waits where."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from api.readmodel.model import ReadModel
from api.readmodel.projection.sitting import Move, became, home_of, seat_state, sits, way_of
from api.readmodel.queries.demands import demand_detail, get_demand, list_demands
from api.readmodel.queries.escalations import levels, list_escalations, seats_of
from api.readmodel.queries.filters import Filter
from api.readmodel.queries.rounds import get_round, list_rounds, shards_of
from api.readmodel.views import DemandDetail, EscalationView
from schemas.demands import DemandWithdrawn, Urgency
from tests.builders import (
    FAR,
    HAIR,
    HERE,
    LAMP,
    NOON,
    SAME_CITY,
    SMALL_CATALOGUE,
    at,
    demand_gone,
    line,
    offered,
    posted,
    whistled,
    window,
)
from tests.unit.readmodel.recorded import RecordedLand
from tests.unit.readmodel.strategies import interleaved
from tests.unit.readmodel.world import contents, fill

DAYS = window(1, 24 * 9)
WHISTLE = {"urgency": Urgency.WHISTLE, "window": DAYS}
NEXT_DOOR = {"home": SAME_CITY, "scope": ("3101",), "provider": "team:next-door"}


def asked_of_the_city(*, quantity: int = 1, **changes: Any) -> RecordedLand:
    """A whistle that nobody of the district answers."""
    land = RecordedLand(posted("d1", line(quantity=quantity), **WHISTLE | changes))
    land.settle()
    return land


def rows(model: ReadModel, **narrow: Any) -> list[EscalationView]:
    with model.read() as connection:
        return list(list_escalations(connection, **narrow).rows)


def detail(model: ReadModel, demand_id: str = "d1") -> DemandDetail:
    with model.read() as connection:
        found = demand_detail(connection, demand_id=demand_id)
        assert found
        return found


def test_what_went_up_says_why_and_how_long_it_had_waited() -> None:
    row, onward = rows(asked_of_the_city().model())
    assert (onward.from_shard, onward.to_shard, onward.state) == ("3101", "delta", "waiting")
    assert (row.from_shard, row.to_shard, row.to_level) == ("310105", "3101", "city")
    assert (row.demand_id, row.demand_title, row.community, row.urgency) == ("d1", "需求", HERE, "whistle")
    assert (row.cause, row.waited_minutes, row.at, row.state) == ("whistle", 0, NOON, "passed_on")
    assert (row.posted_at, row.categories) == (NOON, ("care",))
    assert [(own.line, own.seats) for own in row.lines] == [(0, (0,))]


def test_a_demand_visits_the_city_comes_home_and_goes_up_again() -> None:
    land = RecordedLand(posted("d1", window=DAYS))
    land.settle(at(25))
    [row] = rows(land.model())
    assert (row.to_shard, row.cause, row.waited_minutes, row.state) == ("3101", "time", 25 * 60, "waiting")
    assert [(sit.shard, sit.level, sit.since) for sit in detail(land.model()).view.sits_in] == [
        ("3101", "3101", at(25))
    ]
    land.round("3101", at(25, minutes=10))
    land.deliver()
    assert [row.state for row in rows(land.model())] == ["returned"]
    found = detail(land.model())
    assert [step.kind for step in found.way] == ["escalated", "sent_home"]
    assert found.view.sits_in == ()
    assert [(seat.shard, seat.away, seat.state) for seat in found.whereabouts] == [("310105", False, "waiting")]
    land.settle(at(28))
    again, before = rows(land.model())
    assert (again.state, before.state) == ("waiting", "returned")
    assert again.waited_minutes == 28 * 60, "at home, since it was posted"


def test_what_the_city_passes_on_comes_back_the_same_way() -> None:
    land = RecordedLand(posted("d1", window=DAYS))
    land.settle(at(50))
    assert [row.state for row in reversed(rows(land.model()))] == ["waiting", "passed_on"]
    land.round("delta", at(50, minutes=10))
    land.deliver()
    assert [row.state for row in reversed(rows(land.model()))] == ["returned", "waiting"]
    land.round("3101", at(50, minutes=20))
    land.deliver()
    assert [row.state for row in rows(land.model())] == ["returned", "returned"]
    assert [step.to_shard for step in detail(land.model()).way] == ["3101", "delta", "3101", "310105"]


def test_seats_that_stay_at_home_are_told_from_those_that_went() -> None:
    land = RecordedLand(offered("r1"), posted("d1", line(quantity=3), **WHISTLE))
    land.settle()
    view = detail(land.model()).view
    assert (view.asked, view.filled, view.open_seats) == (3, 1, 2)
    assert [(at.shard, at.seats) for at in view.sits_in] == [("delta", 2)]


def test_a_helper_of_the_next_district_serves_it_and_the_list_says_so() -> None:
    land = RecordedLand(offered("r1", **NEXT_DOOR), posted("d1", **WHISTLE))
    land.settle()
    model = land.model()
    assert [row.state for row in rows(model)] == ["served"]
    found = detail(model)
    assert (found.view.state, found.view.filled, found.view.sits_in) == ("matched", 1, ())
    assert [pair.shard for pair in found.assignments] == ["310106"]
    assert [(step.kind, step.from_shard, step.to_shard) for step in found.way] == [
        ("escalated", "310105", "3101"),
        ("asked", "3101", "310106"),
    ]
    assert found.way[-1].resource_id == "r1"
    assert [(seat.shard, seat.level, seat.state) for seat in found.whereabouts] == [("310106", "3101", "served")]


def test_a_seat_that_was_asked_for_is_held_and_still_the_citys() -> None:
    land = RecordedLand(offered("r1", **NEXT_DOOR), posted("d1", **WHISTLE))
    for shard in ("310106", "310105"):
        land.round(shard)
    land.deliver()
    land.round("3101")
    land.deliver()
    [row] = rows(land.model())
    assert row.state == "held"
    assert [(at.shard, at.level) for at in detail(land.model()).view.sits_in] == [("310106", "3101")]


def test_a_no_sends_the_seat_back_to_the_level_that_asked() -> None:
    land = RecordedLand(offered("r1", **NEXT_DOOR), posted("d1", **WHISTLE))
    land.settle()
    [given] = [pair for decided in land.decided for pair in decided.proposals]
    land.answer(given, "declined", shard="310106")
    land.round("310106", at(1))
    land.deliver()
    found = detail(land.model())
    assert [step.kind for step in found.way] == ["escalated", "asked", "returned"]
    assert [(sit.shard, sit.level, sit.since) for sit in found.view.sits_in] == [("3101", "3101", NOON)]
    assert rows(land.model())[0].state == "waiting"
    assert found.view.state == "open"


@pytest.mark.parametrize("over", ["withdrawn", "lapsed"])
def test_what_is_over_waits_nowhere(over: str) -> None:
    land = asked_of_the_city()
    if over == "withdrawn":
        land.tell(demand_gone("d1"))
        land.settle(at(0, minutes=1))
    else:
        for shard in sorted(land.states):
            land.round(shard, at(24 * 10))
    model = land.model()
    assert detail(model).view.state == over
    assert {row.state for row in rows(model)} == {"gone"}
    assert detail(model).view.sits_in == ()
    with model.read() as connection:
        assert [sum(level.waiting) for level in levels(connection, now=at(1)).levels] == [0, 0]
        assert levels(connection, now=at(24 * 10)).levels == (), "it came more than a week ago"


def test_lists_narrow_by_shard_region_category_cause_state_and_time() -> None:
    land = RecordedLand(
        posted("d1", **WHISTLE),
        posted("d2", line(LAMP), window=DAYS, community=SAME_CITY),
        posted("d3", line(HAIR), line(LAMP), window=DAYS),
    )
    land.settle(at(0))
    for shard in ("310105", "310106"):
        land.round(shard, at(30))
    land.deliver()
    model = land.model()

    def ids(**narrow: Any) -> list[str]:
        return sorted({row.demand_id for row in rows(model, **narrow)})

    assert ids() == ["d1", "d2", "d3"]
    assert ids(to_shard="delta") == ["d1"]
    assert ids(from_shard="310106") == ["d2"]
    assert ids(cause="whistle") == ["d1"]
    assert ids(filter=Filter(region="310105")) == ["d1", "d3"]
    assert ids(filter=Filter(category="repair")) == ["d2", "d3"]
    assert ids(filter=Filter(category="rep_ir")) == []
    assert ids(filter=Filter(state="passed_on")) == ["d1"]
    assert ids(filter=Filter(state="waiting"), to_shard="3101") == ["d2", "d3"]
    assert ids(filter=Filter(since=at(1))) == ["d2", "d3"]
    assert ids(filter=Filter(until=at(1))) == ["d1"]


def test_pages_hold_every_row_once_newest_first() -> None:
    land = RecordedLand(*(posted(f"d{n}", line(quantity=n), window=DAYS) for n in range(1, 8)))
    land.settle(at(25))
    land.round("3101", at(25, minutes=10))
    land.deliver()
    land.settle(at(28))
    model = land.model()
    with model.read() as connection:
        found, cursor = [], None
        while True:
            page = list_escalations(connection, cursor=cursor, limit=3)
            found += page.rows
            cursor = page.next_cursor
            if cursor is None:
                break
    assert found == rows(model)
    assert len(found) == 14
    assert [row.at for row in found] == sorted((row.at for row in found), reverse=True)


def test_each_level_says_what_is_there_how_old_it_is_and_what_came_of_what_reached_it() -> None:
    land = RecordedLand(
        offered("r3", item=LAMP, **NEXT_DOOR),
        posted("d1", line(quantity=2), window=DAYS),
        posted("d3", line(LAMP), window=DAYS),
    )
    land.settle(at(24))
    land.tell(posted("d2", posted_at=at(24), **WHISTLE))
    land.settle(at(24, minutes=1))
    with land.model().read() as connection:
        delta, city = levels(connection, now=at(24, minutes=2)).levels
        assert (delta.shard, delta.level, delta.demands, delta.waiting) == ("delta", "alliance", 1, (1, 0, 0, 0))
        assert (delta.posted_at, delta.reached) == (at(24), {"waiting": 1})
        assert (city.shard, city.level, city.demands, city.waiting) == ("3101", "city", 1, (0, 0, 2, 0))
        assert (city.held, city.posted_at) == (0, NOON)
        assert city.reached == {"passed_on": 1, "served": 1, "waiting": 1}
        assert levels(connection, now=at(26), region="310106").levels == ()


def test_rounds_of_a_city_and_of_an_alliance_are_listed_like_any_others() -> None:
    with asked_of_the_city().model().read() as connection:
        assert {row.shard for row in list_rounds(connection).rows} == {"310105", "3101", "delta"}
        assert {row.shard for row in list_rounds(connection, filter=Filter(region="3101")).rows} == {"310105", "3101"}
        for shard in ("3101", "delta"):
            found = get_round(connection, shard=shard, round_no=1)
            assert found
            assert found.shard == shard
        assert shards_of(connection, region="3101", width=6) == ["310105"], "only these have prices of their own"


def test_a_demand_in_lists_says_where_its_seats_are_also_after_it_was_revised() -> None:
    land = RecordedLand(posted("d1", window=DAYS))
    land.settle(at(50))
    land.tell(whistled("d1"))
    land.settle(at(50, minutes=1))
    with land.model().read() as connection:
        [view] = list_demands(connection).rows
        assert [(sit.shard, sit.seats) for sit in view.sits_in] == [("delta", 1)]
        assert get_demand(connection, demand_id="d1") == view


def test_lists_of_before_start_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/lists.sqlite3"
    monkeypatch.setattr("api.readmodel.model.SCHEMA", 2)
    ReadModel(url, catalogue=SMALL_CATALOGUE).close()
    monkeypatch.undo()
    land = asked_of_the_city()
    model = ReadModel(url, catalogue=SMALL_CATALOGUE)
    assert model.offsets() == {}
    fill(model, [land.located()])
    assert len(rows(model)) == 2
    model.close()


def _life(seed: int) -> RecordedLand:
    """Some days of three districts with few helpers: seats go up, come down, are given, refused and taken back."""
    random = Random(seed)
    land = RecordedLand()
    homes = (HERE, SAME_CITY, FAR)
    for number in range(random.randint(1, 3)):
        wide = {"home": random.choice(homes), "scope": random.choice((("31",), ("3101",), ("31", "32")))}
        land.tell(offered(f"r{number}", provider=f"team:t{number}", capacity=random.randint(1, 2), **wide))
    places = [random.choice(homes) for _ in range(random.randint(1, 3))]
    for number, place in enumerate(places):
        urgency = random.choice((Urgency.NORMAL, Urgency.WHISTLE))
        lines = [line(random.choice((HAIR, HAIR, LAMP)), random.randint(1, 2)) for _ in range(random.randint(1, 2))]
        land.tell(posted(f"d{number}", *lines, urgency=urgency, window=DAYS, community=place))
    answered: set[str] = set()
    for hour in (0, 25, 75):
        for turn in (0, 11)[: random.randint(1, 2)]:
            for shard in sorted(land.states):
                decided = land.round(shard, at(hour, minutes=turn))
                for pair in decided.proposals:
                    if pair.assignment_id not in answered and random.random() < 0.5:
                        answered.add(pair.assignment_id)
                        land.answer(pair, random.choice(("accepted", "declined", "done")), shard=shard)
            land.deliver()
    if random.random() < 0.3:
        land.tell(DemandWithdrawn(demand_id="d0", version=2, community=places[0]))
        for shard in sorted(land.states):
            land.round(shard, at(80))
        land.deliver()
    return land


_FEW = settings(max_examples=15, deadline=None)  # a life takes a tenth of a second
lives = st.builds(_life, seed=st.integers(0, 2**32))


@_FEW
@given(land=lives, seed=st.integers(0, 2**32))
def test_the_end_is_the_same_whatever_the_interleaving_also_twice(land: RecordedLand, seed: int) -> None:
    model = ReadModel("sqlite://", catalogue=SMALL_CATALOGUE)
    fill(model, interleaved(land, Random(seed)))
    fill(model, [land.located()])
    found, expected = contents(model), contents(land.model())
    for table in ("transfers", "moved_seats", "demands", "assignments"):
        assert found[table] == expected[table], table


@_FEW
@given(land=lives)
def test_every_seat_is_where_the_matcher_has_it(land: RecordedLand) -> None:
    with land.model().read() as connection:
        for demand_id in ("d0", "d1", "d2"):
            _check_seats(connection, land, demand_id)


def _check_seats(connection: Connection, land: RecordedLand, demand_id: str) -> None:
    seats = seats_of(connection, demand_id=demand_id)
    for seat in seats:
        assert land.whereabouts(demand_id, seat.line, seat.seat) == [seat.shard]
    view = get_demand(connection, demand_id=demand_id)
    if view is not None and view.state in ("open", "partly_matched"):
        away = sum(sit.seats for sit in view.sits_in)
        assert away == sum(seat.away and seat.state in ("waiting", "held") for seat in seats)
        assert away <= view.open_seats


MOVES = [
    Move("310105", 1, 0, "3101", at(0), "escalated"),
    Move("3101", 1, 0, "delta", at(1), "escalated"),
    Move("delta", 1, 0, "320102", at(2), "asked"),
    Move("320102", 4, 0, "delta", at(3), "returned"),
    Move("delta", 2, 0, "310105", at(4), "asked"),
    Move("310105", 2, 0, "delta", at(5), "returned"),
    Move("delta", 3, 0, "3101", at(6), "sent_home"),
    Move("3101", 2, 0, "310105", at(7), "sent_home"),
    Move("310105", 3, 0, "3101", at(8), "escalated"),
]


@pytest.mark.parametrize(
    ("count", "where", "first"),
    [
        (1, ("3101", "3101", at(0)), "waiting"),
        (2, ("delta", "delta", at(1)), "passed_on"),
        (3, ("320102", "delta", at(1)), "passed_on"),
        (4, ("delta", "delta", at(1)), "passed_on"),
        (5, ("310105", "delta", at(1)), "passed_on"),
        (6, ("delta", "delta", at(1)), "passed_on"),
        (7, ("3101", "3101", at(6)), "waiting"),
        (8, ("310105", "310105", at(7)), "returned"),
        (9, ("3101", "3101", at(8)), "returned"),
    ],
)
@pytest.mark.parametrize("order", [list, lambda moves: moves[::-1]])
def test_a_seat_sits_where_its_moves_end_whatever_order_they_are_read_in(
    count: int, where: tuple[Any, ...], first: str, order: Callable[[Any], Any]
) -> None:
    way = way_of(order(MOVES[:count]), home="310105")
    assert way == MOVES[:count]
    assert sits(way) == where
    assert became(way, 0, state=seat_state(sits(way), demand="open", taken=False, asked=True)) == first


def test_a_seat_given_after_a_hold_was_served_by_the_level_that_asked_and_by_those_below() -> None:
    way = MOVES[:5]
    assert [became(way, place, state="served") for place in (0, 1)] == ["served", "served"]
    assert became(MOVES, 0, state="served") == "returned", "served in a later visit"
    assert became(MOVES, 8, state="served") == "served"


def test_clocks_that_are_behind_move_no_seat() -> None:
    behind = [move._replace(at=at(9 - place)) for place, move in enumerate(MOVES)]
    assert way_of(behind, home="310105") == behind


def test_home_is_the_smallest_shard_that_let_the_seat_go_and_holds_its_place() -> None:
    assert home_of(HERE, ["3101", "310105", "delta", "310106"]) == "310105"
    assert home_of(HERE, ["3101", "310105001"]) == "310105001"
    assert home_of(HERE, []) == ""
