"""Which pairs are allowed: an inverted index by category, then the hard rules over blocks of pairs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.columns import Bools, Ints, ragged
from matcher.rules import NEVER, Board

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
    parts = [_pairs(board, line, resource) for line, resource in _blocks(board, lines, resources)]
    if not parts:
        nothing = np.zeros(0, np.int64)
        return Pairs(nothing, nothing, nothing)
    line, resource = (np.concatenate(column) for column in zip(*parts, strict=True))
    start = _starts(board, line, resource)
    pairs = Pairs(line, resource, start).keep(start < NEVER)
    return _by_line(pairs, len(board.frozen.lines))


def _by_line(pairs: Pairs, lines: int) -> Pairs:
    """Sort by line. Each line's pairs lie together already, in order of resource, so its run moves as a whole."""
    count = np.bincount(pairs.line, minlength=lines)
    first = np.zeros(lines, np.int64)
    begins = np.flatnonzero(np.diff(pairs.line, prepend=-1))
    first[pairs.line[begins]] = begins
    order = ragged(first, count)
    return Pairs(pairs.line[order], pairs.resource[order], pairs.start[order])


def _blocks(board: Board, lines: Ints, resources: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Yield lines and resources of one category, in blocks."""
    category = board.frozen.items.category
    of_line = category[board.frozen.lines["item"][lines]]
    of_resource = category[board.frozen.resources["item"][resources]]
    for number in np.unique(of_line):
        mine, theirs = lines[of_line == number], resources[of_resource == number]
        if not len(theirs):
            continue
        step = max(1, BLOCK // len(theirs))
        for first in range(0, len(mine), step):
            yield mine[first : first + step], theirs


def _pairs(board: Board, lines: Ints, resources: Ints) -> tuple[Ints, Ints]:
    line, resource = lines[:, None], resources[None, :]
    fine = board.passes(line, resource)
    if len(board.rests):
        fine &= board.rested(line, resource)
    row, column = np.nonzero(fine)
    return lines[row], resources[column]


def _starts(board: Board, line: Ints, resource: Ints) -> Ints:
    """Return the start of each pair; worked out once per distinct (window, calendar) where that is less work."""
    demands = board.frozen.demands
    window = [demands[column][board.frozen.line_demand] for column in ("start", "end", "duration")]
    line_model, line_kind = _kinds(window)
    resource_model, resource_kind = _kinds([board.calendar, board.notice])
    if len(line_model) * len(resource_model) >= len(line):
        return board.start(line, resource)
    table = board.start(line_model[:, None], resource_model[None, :])
    return table[line_kind[line], resource_kind[resource]]


def _kinds(columns: list[Ints]) -> tuple[Ints, Ints]:
    """Return one row of each distinct combination of the columns, and every row's combination."""
    kind = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        values, place = np.unique(column, return_inverse=True)
        _, kind = np.unique(kind * len(values) + place, return_inverse=True)
    _, model = np.unique(kind, return_index=True)
    return model, kind
