"""Large pools: of each line the best few pairs only, and the proof that what was left off does not matter.

A pool of two hundred thousand members has hundreds of millions of allowed pairs, of which a round gives a few
thousand. So a large pool is looked at in blocks. Each line keeps its best pairs, as many as it asks for and
``SPARE`` more, and remembers what the best pair left off is worth (``beyond``). The market of these pairs is
solved and priced. A pair that was left off can only matter if it is worth more than its line's price and its
resource's price together (reduced cost; Dantzig and Wolfe's pricing step):

1. A line whose price is at least its ``beyond`` has none, because no price is negative.
2. All pairs of the other lines are looked at again. Those worth more than their two prices join the market, the
   best of each line first, and it is solved once more, until there are none.

Then the prices prove the optimum over all allowed pairs, as if every one had been in the market. They are also the
lowest prices for resources: lowest among those that fewer pairs allow, and allowed by all.

Among pairs of one worth those are kept that begin at another resource for each line, so that lines that want the
same do not all keep the same few.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from matcher.pairs.candidates import Pairs, cells
from matcher.pairs.rules import Board
from matcher.solving.alike import Alike
from matcher.solving.grid import Grid, Grids
from matcher.solving.prices import Prices
from matcher.state.columns import Bools, Ints

SPARE: Final = 24
"""So many pairs more than it asks seats a line keeps at first (measured)."""
STRIDE: Final = 7_919
"""How far apart the first of equals lie for two lines in a row; a prime."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The best pairs of each line.

    ``pairs``, sorted by (line, resource), are worth ``worth`` (pairs,). ``beyond`` (lines,) is what the best pair
    left off is worth, 0 where there is none. ``count`` (lines,) counts all pairs, kept or not; ``giving``
    (resources,) marks the resources that have one.
    """

    pairs: Pairs
    worth: Ints
    beyond: Ints
    count: Ints
    giving: Bools

    def without(self, waits: Bools) -> "Shortlist":
        """Return it without the pairs of the lines (lines,) that wait."""
        kept = ~waits[self.pairs.line]
        beyond, count = np.where(waits, 0, self.beyond), np.where(waits, 0, self.count)
        return Shortlist(self.pairs.keep(kept), self.worth[kept], beyond, count, self.giving)

    def joined(self, pairs: Pairs, worth: Ints) -> "Shortlist":
        """Return it with more pairs; those that it has already change nothing."""
        both = self.pairs.followed_by(pairs)
        _, place = np.unique(both.line * len(self.giving) + both.resource, return_index=True)
        worths = np.concatenate([self.worth, worth])[place]
        return Shortlist(both.keep(place), worths, self.beyond, self.count, self.giving)


def best(grid: Grid, points: Ints, *, most: int) -> tuple[Ints, Ints]:
    """Return where the ``most`` pairs of most points lie in the grid laid flat, line by line and best first.

    ``points`` (rows, columns) count where they are positive. Of equals those come first that lie from a resource on
    that differs by line. Also returned, (rows,): the points of the best left off.
    """
    width = len(grid.resources)
    turns = sliding_window_view(np.arange(2 * width) % width, width)
    rank = points * width + turns[grid.lines * STRIDE % width]  # less than width where there are no points
    limit = np.full(len(grid.lines), -1)
    if width > most:
        limit = np.partition(rank, width - most - 1, axis=1)[:, width - most - 1]
    place = np.flatnonzero(rank > np.maximum(limit, width - 1)[:, None])
    return place[np.lexsort((-rank.ravel()[place], place // width))], np.maximum(limit, 0) // width


class _Found:
    """Pairs of classes, collected block by block and spelt out in resources.

    ``members`` is the order in which those of a class are taken; by itself they are taken in turn, from one on that
    differs by line.
    """

    def __init__(self, alike: Alike, members: Ints | None = None) -> None:
        self._alike, self._members = alike, members
        self._line: list[Ints] = []
        self._resource: list[Ints] = []
        self._start: list[Ints] = []
        self._worth: list[Ints] = []

    def add(self, grid: Grid, place: Ints, *, most: int) -> Ints:
        """Take the pairs of the grid at ``place``, in that order, up to ``most`` resources of each line.

        The resources of the grid are the first of their class. Return which of the pairs stand for others that were
        not taken.
        """
        row, column = np.divmod(place, len(grid.resources))
        kind, line = self._alike.number[grid.resources[column]], grid.lines[row]
        size = self._alike.size[kind]
        before = np.cumsum(size) - size
        take = np.clip(most - (before - before[np.searchsorted(row, row)]), 0, size)
        skip = line * STRIDE % size if self._members is None else np.zeros(len(kind), np.int64)
        self._line.append(np.repeat(line, take))
        self._resource.append(self._alike.some(kind, take=take, skip=skip, order=self._members))
        self._start.append(np.repeat(grid.start.ravel()[place], take))
        self._worth.append(np.repeat(grid.worth.ravel()[place], take))
        return place[take < size]

    def pairs(self) -> tuple[Pairs, Ints]:
        """Return all pairs, sorted by (line, resource), and what they are worth."""
        if not self._line:
            nothing = np.zeros(0, np.int64)
            return Pairs(nothing, nothing, nothing), nothing
        line, resource = np.concatenate(self._line), np.concatenate(self._resource)
        place = np.argsort(line * len(self._alike.number) + resource, kind="stable")
        start, worth = np.concatenate(self._start), np.concatenate(self._worth)
        return Pairs(line[place], resource[place], start[place]), worth[place]


class Pool:
    """The allowed pairs of some lines and resources (rows, sorted), never all of them at a time."""

    def __init__(self, board: Board, *, lines: Ints, resources: Ints) -> None:
        self._board, self._lines, self._resources = board, lines, resources
        self._grids = Grids(board, pairs=cells(board, lines, resources))
        self._alike = Alike.of(board, resources)

    def shortlist(self, need: Ints) -> Shortlist:
        """Return the best pairs of each line; ``need`` (all lines,) are the seats asked."""
        beyond, count = np.zeros(len(need), np.int64), np.zeros(len(need), np.int64)
        gives = np.zeros(len(self._alike.first), bool)
        found = _Found(self._alike)
        for grid in self._grids.of(self._lines, self._alike.first):
            kind, there = self._alike.number[grid.resources], grid.worth > 0
            count[grid.lines] = (there * self._alike.size[kind]).sum(axis=1)
            gives[kind] |= there.any(axis=0)
            most = int(need[grid.lines].max()) + SPARE
            place, left_off = best(grid, grid.worth, most=most)
            short = found.add(grid, place, most=most)
            np.maximum.at(left_off, short // len(grid.resources), grid.worth.ravel()[short])
            beyond[grid.lines] = left_off
        giving = np.zeros(len(self._alike.number), bool)
        giving[self._resources] = gives[self._alike.number[self._resources]]
        return Shortlist(*found.pairs(), beyond, count, giving)

    def underpriced(self, lines: Ints, prices: Prices, *, most: int) -> tuple[Pairs, Ints]:
        """Return pairs of ``lines`` worth more than their two prices, of each line the ``most`` that exceed most.

        Beside the pairs, (pairs,): what they are worth.
        """
        cheapest = self._alike.cheapest_first(prices.resource)
        price = prices.resource[cheapest[self._alike.start]]  # of each class
        found = _Found(self._alike, cheapest)
        for grid in self._grids.of(lines, self._alike.first):
            excess = grid.worth - prices.line[grid.lines][:, None] - price[self._alike.number[grid.resources]]
            place, _ = best(grid, np.where(grid.worth > 0, excess, 0), most=most)
            found.add(grid, place, most=most)
        return found.pairs()

    def best_of(self, lines: Ints, resources: Bools, *, most: int) -> tuple[Pairs, Ints]:
        """Return the ``most`` best pairs of each of ``lines`` with marked ``resources`` (resources,), and the worth."""
        alike = Alike.of(self._board, self._resources[resources[self._resources]])
        found = _Found(alike)
        for grid in self._grids.of(lines, alike.first):
            place, _ = best(grid, grid.worth, most=most)
            found.add(grid, place, most=most)
        return found.pairs()

    def all_of(self, lines: Ints, resources: Bools) -> tuple[Pairs, Ints]:
        """Return all pairs of ``lines`` with the marked ``resources`` (resources,), and their worth."""
        alike = Alike.apart(self._board, self._resources[resources[self._resources]])
        found = _Found(alike)
        for grid in self._grids.of(lines, alike.first):
            found.add(grid, np.flatnonzero(grid.worth), most=len(alike.members))
        return found.pairs()
