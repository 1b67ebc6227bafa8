"""What a decline would move elsewhere: the round with it beside the round without, one path for each seat it frees."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from matcher.candidates import Pairs, candidates
from matcher.columns import Ints
from matcher.fold import from_ms
from matcher.responses import DECLINED
from matcher.rules import Board, board_of, line_rows
from matcher.seating import Seating
from matcher.settling import Settled, settle
from matcher.solved import Solved
from matcher.values import values
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
    board = board_of(frozen, policy=policy, now_ms=now_ms, resting=after.endings.resting)
    adds, was, will_be = 0, Given(), Given()
    for category in _categories(solved, after):
        seating = solved.seating(category)
        before, had = seating.value(), _given(seating)
        _give_anew(solved, board, after, seating, category)
        adds, was, will_be = adds + seating.value() - before, was + had, will_be + _given(seating)
    line, resource = line_rows(frozen)[row : row + 1], frozen.live["resource"][row : row + 1].astype(np.int64)
    worth = int(values(solved.board, Pairs(line, resource, np.zeros(1, np.int64)))[0])
    return DeclinePreview(
        assignment_id=assignment_id,
        shard=frozen.shard,
        round_no=frozen.round_no,
        at=from_ms(now_ms),
        worth=worth,
        loss=worth - adds,
        refilled=_seats(will_be, int(line[0])) > _seats(was, int(line[0])),
        moves=tuple(_moves(solved, was, will_be)),
        ends=tuple(
            frozen.live_ids[other] for other in np.flatnonzero(stays & ~after.endings.stays).tolist() if other != row
        ),
        exact=solved.is_whole and not policy.load.per_assignment,  # a "no" makes its provider less busy, for all pairs
    )


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
    both = Pairs(*(np.concatenate(column) for column in zip(_columns(wide), _columns(tall), strict=True)))
    known = np.isin(_key(both.line, both.resource), _key(seating.line, seating.resource))
    worth = values(board, both)
    new = ~known & (worth > 0)
    return both.keep(new), worth[new]


def _columns(pairs: Pairs) -> tuple[Ints, Ints, Ints]:
    return pairs.line, pairs.resource, pairs.start


def _key(line: Ints, resource: Ints) -> Ints:
    return line.astype(np.int64) * 2**31 + resource


def _given(seating: Seating) -> Given:
    held = np.flatnonzero(seating.taken)
    rows = zip(seating.line[held].tolist(), seating.resource[held].tolist(), strict=True)
    return Counter(dict(zip(rows, seating.taken[held].tolist(), strict=True)))


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
