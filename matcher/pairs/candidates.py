"""Which pairs are allowed: an inverted index by category, then the hard rules over blocks of pairs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.pairs.rules import Board
from matcher.state.calendars import NEVER
from matcher.state.columns import Bools, Ints, looked_up, ragged

BLOCK: Final = 4_000_000
"""Most pairs looked at in one step; bounds the memory."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Allowed pairs, sorted by (line, resource): rows of both and the start of the job (ms), each shape (pairs,)."""

    line: Ints
    resource: Ints
    start: Ints

    def keep(self, chosen: Bools | Ints) -> "Pairs":
        """Return the pairs where ``chosen`` holds, or those at the places it names, in its order."""
        return Pairs(self.line[chosen], self.resource[chosen], self.start[chosen])

    def followed_by(self, others: "Pairs") -> "Pairs":
        """Return the columns of both one after the other; they are for the caller to sort."""
        columns = (self.line, others.line), (self.resource, others.resource), (self.start, others.start)
        return Pairs(*map(np.concatenate, columns))


def candidates(board: Board, *, lines: Ints, resources: Ints) -> Pairs:
    """Return every allowed pair of the given line and resource rows (both sorted)."""
    starts, parts = Starts(board, pairs=cells(board, lines, resources)), []
    for mine, theirs in blocks(board, lines, resources, cells=BLOCK):
        fine = allowed(board, mine[:, None], theirs[None, :])
        if starts.are_known:
            fine &= starts.of(mine[:, None], theirs[None, :]) < NEVER
        row, column = np.nonzero(fine)
        parts.append((mine[row], theirs[column]))
    if not parts:
        nothing = np.zeros(0, np.int64)
        return Pairs(nothing, nothing, nothing)
    line, resource = (np.concatenate(rows) for rows in zip(*parts, strict=True))
    order = by_line(line, len(board.frozen.lines))
    line, resource = line[order], resource[order]
    pairs = Pairs(line, resource, starts.of(line, resource))
    return pairs if starts.are_known else pairs.keep(pairs.start < NEVER)


def cells(board: Board, lines: Ints, resources: Ints) -> int:
    """Return how many pairs of one category there are, allowed or not."""
    category = board.frozen.items.category
    of_line = np.bincount(category[board.frozen.lines["item"][lines]], minlength=int(category.max(initial=0)) + 1)
    of_resource = np.bincount(category[board.frozen.resources["item"][resources]], minlength=len(of_line))
    return int((of_line * of_resource).sum())


def by_line(line: Ints, lines: int) -> Ints:
    """Return the order of pairs by line. Each line's lie together already, by resource, so its run moves as a whole."""
    count, first = np.bincount(line, minlength=lines), np.zeros(lines, np.int64)
    begins = np.flatnonzero(line[1:] != line[:-1]) + 1
    first[line[begins]] = begins
    return ragged(first, count)


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

    def __init__(self, board: Board, *, pairs: int) -> None:
        """``pairs``: how many are asked about at most."""
        self._board = board
        demands = board.frozen.demands
        window = [demands[column][board.frozen.line_demand] for column in ("start", "end", "duration", "hours")]
        had = [board.calendar, board.notice]
        if board.slots is not None:
            window, had = [*window, board.place], [*had, board.slots.number]
        line, self._line_kind = kinds(window)
        resource, self._resource_kind = kinds(had)
        self.are_known = len(line) * len(resource) < pairs
        if self.are_known:
            self._table = board.start(line[:, None], resource[None, :])

    def of(self, line: Ints, resource: Ints) -> Ints:
        """Return the start (ms) of each pair, NEVER where there is none; line and resource rows are broadcast."""
        if self.are_known:
            return looked_up(self._table, self._line_kind[line], self._resource_kind[resource])
        return self._board.start(line, resource)


def kinds(columns: list[Ints]) -> tuple[Ints, Ints]:
    """Return one row of each distinct combination of the columns, and every row's combination."""
    kind = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        values, place = np.unique(column, return_inverse=True)
        _, kind = np.unique(kind * len(values) + place, return_inverse=True)
    _, model = np.unique(kind, return_index=True)
    return model, kind
