"""Dual prices and the certificate: what one more seat would be worth, and the proof that nothing better exists.

A price for each line (u) and each resource (v), both >= 0, with u + v >= worth for every pair, u + v = worth
where a seat was given, u = 0 where a line has an open seat and v = 0 where a resource has a free one. Then
the sum of prices times seats equals the total worth, which no other assignment can exceed (weak duality
of the transport problem; Schrijver, Combinatorial Optimization, ch. 17).

Of all such prices we take those lowest for resources: the least fixed point of
v[r] >= worth - u[l], u[l] = worth - v[r] on given pairs, reached from v = 0 by relaxing only what changed.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.solving.market import Market, Solution
from matcher.state.columns import Ints, ragged
from schemas.rounds import Certificate

UNPAYABLE: Final = 2**61
"""More than anything is worth."""


@dataclass(frozen=True, slots=True)
class Prices:
    """``line`` (lines,) and ``resource`` (resources,), in points."""

    line: Ints
    resource: Ints

    def spread(self, person: Ints) -> "Prices":
        """Return them with the price of each person at all entries of the person (``person``, (resources,))."""
        return Prices(self.line, self.resource[person])


def prices(market: Market, solution: Solution) -> Prices:
    """Return the optimal prices lowest for resources. For a solution that is not optimal they do not certify."""
    lines, resources = len(market.need), len(market.supply)
    given = np.flatnonzero(solution.taken)
    by_resource = given[np.argsort(market.resource[given], kind="stable")]
    given_line, given_start = market.line[by_resource], _starts(market.resource[by_resource], resources)
    pair_start = _starts(market.line, lines)
    filled = np.bincount(market.line, weights=solution.taken, minlength=lines).astype(np.int64) >= market.need
    # ``u`` falls and ``v`` rises; a filled line starts at its cheapest given worth, an open one at 0.
    u = np.where(filled, _best(market, market.worth), 0)
    np.minimum.at(u, market.line[given], market.worth[given])
    v = np.zeros(resources, np.int64)
    pairs: Ints | slice = slice(None)
    for _ in range(lines + resources + 1):
        resource, rise = market.resource[pairs], market.worth[pairs] - u[market.line[pairs]]
        above = rise > v[resource]
        if not above.any():
            break
        risen = resource[above]
        np.maximum.at(v, risen, rise[above])
        risen = np.unique(risen)
        step = ragged(given_start[risen], given_start[risen + 1] - given_start[risen])
        bound = market.worth[by_resource[step]] - v[market.resource[by_resource[step]]]
        falls = bound < u[given_line[step]]
        np.minimum.at(u, given_line[step[falls]], bound[falls])
        changed = np.unique(given_line[step[falls]])
        pairs = ragged(pair_start[changed], pair_start[changed + 1] - pair_start[changed])
    return Prices(u, v)


def certificate(market: Market, solution: Solution, found: Prices, *, left_off: int = 0) -> Certificate:
    """Return the proof, checked from scratch against the market.

    ``left_off``: by how much at most an allowed pair that the market does not hold exceeds its two prices.
    """
    value = solution.value(market)
    price_sum = int((found.line * market.need).sum() + (found.resource * market.supply).sum())
    gap = market.worth - found.line[market.line] - found.resource[market.resource]
    worst = max(int(gap.max(initial=0)), left_off, 0)
    negative = bool((found.line < 0).any() or (found.resource < 0).any())
    return Certificate(
        value=value, price_sum=price_sum, worst_gap=worst, holds=value == price_sum and worst == 0 and not negative
    )


def margins(market: Market, solution: Solution, found: Prices) -> Ints:
    """Return, per pair given, how far the line is ahead of its next best resource at these prices; (pairs,)."""
    surplus = market.worth - found.resource[market.resource]
    other = _best(market, np.where(solution.taken > 0, 0, surplus))
    return np.where(solution.taken > 0, surplus - other[market.line], 0)


def outbidding(market: Market, solution: Solution, line: int) -> Ints:
    """Return what one more seat of each resource would cost all other lines, if ``line`` took it; (resources,).

    Nothing where a seat is free; UNPAYABLE where nobody else holds one. A line that outbids the cost takes the
    seat in the next optimum: the cost is the shortest augmenting path from the resource that does not pass
    through ``line``, by relaxation as in Bellman-Ford. It is the highest optimal price, where ``prices`` are lowest.
    """
    free = np.bincount(market.resource, weights=solution.taken, minlength=len(market.supply)) < market.supply
    others = market.line != line
    pairs, worth = np.flatnonzero(others), market.worth[others]
    given = np.flatnonzero(others & (solution.taken > 0))
    cost, regained = np.where(free, 0, UNPAYABLE), np.zeros(len(market.need), np.int64)
    for _ in range(len(market.need) + len(market.supply) + 1):
        before = cost.copy()
        np.minimum.at(cost, market.resource[given], market.worth[given] - regained[market.line[given]])
        if (cost == before).all():
            break
        # What a line that loses a seat gets elsewhere.
        np.maximum.at(regained, market.line[pairs], worth - cost[market.resource[pairs]])
    return cost


def _best(market: Market, points: Ints) -> Ints:
    """Return the most points (pairs,) of each line's pairs, at least 0; (lines,)."""
    found = np.zeros(len(market.need), np.int64)
    if len(points):
        begins = np.flatnonzero(np.diff(market.line, prepend=-1))
        found[market.line[begins]] = np.maximum(np.maximum.reduceat(points, begins), 0)
    return found


def _starts(sorted_keys: Ints, size: int) -> Ints:
    """Return where each key 0 .. size begins among ``sorted_keys``; shape (size + 1,)."""
    return np.searchsorted(sorted_keys, np.arange(size + 1))
