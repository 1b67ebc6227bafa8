"""Growable tables of rows: one NumPy structured array each, so that a round reads columns and a snapshot bytes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[Any]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FOREVER = 2**62
"""An instant (ms) after every other; fits int64 with room to add."""


class Table:
    """Rows of one dtype; doubles when full. ``rows`` is a view of those in use."""

    def __init__(self, dtype: Sequence[tuple[str, str]]) -> None:
        self._dtype = np.dtype(list(dtype))
        self._held: Rows = np.zeros(16, self._dtype)
        self.size = 0

    @property
    def rows(self) -> Rows:
        """The rows in use, shape (size,); a view: do not keep it over an append."""
        return self._held[: self.size]

    def grow_to(self, size: int) -> None:
        """Make ``size`` rows usable; new ones are zero."""
        if size > len(self._held):
            bigger = np.zeros(max(size, 2 * len(self._held)), self._dtype)
            bigger[: self.size] = self.rows
            self._held = bigger
        self.size = max(self.size, size)

    def append(self, row: tuple[Any, ...]) -> int:
        """Add one row and return its index."""
        self.grow_to(self.size + 1)
        self._held[self.size - 1] = row
        return self.size - 1

    def replace(self, rows: Rows) -> None:
        """Take over ``rows`` as the whole content."""
        self._held = np.concatenate([rows.astype(self._dtype), np.zeros(1, self._dtype)])
        self.size = len(rows)


Key = TypeVar("Key", bound="str | tuple[Any, ...]")
Cell = TypeVar("Cell", bound=np.generic)


class Names(Generic[Key]):
    """Gives each name a small whole number, in order of first mention."""

    def __init__(self, names: Iterable[Key] = ()) -> None:
        self._names = list(names)
        self._index = {name: place for place, name in enumerate(self._names)}

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> Key:
        return self._names[index]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._names)

    def number(self, name: Key) -> int:
        """Return the number of ``name``; a new name gets the next one."""
        found = self._index.get(name)
        if found is None:
            found = self._index[name] = len(self._names)
            self._names.append(name)
        return found

    def find(self, name: Key) -> int | None:
        """Return the number of ``name``, or None."""
        return self._index.get(name)

    def pick(self, indices: Iterable[int]) -> list[Key]:
        """Return the names at ``indices``."""
        names = self._names
        return [names[index] for index in indices]


def bits(order: Sequence[Any], members: Iterable[Any]) -> int:
    """Return a set as bits, by the place of each member in ``order``."""
    held = 0
    for member in members:
        held |= 1 << order.index(member)
    return held


def looked_up(table: NDArray[Cell], row: Ints, column: Ints) -> NDArray[Cell]:
    """Return ``table[row, column]``, broadcast; of a column (n, 1) with a row (1, m) at a fifth of what that costs."""
    if row.ndim == column.ndim == 2 and row.shape[1] == column.shape[0] == 1:
        return table[row[:, 0]].take(column[0], axis=1)
    return table[row, column]


def code(first: Ints, second: Ints) -> Ints:
    """Return one number for each pair of rows."""
    return first * np.int64(2**31) + second


def ragged(starts: Ints, counts: Ints) -> Ints:
    """Return the indices ``starts[k] .. starts[k] + counts[k] - 1`` of all k, one after another."""
    total = int(counts.sum())
    if total == 0:
        return np.zeros(0, np.int64)
    shifts = np.repeat(starts - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    return shifts + np.arange(total)
