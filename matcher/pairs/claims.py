"""Claims in a round: which pairs they back, and what became of each.

1. Claims are taken in the order in which they were made. One that no rule forbids backs its pair, for as many seats as
   line and resource have left after the earlier ones: so of two claims on one seat the first counts. Where it serves
   per occasion, or the two are on entries of one person, the other claim is ruled on in the next round, beside what
   the first got.
2. A backed pair is worth the policy's bonus more; it still has to win. A rule is never bent for a claim, and a pair
   that was declined stays apart whoever claims it.
3. A provider that claims has said yes: what the pair gets is confirmed at once.
4. A claim with a quantity is an order's: it holds just so many seats, or none, and the rest is matched without them. So
   what two sides agreed on stays, as what was accepted does; seats of teams and of guests are matched all the same.
5. The round that decides says what became of the claim, and with that it is over; but not where its line has to wait
   for the next round, or where an entry has not been read yet.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.pairs.people import pooled
from matcher.pairs.rules import Board, trials
from matcher.pairs.teams import ALONE, team_of
from matcher.state.columns import Ints, code
from matcher.state.fold import OPEN, WITHDRAWN
from matcher.state.pool import Frozen, OpenClaim
from matcher.state.responses import PATIENCE_MS
from schemas.claims import Outcome
from schemas.rules import Rule

MOST: Final = 2_000
"""Claims that one round looks at; the others are looked at by the next."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a claim before the round is solved.

    ``line`` is the row of its line, -1 where that is gone. ``refusal`` says why it backs nothing, ``rule`` by which
    rule. It is for ``later`` where an earlier claim has this round's seat of what can serve again. ``held`` are the
    seats of an order.
    """

    opened: OpenClaim
    line: int
    refusal: Outcome | None = None
    rule: Rule | None = None
    later: bool = False
    held: int = 0

    @property
    def backs(self) -> bool:
        """Whether the pair is worth the bonus more."""
        return self.refusal is None and not self.later and not self.held

    @property
    def vouches(self) -> bool:
        """Whether the provider has said yes to all that the pair gets."""
        claim = self.opened.claim
        stands = self.backs if claim.quantity else self.refusal in (None, "claimed_before")
        return claim.by == "provider" and stands


@dataclass(frozen=True, slots=True)
class Backing:
    """The claims that a round looks at, in their order, and how many it leaves for the next."""

    verdicts: tuple[Verdict, ...]
    left_out: int

    def on(self, board: Board) -> Board:
        """Return the board with the pairs that claims back."""
        pairs = [(verdict.line, verdict.opened.resource) for verdict in self.verdicts if verdict.backs]
        rows = np.array(pairs, np.int64).reshape(-1, 2)
        return replace(board, backed=np.unique(code(rows[:, 0], rows[:, 1])))

    def crowded(self) -> bool:
        """Return whether some claim would count if another one were not there."""
        return any(verdict.later or verdict.refusal == "claimed_before" for verdict in self.verdicts)

    def vouched(self) -> frozenset[tuple[int, int]]:
        """Return the pairs (line row, resource row) that a provider claimed and no rule forbids."""
        return frozenset((verdict.line, verdict.opened.resource) for verdict in self.verdicts if verdict.vouches)


def claim(board: Board, pairs: Pairs) -> Ints:
    """The bonus of a pair that a claim backs."""
    if not len(board.backed):
        return np.zeros_like(pairs.resource)
    pair = code(pairs.line, pairs.resource)
    found = np.minimum(np.searchsorted(board.backed, pair), len(board.backed) - 1)
    return np.where(board.backed[found] == pair, np.int64(board.policy.claim.bonus), np.int64(0))


def backing(board: Board, *, need: Ints, supply: Ints) -> Backing:
    """Return what the open claims of a board come to, given the open seats of all lines and of all resources."""
    waited = board.now_ms - PATIENCE_MS
    opened = [claim for claim in board.frozen.claims if claim.known or claim.claim.at_ms <= waited]
    left_line, left_entry = need.copy(), supply.copy()
    left = pooled(supply, board.person).copy()  # of a person, through all entries
    verdicts = _verdicts(board, opened[:MOST], need=need, supply=supply)
    whole, team = pooled(supply, board.person), team_of(board.frozen)
    for place, verdict in enumerate(verdicts):
        if verdict.refusal is not None:
            continue
        line, resource = verdict.line, verdict.opened.resource
        person = board.person[resource]
        seats = int(min(left_line[line], left_entry[resource], left[person]))
        again = board.frozen.resources["per_occasion"][resource] or left_entry[resource]
        asked = _ordered(board, verdict, team)
        if asked > need[line]:
            verdicts[place], seats = replace(verdict, refusal="filled"), 0
        elif asked > min(supply[resource], whole[person]):
            verdicts[place], seats = replace(verdict, refusal="not_allowed", rule="seats"), 0
        elif left_line[line] >= max(asked, 1) and seats < max(asked, 1) and again:
            verdicts[place], seats = replace(verdict, later=True), 0
        elif seats < max(asked, 1):
            verdicts[place], seats = replace(verdict, refusal="claimed_before"), 0
        elif asked:
            verdicts[place], seats = replace(verdict, held=asked), asked
        left_line[line] -= seats
        left_entry[resource] -= seats
        left[person] -= seats
    later = sum(verdict.later for verdict in verdicts)
    return Backing(tuple(verdicts), max(len(opened) - MOST, 0) + later)


def _ordered(board: Board, verdict: Verdict, team: Ints) -> int:
    """Return how many seats a claim is to hold, 0 where it only backs its pair."""
    line, resource = verdict.line, verdict.opened.resource
    guest = board.frozen.demands["guest"][board.frozen.line_demand[line]]
    if team[line] != ALONE or guest or board.frozen.resources["lender"][resource]:
        return 0
    return verdict.opened.claim.quantity or 0


def backed_instead(board: Board, like: int, rows: Ints, *, need: Ints, supply: Ints) -> Board:
    """Return the board with the pairs of demands ``rows`` that claims on ``like`` back, were that one in its place."""
    claims = board.frozen.claims
    if not any(opened.demand == like for opened in claims):
        return board
    pairs = []
    for row in rows.tolist():
        moved = [replace(opened, demand=row) if opened.demand == like else opened for opened in claims]
        found = backing(replace(board, frozen=replace(board.frozen, claims=moved)), need=need, supply=supply)
        pairs += [
            (verdict.line, verdict.opened.resource)
            for verdict in found.verdicts
            if verdict.opened.demand == row and verdict.backs
        ]
    own = np.array(pairs, np.int64).reshape(-1, 2)
    return replace(board, backed=np.unique(code(own[:, 0], own[:, 1])))


def _verdicts(board: Board, opened: list[OpenClaim], *, need: Ints, supply: Ints) -> list[Verdict]:
    """Return what is said of each claim by itself."""
    found = [_standing(board, claim, need=need) for claim in opened]
    asked = [place for place, verdict in enumerate(found) if verdict.refusal is None]
    if not asked:
        return found
    lines = np.array([found[place].line for place in asked], np.int64)
    resources = np.array([found[place].opened.resource for place in asked], np.int64)
    tests = trials(board, lines, resources, supply=supply)
    for at, place in enumerate(asked):
        rule = next((rule for rule, passes in tests.items() if not passes[at]), None)
        if rule is not None:
            found[place] = replace(found[place], refusal="not_allowed", rule=rule)
    return found


def _standing(board: Board, opened: OpenClaim, *, need: Ints) -> Verdict:
    """Return whether the entries of a claim are there and the line has an open seat."""
    frozen, line = board.frozen, _line(board.frozen, opened)
    if line < 0 or opened.resource < 0 or frozen.resources["status"][opened.resource] == WITHDRAWN:
        return Verdict(opened, line, "gone")
    if need[line] == 0:
        if not _is_open(board, opened.demand):
            return Verdict(opened, line, "gone")
        return Verdict(opened, line, "elsewhere" if frozen.abroad.elsewhere.get(line) else "filled")
    return Verdict(opened, line)


def _line(frozen: Frozen, opened: OpenClaim) -> int:
    """Return the row of the claimed line, -1 where the demand is closed or has no such line."""
    if opened.demand < 0 or opened.claim.line >= frozen.demands["lines"][opened.demand]:
        return -1
    return int(np.searchsorted(frozen.line_demand, opened.demand)) + opened.claim.line


def _is_open(board: Board, demand: int) -> bool:
    row = board.frozen.demands[demand]
    return bool(row["status"] == OPEN and row["lapsed_version"] < row["version"] and row["lapses"] > board.now_ms)
