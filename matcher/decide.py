"""A round: from a frozen state and a moment to one ``RoundDecided``.

1. Live assignments end or are confirmed (``endings``).
2. Open seats of demands whose time is over lapse.
3. What is open on both sides then is matched (``matching``); what ended in this round is open again.
4. Each seat given becomes a proposal with its parts of value and its margin.

Pure: the same frozen state, moment and policy give the same record, byte for byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

import numpy as np
import scipy

from matcher.candidates import Pairs
from matcher.columns import Bools, Ints
from matcher.endings import Endings, endings
from matcher.fold import OPEN, from_ms, to_ms
from matcher.matching import Matching, Seats, match
from matcher.pool import Frozen
from matcher.rules import Board, board_of
from matcher.values import parts
from schemas.policy import Policy
from schemas.rounds import (
    InputOffset,
    Lapse,
    LinePrice,
    Proposal,
    ResourcePrice,
    RoundDecided,
    RoundSize,
)

SOLVER: Final = f"cobuild 1 / scipy {scipy.__version__} / numpy {np.__version__}"
"""What decided; a round is reproduced exactly under the same."""

Cause = Literal["interval", "whistle", "alarm"]


def decide(
    frozen: Frozen, *, now: datetime, policy: Policy, cause: Cause, inputs: Sequence[InputOffset]
) -> RoundDecided:
    """Return the decision of one round.

    Args:
        frozen: the state, as ``pool.freeze`` copied it.
        now: the moment of the round; never before the last round's.
        policy: the weights and rules in force.
        cause: what made the round due.
        inputs: the next offsets of the topics that ``frozen`` had folded.
    """
    now_ms = to_ms(now)
    round_no = frozen.round_no + 1
    settled = settle(frozen, now_ms=now_ms, policy=policy)
    seats = settled.seats
    board = board_of(frozen, policy=policy, now_ms=now_ms, resting=settled.endings.resting)
    matching = match(board, seats)
    return RoundDecided(
        shard=frozen.shard,
        round_no=round_no,
        decided_at=from_ms(now_ms),
        cause=cause,
        policy=policy.ref,
        solver=SOLVER,
        inputs=tuple(inputs),
        transitions=settled.endings.transitions,
        lapsed=tuple(
            Lapse(demand_id=frozen.demand_ids[row], version=int(frozen.demands["version"][row]))
            for row in np.flatnonzero(settled.lapsed)
        ),
        proposals=_proposals(board, matching, settled.tally, round_no),
        line_prices=_line_prices(frozen, matching),
        resource_prices=_resource_prices(frozen, matching),
        certificate=matching.certificate,
        size=RoundSize(
            lines=len(seats.lines),
            line_seats=int(seats.need.sum()),
            resources=len(seats.resources),
            resource_seats=int(seats.supply.sum()),
            pairs=len(matching.pairs.line),
            components=matching.solution.components,
        ),
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """Seats taken after the endings, as bit sets: per line, and per resource row."""

    line: list[int]
    resource: dict[int, int]


@dataclass(frozen=True, slots=True)
class Settled:
    """The pool once the past is settled: what ended, what is taken, which demands (demands,) lapse, what is open."""

    endings: Endings
    tally: Tally
    lapsed: Bools
    seats: Seats


def settle(frozen: Frozen, *, now_ms: int, policy: Policy) -> Settled:
    """Return steps 1 and 2 of a round: endings and lapses, and the seats open after them."""
    ends = endings(frozen, now_ms=now_ms, policy=policy)
    tally = _tally(frozen, ends)
    lapsed = _lapsed(frozen, tally, now_ms)
    return Settled(ends, tally, lapsed, _seats(frozen, tally, lapsed))


def _tally(frozen: Frozen, ends: Endings) -> Tally:
    line_of = np.searchsorted(frozen.line_demand, frozen.live["demand"]) + frozen.live["line"]
    line, resource = list(frozen.filled), dict(frozen.spent)
    for row in np.flatnonzero(ends.stays | ends.fulfilled):
        held = frozen.live[row]
        if held["line"] < frozen.demands["lines"][held["demand"]]:
            line[line_of[row]] |= 1 << int(held["seat"])
        if ends.stays[row] or ends.used_up[row]:
            place = int(held["resource"])
            resource[place] = resource.get(place, 0) | 1 << int(held["resource_seat"])
    return Tally(line, resource)


def _lapsed(frozen: Frozen, tally: Tally, now_ms: int) -> Bools:
    """Return which demands (demands,) still have an open seat though their time is over."""
    due = (frozen.demands["lapses"] <= now_ms) & _open(frozen)
    unfilled = _need(frozen, tally) > 0
    short = np.zeros(len(frozen.demands), bool)
    short[frozen.line_demand[unfilled]] = True
    return due & short


def _open(frozen: Frozen) -> Bools:
    demands = frozen.demands
    return (demands["status"] == OPEN) & (demands["lapsed_version"] < demands["version"])


def _need(frozen: Frozen, tally: Tally) -> Ints:
    taken = np.array([bits.bit_count() for bits in tally.line], np.int64)
    return np.maximum(frozen.lines["quantity"] - taken, 0)


def _seats(frozen: Frozen, tally: Tally, lapsed: Bools) -> Seats:
    need = np.where((_open(frozen) & ~lapsed)[frozen.line_demand], _need(frozen, tally), 0)
    supply = frozen.resources["capacity"].astype(np.int64)
    for row, bits in tally.resource.items():
        supply[row] -= bits.bit_count()
    supply = np.where(frozen.resources["status"] == OPEN, np.maximum(supply, 0), 0)
    return Seats(np.flatnonzero(need), np.flatnonzero(supply), need, supply)


def assignment_id(*, shard: str, round_no: int, demand: str, line: int, seat: int, resource: str, held: int) -> str:
    """Return the id of an assignment: a function of shard, round, demand seat and resource seat."""
    text = f"{shard}|{round_no}|{demand}|{line}|{seat}|{resource}|{held}"
    return sha256(text.encode()).hexdigest()[:32]


def _proposals(board: Board, matching: Matching, tally: Tally, round_no: int) -> tuple[Proposal, ...]:
    chosen = np.flatnonzero(matching.solution.taken)
    pairs = Pairs(matching.pairs.line[chosen], matching.pairs.resource[chosen], matching.pairs.start[chosen])
    terms = parts(board, pairs)
    given = _Given(
        pairs=pairs,
        value=matching.market.worth[chosen],
        margin=matching.margins[chosen],
        terms=[
            {name: points for name, points in zip(terms, row, strict=True) if points}
            for row in zip(*(column.tolist() for column in terms.values()), strict=True)
        ],
    )
    return tuple(
        _proposal(
            board,
            given,
            row,
            seat=_take(tally.line, int(pairs.line[row])),
            held=_take(tally.resource, int(pairs.resource[row])),
            round_no=round_no,
        )
        for row, seats in enumerate(matching.solution.taken[chosen].tolist())
        for _ in range(seats)
    )


@dataclass(frozen=True, slots=True)
class _Given:
    """The pairs that were given seats, with their value, margin and terms; all of one length."""

    pairs: Pairs
    value: Ints
    margin: Ints
    terms: list[dict[str, int]]


def _take(taken: list[int] | dict[int, int], row: int) -> int:
    """Return the lowest free seat of ``row`` and mark it taken."""
    bits = taken[row] if isinstance(taken, list) else taken.get(row, 0)
    seat = (~bits & (bits + 1)).bit_length() - 1
    taken[row] = bits | 1 << seat
    return seat


def _proposal(board: Board, given: _Given, pair: int, *, seat: int, held: int, round_no: int) -> Proposal:
    frozen = board.frozen
    line, resource = int(given.pairs.line[pair]), int(given.pairs.resource[pair])
    row = int(frozen.line_demand[line])
    demand, offer = frozen.demands[row], frozen.resources[resource]
    start, auto = int(given.pairs.start[pair]), bool(offer["auto_accept"])
    answer_ms = min(board.now_ms + board.policy.rules.answer_hours * 3_600_000, int(demand["lapses"]))
    demand_id, resource_id, line_no = frozen.demand_ids[row], frozen.resource_ids[resource], int(frozen.line_no[line])
    return Proposal.model_construct(
        assignment_id=assignment_id(
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


def _line_prices(frozen: Frozen, matching: Matching) -> tuple[LinePrice, ...]:
    """Prices of lines that are not zero, where the line had a candidate."""
    there = np.zeros(len(frozen.lines), bool)
    there[matching.pairs.line] = True
    return tuple(
        LinePrice.model_construct(
            demand_id=frozen.demand_ids[frozen.line_demand[line]],
            line=int(frozen.line_no[line]),
            price=int(matching.prices.line[line]),
        )
        for line in np.flatnonzero(there & (matching.prices.line > 0))
    )


def _resource_prices(frozen: Frozen, matching: Matching) -> tuple[ResourcePrice, ...]:
    return tuple(
        ResourcePrice.model_construct(
            resource_id=frozen.resource_ids[resource], price=int(matching.prices.resource[resource])
        )
        for resource in np.flatnonzero(matching.prices.resource > 0)
    )
