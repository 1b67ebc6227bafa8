"""The question a solver is asked: lines with needs, resources with supplies, and what each pair is worth."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.pairs.people import pooled
from matcher.state.columns import Ints


@dataclass(frozen=True, slots=True)
class Market:
    """A transport problem. Pairs are sorted by line; every worth is a positive whole number.

    ``line``, ``resource``, ``worth`` have shape (pairs,); ``need`` (lines,) counts the seats asked, ``supply``
    (resources,) the seats free; where there is a pair, both are at least 1. A person with several entries is one
    resource, so that a line may have several pairs with it; otherwise a line's are sorted by resource.
    """

    line: Ints
    resource: Ints
    worth: Ints
    need: Ints
    supply: Ints

    @classmethod
    def of(cls, pairs: Pairs, worth: Ints, *, need: Ints, supply: Ints, person: Ints) -> Self:
        """Return the market of pairs of entries, each in the row of ``person`` (resources,) that stands for it."""
        return cls(pairs.line, person[pairs.resource], worth, need, pooled(supply, person))

    def reach(self) -> Ints:
        """Return, per resource, the seats that could be used at most: its supply, or all its lines' needs."""
        wanted = np.zeros(len(self.supply), np.int64)
        np.add.at(wanted, self.resource, self.need[self.line])
        return np.minimum(self.supply, wanted)


@dataclass(frozen=True, slots=True)
class Solution:
    """``taken`` (pairs,): seats given to each pair; ``components``: in how many parts the market fell."""

    taken: Ints
    components: int

    def value(self, market: Market) -> int:
        """Return the total worth in points."""
        return int((self.taken * market.worth).sum())
