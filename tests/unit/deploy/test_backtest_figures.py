"""The figures of a backtest, each alone, on seats given by hand."""

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.backtest.comparison import compare, suppressed
from deploy.backtest.entries import Asked, Entries, Offered
from deploy.backtest.figures import gini, level, load_of, nearness_of, streets_of, value_of, waiting_of
from deploy.backtest.ledger import Held, Ledger
from tests.builders import (
    FAR,
    HAIR,
    HERE,
    NOON,
    SAME_CITY,
    SAME_DISTRICT,
    SAME_STREET,
    at,
    demand_gone,
    event,
    line,
    offered,
    posted,
    revised,
)
from tests.town import Town

PLACES = {"community": HERE, "street": SAME_STREET, "district": SAME_DISTRICT, "city": SAME_CITY, "beyond": FAR}


def asked(seats: int = 1, *, community: str = HERE, category: str = "care", posted_at: datetime = NOON) -> Asked:
    return Asked(community=community, category=category, posted_at=posted_at, seats=seats)


def held(demand_id: str, hours: float = 0, *, resource_id: str = "r1", worths: tuple[int, ...] = (3, 2, 1)) -> Held:
    return Held(demand_id, resource_id, at(hours), True, worths)


def entries(**resources: str) -> Entries:
    """Return entries with these resources: id = home; each has a provider of its own."""
    return Entries(
        demands={"d1": asked()}, resources={name: Offered(f"team:{name}", home) for name, home in resources.items()}
    )


def test_hours_are_of_those_served_and_the_unserved_wait_to_the_end() -> None:
    demands = {"d1": asked(), "d2": asked(), "d3": asked(2, posted_at=at(2))}
    found = waiting_of([held("d1", 1), held("d2", 3), held("d3", 4)], demands, asked=4, end=at(10))
    assert (found.median_hours, found.mean_hours) == (2.0, 2.0)
    assert found.p90_hours == 2.8
    assert found.mean_hours_of_all == (1 + 3 + 2 + 8) / 4


def test_of_nobody_served_there_are_no_hours_but_all_waited() -> None:
    found = waiting_of([], {"d1": asked()}, asked=1, end=at(5))
    assert (found.median_hours, found.p90_hours, found.mean_hours, found.mean_hours_of_all) == (None, None, None, 5.0)
    assert waiting_of([], {}, asked=0, end=at(5)).mean_hours_of_all is None


@pytest.mark.parametrize(("name", "home"), PLACES.items())
def test_nearness_is_the_smallest_region_in_common(name: str, home: str) -> None:
    assert level(HERE, home) == name
    found = nearness_of([held("d1")], entries(r1=home))
    assert found.model_dump() == {each: int(each == name) for each in PLACES}


def test_load_counts_those_who_were_never_asked() -> None:
    found = load_of([held("d1"), held("d1")], entries(r1=HERE, r2=HERE, r3=HERE, r4=HERE))
    assert (found.providers, found.busiest_tenth) == (4, 1.0)
    assert found.gini == 0.75
    none = load_of([], entries(r1=HERE))
    assert (none.providers, none.gini, none.busiest_tenth) == (1, None, None)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(any))
def test_gini_is_half_the_mean_difference_over_the_mean(loads: list[int]) -> None:
    pairs = [abs(one - other) for one in loads for other in loads]
    expected = sum(pairs) / len(pairs) / 2 / (sum(loads) / len(loads))
    assert gini(np.sort(np.array(loads))) == pytest.approx(expected, abs=1e-4)


def test_streets_with_a_handful_of_seats_do_not_make_a_spread() -> None:
    demands = {
        "d1": asked(10, community=HERE),
        "d2": asked(5, community=SAME_DISTRICT),
        "d3": asked(4, community=FAR),
    }
    found = streets_of([*[held("d1")] * 4, *[held("d2")] * 5], demands)
    assert (found.streets, found.lowest, found.median, found.highest, found.spread) == (2, 0.4, 0.7, 1.0, 0.3)
    assert streets_of([], {"d3": demands["d3"]}).streets == 0


def test_values_add_up_by_measure_and_seats_of_before_count_nothing() -> None:
    found = value_of([held("d1"), held("d2", worths=(30, 20, 10)), held("d3", worths=())])
    assert (found.own, found.recorded, found.recorded_without_waiting) == (33, 22, 11)


