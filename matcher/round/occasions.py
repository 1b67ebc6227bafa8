"""When a team could meet: the few starts among which the best one always is.

A pair can begin at any moment of some closed stretches, one for each window of the resource: from the window's begin,
clamped to the demand's window and to the notice, to the last moment at which the job still fits. The demand's own
hours, where it has some, give such stretches for all its pairs. A start at which every member of a team can begin may
be moved back to the latest begin among the stretches around it: that moment is not later, so it is before the end of
each, and not before the begin of any. So the begins of all stretches suffice (the earliest of each pair would not,
where calendars have several windows). And as a value does not depend on the start, of two begins at which the same
pairs can start, or more at one than at the other, one suffices.
"""

from dataclasses import dataclass

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.pairs.people import pooled
from matcher.pairs.rules import Board
from matcher.solving.market import Market
from matcher.solving.solve import solve
from matcher.state.calendars import NEVER
from matcher.state.columns import Bools, Ints


@dataclass(frozen=True, slots=True)
class Occasion:
    """A start (ms) at which a team could meet; ``pairs`` (n,) are those of the team's pairs that can begin then."""

    start: int
    pairs: Ints


@dataclass(frozen=True, slots=True)
class Stretches:
    """When each of a team's pairs can begin: ``kind`` (pairs,) says which of the rows of the others holds for it.

    ``first`` and ``last`` (kinds, windows) are moments in ms, ``asked_first`` and ``asked_last`` (hours,) those of the
    demand's own hours; there is no stretch where last < first.
    """

    kind: Ints
    first: Ints
    last: Ints
    asked_first: Ints
    asked_last: Ints

    def begins(self) -> list[int]:
        """Return the distinct begins of all stretches at which the demand's hours allow one, rising."""
        offered, asked = self.first <= self.last, self.asked_first <= self.asked_last
        starts = np.unique(np.concatenate([self.first[offered], self.asked_first[asked]]))
        place = np.searchsorted(self.asked_first[asked], starts, side="right") - 1
        latest = np.append(self.asked_last[asked], -NEVER)[place]  # of nothing before the first of the hours
        found: list[int] = starts[starts <= latest].tolist()
        return found

    def at(self, start: int) -> Bools:
        """Return which pairs can begin at ``start``, one of the begins; shape (pairs,)."""
        able = np.logical_or.reduce((self.first <= start) & (start <= self.last), axis=1)
        return np.asarray(able, bool)[self.kind]


def occasions(board: Board, pairs: Pairs, rows: Ints, *, need: Ints, supply: Ints) -> list[Occasion]:
    """Return when the team with the pairs ``rows`` could meet, by start, if nobody else asked for anything."""
    line, resource = pairs.line[rows], pairs.resource[rows]
    seats, whose, whole = np.minimum(need[line], supply[resource]), board.person[resource], pooled(supply, board.person)
    lines, place = np.unique(line, return_inverse=True)
    found = []
    for start, able in gatherings(board, pairs, rows):
        had = np.bincount(place[able], weights=seats[able], minlength=len(lines))
        if (had >= need[lines]).all() and _at_once(line[able], whose[able], need=need, supply=whole):
            found.append(Occasion(start, rows[able]))
    return found


def _at_once(line: Ints, resource: Ints, *, need: Ints, supply: Ints) -> bool:
    """Whether all lines can get their seats, each of which can by itself, of these pairs (pairs,)."""
    if len(np.unique(resource)) == len(resource):
        return True
    market = Market(line, resource, np.ones(len(line), np.int64), need, supply)
    return bool(solve(market).taken.sum() == need[np.unique(line)].sum())


def gatherings(board: Board, pairs: Pairs, rows: Ints) -> list[tuple[int, Bools]]:
    """Return begins (ms), rising, each with those of the team's pairs ``rows`` that can start then; shape (rows,).

    Of neighbours only the fuller one is there.
    """
    kept: list[tuple[int, Bools]] = []
    if not len(rows):
        return kept
    when = _stretches(board, pairs, rows)
    for start in when.begins():
        able = when.at(start)
        while kept and not (kept[-1][1] & ~able).any() and (able & ~kept[-1][1]).any():
            kept.pop()
        if able.any() and (not kept or (able & ~kept[-1][1]).any()):
            kept.append((start, able))
    return kept


def earliest(board: Board, pairs: Pairs, rows: Ints) -> int:
    """Return the first start (ms) at which all the pairs ``rows`` can begin, NEVER where there is none."""
    when = _stretches(board, pairs, rows)
    return next((start for start in when.begins() if when.at(start).all()), NEVER)


def _stretches(board: Board, pairs: Pairs, rows: Ints) -> Stretches:
    """Return when a team's pairs ``rows`` can begin; alike resources are looked at once."""
    demand = board.frozen.line_demand[pairs.line[rows[0]]]
    asked, hours = board.frozen.demands[demand], board.hours[demand]
    resource = pairs.resource[rows]
    notice = board.notice[resource]
    had = [board.calendar[resource], notice]
    if board.slots is not None:
        had.append(board.slots.number[resource])
    _, model, kind = np.unique(np.stack(had, axis=1), axis=0, return_index=True, return_inverse=True)
    starts, ends = board.stretches(int(pairs.line[rows[0]]), resource[model])
    soonest = np.maximum(asked["start"], board.now_ms + notice[model])
    # The padding of calendars with fewer windows ends before it begins.
    first = np.maximum(soonest[:, None], starts)
    last = np.minimum(asked["end"], ends) - asked["duration"]
    some = (first <= last).any(axis=0)
    return Stretches(
        kind.reshape(-1), first[:, some], last[:, some], board.asked.starts[hours],
        board.asked.ends[hours] - asked["duration"],
    )  # fmt: skip
