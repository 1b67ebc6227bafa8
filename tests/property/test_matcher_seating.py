"""One seat more or less, by one path each, is what solving anew would give."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.solving.market import Market
from matcher.solving.prices import outbidding, prices
from matcher.solving.seating import Seating
from matcher.solving.solve import solve
from matcher.state.columns import Ints
from tests.property.test_matcher_markets import markets, optimum


def seated(of: Market) -> Seating:
    return Seating.of(of, solve(of).taken)


def without(of: Market, *, gone: np.ndarray, need: Ints | None = None, supply: Ints | None = None) -> Market:
    kept = ~gone
    return Market(
        of.line[kept],
        of.resource[kept],
        of.worth[kept],
        of.need if need is None else need,
        of.supply if supply is None else supply,
    )


def assert_sound(found: Seating, of: Market) -> None:
    """Assert that seats given, open and free add up."""
    assert (found.taken >= 0).all()
    assert (found.open >= 0).all()
    assert (found.free >= 0).all()
    held = np.bincount(found.line, weights=found.taken, minlength=len(found.open)).astype(np.int64)
    used = np.bincount(found.resource, weights=found.taken, minlength=len(found.free)).astype(np.int64)
    assert (held + found.open == of.need).all()
    assert (used + found.free == of.supply).all()


@given(of=markets(), data=st.data())
def test_a_line_that_comes_late_is_seated_as_if_it_had_been_there(of: Market, data: st.DataObject) -> None:
    late = data.draw(st.integers(0, len(of.need) - 1))
    need = of.need.copy()
    need[late] = 0
    found = seated(without(of, gone=of.line == late, need=need))
    own = of.line == late
    found.add_pairs(
        line=of.line[own], resource=of.resource[own], worth=of.worth[own], lines=len(need), resources=len(of.supply)
    )
    seats = found.seat(late, int(of.need[late]), costs=data.draw(st.sampled_from([None, found.costs()])))
    assert seats == found.given(late)
    assert found.value() == optimum(of)
    assert_sound(found, of)


@given(of=markets(), data=st.data())
def test_a_resource_that_comes_late_is_given_as_if_it_had_been_there(of: Market, data: st.DataObject) -> None:
    late = data.draw(st.integers(0, len(of.supply) - 1))
    supply, own = of.supply.copy(), of.resource == late
    supply[late] = 0
    found = seated(without(of, gone=own, supply=supply))
    found.add_pairs(
        line=of.line[own], resource=of.resource[own], worth=of.worth[own], lines=len(of.need), resources=len(supply)
    )
    found.supply(late, int(of.supply[late]))
    assert found.value() == optimum(of)
    assert_sound(found, of)


@given(of=markets(), data=st.data())
def test_what_leaves_is_made_up_for_as_well_as_can_be(of: Market, data: st.DataObject) -> None:
    line = data.draw(st.integers(0, len(of.need) - 1))
    resource = data.draw(st.integers(0, len(of.supply) - 1))
    need, supply = of.need.copy(), of.supply.copy()
    need[line] = supply[resource] = 0
    found = seated(of)
    found.dismiss_line(line)
    alone = without(of, gone=of.line == line, need=need)
    assert found.value() == optimum(alone)
    assert_sound(found, alone)
    found.dismiss_resource(resource)
    both = without(alone, gone=alone.resource == resource, supply=supply)
    assert found.value() == optimum(both)
    assert_sound(found, both)


@given(of=markets())
def test_a_seat_costs_a_newcomer_what_outbidding_says(of: Market) -> None:
    need = np.append(of.need, 1)
    solution = solve(of)
    bigger = Market(of.line, of.resource, of.worth, need, of.supply)
    assert (Seating.of(of, solution.taken).costs().cost == outbidding(bigger, solution, len(need) - 1)).all()


@given(of=markets())
def test_coming_one_by_one_is_as_good_as_coming_together(of: Market) -> None:
    found = seated(without(of, gone=np.ones(len(of.line), bool), need=np.zeros_like(of.need)))
    found.add_pairs(line=of.line, resource=of.resource, worth=of.worth, lines=len(of.need), resources=len(of.supply))
    for line, seats in enumerate(of.need.tolist()):
        found.seat(line, seats)
    assert found.value() == optimum(of)
    assert_sound(found, of)


@given(of=markets(), data=st.data())
def test_a_copy_is_left_alone(of: Market, data: st.DataObject) -> None:
    found = seated(of)
    before = found.taken.copy(), found.open.copy(), found.free.copy()
    other = found.copy()
    other.dismiss_line(data.draw(st.integers(0, len(of.need) - 1)))
    assert all((now == then).all() for now, then in zip((found.taken, found.open, found.free), before, strict=True))


@given(of=markets())
def test_the_lowest_price_is_what_a_further_seat_adds(of: Market) -> None:
    solution = solve(of)
    found = prices(of, solution)
    for resource in range(len(of.supply)):
        seating = Seating.of(of, solution.taken)
        seating.supply(resource, 1)
        assert seating.value() - solution.value(of) == found.resource[resource]