def test_who_gets_more_wins_and_who_gets_fewer_loses() -> None:
    demands = {f"a{number}": asked(category="care") for number in range(6)}
    demands |= {f"b{number}": asked(category="health", community=FAR) for number in range(7)}
    ours = [held(f"a{number}", 5) for number in range(6)]
    theirs = [held(f"b{number}") for number in range(7)]
    found = compare("p", ours, theirs, demands)
    assert (found.total.demands, found.total.wins, found.total.loses, found.total.same) == (13, 6, 7, 0)
    assert [(group.name, group.wins, group.loses) for group in found.categories] == [("health", 0, 7), ("care", 6, 0)]
    assert [group.name for group in found.streets] == [FAR[:9], HERE[:9]]


def test_those_with_as_many_seats_may_get_them_sooner_or_later() -> None:
    demands = {f"d{number}": asked() for number in range(20)}
    theirs = [held(name, 10) for name in demands]
    ours = [held(name, 10 + (-3 if place < 6 else 4 if place < 13 else 0.5)) for place, name in enumerate(demands)]
    found = compare("p", ours, theirs, demands)
    assert (found.sooner, found.later, found.total.same) == (6, 7, 20)


def test_a_small_cell_takes_others_with_it_so_that_it_does_not_follow() -> None:
    assert suppressed([[3, 10, 20]]) == [[None, None, 20]]
    assert suppressed([[3, 0, 0]]) == [[None, None, 0]]
    assert suppressed([[6, 7, 0]]) == [[6, 7, 0]]
    found = suppressed([[3, 10, 20], [8, 9, 30], [50, 60, 70]])
    assert found[0][0] is None
    assert found[2][2] == 70


def test_a_small_group_is_as_hidden_as_its_parts_and_takes_another_with_it() -> None:
    demands = {f"a{number}": asked(category="care") for number in range(3)}
    demands |= {f"b{number}": asked(category="health") for number in range(7)}
    demands |= {f"c{number}": asked(category="food") for number in range(9)}
    found = {group.name: group for group in compare("p", [], [], demands, title_of=str.upper).categories}
    assert (found["care"].demands, found["health"].demands, found["food"].demands) == (None, None, 9)
    assert (found["care"].same, found["health"].same, found["food"].same) == (None, None, 9)
    assert found["care"].title == "care"


def test_streets_bear_the_names_that_people_know() -> None:
    (street,) = compare("p", [], [], {"d1": asked()}, title_of=lambda code: f"street {code}").streets
    assert street.title == f"street {HERE[:9]}"


@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=6))
def test_no_small_count_is_shown_and_none_is_alone_in_its_row_or_column(table: list[list[int]]) -> None:
    found = suppressed(table)
    for row, shown in zip(table, found, strict=True):
        assert all(count is None or count == true for count, true in zip(shown, row, strict=True))
        assert all(count is None or count == 0 or count >= 5 for count in shown)
        assert shown.count(None) != 1
    if len(table) > 1:
        assert all([row[column] for row in found].count(None) != 1 for column in range(3))


def test_the_ledger_keeps_what_stands() -> None:
    town = Town(offered("r1"), offered("r2"), offered("r3", auto_accept=True), posted("d1", line(HAIR, 3)))
    ledger, first = Ledger(), town.round()
    ledger.note(first, [[1, 2, 3]])
    assert [each.worths[1] for each in ledger.standing.values()] == [1, 2, 3]
    assert (len(ledger.served()), ledger.pending()) == (1, 2)
    waiting = [given for given in first.proposals if not given.auto_accepted]
    town.answer(waiting[0], "accepted")
    town.answer(waiting[1], "declined")
    ledger.note(town.round(at(1)))
    assert (len(ledger.served()), ledger.pending(), ledger.rounds) == (2, 0, 2)
    town.answer(waiting[0], "done")
    last = town.round(at(2))
    ledger.note(last)
    assert len(ledger.served()) == 2  # done is served
    assert ledger.drop_done(last) == ["d1"]
    assert len(ledger.served()) == 1


def test_demands_that_were_over_before_are_no_part_unless_they_come_back() -> None:
    town = Town(offered("r1"), posted("d1"), posted("d2", deadline=at(2)), posted("d3"))
    town.round()
    town.tell(demand_gone("d1"))
    decided = town.round(at(3))
    seen = [entry.event for entry in town.journal if entry.topic != "cobuild.rounds.v1"]
    found = Entries()
    found.note_before(seen, decided)
    lapsed = {lapse.demand_id for lapse in decided.lapsed}
    assert set(found.in_play()) == {"d1", "d2", "d3"} - {"d1"} - lapsed
    before = posted("d1").demand
    found.note([event(revised(before), event_id="again")])
    assert "d1" in found.in_play()


def test_seats_that_were_served_before_are_not_asked_for() -> None:
    found = Entries(demands={"d1": asked(3), "d2": asked(1)})
    found.done.update(["d1", "d2"])
    assert {name: each.seats for name, each in found.in_play().items()} == {"d1": 2}
