"""Classes of seats, item x street x stretch of the day: by which one was outbid, and what one more would add."""

from typing import Final

import numpy as np

from matcher.pairs.candidates import Pairs, candidates
from matcher.pairs.rules import Board
from matcher.pairs.values import values
from matcher.reasons.newcomers import with_resources
from matcher.reasons.solved import Solved
from matcher.state.columns import Bools, Ints
from matcher.state.fold import from_ms
from schemas.demands import Fitness
from schemas.preview import ClassPrice, PriceBoard
from schemas.resources import Resource
from schemas.why import STRETCH_HOURS, ScarceClass

STRETCH_MS: Final = STRETCH_HOURS * 3_600_000
FEWEST: Final = 5
"""A class of fewer sources would tell on somebody."""
_STREET: Final = 1_000
"""What to divide a 12-digit code by to keep the street."""


def scarce_class(board: Board, resource: int, start_ms: int, *, among: Ints) -> ScarceClass:
    """Return the class of a resource's seat that would begin at ``start_ms``.

    It is as narrow as it can be told: where fewer than five of the entries ``among`` (rows) are of its item and street,
    street and stretch are left out, and where fewer than five are of its item, so is the count.
    """
    rows = board.frozen.resources
    item, street = rows["item"], rows["home"] // _STREET
    alike = among[item[among] == item[resource]]
    near = alike[street[alike] == street[resource]]
    told = len(near) >= FEWEST
    sources = len(near) if told else len(alike)
    return ScarceClass(
        item=board.frozen.items.ids[int(item[resource])],
        street=str(int(street[resource])) if told else None,
        stretch=from_ms(int(np.floor_divide(start_ms, STRETCH_MS)) * STRETCH_MS) if told else None,
        sources=sources if sources >= FEWEST else None,
    )


def price_board(solved: Solved) -> PriceBoard:
    """Return what one more seat would add, by class: a helper for each item and street asked for is tried on it."""
    frozen, seats = solved.frozen, solved.settled.seats
    lines = seats.lines[~solved.asks_wholly[seats.lines]]  # a seat in a team is worth nothing by itself
    item, place = frozen.lines["item"][lines], frozen.demands["place"][frozen.line_demand[lines]]
    wanted, first = np.unique(np.stack([item, place // _STREET], axis=1), axis=0, return_index=True)
    board = with_resources(solved, [_helper(solved, int(item[at]), str(int(place[at]))) for at in first.tolist()])
    known = len(frozen.resources)
    pairs = candidates(board, lines=lines, resources=known + np.arange(len(wanted)))
    own = _own(board, pairs)
    pairs = pairs.keep(own)
    gain = np.maximum(values(board, pairs) - solved.matching.prices.line[pairs.line], 0)
    given = np.bincount(solved.matching.market.line, solved.matching.solution.taken, len(frozen.lines)).astype(np.int64)
    cells: dict[tuple[int, int, int], list[int]] = {}
    for row, (line, start) in enumerate(zip(pairs.line.tolist(), pairs.start.tolist(), strict=True)):
        street = int(frozen.demands["place"][frozen.line_demand[line]]) // _STREET
        cells.setdefault((int(frozen.lines["item"][line]), street, start // STRETCH_MS), []).append(row)
    rows = []
    for (number, street, stretch), members in cells.items():
        mine = pairs.line[members]
        rows.append(
            ClassPrice(
                item=frozen.items.ids[number],
                street=str(street),
                stretch=from_ms(stretch * STRETCH_MS),
                highest=int(gain[members].max()),
                mean=int(gain[members].mean()),
                lines=_shown(len(mine)),
                seats=_shown(int(seats.need[mine].sum())),
                unserved=_shown(int((seats.need[mine] - given[mine]).sum())),
            )
        )
    dearest = sorted(rows, key=lambda row: (-row.highest, row.item, row.street, row.stretch))
    return PriceBoard(
        shard=frozen.shard, round_no=frozen.round_no, at=from_ms(solved.board.now_ms), rows=tuple(dearest)
    )


def _helper(solved: Solved, item: int, community: str) -> Resource:
    """Return a helper whom nothing keeps from serving a street: at any time, with every qualification."""
    items = solved.frozen.items
    return Resource(
        resource_id="helper",
        provider="team:helper",
        title="helper",
        item=items.ids[item],
        scope=(community[:9],),
        home=community,
        qualifications=items.gates,
        fitness=tuple(Fitness),
        offered_at=from_ms(solved.board.now_ms),
    )


def _own(board: Board, pairs: Pairs) -> Bools:
    """Return which pairs (pairs,) are of a line and the helper for its own item and street."""
    frozen = board.frozen
    same: Bools = frozen.lines["item"][pairs.line] == frozen.resources["item"][pairs.resource]
    street = frozen.demands["place"][frozen.line_demand[pairs.line]] // _STREET
    return same & (street == frozen.resources["home"][pairs.resource] // _STREET)


def _shown(count: int) -> int | None:
    return count if count >= FEWEST or not count else None
