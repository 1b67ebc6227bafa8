"""Random markets: every way of solving finds the optimum, prices prove it, and what outbids really outbids."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from matcher.solving import solve as ways
from matcher.solving.market import Market, Solution
from matcher.solving.prices import UNPAYABLE, certificate, margins, outbidding, prices
from matcher.solving.solve import solve
from tests.property.optimum import best_total


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """Draw a market of up to four lines and resources with up to three seats each; equal worths are common."""
    lines, resources = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    cells = [(line, resource) for line in range(lines) for resource in range(resources)]
    worth = {cell: draw(st.integers(0, 9)) for cell in cells}
    pairs = [cell for cell in cells if worth[cell]]
    return Market(
        line=np.array([line for line, _ in pairs], np.int64),
        resource=np.array([resource for _, resource in pairs], np.int64),
        worth=np.array([worth[pair] for pair in pairs], np.int64),
        need=np.array([draw(st.integers(1, 3)) for _ in range(lines)], np.int64),
        supply=np.array([draw(st.integers(1, 3)) for _ in range(resources)], np.int64),
    )


def optimum(of: Market) -> int:
    """Return the best total by trying everything."""
    rows = zip(of.line.tolist(), of.resource.tolist(), of.worth.tolist(), strict=True)
    return best_total(
        {("", line): seats for line, seats in enumerate(of.need.tolist())},
        {str(resource): seats for resource, seats in enumerate(of.supply.tolist())},
        {("", line, str(resource)): worth for line, resource, worth in rows},
    )


@given(of=markets())
def test_solve_finds_the_optimum_and_prices_prove_it(of: Market) -> None:
    solution = solve(of)
    assert solution.value(of) == optimum(of)
    found = prices(of, solution)
    assert certificate(of, solution, found).holds
    assert (margins(of, solution, found) >= 0).all()


@given(of=markets())
def test_every_way_of_solving_finds_the_optimum(of: Market) -> None:
    assume(len(of.line))
    expected = optimum(of)
    for way in (ways._dense, ways._sparse, ways._transport):
        taken = way(of.line, of.resource, of.worth, of.need, of.supply)
        assert Solution(taken, 1).value(of) == expected, way.__name__


@given(of=markets())
def test_the_lowest_price_of_a_resource_is_what_one_more_seat_would_add(of: Market) -> None:
    solution = solve(of)
    value, found = solution.value(of), prices(of, solution)
    for resource in range(len(of.supply)):
        supply = of.supply.copy()
        supply[resource] += 1
        more = Market(of.line, of.resource, of.worth, of.need, supply)
        assert found.resource[resource] == optimum(more) - value


@given(of=markets(), data=st.data())
def test_outbidding_costs_what_the_others_lose_by_one_seat_less(of: Market, data: st.DataObject) -> None:
    """Seats that the line itself has been given stay with it; the others share what is left of the rest."""
    line = data.draw(st.integers(0, len(of.need) - 1))
    solution = solve(of)
    mine = of.line == line
    left = of.supply - np.bincount(of.resource[mine], solution.taken[mine], len(of.supply)).astype(np.int64)
    others = Market(of.line[~mine], of.resource[~mine], of.worth[~mine], of.need, left)
    cost = outbidding(of, solution, line)
    for resource in range(len(of.supply)):
        fewer = left.copy()
        fewer[resource] -= 1
        without = Market(others.line, others.resource, others.worth, others.need, fewer)
        expected = optimum(others) - optimum(without) if left[resource] else UNPAYABLE
        assert cost[resource] == expected
