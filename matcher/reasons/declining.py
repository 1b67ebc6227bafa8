"""What a decline would move elsewhere: the round with it beside the round without, one path for each seat it frees.

A decline that breaks a team, or that happens while lines ask for whole teams or a person has several open entries, is
put to a whole round instead.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from matcher.pairs.candidates import Pairs, candidates
from matcher.pairs.claims import backing
from matcher.pairs.people import shared
from matcher.pairs.rules import Board, line_rows
from matcher.pairs.values import values
from matcher.reasons.solved import Solved
from matcher.round.matched import Matching
from matcher.round.matching import match
from matcher.round.settling import Settled, board_after, settle
from matcher.solving.seating import Seating
from matcher.state.columns import Ints
from matcher.state.fold import from_ms
from matcher.state.responses import DECLINED
from schemas.preview import DeclinePreview, Move
from schemas.refusals import Refused

Given = Counter[tuple[int, int]]
"""Seats by line and resource (rows)."""


def preview_decline(solved: Solved, *, assignment_id: str) -> DeclinePreview:
    """Return what a round at the moment of ``solved`` would make of a decline of a live assignment.

    Raises:
        Refused: not_found, where no such assignment lives on in that round.
    """
    frozen, stays = solved.frozen, solved.settled.endings.stays
    row = frozen.live_ids.index(assignment_id) if assignment_id in frozen.live_ids else None
    if row is None or not stays[row]:
        raise Refused("not_found", assignment_id)
    said = list(frozen.said)
    said[row] |= DECLINED
    policy, now_ms = solved.board.policy, solved.board.now_ms
    after = settle(replace(frozen, said=said), now_ms=now_ms, policy=policy)
    board = board_after(frozen, after, policy=policy, now_ms=now_ms)
    wholly = solved.asks_wholly & ((solved.settled.seats.need > 0) | (after.seats.need > 0))
    apart = not (wholly.any() or len(shared(solved.board.person)) or len(shared(board.person)))
    told = _by_paths(solved, board, after) if apart else _by_round(solved, board, after)
    gone = np.flatnonzero(stays & ~after.endings.stays)
    line, resource = line_rows(frozen)[gone], frozen.live["resource"][gone].astype(np.int64)
    worth = values(solved.board, Pairs(line, resource, np.zeros(len(gone), np.int64)))
    own = int(line_rows(frozen)[row])
    return DeclinePreview(
        assignment_id=assignment_id,
        shard=frozen.shard,
        round_no=frozen.round_no,
        at=from_ms(now_ms),
        worth=int(worth[gone == row].sum()),
        loss=int(worth.sum()) - told.adds,
        refilled=_seats(told.will_be, own) > _seats(told.was, own),
        moves=tuple(_moves(solved, told.was, told.will_be)),
        ends=tuple(frozen.live_ids[other] for other in gone.tolist() if other != row),
        # A "no" makes its provider less busy, for all pairs; and a seat per occasion earlier to be had.
        exact=told.exact
        and not policy.load.per_assignment
        and not bool(frozen.resources["per_occasion"][frozen.live["resource"][gone]].any()),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """By how much the round with the decline is worth more than the one without, and who has which seats in both."""

    adds: int
    was: Given
    will_be: Given
    exact: bool


def _by_round(solved: Solved, board: Board, after: Settled) -> _Told:
    """Decide the round with the decline."""
    before, then = solved.matching, match(board, after.seats)
    return _Told(
        adds=then.value() - before.value(),
        was=_of_round(before),
        will_be=_of_round(then),
        exact=before.is_certain() and then.is_certain(),
    )


def _by_paths(solved: Solved, board: Board, after: Settled) -> _Told:
    """Give the seats that are freed anew; not exact where one of them lets another claim count."""
    board = backing(board, need=after.seats.need, supply=after.seats.supply).on(board)
    adds, was, will_be = 0, Given(), Given()
    for category in _categories(solved, after):
        seating = solved.seating(category)
        before, had = seating.value(), _given(seating)
        _give_anew(solved, board, after, seating, category)
        adds, was, will_be = adds + seating.value() - before, was + had, will_be + _given(seating)
    return _Told(adds, was, will_be, exact=solved.is_whole and np.array_equal(board.backed, solved.board.backed))


def _freed(solved: Solved, after: Settled) -> tuple[Ints, Ints]:
    """Return how many seats more each line asks for (lines,) and each resource has (resources,)."""
    now, then = solved.settled.seats, after.seats
    return then.need - now.need, then.supply - now.supply


def _categories(solved: Solved, after: Settled) -> list[int]:
    frozen, (need, supply) = solved.frozen, _freed(solved, after)
    items = np.concatenate([frozen.lines["item"][need > 0], frozen.resources["item"][supply > 0]])
    found: list[int] = np.unique(frozen.items.category[items]).tolist()
    return found


def _give_anew(solved: Solved, board: Board, after: Settled, seating: Seating, category: int) -> None:
    """Take pairs apart that rest from now on; give the seats that are free then where they are worth most."""
    frozen, (need, supply) = solved.frozen, _freed(solved, after)
    lines = np.flatnonzero((need > 0) & (frozen.items.category[frozen.lines["item"]] == category))
    resources = np.flatnonzero((supply > 0) & (frozen.items.category[frozen.resources["item"]] == category))
    apart = seating.break_up(~board.rested(seating.line, seating.resource))
    pairs, worth = _new_pairs(solved, board, after, seating, lines=lines, resources=resources)
    size = len(frozen.lines), len(frozen.resources)
    seating.add_pairs(line=pairs.line, resource=pairs.resource, worth=worth, lines=size[0], resources=size[1])
    for _, resource, seats in apart:
        seating.supply(resource, seats)
    for row in resources.tolist():
        seating.supply(row, int(supply[row]))
    for line, _, seats in apart:
        seating.seat(line, seats)
    for row in lines.tolist():
        seating.seat(row, int(need[row]))


def _new_pairs(
    solved: Solved, board: Board, after: Settled, seating: Seating, *, lines: Ints, resources: Ints
) -> tuple[Pairs, Ints]:
    """Return the pairs that seats of ``lines`` and ``resources`` make possible and that the seating does not know."""
    taken_on = after.seats.lines[~solved.matching.left_out[after.seats.lines]]
    wide = candidates(board, lines=lines, resources=after.seats.resources)
    tall = candidates(board, lines=np.setdiff1d(taken_on, lines), resources=resources)
    both = wide.followed_by(tall)
    known = np.isin(_key(both.line, both.resource), _key(seating.line, seating.resource))
    worth = values(board, both)
    new = ~known & (worth > 0)
    return both.keep(new), worth[new]


def _key(line: Ints, resource: Ints) -> Ints:
    return line.astype(np.int64) * 2**31 + resource


def _given(seating: Seating) -> Given:
    return _counted(seating.line, seating.resource, seating.taken)


def _of_round(matching: Matching) -> Given:
    pairs, _, taken = matching.pairs_of_all()
    return _counted(pairs.line, pairs.resource, taken)


def _counted(line: Ints, resource: Ints, taken: Ints) -> Given:
    held = np.flatnonzero(taken)
    rows = zip(line[held].tolist(), resource[held].tolist(), strict=True)
    return Counter(dict(zip(rows, taken[held].tolist(), strict=True)))


def _seats(given: Given, line: int) -> int:
    return sum(seats for (row, _), seats in given.items() if row == line)


def _moves(solved: Solved, was: Given, will_be: Given) -> Iterator[Move]:
    """Yield who leaves which resource for which, in order of demand and line."""
    frozen, left, found = solved.frozen, was - will_be, will_be - was
    for line in sorted({row for row, _ in (*left, *found)}):
        gone = sorted(resource for (row, resource) in left.elements() if row == line)
        new = sorted(resource for (row, resource) in found.elements() if row == line)
        for place in range(max(len(gone), len(new))):
            yield Move(
                demand_id=frozen.demand_ids[int(frozen.line_demand[line])],
                line=int(frozen.line_no[line]),
                before=frozen.resource_ids[gone[place]] if place < len(gone) else None,
                after=frozen.resource_ids[new[place]] if place < len(new) else None,
            )
