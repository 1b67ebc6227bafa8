"""Growable tables, numbered names, and runs of indices."""

import numpy as np
import pytest

from matcher.state.columns import Ints, Names, Table, looked_up, ragged
from matcher.state.items import ItemIndex
from schemas.catalogue import Catalogue, load_catalogue
from tests.builders import HAIR, INSURANCE, LAMP, LICENCE, PRESSURE, SMALL_CATALOGUE

PAIR = [("left", "i4"), ("right", "i8")]


def test_a_table_keeps_its_rows_while_it_grows() -> None:
    table = Table(PAIR)
    for number in range(1000):
        assert table.append((number, -number)) == number
    assert table.size == len(table.rows) == 1000
    assert table.rows["left"].tolist() == list(range(1000))
    assert table.rows["right"].tolist() == [-number for number in range(1000)]


def test_rows_made_by_growing_are_zero() -> None:
    table = Table(PAIR)
    table.append((7, 7))
    table.grow_to(40)
    table.grow_to(3)
    assert table.size == 40
    assert table.rows[0].item() == (7, 7)
    assert not table.rows["right"][1:].any()


def test_a_table_takes_over_rows_and_goes_on_growing() -> None:
    table, other = Table(PAIR), np.array([(1, 2), (3, 4)], np.dtype(PAIR))
    table.replace(other)
    other["left"] = 9
    table.append((5, 6))
    assert table.rows.tolist() == [(1, 2), (3, 4), (5, 6)]
    table.replace(np.zeros(0, np.dtype(PAIR)))
    assert table.append((8, 8)) == 0


def test_names_are_numbered_in_order_of_mention() -> None:
    names = Names(["a", "b"])
    assert [names.number(name) for name in ("b", "c", "a", "c")] == [1, 2, 0, 2]
    assert (len(names), list(names), names[2], names.pick([2, 0])) == (3, ["a", "b", "c"], "c", ["c", "a"])
    assert (names.find("b"), names.find("z")) == (1, None)


@pytest.mark.parametrize(
    ("starts", "counts", "expected"),
    [
        ([], [], []),
        ([5], [3], [5, 6, 7]),
        ([5, 0, 9], [2, 3, 0], [5, 6, 0, 1, 2]),
        ([5, 7, 1], [0, 0, 1], [1]),
        ([4, 4], [0, 0], []),
    ],
)
def test_ragged_runs_one_after_another(starts: list[int], counts: list[int], expected: list[int]) -> None:
    assert ragged(np.array(starts, np.int64), np.array(counts, np.int64)).tolist() == expected


def test_items_are_numbered_by_name_so_that_the_order_of_the_file_does_not_matter() -> None:
    backwards = Catalogue(
        categories=dict(reversed(SMALL_CATALOGUE.categories.items())),
        items=dict(reversed(SMALL_CATALOGUE.items.items())),
    )
    one, other = ItemIndex(SMALL_CATALOGUE), ItemIndex(backwards)
    assert (one.ids, one.number) == (other.ids, other.number)
    assert (one.category == other.category).all()
    assert (one.gate == other.gate).all()


def test_gates_are_bits_that_qualifications_open() -> None:
    index = ItemIndex(SMALL_CATALOGUE)
    hair, pressure, lamp = (index.number[item] for item in (HAIR, PRESSURE, LAMP))
    assert (index.gate[hair], index.risky_gate[hair]) == (0, 0)
    assert index.gate[pressure] == index.risky_gate[pressure] == index.bits((LICENCE,)) > 0
    assert (index.gate[lamp], index.risky_gate[lamp]) == (0, index.bits((INSURANCE,)))
    assert index.bits(("choir", "driving")) == 0
    assert index.bits((LICENCE, INSURANCE)) == index.bits((LICENCE,)) | index.bits((INSURANCE,))


def test_every_gate_of_the_shipped_catalogue_has_a_bit_of_its_own() -> None:
    catalogue = load_catalogue()
    index = ItemIndex(catalogue)
    codes = sorted(catalogue.qualifications)
    bits = [index.bits((code,)) for code in codes]
    assert len(set(bits)) == len(codes)
    assert all(bit.bit_count() == 1 for bit in bits)
    assert len(index.ids) == 218


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (np.array([[2], [0], [2]]), np.array([[3, 1, 0, 1]])),
        (np.array([[1]]), np.array([[2]])),
        (np.array([0, 2, 1]), np.array([3, 3, 0])),
        (np.array([[1], [0]]), np.array([[2], [3]])),
        (np.int64(1), np.array([0, 2])),
        (np.zeros((0, 1), np.int64), np.array([[1, 2]])),
    ],
)
def test_looking_up_is_indexing_however_it_is_broadcast(row: Ints, column: Ints) -> None:
    table = np.arange(12).reshape(3, 4)
    found = looked_up(table, row, column)
    assert found.tolist() == table[row, column].tolist()
    assert found.shape == np.broadcast_shapes(row.shape, column.shape)
