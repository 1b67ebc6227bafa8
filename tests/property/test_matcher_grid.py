"""Blocks of pairs as tables, and the best of a table, say what lists of pairs and plain sorting say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.pairs.candidates import candidates
from matcher.pairs.values import parts, values
from matcher.solving import grid
from matcher.solving.grid import Grid, Grids
from matcher.solving.shortlist import STRIDE, best
from matcher.state.columns import Ints
from schemas.base import Fact
from schemas.policy import Policy
from tests.property.large import opened
from tests.property.strategies import policies, pools
from tests.property.test_matcher_candidates import district
from tests.town import Town

Row = tuple[int, int, int, int]


def rows_of_grids(town: Town, policy: Policy, *, pairs: int = 10**6) -> list[Row]:
    """Return line, resource, start and worth of every pair that is worth something, from tables."""
    board, seats = opened(town, policy)
    found: list[Row] = []
    for each in Grids(board, pairs=pairs).of(seats.lines, seats.resources):
        for row, column in np.argwhere(each.worth != 0).tolist():
            place = (row, column)
            pair = int(each.lines[row]), int(each.resources[column])
            found.append((*pair, int(each.start[place]), int(each.worth[place])))
    return sorted(found)


def rows_of_lists(town: Town, policy: Policy) -> list[Row]:
    """Return the same, from lists."""
    board, seats = opened(town, policy)
    pairs = candidates(board, lines=seats.lines, resources=seats.resources)
    worth = values(board, pairs)
    assert worth.tolist() == np.sum(list(parts(board, pairs).values()), axis=0).tolist()
    rows = zip(pairs.line.tolist(), pairs.resource.tolist(), pairs.start.tolist(), worth.tolist(), strict=True)
    return [row for row in rows if row[3] > 0]


@given(facts=pools(most=6), policy=policies(), block=st.integers(1, 9), many=st.booleans())
def test_tables_hold_what_lists_hold(facts: list[Fact], policy: Policy, block: int, many: bool) -> None:
    town = Town(*facts, policy=policy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid, "BLOCK", block)
        found = rows_of_grids(town, policy, pairs=10**6 if many else 0)  # starts known beforehand, or as they are asked
    assert found == rows_of_lists(town, policy)


@pytest.mark.parametrize("block", [100, 100_000])
def test_tables_of_a_district_hold_what_lists_hold(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "BLOCK", block)
    town, policy = Town(*district(11, offers=200, asks=80)), Policy()
    found = rows_of_grids(town, policy)
    assert found == rows_of_lists(town, policy)
    assert len(found) > 500


@st.composite
def tables(draw: st.DrawFn) -> Grid:
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 8))
    worth = draw(st.lists(st.integers(0, 4), min_size=rows * columns, max_size=rows * columns))
    lines = sorted(draw(st.sets(st.integers(0, 10**6), min_size=rows, max_size=rows)))
    table = np.array(worth, np.int64).reshape(rows, columns)
    return Grid(np.array(lines), np.arange(columns), np.zeros_like(table), table)


def in_order(points: Ints, *, line: int) -> list[int]:
    """Return the columns with points, most first; of equals that first which lies next from the line's own on."""
    width = len(points)
    return sorted(
        (column for column in range(width) if points[column] > 0),
        key=lambda column: (-points[column], -((column + line * STRIDE) % width)),
    )


@given(table=tables(), most=st.integers(1, 9), less=st.integers(0, 2))
def test_the_best_of_a_table_are_those_that_sorting_finds(table: Grid, most: int, less: int) -> None:
    points = table.worth - less  # those below nothing do not count
    place, beyond = best(table, points, most=most)
    expected, left_off, width = [], [], len(table.resources)
    for row, line in enumerate(table.lines.tolist()):
        ordered = in_order(points[row], line=line)
        expected += [row * width + column for column in ordered[:most]]
        left_off.append(int(points[row][ordered[most]]) if len(ordered) > most else 0)
    assert place.tolist() == expected
    assert beyond.tolist() == left_off


def test_lines_that_want_the_same_begin_at_other_equals() -> None:
    table = Grid(np.arange(40), np.arange(50), np.zeros((40, 50), np.int64), np.full((40, 50), 7))
    place, beyond = best(table, table.worth, most=5)
    assert len(set((place % 50).tolist())) > 40
    assert beyond.tolist() == [7] * 40
