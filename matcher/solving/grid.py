"""Blocks of pairs as tables: lines down, resources across.

Of the pairs of one category most are allowed, so a table of all of them, rules and terms broadcast over its edges,
takes less time than a list of the allowed ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from matcher.pairs.candidates import Pairs, Starts, allowed, blocks
from matcher.pairs.rules import Board
from matcher.pairs.values import of_lines, of_pairs
from matcher.state.calendars import NEVER
from matcher.state.columns import Ints

BLOCK: Final = 100_000
"""Pairs looked at in one step; their tables stay within a processor's cache (measured)."""


@dataclass(frozen=True, slots=True)
class Grid:
    """``lines`` (rows,) and ``resources`` (columns,), rows of the frozen pool, both sorted.

    ``start`` (rows, columns) is when the job would start (ms), ``worth`` (rows, columns) what it would be worth: 0 for
    a pair that is not allowed, or worth nothing.
    """

    lines: Ints
    resources: Ints
    start: Ints
    worth: Ints


class Grids:
    """Makes the grids of a board; what lines and windows are worth by themselves is worked out once."""

    def __init__(self, board: Board, *, pairs: int) -> None:
        """``pairs``: how many are looked at, at most, at a time."""
        self._board = board
        self._starts = Starts(board, pairs=pairs)
        self._of_line = of_lines(board)

    def of(self, lines: Ints, resources: Ints) -> Iterator[Grid]:
        """Yield all pairs of one category of the given line and resource rows (both sorted), a block at a time."""
        board = self._board
        for mine, theirs in blocks(board, lines, resources, cells=BLOCK):
            line, resource = mine[:, None], theirs[None, :]
            start = self._starts.of(line, resource)
            worth = self._of_line[line] + of_pairs(board, Pairs(line, resource, start))
            worth *= allowed(board, line, resource) & (start < NEVER) & (worth > 0)
            yield Grid(mine, theirs, start, worth)
