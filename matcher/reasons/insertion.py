"""A demand put into a solved round, seat by seat, each by one augmenting path: what a round with it would give."""

from dataclasses import dataclass, field

import numpy as np

from matcher.pairs.candidates import Pairs, candidates
from matcher.pairs.rules import Board
from matcher.pairs.values import values
from matcher.reasons.solved import Solved
from matcher.solving.seating import Costs, Seating
from matcher.state.columns import Ints


@dataclass(frozen=True, slots=True)
class Ground:
    """What a demand is put into: the solved round, without the lines (rows) that it stands for itself."""

    solved: Solved
    without: tuple[int, ...] = ()
    _seatings: dict[int, Seating] = field(default_factory=dict)
    _costs: dict[int, Costs] = field(default_factory=dict)

    def seating(self, category: int) -> Seating:
        """Return the seats given in a category, for the caller to change."""
        return self._kept(category).copy()

    def costs(self, category: int) -> Costs:
        """Return what a seat of each resource costs there."""
        own = self._own(category)
        if not own:
            return self.solved.costs(category)
        if category not in self._costs:
            self._costs[category] = self._kept(category).costs()
        return self._costs[category]

    def value(self, category: int) -> int:
        """Return the total worth of a category."""
        return self._kept(category).value()

    def _kept(self, category: int) -> Seating:
        if category not in self._seatings:
            seating = self.solved.seating(category)
            for line in self._own(category):
                seating.dismiss_line(line)
            self._seatings[category] = seating
        return self._seatings[category]

    def _own(self, category: int) -> list[int]:
        item = self.solved.frozen.lines["item"]
        return [line for line in self.without if self.solved.category(item[line]) == category]


@dataclass(frozen=True, slots=True)
class Wishes:
    """Lines that are not in the round, on a board that has them: their rows, open seats, allowed pairs and worths.

    ``lines``, ``need`` have shape (lines,), ``pairs`` and ``worth`` (pairs,); rows are those of ``board``.
    """

    board: Board
    lines: Ints
    need: Ints
    pairs: Pairs
    worth: Ints

    def category(self, line: int) -> int:
        """Return the category of a line, or the first of its part."""
        frozen = self.board.frozen
        return int(self.board.part[frozen.items.category[frozen.lines["item"][line]]])

    def of(self, lines: Ints) -> "Wishes":
        """Return those of some of the lines."""
        mine, theirs = np.isin(self.lines, lines), np.isin(self.pairs.line, lines)
        return Wishes(self.board, self.lines[mine], self.need[mine], self.pairs.keep(theirs), self.worth[theirs])


def wishes(board: Board, *, solved: Solved, lines: Ints, need: Ints) -> Wishes:
    """Return what ``lines`` (rows of ``board``, sorted) may have of the seats open in ``solved``."""
    pairs = candidates(board, lines=lines, resources=solved.settled.seats.resources)
    worth = values(board, pairs)
    good = worth > 0
    return Wishes(board, lines, need, pairs.keep(good), worth[good])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of putting lines in: seats (lines,) in the order of the wishes, and points.

    ``adds`` is by how much the total value grew, ``price`` what others gave up for it; ``prices`` (lines,) says the
    same line by line, in the order in which they were put in. ``taken`` (pairs,) counts the seats of each pair wished.
    """

    seats: Ints
    adds: int
    price: int
    prices: Ints
    taken: Ints
    seatings: dict[int, Seating]


def insert(ground: Ground, asked: Wishes) -> Outcome:
    """Put lines into the round, as many seats of each as an optimum gives. The ground stays as it was."""
    prices, adds = np.zeros(len(asked.lines), np.int64), 0
    taken, seatings = np.zeros(len(asked.worth), np.int64), {}
    categories = np.array([asked.category(line) for line in asked.lines], np.int64)
    for category in np.unique(categories).tolist():
        mine = np.flatnonzero(categories == category)
        seating, costs = ground.seating(category), ground.costs(category)
        before = value = seating.value()
        pairs = np.flatnonzero(np.isin(asked.pairs.line, asked.lines[mine]))
        known = len(seating.line)
        seating.add_pairs(
            line=asked.pairs.line[pairs], resource=asked.board.person[asked.pairs.resource[pairs]],
            worth=asked.worth[pairs],
            lines=len(asked.board.frozen.lines), resources=len(asked.board.frozen.resources),
        )  # fmt: skip
        for place in mine.tolist():
            line, first = int(asked.lines[place]), place == mine[0]
            seating.seat(line, int(asked.need[place]), costs=costs if first else None)
            own = seating.line == line
            grown, value = seating.value() - value, seating.value()
            prices[place] = (seating.taken[own] * seating.worth[own]).sum() - grown
        taken[pairs], seatings[category] = seating.taken[known:], seating
        adds += value - before
    seats = np.array([taken[asked.pairs.line == line].sum() for line in asked.lines], np.int64)
    return Outcome(seats, adds, int((taken * asked.worth).sum()) - adds, prices, taken, seatings)
