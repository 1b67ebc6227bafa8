"""The best assignment, by whichever way: stars, dense, sparse, by pairs of entries; beside well-known solvers."""

from functools import partial

import numpy as np
import pytest
from ortools.graph.python import min_cost_flow
from scipy.optimize import linear_sum_assignment

from matcher.solving import solve as ways
from matcher.solving.market import Market, Solution
from matcher.solving.prices import certificate, prices
from matcher.solving.solve import solve
from matcher.state.columns import Ints


def drawn(
    seed: int,
    *,
    lines: int,
    resources: int,
    share: float,
    most_need: int = 1,
    most_supply: int = 1,
    worth: int = 10_000,
) -> Market:
    """Return a random market in which a ``share`` of all pairs is allowed."""
    draw = np.random.default_rng(seed)
    line, resource = np.nonzero(draw.random((lines, resources)) < share)
    return Market(
        line.astype(np.int64),
        resource.astype(np.int64),
        draw.integers(1, worth, len(line), endpoint=True),
        draw.integers(1, most_need, lines, endpoint=True),
        draw.integers(1, most_supply, resources, endpoint=True),
    )


def proven_value(of: Market, solution: Solution) -> int:
    """Return the value of a solution after its proof, which does not depend on who found it."""
    proof = certificate(of, solution, prices(of, solution))
    assert proof.holds
    assert_within_seats(of, solution.taken)
    return proof.value


def assert_within_seats(of: Market, taken: Ints) -> None:
    assert (taken >= 0).all()
    assert (np.bincount(of.line, taken, len(of.need)) <= of.need).all()
    assert (np.bincount(of.resource, taken, len(of.supply)) <= of.supply).all()


def by_dense_scipy(of: Market) -> int:
    """Return the optimum by SciPy on the whole matrix of seats."""
    matrix = np.zeros((len(of.need), len(of.supply)))
    matrix[of.line, of.resource] = of.worth
    matrix = np.repeat(np.repeat(matrix, of.need, axis=0), of.reach(), axis=1)
    rows, columns = linear_sum_assignment(matrix, maximize=True)
    return int(matrix[rows, columns].sum())


def by_min_cost_flow(of: Market) -> int:
    """Return the optimum by OR-Tools: lines to resources, and from each line for nothing to the sink."""
    flow, lines, resources = min_cost_flow.SimpleMinCostFlow(), len(of.need), len(of.supply)
    source, sink = lines + resources, lines + resources + 1
    for line, seats in enumerate(of.need.tolist()):
        flow.add_arc_with_capacity_and_unit_cost(source, line, seats, 0)
        flow.add_arc_with_capacity_and_unit_cost(line, sink, seats, 0)
    for resource, seats in enumerate(of.supply.tolist()):
        flow.add_arc_with_capacity_and_unit_cost(lines + resource, sink, seats, 0)
    for line, resource, worth in zip(of.line.tolist(), of.resource.tolist(), of.worth.tolist(), strict=True):
        flow.add_arc_with_capacity_and_unit_cost(line, lines + resource, int(of.need[line]), -worth)
    flow.set_node_supply(source, int(of.need.sum()))
    flow.set_node_supply(sink, -int(of.need.sum()))
    assert flow.solve() == flow.OPTIMAL
    return -int(flow.optimal_cost())


@pytest.mark.parametrize(
    ("lines", "resources", "share", "most_need", "most_supply"),
    [
        (400, 500, 0.02, 1, 1),  # sparse
        (500, 200, 0.3, 1, 1),  # scarce and dense
        (200, 300, 0.05, 3, 4),  # several seats each
        (600, 900, 0.0015, 2, 2),  # many small components
        (1, 300, 1.0, 40, 3),  # one line
        (300, 1, 1.0, 3, 40),  # one resource
        (300, 300, 0.0, 1, 1),  # no pairs
    ],
)
def test_large_markets_have_the_optimum_that_other_solvers_find(
    lines: int, resources: int, share: float, most_need: int, most_supply: int
) -> None:
    of = drawn(7, lines=lines, resources=resources, share=share, most_need=most_need, most_supply=most_supply)
    assert proven_value(of, solve(of)) == by_min_cost_flow(of) == by_dense_scipy(of)


