"""The smallest change that would have won for a demand with a team: each is put to a round of its own.

1. All or nothing is no single path through a solved round: the round is solved again with the change made, as far as
   its categories go, and those that bundles and people link to them.
2. A change with which the team could not meet even if nobody else asked for anything is dropped before that.
3. In such a round each seat of the demand counts a point less. A demand that gets k seats so gets k at least in every
   optimum at full worth: of two assignments the one with more of its seats gains more by the point. So what is told
   does not hang on which of several optima a round happens to find. Only rounds whose optimum is proven count.
4. The work has bounds that depend on the pool alone: so many rounds for a demand, and none in a pool in which one takes
   long.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any, Final

import numpy as np

from matcher.pairs.candidates import cells
from matcher.pairs.rules import Board
from matcher.pairs.teams import ALONE, linked, team_of
from matcher.reasons.failing import of_category
from matcher.reasons.insertion import wishes
from matcher.reasons.newcomers import with_demands
from matcher.reasons.remedies import KINDS, Case, claimed, places, suited, times
from matcher.reasons.shortage import most_at_once
from matcher.reasons.solved import Solved
from matcher.round.matched import Matching, Seats
from matcher.round.matching import match
from matcher.round.staffing import fillable
from matcher.state.calendars import ALWAYS
from matcher.state.columns import Ints, Rows
from matcher.state.demands import URGENCIES
from schemas.why import Remedy

MOST_ROUNDS: Final = 16
"""Rounds that are solved for one demand at most."""
MOST_OF_A_KIND: Final = 4
"""Changes of one kind that are put to a round."""
MOST_TO_WEIGH: Final = 16_000
"""Pairs, allowed or not, times teams, among which changes are tried: more take 0.1 s a round and longer (measured)."""


@dataclass(frozen=True, slots=True)
class _Change:
    """A change told of ``line``: the fields of the remedy; what they mean for the row of the demand, and of lines."""

    kind: str
    line: int
    told: dict[str, Any]
    row: dict[str, int]
    lines: Mapping[int, Mapping[str, int]]


def team_remedies(solved: Solved, case: Case) -> tuple[Remedy, ...] | None:
    """Return the changes that win more seats for the lines of a demand with a team, cheapest first for each.

    None where they are not tried: the round has no room for all lines, or too many ask for what the demand asks for.
    """
    if not (case.seats < case.need).any():
        return ()
    tries = _Tries(solved, case)
    if solved.matching.left_out.any() or tries.to_weigh() > MOST_TO_WEIGH:
        return None
    return tuple(remedy for unit in tries.units() for remedy in tries.of(unit))


class _Tries:
    """One demand's changes, and the rounds that are left to try them in."""

    def __init__(self, solved: Solved, case: Case) -> None:
        self._solved, self._case, self._left = solved, case, MOST_ROUNDS
        self._first = len(solved.frozen.lines)
        self._board = self._with(case.row, case.lines)
        """The demand as it is, beside all others."""
        self._team = team_of(self._board.frozen)[self._first :]
        self._others = self._of_its_part()
        """All that can have to do with the demand: the other parts of the pool stay as they are."""

    def to_weigh(self) -> int:
        """Return how many pairs there are among which each change is tried, allowed or not, times teams."""
        lines = np.append(self._others.lines, self._first + np.flatnonzero(self._case.need))
        team = team_of(self._board.frozen)[lines]
        return cells(self._board, lines, self._others.resources) * len(np.unique(team[team != ALONE]))

    @cached_property
    def _without(self) -> int:
        """What the part is worth without the demand."""
        return self._match(self._board, np.zeros_like(self._case.need)).value()

    def units(self) -> Iterator[Ints]:
        """Yield the lines (by place) that are told of together: a bundle's, or each short one alone."""
        if self._case.row["bundle"][0]:
            yield np.arange(len(self._case.lines))
        else:
            yield from np.flatnonzero(self._case.seats < self._case.need)[:, None]

    def of(self, unit: Ints) -> list[Remedy]:
        """Return what wins for a unit: what fills it first, then what costs others least."""
        case, found = self._case, [self._fewer(unit)]
        possible = self._possible(unit, list(self._changes(unit)))
        for _, same in groupby(possible, key=lambda change: (change.kind, change.line)):
            tried = (self._told(unit, change) for change in list(same)[:MOST_OF_A_KIND])
            found.append(next((remedy for remedy in tried if remedy is not None), None))
        need = int(case.need[unit].sum())
        return sorted(
            (remedy for remedy in found if remedy is not None),
            key=lambda told: (
                told.kind != "seats" and (told.seats if told.in_all is None else told.in_all) < need,
                told.price,
                KINDS.index(told.kind),
            ),
        )

    def _fewer(self, unit: Ints) -> Remedy | None:
        """Return as many seats as are to be had at once; where others outbid that, the most that win, by bisection.

        Of a bundle, the line with most seats gives way to others.
        """
        had = self._to_be_had(unit)
        if not had.all():
            return None
        thinned, found = int(np.argmax(had)), None
        least, most = 1, int(had[thinned]) - bool((had == self._case.need[unit]).all())
        wanted = most
        for _ in range(MOST_OF_A_KIND):
            if least > most:
                break
            told = self._told(unit, self._asking_for(unit, np.where(np.arange(len(unit)) == thinned, wanted, had)))
            if told is None:
                most = wanted - 1
            else:
                least, found = wanted + 1, told
            wanted = (least + most) // 2
        return found

    def _to_be_had(self, unit: Ints) -> Ints:
        """Return the seats of each line of a unit that could be had at one start, or that an ordinary one has."""
        if self._team[unit[0]] == ALONE:
            return self._case.seats[unit]
        need = np.concatenate([np.zeros(self._first, np.int64), self._case.need])
        seats = self._solved.settled.seats
        return most_at_once(self._board, replace(seats, need=need), self._first + unit)

    def _asking_for(self, unit: Ints, seats: Ints) -> _Change:
        quantity = self._case.lines["quantity"].astype(np.int64)
        quantity[unit] += seats - self._case.need[unit]
        fewer = np.flatnonzero(quantity < self._case.lines["quantity"]).tolist()
        lines = {line: {"quantity": int(quantity[line])} for line in fewer}
        if len(fewer) == 1:
            return _Change("seats", fewer[0], lines[fewer[0]], {}, lines)
        return _Change("seats", int(unit[0]), {"quantities": tuple(quantity.tolist())}, {}, lines)

    def _changes(self, unit: Ints) -> Iterator[_Change]:
        """Yield the other changes worth a try, kind by kind, small ones first."""
        case, board, first = self._case, self._board, int(unit[0])
        named = {line: self._there(line) for line in unit.tolist()}
        theirs = [there[suited(board, self._first + line, there)] for line, there in named.items()]
        able = np.unique(np.concatenate(theirs))
        if case.hours == ALWAYS:
            yield from (_Change("time", first, moved.told, moved.row, {}) for moved in times(board, self._first, able))
        frozen = self._solved.frozen
        for line, there in named.items():
            for item in np.unique(frozen.resources["item"][there]).tolist():
                if item != case.lines["item"][line]:
                    yield _Change("item", line, {"item": frozen.items.ids[item]}, {}, {line: {"item": item}})
        for line in named:
            if not case.lines["siblings"][line] and board.policy.rules.siblings:
                yield _Change("siblings", line, {}, {}, {line: {"siblings": True}})
        yield from (_Change("place", first, held.told, held.row, {}) for held in places(board, self._first, able))
        if self._team[first] != ALONE:
            together = {} if len(unit) > 1 else {first: {"together": False}}
            yield _Change("apart", first, {}, {"bundle": False}, together)
        for level in range(int(case.row["urgency"][0]) + 1, len(URGENCIES)):
            yield _Change("urgency", first, {"urgency": URGENCIES[level]}, {"urgency": level}, {})

    def _there(self, line: int) -> Ints:
        """Return the resources of a line's category that have a seat."""
        found = of_category(self._board, self._first + line)
        return found[self._solved.settled.seats.supply[found] > 0]

    def _possible(self, unit: Ints, changes: list[_Change]) -> list[_Change]:
        """Return the changes with which some line of the unit could get a seat if nobody else asked for anything."""
        case, count = self._case, len(self._case.lines)
        if not changes:
            return []
        made = [self._made(change) for change in changes]
        rows = np.concatenate([row for row, _, _ in made])
        lines = np.concatenate([lines for _, lines, _ in made])
        need = np.concatenate([need for _, _, need in made])
        board = self._with(rows, lines)
        if case.like is not None:
            board = claimed(self._solved, board, case.like, need)
        asked = wishes(board, solved=self._solved, lines=self._first + np.arange(len(lines)), need=need)
        team, supply = team_of(board.frozen), self._solved.settled.seats.supply
        all_need = np.concatenate([np.zeros(self._first, np.int64), need])
        able = np.isin(np.arange(len(team)), asked.pairs.line)
        of_team = np.isin(team, list(fillable(board, asked.pairs, team, need=all_need, supply=supply)))
        able &= (team == ALONE) | of_team
        chosen = able[self._first :].reshape(-1, count)[:, unit].any(axis=1)
        return [change for change, kept in zip(changes, np.asarray(chosen).tolist(), strict=True) if kept]

    def _told(self, unit: Ints, change: _Change) -> Remedy | None:
        """Return the remedy where a round with the change is won; None where it is not, or may not be tried."""
        if not self._left:
            return None
        self._left -= 1
        row, lines, need = self._made(change)
        matching = self._round(row, lines, need)
        seats = matching.given()[self._first :]
        if not matching.is_certain() or not self._wins(unit, change, seats, need):
            return None
        pairs, worth, taken = matching.pairs_of_all()
        own = int((worth * taken)[pairs.line >= self._first].sum())
        return Remedy(
            kind=change.kind,
            line=change.line,
            seats=int(seats[change.line]),
            in_all=int(seats[unit].sum()) if len(unit) > 1 else None,
            price=own - (matching.value() - self._without),
            **change.told,
        )

    def _wins(self, unit: Ints, change: _Change, seats: Ints, need: Ints) -> bool:
        if change.kind == "seats":
            return bool((seats[unit] == need[unit]).all())
        more = seats > self._case.seats
        return bool(seats.sum() > self._case.seats.sum() and (more[unit].any() if len(unit) > 1 else more[change.line]))

    def _made(self, change: _Change) -> tuple[Rows, Rows, Ints]:
        """Return the demand's row (1,), lines and open seats (lines,) with the change made."""
        row, lines = self._case.row.copy(), self._case.lines.copy()
        for column, value in change.row.items():
            row[column] = value
        for line, changed in change.lines.items():
            for column, value in changed.items():
                lines[column][line] = value
        return row, lines, self._case.need + lines["quantity"] - self._case.lines["quantity"]

    def _round(self, row: Rows, lines: Rows, need: Ints) -> Matching:
        """Return a round with the demand as it would be, in place of the one on the list."""
        board, like = self._with(row, lines), self._case.like
        rows = len(self._solved.frozen.demands)
        opened = board.frozen.claims
        claims = [replace(claim, demand=rows) if claim.demand == like else claim for claim in opened]
        less = np.where(np.arange(self._first + len(lines)) < self._first, 0, 1)
        board = replace(board, frozen=replace(board.frozen, claims=claims), less=less)
        return self._match(board, need)

    def _of_its_part(self) -> Seats:
        """Return what others ask for, and what there is, in the categories that the demand has to do with."""
        frozen, seats = self._board.frozen, self._solved.settled.seats
        group = linked(frozen, team_of(frozen), self._board.person)[frozen.items.category]
        mine = np.isin(group, group[self._case.lines["item"]])
        others = frozen.line_demand[: self._first] != (-1 if self._case.like is None else self._case.like)
        need = np.where(others & mine[frozen.lines["item"][: self._first]], seats.need, 0)
        resources = seats.resources[mine[frozen.resources["item"][seats.resources]]]
        return Seats(np.flatnonzero(need), resources, need, seats.supply)

    def _match(self, board: Board, need: Ints) -> Matching:
        """Return the part's round with so many open seats of the lines of the demand."""
        seats, whole = self._others, np.concatenate([self._others.need, need])
        return match(board, replace(seats, lines=np.flatnonzero(whole), need=whole), rivals=False)

    def _with(self, rows: Rows, lines: Rows) -> Board:
        case = self._case
        return with_demands(self._solved, rows, lines, hours=case.hours, requester=case.requester, like=case.like)
