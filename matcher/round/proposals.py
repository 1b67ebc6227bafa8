"""From seats given to proposals: which seat of which side, when, and what it is worth in parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.pairs.rules import Board
from matcher.pairs.values import parts
from matcher.round.matched import Matching
from matcher.round.orders import Orders
from matcher.round.settling import Tally
from matcher.state.columns import Bools, Ints
from matcher.state.fold import from_ms
from schemas.rounds import Proposal


def assignment_id(*, shard: str, round_no: int, demand: str, line: int, seat: int, resource: str, held: int) -> str:
    """Return the id of an assignment: a function of shard, round, demand seat and resource seat."""
    text = f"{shard}|{round_no}|{demand}|{line}|{seat}|{resource}|{held}"
    return sha256(text.encode()).hexdigest()[:32]


def proposals(board: Board, matching: Matching, tally: Tally, round_no: int) -> tuple[Proposal, ...]:
    """Return what orders hold, then what was matched by (line, resource)."""
    given, vouched = _given(matching), matching.claims.vouched()
    pairs = given.pairs
    return *_of_orders(board, matching.orders, tally, round_no), *(
        _proposal(
            board,
            given,
            row,
            seat=_take(tally.line, int(pairs.line[row])),
            held=_held(board, tally, pairs, row),
            round_no=round_no,
            vouched=(int(pairs.line[row]), int(pairs.resource[row])) in vouched,
        )
        for row, seats in enumerate(given.seats.tolist())
        for _ in range(seats)
    )


def _of_orders(board: Board, orders: Orders | None, tally: Tally, round_no: int) -> Iterator[Proposal]:
    if orders is None:
        return
    alone = np.zeros(len(orders.seats), np.int64)
    given = _Given(pairs=orders.pairs, seats=orders.seats, value=orders.value, margin=alone, terms=orders.terms)
    for row, vouched in enumerate(orders.vouched):
        for name in orders.names(board.frozen.shard, row):
            yield _proposal(
                board,
                given,
                row,
                seat=_take(tally.line, int(orders.pairs.line[row])),
                held=_held(board, tally, orders.pairs, row),
                round_no=round_no,
                vouched=vouched,
                name=name,
            )


@dataclass(frozen=True, slots=True)
class _Given:
    """The pairs that were given seats, by (line, resource), with their value, margin and terms; all of one length."""

    pairs: Pairs
    seats: Ints
    value: Ints
    margin: Ints
    terms: list[dict[str, int]]


def _given(matching: Matching) -> _Given:
    """Return what was given to ordinary lines and to teams. In a team no seat has a margin of its own."""
    every, worth, taken = matching.pairs_of_all()
    chosen = taken > 0
    pairs, value, seats = every.keep(chosen), worth[chosen], taken[chosen]
    margin = np.zeros(len(seats), np.int64)
    margin[_is_ordinary(matching, pairs)] = matching.margins[matching.solution.taken > 0]
    terms = parts(matching.board, pairs)
    named = [
        {name: points for name, points in zip(terms, row, strict=True) if points}
        for row in zip(*(column.tolist() for column in terms.values()), strict=True)
    ]
    return _Given(pairs=pairs, seats=seats, value=value, margin=margin, terms=named)


def _is_ordinary(matching: Matching, pairs: Pairs) -> Bools:
    """Return which pairs (pairs,) are of lines in no team."""
    ordinary = np.ones(len(matching.market.need), bool)
    if matching.staffing is not None:
        ordinary[matching.staffing.pairs.line] = False
    return ordinary[pairs.line]


def _held(board: Board, tally: Tally, pairs: Pairs, row: int) -> int:
    """Return the seat of the resource: one that nobody holds, or the one that is free first for the job."""
    resource = int(pairs.resource[row])
    free_first = board.seat(int(pairs.line[row]), resource, int(pairs.start[row]))
    return _take(tally.resource, resource) if free_first is None else free_first


def _take(taken: list[int] | dict[int, int], row: int) -> int:
    """Return the lowest free seat of ``row`` and mark it taken."""
    bits = taken[row] if isinstance(taken, list) else taken.get(row, 0)
    seat = (~bits & (bits + 1)).bit_length() - 1
    taken[row] = bits | 1 << seat
    return seat


def _proposal(
    board: Board, given: _Given, pair: int, *, seat: int, held: int, round_no: int, vouched: bool, name: str = ""
) -> Proposal:
    """``vouched``: the provider claimed the pair, and so has accepted it already; ``name``: its id, if an order's."""
    frozen = board.frozen
    line, resource = int(given.pairs.line[pair]), int(given.pairs.resource[pair])
    row = int(frozen.line_demand[line])
    demand, offer = frozen.demands[row], frozen.resources[resource]
    start, auto = int(given.pairs.start[pair]), bool(offer["auto_accept"]) or vouched
    answer_ms = min(board.now_ms + board.policy.rules.answer_hours * 3_600_000, int(demand["lapses"]))
    demand_id, resource_id, line_no = frozen.demand_ids[row], frozen.resource_ids[resource], int(frozen.line_no[line])
    return Proposal.model_construct(
        assignment_id=name
        or assignment_id(
            shard=frozen.shard, round_no=round_no, demand=demand_id, line=line_no, seat=seat, resource=resource_id,
            held=held,
        ),
        demand_id=demand_id,
        line=line_no,
        seat=seat,
        demand_version=int(demand["version"]),
        resource_id=resource_id,
        resource_seat=held,
        resource_version=int(offer["version"]),
        requester=frozen.requesters[row],
        provider=frozen.providers[resource],
        item=frozen.items.ids[int(frozen.lines["item"][line])],
        offered_item=frozen.items.ids[int(offer["item"])],
        community=str(demand["place"]),
        starts_at=from_ms(start),
        ends_at=from_ms(start + int(demand["duration"])),
        value=int(given.value[pair]),
        terms=given.terms[pair],
        margin=int(given.margin[pair]),
        auto_accepted=auto,
        answer_by=None if auto else from_ms(answer_ms),
    )  # fmt: skip