def test_ties_everywhere_do_not_confuse_it() -> None:
    of = drawn(3, lines=200, resources=200, share=0.1, worth=2, most_need=2, most_supply=2)
    assert proven_value(of, solve(of)) == by_min_cost_flow(of)


def test_worths_of_ten_digits_are_added_exactly() -> None:
    of = drawn(5, lines=120, resources=120, share=0.2, worth=9_000_000_000, most_need=2, most_supply=3)
    assert proven_value(of, solve(of)) == by_min_cost_flow(of)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("way", ["_dense", "_sparse", "_transport"])
def test_every_way_finds_the_same_optimum(seed: int, way: str) -> None:
    of = drawn(seed, lines=30, resources=40, share=0.3, worth=9, most_need=3, most_supply=3)
    taken = getattr(ways, way)(of.line, of.resource, of.worth, of.need, of.reach())
    assert proven_value(of, Solution(taken, 1)) == by_min_cost_flow(of)


def test_which_way_is_taken_depends_on_size_and_density(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    for way in ("_dense", "_sparse", "_transport"):
        real = getattr(ways, way)
        monkeypatch.setattr(ways, way, lambda *args, way=way, real=real: called.append(way) or real(*args))
    solve(drawn(1, lines=20, resources=20, share=0.5))
    solve(drawn(1, lines=600, resources=700, share=0.01))
    solve(drawn(1, lines=700, resources=500, share=0.2))
    solve(drawn(1, lines=4, resources=4, share=1.0, most_need=1000, most_supply=5000))
    assert called == ["_dense", "_sparse", "_dense", "_transport"]


def test_large_quantities_meet_large_capacities() -> None:
    of = drawn(2, lines=30, resources=30, share=0.8, most_need=1000, most_supply=10_000)
    assert proven_value(of, solve(of)) == by_min_cost_flow(of)
    short = drawn(2, lines=30, resources=30, share=0.8, most_need=1000, most_supply=700, worth=9_000_000_000)
    assert proven_value(short, solve(short)) == by_min_cost_flow(short)


def test_a_program_that_was_not_solved_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "linprog", partial(ways.linprog, options={"maxiter": 0, "presolve": False}))
    with pytest.raises(ArithmeticError):
        solve(drawn(2, lines=30, resources=30, share=0.8, most_need=1000, most_supply=700))


def test_equal_markets_have_equal_solutions() -> None:
    one = drawn(9, lines=300, resources=300, share=0.05, worth=3)
    other = Market(*(column.copy() for column in (one.line, one.resource, one.worth, one.need, one.supply)))
    assert solve(one).taken.tolist() == solve(other).taken.tolist()


def test_components_are_counted() -> None:
    apart = Market(*(np.array(column) for column in ([0, 1, 2], [0, 1, 1], [5, 5, 5], [1, 1, 1, 1], [1, 1, 1])))
    assert solve(apart).components == 2


def test_a_star_gives_to_the_best_first_and_to_each_no_more_than_it_asks() -> None:
    of = Market(*(np.array(column) for column in ([0, 1, 2], [0, 0, 0], [5, 9, 7], [4, 2, 3], [6])))
    assert solve(of).taken.tolist() == [1, 2, 3]


def test_several_stars_at_once() -> None:
    of = Market(
        line=np.array([0, 1, 2, 2, 3]),
        resource=np.array([0, 0, 1, 2, 3]),
        worth=np.array([4, 6, 3, 8, 1]),
        need=np.array([1, 1, 2, 5]),
        supply=np.array([1, 1, 1, 2]),
    )
    solution = solve(of)
    assert solution.taken.tolist() == [0, 1, 1, 1, 2]
    assert solution.components == 3
    assert proven_value(of, solution) == 6 + 3 + 8 + 2


def test_seats_of_no_pair_do_not_matter() -> None:
    of = Market(*(np.array(column) for column in ([1], [2], [5], [7, 1, 0], [3, 9, 1, 4])))
    assert proven_value(of, solve(of)) == 5
