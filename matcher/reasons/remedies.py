"""The smallest change that would have won: variants of a demand, each really put into the solved round.

1. A change wins where the line gets more seats, and the demand as a whole too. Only what wins is told.
2. Of each kind the smallest change that wins is told: the least shift, the nearest place, the lowest level.
3. What fills the line comes first; then what costs others least.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import numpy as np

from matcher.pairs.claims import backed_instead
from matcher.pairs.rules import Board
from matcher.reasons.failing import of_category
from matcher.reasons.insertion import Ground, Outcome, insert, wishes
from matcher.reasons.newcomers import with_demands
from matcher.reasons.solved import Solved
from matcher.state.calendars import ALWAYS, NEVER, Calendar
from matcher.state.columns import Bools, Ints, Rows
from matcher.state.demands import URGENCIES
from schemas.why import Remedy

KINDS: Final = ("seats", "time", "item", "siblings", "place", "apart", "urgency")
"""In which order changes are told that cost the same."""
QUARTER_MS: Final = 15 * 60_000
"""People move appointments by quarters of an hour."""
FARTHEST_MS: Final = 7 * 24 * 3_600_000
MOST_TRIES: Final = 24
"""Variants of one kind that are tried."""
_SHARED: Final = ((9, "street"), (6, "district"), (4, "city"), (0, "beyond"))


@dataclass(frozen=True, slots=True)
class Case:
    """A demand as it stands: its row (1,), ``lines`` and ``hours``.

    ``need`` and ``seats`` (lines,) are the open seats and those of them that a round gives.
    ``like`` is its row in the pool, None where it is not on the list.
    """

    row: Rows
    lines: Rows
    need: Ints
    seats: Ints
    hours: Calendar
    requester: str
    like: int | None


@dataclass(frozen=True, slots=True)
class Variant:
    """A change: the fields of the remedy, and what they mean for the demand's row and for the line."""

    kind: str
    told: dict[str, Any]
    row: dict[str, int]
    line: dict[str, int]


def remedies(ground: Ground, case: Case, line: int) -> tuple[Remedy, ...]:
    """Return the changes that win more seats for a line (by its place in the demand), cheapest first."""
    tried = list(_variants(ground, case, line))
    if not tried:
        return ()
    count = len(case.lines)
    rows, lines = np.repeat(case.row, len(tried)), np.tile(case.lines, len(tried))
    need = np.tile(case.need, len(tried))
    for place, variant in enumerate(tried):
        for column, value in variant.row.items():
            rows[column][place] = value
        for column, value in variant.line.items():
            lines[column][place * count + line] = value
        if "quantity" in variant.line:
            need[place * count + line] = case.seats[line]
    board = with_demands(ground.solved, rows, lines, hours=case.hours, requester=case.requester, like=case.like)
    first = len(ground.solved.frozen.lines)
    if case.like is not None:
        board = claimed(ground.solved, board, case.like, need)
    asked = wishes(board, solved=ground.solved, lines=first + np.arange(len(lines)), need=need)
    found = []
    for _, same in groupby(enumerate(tried), key=lambda entry: entry[1].kind):
        for place, variant in same:
            outcome = insert(ground, asked.of(first + place * count + np.arange(count)))
            if _wins(case, line, outcome, variant):
                seats = int(outcome.seats[line])
                found.append(Remedy(kind=variant.kind, line=line, seats=seats, price=outcome.price, **variant.told))
                break
    return tuple(
        sorted(
            found,
            key=lambda told: (
                told.kind != "seats" and told.seats < case.need[line],
                told.price,
                KINDS.index(told.kind),
            ),
        )
    )


def claimed(solved: Solved, board: Board, like: int, need: Ints) -> Board:
    """Return the board with what claims on the demand ``like`` would back in each variant; ``need`` (their lines,)."""
    seats, frozen = solved.settled.seats, solved.frozen
    rows = np.arange(len(frozen.demands), len(board.frozen.demands))
    others = np.where(frozen.line_demand == like, 0, seats.need)
    return backed_instead(board, like, rows, need=np.concatenate([others, need]), supply=seats.supply)


def _wins(case: Case, line: int, outcome: Outcome, variant: Variant) -> bool:
    if variant.kind == "seats":
        return bool(outcome.seats[line] == case.seats[line])
    return bool(outcome.seats[line] > case.seats[line] and outcome.seats.sum() > case.seats.sum())


