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

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.alike import Alike
from matcher.calendars import NEVER
from matcher.candidates import Pairs, Starts, blocks, cells, fitting
from matcher.columns import Bools, Ints
from matcher.prices import Prices
from matcher.rules import Board
from matcher.values import values

SPARE: Final = 24
"""So many pairs more than it asks seats a line keeps at first (measured)."""
BLOCK: Final = 500_000
"""Pairs looked at in one step; their columns stay within a processor's cache."""
MANY: Final = 20_000_000
"""Above so many pairs of one category, allowed or not, resources alike are looked at together (measured)."""
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
        line, resource = (np.concatenate([getattr(self.pairs, c), getattr(pairs, c)]) for c in ("line", "resource"))
        _, place = np.unique(line * len(self.giving) + resource, return_index=True)
        start = np.concatenate([self.pairs.start, pairs.start])[place]
        worths = np.concatenate([self.worth, worth])[place]
        return Shortlist(Pairs(line[place], resource[place], start), worths, self.beyond, self.count, self.giving)


@dataclass(frozen=True, slots=True)
class _Block:
    """The pairs worth something of some ``lines`` with classes, at ``row`` and ``column`` of ``width``; (pairs,) each.

    The resources of ``pairs`` are the first of their ``kind``.
    """

    lines: Ints
    width: int
    row: Ints
    column: Ints
    kind: Ints
    pairs: Pairs
    worth: Ints

    def best(self, points: Ints, *, most: int) -> tuple[Ints, Ints]:
        """Return, line by line and best first, the ``most`` pairs of most points; also the points of the best left off.

        ``points`` (pairs,) count where they are positive. Of equals those come first that lie from a resource on that
        differs by line. The second array is (lines of the block,).
        """
        beyond = np.zeros(len(self.lines), np.int64)
        rank = points * self.width + (self.column + self.pairs.line * STRIDE) % self.width
        chosen = points > 0
        if self.width > most and len(points):
            ranks = np.full((len(self.lines), self.width), -1, np.int64)
            ranks[self.row, self.column] = rank
            limit = np.partition(ranks, self.width - most - 1, axis=1)[:, self.width - most - 1]
            chosen &= rank > limit[self.row]
            beyond = np.maximum(limit, 0) // self.width
        place = np.flatnonzero(chosen)
        return place[np.lexsort((-rank[place], self.row[place]))], beyond


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

    def add(self, block: _Block, best: Ints, *, most: int) -> Ints:
        """Take the pairs at ``best``, as ordered there, up to ``most`` resources of each line.

        Return which of them have resources that were not taken.
        """
        row, kind, line = block.row[best], block.kind[best], block.pairs.line[best]
        size = self._alike.size[kind]
        before = np.cumsum(size) - size
        take = np.clip(most - (before - before[np.searchsorted(row, row)]), 0, size)
        skip = line * STRIDE % size if self._members is None else np.zeros(len(kind), np.int64)
        self._line.append(np.repeat(line, take))
        self._resource.append(self._alike.some(kind, take=take, skip=skip, order=self._members))
        self._start.append(np.repeat(block.pairs.start[best], take))
        self._worth.append(np.repeat(block.worth[best], take))
        return best[take < size]

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
        self._starts = Starts(board)
        pays = cells(board, lines, resources) > MANY
        self._alike = Alike.of(board, resources) if pays else Alike.apart(board, resources)

    def shortlist(self, need: Ints) -> Shortlist:
        """Return the best pairs of each line; ``need`` (all lines,) are the seats asked."""
        beyond, count = np.zeros(len(need), np.int64), np.zeros(len(need), np.int64)
        gives = np.zeros(len(self._alike.first), bool)
        found = _Found(self._alike)
        for block in self._blocks(self._lines, self._alike):
            sizes = self._alike.size[block.kind]
            count[block.lines] = np.bincount(block.row, weights=sizes, minlength=len(block.lines))
            gives[block.kind] = True
            most = int(need[block.lines].max()) + SPARE
            best, left_off = block.best(block.worth, most=most)
            short = found.add(block, best, most=most)
            np.maximum.at(left_off, block.row[short], block.worth[short])
            beyond[block.lines] = left_off
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
        for block in self._blocks(lines, self._alike):
            excess = block.worth - prices.line[block.pairs.line] - price[block.kind]
            best, _ = block.best(np.maximum(excess, 0), most=most)
            found.add(block, best, most=most)
        return found.pairs()

    def best_of(self, lines: Ints, resources: Bools, *, most: int) -> tuple[Pairs, Ints]:
        """Return the ``most`` best pairs of each of ``lines`` with marked ``resources`` (resources,), and the worth."""
        alike = Alike.of(self._board, self._resources[resources[self._resources]])
        found = _Found(alike)
        for block in self._blocks(lines, alike):
            best, _ = block.best(block.worth, most=most)
            found.add(block, best, most=most)
        return found.pairs()

    def all_of(self, lines: Ints, resources: Bools) -> tuple[Pairs, Ints]:
        """Return all pairs of ``lines`` with the marked ``resources`` (resources,), and their worth."""
        alike = Alike.apart(self._board, self._resources[resources[self._resources]])
        found = _Found(alike)
        for block in self._blocks(lines, alike):
            found.add(block, np.arange(len(block.worth)), most=len(alike.members))
        return found.pairs()

    def _blocks(self, lines: Ints, alike: Alike) -> Iterator[_Block]:
        for mine, theirs in blocks(self._board, lines, alike.first, cells=BLOCK):
            row, column = fitting(self._board, mine, theirs)
            line, resource = mine[row], theirs[column]
            pairs = Pairs(line, resource, self._starts.of(line, resource, pairs=BLOCK))
            worth = values(self._board, pairs)
            good = (pairs.start < NEVER) & (worth > 0)
            if not good.all():
                row, column, pairs, worth = row[good], column[good], pairs.keep(good), worth[good]
            yield _Block(mine, len(theirs), row, column, alike.number[pairs.resource], pairs, worth)
