"""Resources alike: entries that no rule and no term of value can tell apart.

Two members of one community who offer the same item at the same hours to the same area, with the same papers, make
the same pairs, worth the same: one of them is looked at, and stands for all. Where a few thousand classes stand for
two hundred thousand members, that is most of the work saved.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from matcher.pairs.fairness import assignments
from matcher.pairs.rules import Board
from matcher.state.columns import Ints, ragged
from matcher.state.resources import ROW

ASIDE: Final = frozenset(
    {"status", "version", "mark", "capacity", "renewable", "auto_accept", "provider", "in_person", "lender", "shown"}
)
"""Columns that rules and values do not read as they are. A new one sets entries apart until it is named here."""

PAYS: Final = 0.5
"""At so many classes for each resource looking at classes is no quicker (measured)."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Classes of resources, numbered by their first.

    ``first`` (classes,) is the lowest row of each. ``members`` lists all rows class by class, in rising order within;
    those of class c are ``size[c]`` from ``start[c]`` on. ``number`` (all resources,) is the class of each row.
    """

    first: Ints
    members: Ints
    start: Ints
    size: Ints
    number: Ints

    @classmethod
    def of(cls, board: Board, resources: Ints) -> Self:
        """Return the classes of ``resources`` (rows, sorted); one each where too few are alike for it to pay."""
        rows = board.frozen.resources[resources]
        alone = np.zeros(len(board.frozen.resources), np.int64)
        singled = np.concatenate([board.rests, board.backed, board.gates.held]) % 2**31  # of a pair, the resource
        alone[singled] = singled + 1
        if board.slots is not None:  # each of these has jobs of its own
            full = np.flatnonzero(board.slots.number >= 0)
            alone[full] = full + 1
        columns = [rows[name] for name, _ in ROW if name not in ASIDE]
        columns.append(alone[resources])
        if board.policy.load.per_assignment:
            columns.append(assignments(board)[resources])
        kind = np.zeros(len(resources), np.int64)
        for column in columns:
            if (column != column[:1]).any():
                values, place = np.unique(column, return_inverse=True)
                first, kind = np.unique(kind * len(values) + place, return_inverse=True)
                if len(first) > PAYS * len(resources):
                    return cls.apart(board, resources)
        return cls._grouped(resources, kind, len(board.frozen.resources))

    @classmethod
    def apart(cls, board: Board, resources: Ints) -> Self:
        """Return classes of one each."""
        return cls._grouped(resources, np.arange(len(resources)), len(board.frozen.resources))

    @classmethod
    def _grouped(cls, resources: Ints, kind: Ints, rows: int) -> Self:
        _, first, kind = np.unique(kind, return_index=True, return_inverse=True)
        number = np.empty(len(first), np.int64)
        number[np.argsort(first)] = np.arange(len(first))
        kind = number[kind]
        members = resources[np.argsort(kind, kind="stable")]
        size = np.bincount(kind, minlength=len(first))
        start = np.cumsum(size) - size
        of_row = np.full(rows, -1, np.int64)
        of_row[resources] = kind
        return cls(members[start], members, start, size, of_row)

    def some(self, kind: Ints, *, take: Ints, skip: Ints, order: Ints | None = None) -> Ints:
        """Return ``take`` members of each class in ``kind``, from the one after ``skip`` on, around; (take.sum(),).

        ``order`` is another order of ``members`` within their classes.
        """
        members = self.members if order is None else order
        turn = ragged(np.zeros(len(kind), np.int64), take) + np.repeat(skip, take)
        return members[np.repeat(self.start[kind], take) + turn % np.repeat(self.size[kind], take)]

    def cheapest_first(self, price: Ints) -> Ints:
        """Return ``members`` with those of lower price (all resources,) first within each class."""
        return self.members[np.lexsort((self.members, price[self.members], self.number[self.members]))]