def _variants(ground: Ground, case: Case, line: int) -> Iterator[Variant]:
    """Yield the changes worth a try, kind by kind, small ones first."""
    solved, policy = ground.solved, ground.solved.board.policy
    frozen = solved.frozen
    if 0 < case.seats[line] < case.need[line]:
        fewer = int(case.lines["quantity"][line] - case.need[line] + case.seats[line])
        yield Variant("seats", {"quantity": fewer}, {}, {"quantity": fewer})
    # The demand as it is, beside all others: what its line fails, and by how much.
    board = with_demands(solved, case.row, case.lines, hours=case.hours, requester=case.requester, like=case.like)
    row = len(frozen.lines) + line
    theirs = of_category(board, row)
    theirs = theirs[solved.settled.seats.supply[theirs] > 0]
    named, theirs = theirs, theirs[suited(board, row, theirs)]
    if case.hours == ALWAYS:  # hours that come again are not moved by the quarter
        yield from times(board, row, theirs)
    asked = int(case.lines["item"][line])
    for item in np.unique(frozen.resources["item"][named]).tolist():
        if item != asked:
            yield Variant("item", {"item": frozen.items.ids[item]}, {}, {"item": item})
    if not case.lines["siblings"][line] and policy.rules.siblings:
        yield Variant("siblings", {}, {}, {"siblings": True})
    yield from places(board, row, theirs)
    for level in range(int(case.row["urgency"][0]) + 1, len(URGENCIES)):
        yield Variant("urgency", {"urgency": URGENCIES[level]}, {"urgency": level}, {})


def suited(board: Board, line: int, resources: Ints) -> Bools:
    """Return which of ``resources`` pass all rules but those of place and time."""
    row = np.full(len(resources), line)
    fine = board.item(row, resources) & board.qualified(row, resources) & board.rested(row, resources)
    for gate in board.binding:
        fine &= gate(board.gates, row, resources)
    return fine


def times(board: Board, line: int, resources: Ints) -> Iterator[Variant]:
    """Shifts that bring the window to a stretch in which one of ``resources``, which serve the place, can be had."""
    resources = resources[board.covered(np.full(len(resources), line), resources)]
    demand = board.frozen.demands[board.frozen.line_demand[line]]
    start, end, duration, lapses = (int(demand[name]) for name in ("start", "end", "duration", "lapses"))
    calendar = board.calendar[resources]
    soonest = (board.now_ms + board.notice[resources])[:, None]
    first, last = np.maximum(board.open.starts[calendar], soonest), board.open.ends[calendar] - duration
    later, earlier = first - (end - duration), last - start
    there = first <= last
    shifts = np.concatenate(
        [
            -(-later[there & (later > 0)] // QUARTER_MS) * QUARTER_MS,
            earlier[there & (earlier < 0)] // QUARTER_MS * QUARTER_MS,
        ]
    )
    near = np.unique(shifts[np.abs(shifts) <= FARTHEST_MS])
    for shift in sorted(near.tolist(), key=lambda by: (abs(by), by < 0))[:MOST_TRIES]:
        moved = {"start": start + shift, "end": end + shift, "lapses": lapses + shift}
        if moved["lapses"] > board.now_ms:
            yield Variant("time", {"minutes": shift // 60_000}, moved, {})


def places(board: Board, line: int, resources: Ints) -> Iterator[Variant]:
    """Communities of the shard that are served by resources which do not serve the demand's own, nearest first."""
    row = np.full(len(resources), line)
    away: Bools = ~board.covered(row, resources) & (board.start(row, resources) < NEVER)
    frozen, own = board.frozen, str(int(board.frozen.demands["place"][board.frozen.line_demand[line]]))
    held = np.unique(frozen.resources[["scope", "home"]][resources[away]])
    served = {code for scope, home in held.tolist() for code in _served(frozen.scopes[scope], str(home))}
    near = [(_shared(own, code), code) for code in served if code.startswith(frozen.shard)]
    for digits, code in sorted(near, key=lambda place: (-place[0], place[1]))[:MOST_TRIES]:
        told = {"community": code, "shared": dict(_SHARED)[digits]}
        yield Variant("place", told, {"place": int(code)}, {})


def _served(scope: tuple[str, ...], home: str) -> Iterator[str]:
    """Communities known to lie in a scope."""
    yield from (prefix for prefix in scope if len(prefix) == 12)
    if home.startswith(scope):
        yield home


def _shared(one: str, other: str) -> int:
    return next(digits for digits, _ in _SHARED if one[:digits] == other[:digits])
