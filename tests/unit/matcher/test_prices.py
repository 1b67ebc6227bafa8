"""Prices: what one more seat would be worth, on markets small enough to work out by hand."""

from itertools import pairwise

import numpy as np
import pytest

from matcher.solving.market import Market, Solution
from matcher.solving.prices import UNPAYABLE, certificate, margins, outbidding, prices
from matcher.solving.solve import solve
from tests.builders import HERE, SAME_DISTRICT, SAME_STREET, offered, posted
from tests.town import Town


def market(worth: list[list[int]], *, need: list[int] | None = None, supply: list[int] | None = None) -> Market:
    """Return the market of a table: a row for each line, a column for each resource; 0 means no pair."""
    table = np.array(worth, np.int64)
    line, resource = np.nonzero(table)
    return Market(
        line.astype(np.int64),
        resource.astype(np.int64),
        table[line, resource],
        np.array(need or [1] * table.shape[0], np.int64),
        np.array(supply or [1] * table.shape[1], np.int64),
    )


def solved(of: Market) -> tuple[list[int], list[int], list[int]]:
    """Return what each pair was given, and the prices of lines and of resources, once the proof holds."""
    solution = solve(of)
    found = prices(of, solution)
    assert certificate(of, solution, found).holds
    return solution.taken.tolist(), found.line.tolist(), found.resource.tolist()


def test_a_seat_that_nobody_else_wants_is_free() -> None:
    assert solved(market([[8]])) == ([1], [8], [0])


def test_a_scarce_seat_costs_what_the_first_loser_would_give() -> None:
    """As in a second-price auction (Vickrey)."""
    assert solved(market([[8], [5], [3]])) == ([1, 0, 0], [3, 0, 0], [5])


def test_a_line_that_can_choose_pays_nothing() -> None:
    assert solved(market([[8, 5]])) == ([1, 0], [8], [0, 0])


def test_seats_left_over_cost_nothing() -> None:
    assert solved(market([[8], [5]], supply=[3])) == ([1, 1], [8, 5], [0])


def test_a_line_with_an_open_seat_has_no_price() -> None:
    assert solved(market([[8, 5]], need=[3])) == ([1, 1], [0], [8, 5])


def test_two_houses_and_two_buyers() -> None:
    """Both like the first house better; the price is what the one who goes without it loses (Shapley & Shubik)."""
    assert solved(market([[10, 6], [8, 7]])) == ([1, 0, 0, 1], [9, 7], [1, 0])


def test_prices_run_through_a_chain_of_alternatives() -> None:
    """Everybody has a second choice, and the last in the chain goes without: all seats cost the same."""
    taken, line, resource = solved(market([[9, 9, 0], [0, 9, 9], [0, 0, 9], [9, 0, 0]]))
    assert sum(taken) == 3
    assert (sum(line), resource) == (0, [9, 9, 9])


def test_shapley_and_shubiks_example_of_three_houses() -> None:
    """Their table of gains from trade (The Assignment Game I, 1971): worth 16, best for the buyers at these prices."""
    table = market([[5, 8, 2], [7, 9, 6], [2, 3, 0]])
    taken, line, resource = solved(table)
    assert (taken * table.worth).sum() == 16
    assert (line, resource) == ([5, 6, 1], [1, 3, 0])


def test_of_all_prices_those_lowest_for_resources_are_told() -> None:
    for worth in ([[4, 9], [7, 2]], [[10, 6], [8, 7]], [[5, 8, 2], [7, 9, 6], [2, 3, 0]]):
        of = market(worth)
        _, _, resource = solved(of)
        for column in range(len(of.supply)):
            more = of.supply.copy()
            more[column] += 1
            bigger = Market(of.line, of.resource, of.worth, of.need, more)
            gain = solve(bigger).value(bigger) - solve(of).value(of)
            assert resource[column] == gain, "the price is what one more seat would add"


def test_a_solution_that_is_not_the_best_has_no_proof() -> None:
    of = market([[8], [5]])
    worse = Solution(np.array([0, 1]), 1)
    assert not certificate(of, worse, prices(of, worse)).holds
    nothing = Solution(np.array([0, 0]), 1)
    proof = certificate(of, nothing, prices(of, nothing))
    assert not proof.holds
    assert proof.value == 0


def test_the_empty_market_is_proven_too() -> None:
    of = Market(*[np.zeros(0, np.int64)] * 3, np.zeros(2, np.int64), np.zeros(3, np.int64))
    solution = solve(of)
    proof = certificate(of, solution, prices(of, solution))
    assert (proof.holds, proof.value, proof.price_sum, proof.worst_gap) == (True, 0, 0, 0)


# -- margins ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("worth", "expected"),
    [
        ([[8, 5]], [3, 0]),  # ahead of its second choice
        ([[8]], [8]),  # ahead of going without
        ([[8], [5]], [3, 0]),  # at the price of 5 that the rival sets
        ([[8, 8]], [0, 0]),  # a tie
        ([[10, 6], [8, 7]], [3, 0, 0, 0]),
    ],
)
def test_a_margin_is_how_far_the_choice_is_ahead_of_the_next_best(worth: list[list[int]], expected: list[int]) -> None:
    of = market(worth)
    solution = solve(of)
    assert sorted(margins(of, solution, prices(of, solution)).tolist()) == sorted(expected)


def test_the_margin_of_a_proposal_is_told() -> None:
    town = Town(offered("r1", home=HERE), offered("r2", home=SAME_STREET), posted("d1"))
    assert [p.margin for p in town.decide().proposals] == [500]
    town.tell(posted("d2", community=SAME_DISTRICT))
    assert {p.demand_id: p.margin for p in town.decide().proposals} == {"d1": 500, "d2": 0}


# -- outbidding ---------------------------------------------------------------------------------------------------


def outbid(of: Market, line: int) -> list[int]:
    return outbidding(of, solve(of), line).tolist()


def test_a_free_seat_is_to_be_had_for_nothing() -> None:
    assert outbid(market([[8, 0], [5, 0]]), 1) == [8, 0]


def test_a_taken_seat_costs_what_its_holder_loses() -> None:
    assert outbid(market([[8], [5]]), 1) == [8]


def test_a_holder_that_can_go_elsewhere_loses_only_the_difference() -> None:
    assert outbid(market([[9, 6], [2, 0]]), 1) == [3, 0]
    assert outbid(market([[9, 6], [2, 0], [0, 1]]), 1) == [3 + 1, 1]


def test_one_does_not_buy_from_oneself() -> None:
    assert outbid(market([[8, 0], [0, 6]], need=[2, 1]), 0) == [UNPAYABLE, 6]


def test_the_cheapest_of_many_holders_makes_room() -> None:
    assert outbid(market([[8], [5], [6], [2]], supply=[3]), 3) == [5]


def test_costs_are_never_below_the_lowest_prices() -> None:
    of = market([[5, 8, 2], [7, 9, 6], [2, 3, 1], [4, 4, 4]])
    solution = solve(of)
    lowest = prices(of, solution).resource
    assert (outbidding(of, solution, 3) >= lowest).all()
    assert [a <= b for a, b in pairwise(sorted(lowest.tolist()))] == [True, True]
