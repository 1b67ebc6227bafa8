"""The other way round, for who wants to help: which open demands an offer would serve, and what each is worth.

Lines of teams are not told: whether one seat more makes a team whole is no question about that seat alone.
"""

from typing import Final

import numpy as np

from matcher.pairs.candidates import Pairs, candidates
from matcher.pairs.rules import Board
from matcher.pairs.values import values
from matcher.reasons.newcomers import with_resources
from matcher.reasons.solved import Solved
from matcher.solving.seating import Seating
from matcher.state.columns import Ints
from matcher.state.fold import from_ms
from schemas.preview import Chance, OfferPreview
from schemas.refusals import Refused
from schemas.resources import Resource

MOST: Final = 100
"""Demands that are told."""


def preview_offer(solved: Solved, resource: Resource) -> OfferPreview:
    """Return what a round at the moment of ``solved`` would make of an offer, had it been on the list.

    Raises:
        Refused: unknown_item.
    """
    board = with_resources(solved, [resource])
    row = len(solved.frozen.resources)
    person = int(board.person[row])
    held = 0 if person == row else int(solved.matching.held()[person])
    return _told(solved, board, row, seats=resource.capacity - held, given=None)


def demands_for(solved: Solved, *, resource_id: str) -> OfferPreview:
    """Return the same of an offer that is on the list, with the seats it has left, given as that very round gives them.

    Raises:
        Refused: not_found, where the pool has no such resource.
    """
    frozen = solved.frozen
    if resource_id not in frozen.resource_ids:
        raise Refused("not_found", resource_id)
    row = frozen.resource_ids.index(resource_id)
    seats = max(int(solved.settled.seats.supply[row] - solved.matching.held()[row]), 0)
    pairs, taken = solved.matching.pairs, solved.matching.solution.taken
    own = pairs.resource == row
    given = np.bincount(pairs.line[own], taken[own], len(frozen.lines)).astype(np.int64)
    return _told(solved, solved.board, row, seats=seats, given=given)


def _without(solved: Solved, board: Board, row: int, *, seats: int) -> tuple[Seating, Pairs, Ints, int]:
    """Return the seats given without a resource and whoever offers it, and the pairs of that person's other entries.

    Beside the pairs, what they are worth, and what the person adds through them, with so many seats.
    """
    market, pairs = solved.matching.market, solved.matching.pairs
    of_line = board.part[board.frozen.items.category[board.frozen.lines["item"]]]
    part = board.part[board.frozen.items.category[board.frozen.resources["item"][row]]]
    seating = solved.seating_of(of_line[market.line] == part)
    person = int(board.person[row])
    others = np.flatnonzero((market.resource == person) & (pairs.resource != row))
    if person < len(solved.frozen.resources):
        seating.dismiss_resource(person)
    if not len(others):
        return seating, pairs.keep(others), market.worth[others], 0
    with_others = seating.copy()
    _put(with_others, board, pairs.keep(others), market.worth[others])
    with_others.supply(person, seats)
    return seating, pairs.keep(others), market.worth[others], with_others.value() - seating.value()


def _put(seating: Seating, board: Board, pairs: Pairs, worth: Ints) -> None:
    """Let a seating know pairs of entries."""
    size = len(board.frozen.lines), len(board.frozen.resources)
    resource = board.person[pairs.resource]
    seating.add_pairs(line=pairs.line, resource=resource, worth=worth, lines=size[0], resources=size[1])


def _told(solved: Solved, board: Board, row: int, *, seats: int, given: Ints | None) -> OfferPreview:
    """Put a resource with so many seats into the round, beside the other entries of the same person.

    ``given`` (lines,) are the seats that the round gives it. Where there may be several optima, the one found here need
    not be the round's; without it, the one found here is told.
    """
    frozen, asking = board.frozen, solved.settled.seats.lines
    told = ~solved.matching.left_out[asking] & ~solved.asks_wholly[asking]
    pairs = candidates(board, lines=asking[told], resources=np.array([row]))
    worth = values(board, pairs)
    pairs, worth = pairs.keep(worth > 0), worth[worth > 0]
    seating, siblings, their_worth, elsewhere = _without(solved, board, row, seats=seats)
    price, before = seating.wants().price, seating.value() + elsewhere
    others = np.bincount(np.concatenate([seating.line, siblings.line]), minlength=len(frozen.lines))
    _put(seating, board, siblings, their_worth)
    _put(seating, board, pairs, worth)
    seating.supply(int(board.person[row]), seats)
    given = seating.taken[len(seating.taken) - len(worth) :] if given is None else given[pairs.line]
    adds = np.maximum(worth - price[pairs.line] - elsewhere, 0)
    order = np.lexsort((pairs.line, -worth, -adds, -np.minimum(given, 1)))[:MOST]
    return OfferPreview(
        shard=frozen.shard,
        round_no=frozen.round_no,
        at=from_ms(board.now_ms),
        seats=seats,
        given=int(given.sum()),
        adds=seating.value() - before,
        demands=len(np.unique(frozen.line_demand[pairs.line])),
        chances=tuple(
            _chance(solved, board, pairs, place, value=worth, adds=adds, given=given, others=others)
            for place in order.tolist()
        ),
        exact=solved.is_whole and not solved.waits_for_a_team and not solved.matching.claims.crowded(),
    )


def _chance(
    solved: Solved, board: Board, pairs: Pairs, place: int, *, value: Ints, adds: Ints, given: Ints, others: Ints
) -> Chance:
    frozen, line = board.frozen, int(pairs.line[place])
    demand = int(frozen.line_demand[line])
    return Chance(
        demand_id=frozen.demand_ids[demand],
        line=int(frozen.line_no[line]),
        item=frozen.items.ids[int(frozen.lines["item"][line])],
        community=str(int(frozen.demands["place"][demand])),
        open=int(solved.settled.seats.need[line]),
        value=int(value[place]),
        adds=int(adds[place]),
        given=int(given[place]),
        starts_at=from_ms(int(pairs.start[place])),
        only=not others[line],
    )
