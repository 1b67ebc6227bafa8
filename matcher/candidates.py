"""Which pairs are allowed: an inverted index by category, then the hard rules over blocks of pairs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.calendars import NEVER
from matcher.columns import Bools, Ints, ragged
from matcher.rules import Board

BLOCK: Final = 4_000_000
"""Most pairs looked at in one step; bounds the memory."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Allowed pairs, sorted by (line, resource): rows of both and the start of the job (ms), each shape (pairs,)."""

    line: Ints
    resource: Ints
    start: Ints

    def keep(self, chosen: Bools) -> "Pairs":
        """Return the pairs where ``chosen`` holds."""
        return Pairs(self.line[chosen], self.resource[chosen], self.start[chosen])


def candidates(board: Board, *, lines: Ints, resources: Ints) -> Pairs:
    """Return every allowed pair of the given line and resource rows (both sorted)."""
    parts = []
    for mine, theirs in blocks(board, lines, resources, cells=BLOCK):
        row, column = np.nonzero(allowed(board, mine[:, None], theirs[None, :]))
        parts.append((mine[row], theirs[column]))
    if not parts:
        nothing = np.zeros(0, np.int64)
        return Pairs(nothing, nothing, nothing)
    line, resource = (np.concatenate(rows) for rows in zip(*parts, strict=True))
    start = Starts(board).of(line, resource)
    pairs = Pairs(line, resource, start).keep(start < NEVER)
    return by_line(pairs, len(board.frozen.lines))


def cells(board: Board, lines: Ints, resources: Ints) -> int:
    """Return how many pairs of one category there are, allowed or not."""
    category = board.frozen.items.category
    of_line = np.bincount(category[board.frozen.lines["item"][lines]], minlength=int(category.max(initial=0)) + 1)
    of_resource = np.bincount(category[board.frozen.resources["item"][resources]], minlength=len(of_line))
    return int((of_line * of_resource).sum())


def by_line(pairs: Pairs, lines: int) -> Pairs:
    """Sort by line. Each line's pairs lie together already, in order of resource, so its run moves as a whole."""
    count = np.bincount(pairs.line, minlength=lines)
    first = np.zeros(lines, np.int64)
    begins = np.flatnonzero(np.diff(pairs.line, prepend=-1))
    first[pairs.line[begins]] = begins
    order = ragged(first, count)
    return Pairs(pairs.line[order], pairs.resource[order], pairs.start[order])


def blocks(board: Board, lines: Ints, resources: Ints, *, cells: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield lines and resources of one category, in blocks of at most ``cells`` pairs (or of a single line)."""
    category = board.frozen.items.category
    of_line = category[board.frozen.lines["item"][lines]]
    of_resource = category[board.frozen.resources["item"][resources]]
    for number in np.unique(of_line):
        mine, theirs = lines[of_line == number], resources[of_resource == number]
        if not len(theirs):
            continue
        step = max(1, cells // len(theirs))
        for first in range(0, len(mine), step):
            yield mine[first : first + step], theirs


def allowed(board: Board, line: Ints, resource: Ints) -> Bools:
    """Return which pairs pass every rule but those of time; line and resource rows are broadcast."""
    fine = board.passes(line, resource)
    if len(board.rests):
        fine &= board.rested(line, resource)
    return fine


class Starts:
    """When the jobs of pairs would start; worked out once per distinct (window, calendar) where that is less work."""

    def __init__(self, board: Board) -> None:
        self._board = board
        demands = board.frozen.demands
        window = [demands[column][board.frozen.line_demand] for column in ("start", "end", "duration", "hours")]
        self._line_model, self._line_kind = kinds(window)
        self._resource_model, self._resource_kind = kinds([board.calendar, board.notice])
        self._table: Ints | None = None

    def of(self, line: Ints, resource: Ints, *, pairs: int | None = None) -> Ints:
        """Return the start (ms) of each pair, NEVER where there is none; line and resource rows are broadcast.

        ``pairs`` says how many will be asked about in all, where that is more than these.
        """
        if self._table is None:
            if len(self._line_model) * len(self._resource_model) >= (pairs or len(line)):
                return self._board.start(line, resource)
            self._table = self._board.start(self._line_model[:, None], self._resource_model[None, :])
        return self._table[self._line_kind[line], self._resource_kind[resource]]


def kinds(columns: list[Ints]) -> tuple[Ints, Ints]:
    """Return one row of each distinct combination of the columns, and every row's combination."""
    kind = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        values, place = np.unique(column, return_inverse=True)
        _, kind = np.unique(kind * len(values) + place, return_inverse=True)
    _, model = np.unique(kind, return_index=True)
    return model, kind
