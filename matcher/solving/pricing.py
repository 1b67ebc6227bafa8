"""Solving a shortlisted pool exactly: what was left off is priced, and joins the market where it could matter."""

from dataclasses import dataclass, replace
from itertools import count
from typing import Final

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.solving.market import Market, Solution
from matcher.solving.prices import Prices, prices
from matcher.solving.shortlist import SPARE, Pool, Shortlist
from matcher.solving.solve import solve
from matcher.state.columns import Ints

CHANGES: Final = 24
"""How many seats may be added to or taken from a solved large round before its rivals are known no more."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A market of shortlisted pairs, solved so that its prices hold for all allowed pairs.

    ``worst_gap``: by how much at most a pair that was left off exceeds its two prices; nothing, by construction.
    ``person`` (resources,) is the row that stands for each in the market.
    """

    short: Shortlist
    market: Market
    solution: Solution
    prices: Prices
    worst_gap: int
    person: Ints

    def joined(self, pairs: Pairs, worth: Ints) -> "Solved":
        """Return it with more pairs, none of which exceeds its prices, so that everything else stays as it is."""
        short = self.short.joined(pairs, worth)
        width = len(self.market.supply)
        keys, known = (pairs.line * width + pairs.resource for pairs in (short.pairs, self.short.pairs))
        taken = np.zeros(len(keys), np.int64)
        taken[np.searchsorted(keys, known)] = self.solution.taken
        market = _market(short, self.market.need, self.market.supply, self.person)
        return replace(self, short=short, market=market, solution=Solution(taken, self.solution.components))


def solve_all(pool: Pool, short: Shortlist, *, need: Ints, supply: Ints, person: Ints) -> Solved:
    """Return the optimum over all pairs of ``pool``; ``need`` (all lines,) is 0 where a line waits."""
    for turn in count():
        market = _market(short, need, supply, person)
        solution = solve(market)
        found = prices(market, solution).spread(person)
        doubtful = np.flatnonzero(short.beyond > found.line)
        pairs, worth = pool.underpriced(doubtful, found, most=SPARE << turn)
        gap = worth - found.line[pairs.line] - found.resource[pairs.resource]
        if not len(gap):
            break
        short = short.joined(pairs, worth)
    return Solved(short, market, solution, found, int(gap.max(initial=0)), person)


def with_runners_up(pool: Pool, solved: Solved) -> Solved:
    """Return it with the next best resource, at these prices, of every line that was given one."""
    market, found = solved.market, solved.prices
    given = solved.solution.taken > 0
    ahead = np.zeros(len(market.need), np.int64)
    surplus = np.where(given, 0, market.worth - found.resource[market.resource])
    np.maximum.at(ahead, market.line, surplus)
    open_to_doubt = np.zeros(len(market.need), bool)
    open_to_doubt[market.line[given]] = True
    doubtful = np.flatnonzero(open_to_doubt & (solved.short.beyond > ahead))
    if not len(doubtful):
        return solved
    # What the line was given exceeds the runner-up as well, so as many pairs more are asked for.
    most = 1 + int(np.bincount(market.line[given], minlength=1).max())
    return solved.joined(*pool.underpriced(doubtful, Prices(ahead, found.resource), most=most))


def with_rivals(pool: Pool, solved: Solved) -> Solved:
    """Return it with every pair that up to ``CHANGES`` seats more or fewer could bring into play.

    Whoever gives way moves along a path of seats that were given and ends at a free one: so these are all pairs
    with resources that have no free seat, and of each line the best with those that have.
    """
    market, taken, short = solved.market, solved.solution.taken, solved.short
    free = np.bincount(market.resource, weights=taken, minlength=len(market.supply)) < market.supply
    # Those that are worth no less than what was left off are the line's best for certain.
    certain = free[market.resource] & (market.worth >= short.beyond[market.line])
    known = np.bincount(market.line[certain], minlength=len(market.need))
    doubtful = np.flatnonzero((short.beyond > 0) & (known < CHANGES))
    free = free[solved.person]
    solved = solved.joined(*pool.best_of(doubtful, free, most=CHANGES))
    return solved.joined(*pool.all_of(np.flatnonzero(short.beyond), ~free))


def _market(short: Shortlist, need: Ints, supply: Ints, person: Ints) -> Market:
    return Market.of(short.pairs, short.worth, need=need, supply=supply, person=person)
