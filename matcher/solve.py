"""The assignment of most worth: by connected components, small ones dense, large ones sparse.

A pair may be left out, so the problem is a maximum weight matching of seats, not a perfect one. Dense
components go to ``scipy.optimize.linear_sum_assignment`` with zeros where no pair is; sparse ones to
``scipy.sparse.csgraph.min_weight_full_bipartite_matching`` with one private dummy for each demand seat.
Worths are whole numbers below 2**53, so the floating-point arithmetic of both is exact.
"""

from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from matcher.columns import Ints, ragged
from matcher.market import Market, Solution

DENSE_CELLS: Final = 6_000_000
"""The largest component matrix that is filled densely."""
DENSE_SHARE: Final = 0.05
"""The least share of filled cells at which a large component is still better off dense."""
SMALL_CELLS: Final = 250_000
"""Below this a dense matrix is always quicker."""


def solve(market: Market) -> Solution:
    """Return an optimal solution of ``market``; equal markets give equal solutions."""
    taken = np.zeros(len(market.line), np.int64)
    if not len(market.line):
        return Solution(taken, 0)
    parts, label = _components(market)
    reach = market.reach()
    order = np.argsort(label, kind="stable")
    bounds = np.searchsorted(label[order], np.arange(parts + 1))
    for part in range(parts):
        pairs = order[bounds[part] : bounds[part + 1]]
        taken[pairs] = _solve_part(market, reach, pairs)
    return Solution(taken, parts)


def _components(market: Market) -> tuple[int, Ints]:
    """Return the number of components that have pairs, and each pair's component, numbered by first pair."""
    lines, size = len(market.need), len(market.need) + len(market.supply)
    ones = np.ones(len(market.line), np.int8)
    graph = coo_array((ones, (market.line, lines + market.resource)), shape=(size, size))
    _, node = connected_components(graph, directed=False)
    _, first, label = np.unique(node[market.line], return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return len(first), rank[label]


def _solve_part(market: Market, reach: Ints, pairs: Ints) -> Ints:
    if len(pairs) == 1:
        pair = pairs[0]
        return np.minimum(market.need[market.line[pair]], reach[market.resource[pair]]).reshape(1)
    lines, line = np.unique(market.line[pairs], return_inverse=True)
    resources, resource = np.unique(market.resource[pairs], return_inverse=True)
    need, supply, worth = market.need[lines], reach[resources], market.worth[pairs]
    if len(resources) == 1:
        return _best_first(worth, need[line], int(supply[0]))
    if len(lines) == 1:
        return _best_first(worth, supply[resource], int(need[0]))
    cells = int(need.sum()) * int(supply.sum())
    seat_pairs = int((need[line] * supply[resource]).sum())
    if cells <= SMALL_CELLS or (cells <= DENSE_CELLS and seat_pairs >= DENSE_SHARE * cells):
        return _dense(line, resource, worth, need, supply)
    return _sparse(line, resource, worth, need, supply)


def _best_first(worth: Ints, room: Ints, seats: int) -> Ints:
    """One side is a single entry with ``seats``: give them to the best pairs first, each up to its ``room``."""
    order = np.argsort(-worth, kind="stable")
    before = np.cumsum(room[order]) - room[order]
    taken = np.zeros(len(worth), np.int64)
    taken[order] = np.clip(seats - before, 0, room[order])
    return taken


def _dense(line: Ints, resource: Ints, worth: Ints, need: Ints, supply: Ints) -> Ints:
    matrix, pair_at = np.zeros((len(need), len(supply))), np.full((len(need), len(supply)), -1, np.int64)
    matrix[line, resource] = worth
    pair_at[line, resource] = np.arange(len(worth))
    row_line, column_resource = np.repeat(np.arange(len(need)), need), np.repeat(np.arange(len(supply)), supply)
    rows, columns = linear_sum_assignment(matrix[row_line][:, column_resource], maximize=True)
    chosen = pair_at[row_line[rows], column_resource[columns]]
    return np.bincount(chosen[chosen >= 0], minlength=len(worth))


def _sparse(line: Ints, resource: Ints, worth: Ints, need: Ints, supply: Ints) -> Ints:
    """Rows are demand seats, columns resource seats and then one dummy per row; every worth is raised by one."""
    row_start, column_start = np.cumsum(need) - need, np.cumsum(supply) - supply
    rows, seats = int(need.sum()), int(supply.sum())
    copies = need[line] * supply[resource]
    pair = np.repeat(np.arange(len(line)), copies)
    copy = ragged(np.zeros(len(line), np.int64), copies)
    width = supply[resource[pair]]
    row = row_start[line[pair]] + copy // width
    column = column_start[resource[pair]] + copy % width
    dummies = np.arange(rows)
    weights = np.concatenate([worth[pair] + 1, np.ones(rows, np.int64)]).astype(np.float64)
    where = (np.concatenate([row, dummies]), np.concatenate([column, seats + dummies]))
    matrix = csr_array((weights, where), shape=(rows, seats + rows))
    matched_rows, matched = min_weight_full_bipartite_matching(matrix, maximize=True)
    return _taken(
        np.repeat(np.arange(len(need)), need)[matched_rows],
        np.append(np.repeat(np.arange(len(supply)), supply), -1)[np.minimum(matched, seats)],
        line,
        resource,
    )


def _taken(chosen_line: Ints, chosen_resource: Ints, line: Ints, resource: Ints) -> Ints:
    """Count the chosen seats by pair; the pairs are sorted by (line, resource)."""
    real = chosen_resource >= 0
    width = int(resource.max()) + 1
    chosen = chosen_line[real] * width + chosen_resource[real]
    place = np.searchsorted(line * width + resource, chosen)
    return np.bincount(place, minlength=len(line))
