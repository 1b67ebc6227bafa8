"""Peers of the benchmarks: solvers by themselves, on a market that is found and valued already, seat by seat.

Each returns the total worth that it found; a report is written only where all agree.
"""

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from matcher.pairs.candidates import candidates
from matcher.pairs.rules import Board
from matcher.pairs.values import values
from matcher.round.matched import Seats
from matcher.solving.market import Market
from matcher.state.columns import Ints, ragged


class PeerMissingError(Exception):
    """A solver that the benchmarks compare with is not installed."""


def solvers_there() -> None:
    """Raise PeerMissingError where OR-Tools or lapx is not installed: they serve tests and benchmarks alone."""
    if missing := [name for name in ("ortools", "lap") if find_spec(name) is None]:
        raise PeerMissingError(f"no module {' and '.join(missing)} to compare with: make setup-dev brings it")


@dataclass(frozen=True, slots=True)
class SeatPairs:
    """The market seat by seat; ``row``, ``column``, ``worth`` have shape (seat pairs,)."""

    row: Ints
    column: Ints
    worth: Ints
    rows: int
    columns: int


def whole_market(board: Board, seats: Seats, *, lines: Ints) -> Market:
    """Return all pairs of ``lines`` (rows, sorted) that are allowed and worth something, however many."""
    pairs = candidates(board, lines=lines, resources=seats.resources)
    worth = values(board, pairs)
    good = worth > 0
    pairs, need = pairs.keep(good), np.zeros_like(seats.need)
    need[lines] = seats.need[lines]
    return Market(pairs.line, pairs.resource, worth[good], need, seats.supply)


def seat_pairs(market: Market) -> SeatPairs:
    """Return the market spelt out seat by seat."""
    supply = market.reach()
    row_start, column_start = np.cumsum(market.need) - market.need, np.cumsum(supply) - supply
    copies = market.need[market.line] * supply[market.resource]
    pair, copy = np.repeat(np.arange(len(market.line)), copies), ragged(np.zeros(len(copies), np.int64), copies)
    width = supply[market.resource[pair]]
    return SeatPairs(
        row=row_start[market.line[pair]] + copy // width,
        column=column_start[market.resource[pair]] + copy % width,
        worth=market.worth[pair],
        rows=int(market.need.sum()),
        columns=int(supply.sum()),
    )


def matrix_of(pairs: SeatPairs) -> csr_array:
    """Return the finished matrix: one private dummy for each demand seat, all worths raised by one."""
    own = np.arange(pairs.rows)
    weights = np.concatenate([pairs.worth + 1, np.ones(pairs.rows, np.int64)]).astype(np.float64)
    where = (np.concatenate([pairs.row, own]), np.concatenate([pairs.column, pairs.columns + own]))
    return csr_array((weights, where), shape=(pairs.rows, pairs.columns + pairs.rows))


def scipy_sparse(matrix: csr_array, pairs: SeatPairs) -> int:
    rows, columns = min_weight_full_bipartite_matching(matrix, maximize=True)
    return int(matrix[rows, columns].sum()) - pairs.rows


def ortools_flow(pairs: SeatPairs) -> int:
    """Source to demand seats to resource seats to sink; a demand seat may go straight to the sink for nothing."""
    from ortools.graph.python import min_cost_flow  # noqa: PLC0415 - a peer for the benchmark, no dependency of ours

    flow = min_cost_flow.SimpleMinCostFlow()
    source, sink = 0, 1
    row, column = 2 + np.arange(pairs.rows), 2 + pairs.rows + np.arange(pairs.columns)
    tails = np.concatenate([np.full(pairs.rows, source), row[pairs.row], column, row])
    heads = np.concatenate([row, column[pairs.column], np.full(pairs.columns, sink), np.full(pairs.rows, sink)])
    costs = np.concatenate(
        [np.zeros(pairs.rows, np.int64), -pairs.worth, np.zeros(pairs.columns + pairs.rows, np.int64)]
    )
    flow.add_arcs_with_capacity_and_unit_cost(tails, heads, np.ones(len(tails), np.int64), costs)
    flow.set_nodes_supplies(np.array([source, sink]), np.array([pairs.rows, -pairs.rows]))
    if flow.solve() != flow.OPTIMAL:
        raise AssertionError("SimpleMinCostFlow did not reach the optimum")
    return -int(flow.optimal_cost())


def dense_of(pairs: SeatPairs) -> NDArray[np.float64]:
    """Return the finished matrix with every cell, 0 where no pair is."""
    matrix = np.zeros((pairs.rows, pairs.columns))
    matrix[pairs.row, pairs.column] = pairs.worth
    return matrix


def scipy_dense(matrix: NDArray[np.float64]) -> int:
    rows, columns = linear_sum_assignment(matrix, maximize=True)
    return int(matrix[rows, columns].sum())


def lapx_dense(matrix: NDArray[np.float64]) -> int:
    """Jonker and Volgenant's algorithm; it wants costs, and squares the matrix itself."""
    import lap  # noqa: PLC0415 - a peer for the benchmark, no dependency of ours

    _, rows, columns = lap.lapjvx(matrix.max() - matrix, extend_cost=True)
    return int(matrix[rows, columns].sum())


def ortools_assignment(pairs: SeatPairs) -> int:
    """It wants a perfect matching: every seat of either side gets a stand-in, every pair one of their stand-ins."""
    from ortools.graph.python import linear_sum_assignment as peer  # noqa: PLC0415 - as above

    rows, columns = np.arange(pairs.rows), np.arange(pairs.columns)
    left = np.concatenate([pairs.row, rows, pairs.rows + columns, pairs.rows + pairs.column])
    right = np.concatenate([pairs.column, pairs.columns + rows, columns, pairs.columns + pairs.row])
    cost = np.concatenate([-pairs.worth, np.zeros(pairs.rows + pairs.columns + len(pairs.row), np.int64)])
    assignment = peer.SimpleLinearSumAssignment()
    assignment.add_arcs_with_cost(left, right, cost)
    if assignment.solve() != assignment.OPTIMAL:
        raise AssertionError("SimpleLinearSumAssignment did not reach the optimum")
    return -int(assignment.optimal_cost())


def highs(market: Market) -> int:
    """The linear program over pairs of entries: its corners are whole numbers."""
    pairs, supply = np.arange(len(market.line)), market.reach()
    where = (np.concatenate([market.line, len(market.need) + market.resource]), np.concatenate([pairs, pairs]))
    takes = csr_array((np.ones(2 * len(pairs)), where), shape=(len(market.need) + len(supply), len(pairs)))
    seats = np.concatenate([market.need, supply])
    found = linprog(-market.worth, A_ub=takes, b_ub=seats, bounds=(0, None), method="highs")  # type: ignore[call-overload]
    if not found.success:
        raise AssertionError(found.message)
    return round(-float(found.fun))
