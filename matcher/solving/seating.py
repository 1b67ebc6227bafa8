"""A solved market that takes in one seat more, or lets one go, by one augmenting path each; it stays an optimum.

An optimum with one more seat on either side differs from the optimum before by a single alternating path (the
symmetric difference of the two falls into paths and cycles, of which only the one at the new seat gains anything;
Schrijver, Combinatorial Optimization, ch. 17). The best path is found by relaxation as in Bellman-Ford, over arrays.
Where a path can carry several seats it carries as many as it can: the next best one is never cheaper.

A seat that is worth no more than what others lose by it is not given, as in a round.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.solving.market import Market
from matcher.solving.prices import UNPAYABLE
from matcher.state.columns import Bools, Ints

NOBODY: Final = -1


@dataclass(frozen=True, slots=True)
class Costs:
    """What one seat of each resource costs those who hold it, and who makes room.

    ``cost`` (resources,): UNPAYABLE where there is no seat. ``given_up`` (resources,): the pair that gives its seat up,
    NOBODY where a seat is free. ``instead`` (lines,): the pair that a line takes when it gave one up, or NOBODY.
    """

    cost: Ints
    given_up: Ints
    instead: Ints


@dataclass(frozen=True, slots=True)
class Wants:
    """What one more seat of each resource is worth to those who ask, and who takes it.

    ``worth`` (resources,) is zero where nobody wants one; ``taker`` (resources,) the pair that takes it, or NOBODY.
    ``price`` (lines,) is what a line gives up for a further seat: zero where it has one open, UNPAYABLE where it asks
    for none; ``leaves`` (lines,) the pair that it leaves for it, or NOBODY.
    """

    worth: Ints
    taker: Ints
    price: Ints
    leaves: Ints


class Seating:
    """Pairs with the seats given to them; changes in place, so ``copy`` what must stay.

    ``line``, ``resource``, ``worth``, ``taken`` have shape (pairs,); ``open`` (lines,) counts the seats that a line
    asks for and does not have, ``free`` (resources,) those that a resource has left. What is given must be an optimum.
    """

    def __init__(self, *, line: Ints, resource: Ints, worth: Ints, taken: Ints, open_: Ints, free: Ints) -> None:
        self.line, self.resource, self.worth, self.taken = line, resource, worth, taken
        self.open, self.free = open_, free

    @classmethod
    def of(cls, market: Market, taken: Ints, *, chosen: Bools | None = None) -> "Seating":
        """Return the seating of a solved market, or of ``chosen`` pairs (pairs,) that share no entry with others."""
        lines, resources = len(market.need), len(market.supply)
        kept = slice(None) if chosen is None else np.flatnonzero(chosen)
        held = np.bincount(market.line, weights=taken, minlength=lines).astype(np.int64)
        used = np.bincount(market.resource, weights=taken, minlength=resources).astype(np.int64)
        return cls(
            line=market.line[kept],
            resource=market.resource[kept],
            worth=market.worth[kept],
            taken=taken[kept].copy(),
            open_=market.need - held,
            free=market.supply - used,
        )

    def copy(self) -> "Seating":
        """Return a seating that changes by itself."""
        return Seating(
            line=self.line, resource=self.resource, worth=self.worth,
            taken=self.taken.copy(), open_=self.open.copy(), free=self.free.copy(),
        )  # fmt: skip

    def value(self) -> int:
        """Return the total worth in points."""
        return int((self.taken * self.worth).sum())

    def given(self, line: int) -> int:
        """Return how many seats ``line`` has."""
        return int(self.taken[self.line == line].sum())

    def add_pairs(self, *, line: Ints, resource: Ints, worth: Ints, lines: int, resources: int) -> None:
        """Make room for so many lines and resources in all and know new pairs (n,); none is given a seat yet."""
        self.line = np.concatenate([self.line, line])
        self.resource = np.concatenate([self.resource, resource])
        self.worth = np.concatenate([self.worth, worth])
        self.taken = np.concatenate([self.taken, np.zeros(len(line), np.int64)])
        self.open = np.concatenate([self.open, np.zeros(lines - len(self.open), np.int64)])
        self.free = np.concatenate([self.free, np.zeros(resources - len(self.free), np.int64)])

    # -- one more demand seat -------------------------------------------------------------------------------

    def costs(self, *, but: int = NOBODY) -> Costs:
        """Return what a seat of each resource costs others at this optimum; those of line ``but`` are not for sale."""
        given = np.flatnonzero((self.taken > 0) & (self.line != but))
        cost = np.where(self.free > 0, 0, UNPAYABLE)
        given_up, instead = np.full(len(self.free), NOBODY), np.full(len(self.open), NOBODY)
        regained = np.zeros(len(self.open), np.int64)
        while True:
            loss = self.worth[given] - regained[self.line[given]]
            better = loss < cost[self.resource[given]]
            if not better.any():
                return Costs(cost, given_up, instead)
            pairs, loss = given[better], loss[better]
            np.minimum.at(cost, self.resource[pairs], loss)
            least = pairs[loss == cost[self.resource[pairs]]]
            given_up[self.resource[least]] = least
            gain = self.worth - cost[self.resource]
            better = gain > regained[self.line]
            pairs, gain = np.flatnonzero(better), gain[better]
            np.maximum.at(regained, self.line[pairs], gain)
            most = pairs[gain == regained[self.line[pairs]]]
            instead[self.line[most]] = most

    def seat(self, line: int, seats: int, *, costs: Costs | None = None) -> int:
        """Let ``line`` ask for so many seats more; return how many of them an optimum gives. The rest stays open.

        ``costs`` spares the search of the first path, where they are known already.
        """
        own = np.flatnonzero(self.line == line)
        before, self.open[line] = self.given(line), self.open[line] + seats
        while self.open[line] and len(own):
            found, costs = costs or self.costs(), None
            gain = self.worth[own] - found.cost[self.resource[own]]
            best = int(own[np.argmax(gain)])
            if gain.max() <= 0:
                break
            self._push(best, found)
        return self.given(line) - before

    def _push(self, first: int, costs: Costs) -> None:
        """Give ``first`` a seat, and everybody on its path the next best; as often as the path can be gone."""
        takes, gives = [first], list[int]()
        while (lost := int(costs.given_up[self.resource[takes[-1]]])) != NOBODY:
            gives.append(lost)
            if (other := int(costs.instead[self.line[lost]])) == NOBODY:
                break
            takes.append(other)
        dropped = len(gives) == len(takes)
        room = [int(self.open[self.line[first]]), *(int(self.taken[pair]) for pair in gives)]
        if not dropped:
            room.append(int(self.free[self.resource[takes[-1]]]))
        seats = min(room)
        self.taken[takes] += seats
        self.taken[gives] -= seats
        self.open[self.line[first]] -= seats
        if dropped:
            self.open[self.line[gives[-1]]] += seats
        else:
            self.free[self.resource[takes[-1]]] -= seats

    # -- one more resource seat -----------------------------------------------------------------------------

    def supply(self, resource: int, seats: int) -> None:
        """Let ``resource`` have so many seats more, given where they are worth most."""
        self.free[resource] += seats
        while self.free[resource]:
            found = self.wants()
            if not found.worth[resource]:
                return
            self._pull(resource, found)

    def wants(self) -> Wants:
        """Return what one more seat of each resource would be worth, at this optimum."""
        given = np.flatnonzero(self.taken)
        lines = len(self.open)
        price, leaves = np.where(self.open > 0, 0, UNPAYABLE), np.full(lines, NOBODY)
        worth, taker = np.zeros(len(self.free), np.int64), np.full(len(self.free), NOBODY)
        while True:
            least = self.worth[given] - worth[self.resource[given]]
            better = least < price[self.line[given]]
            pairs, least = given[better], least[better]
            np.minimum.at(price, self.line[pairs], least)
            chosen = pairs[least == price[self.line[pairs]]]
            leaves[self.line[chosen]] = chosen
            gain = self.worth - price[self.line]
            better = gain > worth[self.resource]
            if not better.any():
                return Wants(worth, taker, price, leaves)
            pairs, gain = np.flatnonzero(better), gain[better]
            np.maximum.at(worth, self.resource[pairs], gain)
            chosen = pairs[gain == worth[self.resource[pairs]]]
            taker[self.resource[chosen]] = chosen

    def _pull(self, resource: int, found: Wants) -> None:
        takes, gives = [int(found.taker[resource])], list[int]()
        while (left := int(found.leaves[self.line[takes[-1]]])) != NOBODY:
            gives.append(left)
            if (other := int(found.taker[self.resource[left]])) == NOBODY:
                break
            takes.append(other)
        freed = len(gives) == len(takes)
        room = [int(self.free[resource]), *(int(self.taken[pair]) for pair in gives)]
        if not freed:
            room.append(int(self.open[self.line[takes[-1]]]))
        seats = min(room)
        self.taken[takes] += seats
        self.taken[gives] -= seats
        self.free[resource] -= seats
        if freed:
            self.free[self.resource[gives[-1]]] += seats
        else:
            self.open[self.line[takes[-1]]] -= seats

    # -- one less -------------------------------------------------------------------------------------------

    def dismiss_line(self, line: int) -> None:
        """Take a line out with all its seats, which go where they are worth most."""
        own = self.line == line
        held = [(int(self.resource[pair]), int(self.taken[pair])) for pair in np.flatnonzero(own & (self.taken > 0))]
        self._forget(own)
        self.open[line] = 0
        for resource, seats in held:
            self.supply(resource, seats)

    def dismiss_resource(self, resource: int) -> None:
        """Take a resource out; those who had its seats get the next best."""
        own = self.resource == resource
        held = [(int(self.line[pair]), int(self.taken[pair])) for pair in np.flatnonzero(own & (self.taken > 0))]
        self._forget(own)
        self.free[resource] = 0
        for line, seats in held:
            self.seat(line, seats)

    def break_up(self, gone: Bools) -> list[tuple[int, int, int]]:
        """Forget pairs (pairs,) with the seats they have, on both sides; return line, resource and seats of each.

        What is left is an optimum without those seats; give them back one by one.
        """
        held = [
            (int(self.line[pair]), int(self.resource[pair]), int(self.taken[pair]))
            for pair in np.flatnonzero(gone & (self.taken > 0))
        ]
        self._forget(gone)
        return held

    def _forget(self, gone: Bools) -> None:
        kept = ~gone
        self.line, self.resource, self.worth = self.line[kept], self.resource[kept], self.worth[kept]
        self.taken = self.taken[kept]
