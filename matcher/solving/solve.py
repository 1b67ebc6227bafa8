"""The assignment of most worth: by connected components, small ones dense, large ones sparse.

A pair may be left out, so the problem is a maximum weight matching of seats, not a perfect one. Dense
components go to ``scipy.optimize.linear_sum_assignment`` with zeros where no pair is; sparse ones to
``scipy.sparse.csgraph.min_weight_full_bipartite_matching`` with one private dummy for each demand seat. Where
large quantities meet large capacities, seats are not spelt out: ``scipy.optimize.linprog`` solves for pairs.
Worths are whole numbers below 2**53, so the floating-point arithmetic of the first two is exact; whatever was
found, the certificate proves it in whole numbers.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from matcher.solving.market import Market, Solution
from matcher.state.columns import Bools, Ints, ragged

DENSE_CELLS: Final = 6_000_000
"""The largest component matrix that is filled densely."""
DENSE_SHARE: Final = 0.03
"""The least share of filled cells at which a large component may be better off dense ..."""
SCARCE: Final = 0.8
"""... and then only where demand seats are at least so many times the resource seats (measured)."""
SMALL_CELLS: Final = 250_000
"""Below this a dense matrix is always quicker."""
MANY_SEAT_PAIRS: Final = 2_000_000
"""Above so many pairs of seats it pays to look at pairs of entries instead ..."""
ALIKE: Final = 30
"""... where each stands for at least so many pairs of seats (measured)."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """The components of a market, numbered 0 .. count - 1.

    ``of_pair`` (pairs,) is each pair's component. ``lines`` and ``resources`` list rows grouped by component,
    in rising order within each; those of component c begin at ``line_start[c]``, ``resource_start[c]``, and its
    pairs, in ``pairs``, at ``pair_start[c]``. ``place_line``, ``place_resource`` give a row's place in its group.
    """

    count: int
    of_pair: Ints
    pairs: Ints
    pair_start: Ints
    lines: Ints
    line_start: Ints
    place_line: Ints
    resources: Ints
    resource_start: Ints
    place_resource: Ints


def solve(market: Market) -> Solution:
    """Return an optimal solution of ``market``; equal markets give equal solutions."""
    taken = np.zeros(len(market.line), np.int64)
    if not len(market.line):
        return Solution(taken, 0)
    place = market.line * len(market.supply) + market.resource
    if (place[1:] <= place[:-1]).any():
        best = _best_of_each(market, place)
        found = solve(replace(market, line=market.line[best], resource=market.resource[best], worth=market.worth[best]))
        taken[best] = found.taken
        return Solution(taken, found.components)
    parts, reach = _components(market), market.reach()
    lines, resources = np.diff(parts.line_start), np.diff(parts.resource_start)
    _solve_stars(market, parts, reach, taken, one_resource=True, chosen=resources == 1)
    _solve_stars(market, parts, reach, taken, one_resource=False, chosen=(lines == 1) & (resources > 1))
    for part in np.flatnonzero((lines > 1) & (resources > 1)):
        pairs = parts.pairs[parts.pair_start[part] : parts.pair_start[part + 1]]
        mine = parts.lines[parts.line_start[part] : parts.line_start[part + 1]]
        theirs = parts.resources[parts.resource_start[part] : parts.resource_start[part + 1]]
        taken[pairs] = _solve_part(
            parts.place_line[market.line[pairs]],
            parts.place_resource[market.resource[pairs]],
            market.worth[pairs],
            market.need[mine],
            reach[theirs],
        )
    return Solution(taken, parts.count)


def _best_of_each(market: Market, place: Ints) -> Ints:
    """Return the pairs of most worth of each line and resource (``place``), in their order; of equals the first."""
    order = np.lexsort((-market.worth, place))
    return order[np.flatnonzero(np.diff(place[order], prepend=-1))]


def _components(market: Market) -> _Parts:
    lines, size = len(market.need), len(market.need) + len(market.supply)
    pair_start = np.zeros(size + 1, np.int32)
    pair_start[1 : lines + 1] = np.cumsum(np.bincount(market.line, minlength=lines))
    pair_start[lines + 1 :] = len(market.line)
    ones, heads = np.ones(len(market.line), np.int8), (lines + market.resource).astype(np.int32)
    _, node = connected_components(csr_array((ones, heads, pair_start), shape=(size, size)), directed=False)
    # Numbered by the first line, so that the numbers do not depend on the walk through the graph.
    used = np.flatnonzero(np.diff(pair_start[: lines + 1]))
    labels, first = np.unique(node[used], return_index=True)
    number = np.full(int(node.max()) + 1, -1, np.int64)
    number[labels[np.argsort(first)]] = np.arange(len(labels))
    grouped = _grouped(number[node[:lines]], len(labels))
    per_line = np.diff(pair_start[: lines + 1]).astype(np.int64)[grouped[0]]
    part_start = np.concatenate([[0], np.cumsum(per_line)])[grouped[1]]
    pairs = ragged(pair_start[grouped[0]].astype(np.int64), per_line)
    of_pair = number[node[market.line]]
    return _Parts(len(labels), of_pair, pairs, part_start, *grouped, *_grouped(number[node[lines:]], len(labels)))


def _grouped(label: Ints, count: int) -> tuple[Ints, Ints, Ints]:
    """Return the rows in order of their label, where each label's rows begin, and each row's place among them."""
    order = np.argsort(label, kind="stable")
    order = order[np.searchsorted(label[order], 0) :]
    start = np.searchsorted(label[order], np.arange(count + 1))
    place = np.zeros(len(label), np.int64)
    place[order] = np.arange(len(order)) - start[label[order]]
    return order, start, place


def _solve_stars(market: Market, parts: _Parts, reach: Ints, taken: Ints, *, one_resource: bool, chosen: Bools) -> None:
    """Components around a single resource (or line): its seats go to the best pairs first, each up to its room."""
    pairs = np.flatnonzero(chosen[parts.of_pair])
    if not len(pairs):
        return
    hub_seats, room = reach[market.resource[pairs]], market.need[market.line[pairs]]
    if not one_resource:
        hub_seats, room = room, hub_seats
    part = parts.of_pair[pairs]
    order = np.lexsort((pairs, -market.worth[pairs], part))
    pairs, part, hub_seats, room = pairs[order], part[order], hub_seats[order], room[order]
    before = np.cumsum(room) - room
    first = np.searchsorted(part, part)
    taken[pairs] = np.clip(hub_seats - (before - before[first]), 0, room)


def _solve_part(line: Ints, resource: Ints, worth: Ints, need: Ints, supply: Ints) -> Ints:
    """Solve one component; rows are numbered within it, pairs sorted by (line, resource)."""
    rows, columns = int(need.sum()), int(supply.sum())
    cells, filled = rows * columns, int((need[line] * supply[resource]).sum())
    scarce = rows >= SCARCE * columns and filled >= DENSE_SHARE * cells
    if filled >= MANY_SEAT_PAIRS and filled >= ALIKE * len(line):
        return _transport(line, resource, worth, need, supply)
    if cells <= SMALL_CELLS or (cells <= DENSE_CELLS and scarce):
        return _dense(line, resource, worth, need, supply)
    return _sparse(line, resource, worth, need, supply)


def _transport(line: Ints, resource: Ints, worth: Ints, need: Ints, supply: Ints) -> Ints:
    """Solve by linear programming over pairs: the corners of a transport problem are whole numbers.

    Raises:
        ArithmeticError: the linear program was not solved.
    """
    seats, pairs = np.concatenate([need, supply]), np.arange(len(line))
    where = (np.concatenate([line, len(need) + resource]), np.concatenate([pairs, pairs]))
    takes = csr_array((np.ones(2 * len(line)), where), shape=(len(seats), len(line)))
    found = linprog(  # type: ignore[call-overload]  # the stubs know no sparse matrix
        -worth.astype(np.float64), A_ub=takes, b_ub=seats, bounds=(0, None), method="highs-ds"
    )
    if not found.success:
        raise ArithmeticError(found.message)
    return np.rint(found.x).astype(np.int64)


def _dense(line: Ints, resource: Ints, worth: Ints, need: Ints, supply: Ints) -> Ints:
    matrix = np.zeros((len(need), len(supply)))
    matrix[line, resource] = worth
    row_line, column_resource = np.repeat(np.arange(len(need)), need), np.repeat(np.arange(len(supply)), supply)
    if len(row_line) > len(need):
        matrix = matrix[row_line]
    if len(column_resource) > len(supply):
        matrix = matrix[:, column_resource]
    rows, columns = linear_sum_assignment(matrix, maximize=True)
    real = matrix[rows, columns] > 0
    return _taken(line, resource, row_line[rows[real]], column_resource[columns[real]], len(supply))


def _sparse(line: Ints, resource: Ints, worth: Ints, need: Ints, supply: Ints) -> Ints:
    """Rows are demand seats, columns resource seats and then one dummy per row; every worth is raised by one."""
    rows, seats = int(need.sum()), int(supply.sum())
    row_line, column_resource = np.repeat(np.arange(len(need)), need), np.repeat(np.arange(len(supply)), supply)
    pair_start = np.searchsorted(line, np.arange(len(need) + 1))
    # Pairs of each row, then columns of each pair; a row's own dummy comes last.
    pair = ragged(pair_start[row_line], np.diff(pair_start)[row_line])
    width = supply[resource[pair]]
    column = ragged((np.cumsum(supply) - supply)[resource[pair]], width)
    row = np.repeat(np.repeat(np.arange(rows), np.diff(pair_start)[row_line]), width)
    ends = np.searchsorted(row, np.arange(rows), side="right")
    columns = np.insert(column, ends, seats + np.arange(rows)).astype(np.int32)
    weights = np.insert(np.repeat(worth[pair] + 1, width), ends, 1).astype(np.float64)
    starts = np.concatenate([[0], ends + np.arange(1, rows + 1)]).astype(np.int32)
    matrix = csr_array((weights, columns, starts), shape=(rows, seats + rows))
    matched_rows, matched = min_weight_full_bipartite_matching(matrix, maximize=True)
    real = matched < seats
    return _taken(line, resource, row_line[matched_rows[real]], column_resource[matched[real]], len(supply))


def _taken(line: Ints, resource: Ints, chosen_line: Ints, chosen_resource: Ints, width: int) -> Ints:
    """Count the chosen seats by pair; the pairs are sorted by (line, resource), resources are below ``width``."""
    place = np.searchsorted(line * width + resource, chosen_line * width + chosen_resource)
    return np.bincount(place, minlength=len(line))
