"""What the lists say of demands that were escalated: where each seat is, how it came there, what waits where."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from api.readmodel.model import ReadModel
from api.readmodel.projection.sitting import Move, home_of, sits
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


def test_what_went_up_says_why_and_where_it_waits() -> None:
    row, onward = rows(asked_of_the_city().model())
    assert (onward.from_shard, onward.to_shard, onward.state) == ("3101", "delta", "waiting")
    assert (row.from_shard, row.to_shard, row.to_level) == ("310105", "3101", "city")
    assert (row.demand_id, row.demand_title, row.community, row.urgency) == ("d1", "需求", HERE, "whistle")
    assert (row.cause, row.waited_minutes, row.at, row.state) == ("whistle", 0, NOON, "passed_on")
    assert [(own.line, own.seats) for own in row.lines] == [(0, (0,))]
    assert row.categories == ("care",)
    assert [(at.shard, at.level, at.seats) for at in row.sits_in] == [("delta", "delta", 1)]


def test_a_demand_waits_with_the_city_and_then_with_the_alliance() -> None:
    land = RecordedLand(posted("d1", window=DAYS))
    land.settle(at(25))
    city = land.model()
    [row] = rows(city)
    assert (row.to_shard, row.cause, row.waited_minutes, row.state) == ("3101", "time", 25 * 60, "waiting")
    assert detail(city).view.sits_in == row.sits_in
    land.settle(at(25 + 48))
    first, second = reversed(rows(land.model()))
    assert (first.to_shard, first.state) == ("3101", "passed_on")
    assert (second.from_shard, second.to_shard, second.state) == ("3101", "delta", "waiting")
    assert second.waited_minutes == 48 * 60
    assert [step.to_shard for step in detail(land.model()).way] == ["3101", "delta"]


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
    assert [(at.shard, at.level) for at in row.sits_in] == [("310106", "3101")]


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
    land.settle(at(24 * 10))
    model = land.model()
    assert detail(model).view.state == over
    assert {row.state for row in rows(model)} == {"gone"}
    assert detail(model).view.sits_in == ()
    with model.read() as connection:
        assert levels(connection, now=at(240)).levels == ()


def test_lists_narrow_by_shard_region_category_cause_state_and_time() -> None:
    land = RecordedLand(
        posted("d1", **WHISTLE),
        posted("d2", line(LAMP), window=DAYS, community=SAME_CITY),
        posted("d3", line(HAIR), line(LAMP), window=DAYS),
    )
    land.settle(at(0))
    land.settle(at(30))
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
    land.settle(at(90))
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


def test_each_level_says_how_much_waits_and_for_how_long() -> None:
    land = RecordedLand(posted("d1", line(quantity=2), window=DAYS), posted("d2", **WHISTLE))
    land.settle(at(0))
    land.settle(at(24))
    with land.model().read() as connection:
        delta, city = levels(connection, now=at(26)).levels
        assert (delta.shard, delta.level, delta.demands, delta.seats, delta.oldest) == (
            ("delta", "alliance", 1, (0, 0, 1, 0), NOON)
        )
        assert (city.shard, city.level, city.demands, city.seats, city.held) == ("3101", "city", 1, (0, 2, 0, 0), 0)
        assert [row.shard for row in levels(connection, now=at(26), region="310106").levels] == []


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
    land = asked_of_the_city(urgency=Urgency.NORMAL)
    land.settle(at(25))
    land.tell(whistled("d1"))
    land.settle(at(26))
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
        for turn in range(random.randint(1, 2)):
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
        assert away == sum(seat.state in ("waiting", "held") for seat in seats)
        assert away <= view.open_seats


MOVES = [
    Move(at(0), "310105", 1, 0, "3101", "escalated"),
    Move(at(1), "3101", 1, 0, "delta", "escalated"),
    Move(at(2), "delta", 1, 0, "320102", "asked"),
    Move(at(3), "320102", 4, 0, "delta", "returned"),
    Move(at(4), "delta", 2, 0, "310105", "asked"),
]


@pytest.mark.parametrize(
    ("count", "where"),
    [
        (1, ("3101", "3101", at(0))),
        (2, ("delta", "delta", at(1))),
        (3, ("320102", "delta", at(1))),
        (4, ("delta", "delta", at(1))),
        (5, ("310105", "delta", at(1))),
    ],
)
@pytest.mark.parametrize("order", [list, lambda moves: moves[::-1]])
def test_a_seat_sits_where_its_moves_end(count: int, where: tuple[Any, ...], order: Callable[[Any], Any]) -> None:
    assert sits(order(MOVES[:count]), home="310105") == where


def test_home_is_the_smallest_shard_that_let_the_seat_go_and_holds_its_place() -> None:
    assert home_of(HERE, ["3101", "310105", "delta", "310106"]) == "310105"
    assert home_of(HERE, ["3101", "310105001"]) == "310105001"
    assert home_of(HERE, []) == ""


def test_a_clock_that_is_behind_moves_no_seat() -> None:
    behind = [*MOVES[:3], MOVES[3]._replace(at=at(2) - timedelta(minutes=5))]
    assert sits(behind, home="310105").shard == "delta"
