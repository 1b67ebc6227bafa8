"""A round as it would be decided at one moment, kept so that questions about it cost an insertion, not a solve."""

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from matcher.pairs.rules import Board
from matcher.pairs.teams import ALONE, team_of
from matcher.round.matched import Matching
from matcher.round.matching import match
from matcher.round.settling import Settled, board_after, settle
from matcher.solving.seating import Costs, Seating
from matcher.state.columns import Bools
from matcher.state.fold import to_ms
from matcher.state.pool import Frozen
from schemas.policy import Policy


@dataclass(frozen=True, slots=True)
class Solved:
    """The pool, the past settled, and the optimum of what is open. Nothing that is asked of it changes it.

    Categories share neither lines nor resources, so each is a question by itself; where a person has entries in
    several, these are one question, named after the first.
    """

    board: Board
    settled: Settled
    matching: Matching
    _costs: dict[int, Costs] = field(default_factory=dict)

    @property
    def frozen(self) -> Frozen:
        """The pool."""
        return self.board.frozen

    @property
    def is_whole(self) -> bool:
        """Whether every open line is taken on with every pair it may have; a large round has a shortlist of them.

        Not where teams got seats: they might be chosen anew, which no insertion tells.
        """
        matching = self.matching
        full = not matching.left_out.any() and matching.allowed == len(matching.market.line)
        return full and matching.staffing is None

    @property
    def waits_for_a_team(self) -> bool:
        """Whether some line asks for a whole team; who is new might be the one it lacks."""
        return bool(self.asks_wholly[self.settled.seats.lines].any())

    @property
    def asks_wholly(self) -> Bools:
        """Which lines (lines,) are in a team: their seats are not given one by one, and have no price."""
        of_team: Bools = np.asarray(team_of(self.frozen) != ALONE, bool)
        return of_team

    def seating(self, category: int) -> Seating:
        """Return the seats given in a category, for the caller to change."""
        return self.seating_of(self._pairs_of(category))

    def seating_of(self, chosen: Bools) -> Seating:
        """Return the seats given to ``chosen`` pairs (pairs,) that share no entry with others."""
        return Seating.of(self.matching.market, self.matching.solution.taken, chosen=chosen)

    def costs(self, category: int) -> Costs:
        """Return what a seat of each resource of a category costs those who would get it; found once."""
        if category not in self._costs:
            self._costs[category] = self.seating(category).costs()
        return self._costs[category]

    def category(self, item: int) -> int:
        """Return the category of an item, both by number, or the first of its part."""
        return int(self.board.part[self.frozen.items.category[item]])

    def _pairs_of(self, category: int) -> Bools:
        of_line = self.board.part[self.frozen.items.category[self.frozen.lines["item"]]] == category
        chosen: Bools = np.asarray(of_line[self.matching.market.line], bool)
        return chosen


def solved(frozen: Frozen, *, now: datetime, policy: Policy) -> Solved:
    """Solve the round of ``frozen`` at ``now`` without deciding it."""
    now_ms = to_ms(now)
    settled = settle(frozen, now_ms=now_ms, policy=policy)
    board = board_after(frozen, settled, policy=policy, now_ms=now_ms)
    matching = match(board, settled.seats)
    return Solved(matching.board, settled, matching)
