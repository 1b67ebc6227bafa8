"""What the pairs of one round are worth by another policy than the one that chose them."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.pairs.claims import backing
from matcher.pairs.rules import Board, board_of
from matcher.pairs.values import values
from matcher.round.settling import board_after, settle
from matcher.state.fold import to_ms
from matcher.state.pool import Frozen
from schemas.policy import Policy
from schemas.rounds import Proposal


def worth(frozen: Frozen, given: Sequence[Proposal], *, now: datetime, policy: Policy) -> list[int]:
    """Return, in points of ``policy``, what each proposal of a round is worth; the round was decided of ``frozen``."""
    if not given:
        return []
    demand_row = {name: row for row, name in enumerate(frozen.demand_ids)}
    resource_row = {name: row for row, name in enumerate(frozen.resource_ids)}
    count = frozen.demands["lines"].astype(np.int64)
    first = np.cumsum(count) - count
    pairs = Pairs(
        np.array([first[demand_row[each.demand_id]] + each.line for each in given], np.int64),
        np.array([resource_row[each.resource_id] for each in given], np.int64),
        np.array([to_ms(each.starts_at) for each in given], np.int64),
    )
    found: list[int] = values(_board(frozen, policy=policy, now_ms=to_ms(now)), pairs).tolist()
    return found


def _board(frozen: Frozen, *, policy: Policy, now_ms: int) -> Board:
    """Return the board with the pairs that claims would back under ``policy``."""
    if not frozen.claims:
        return board_of(frozen, policy=policy, now_ms=now_ms)
    settled = settle(frozen, now_ms=now_ms, policy=policy)
    board = board_after(frozen, settled, policy=policy, now_ms=now_ms)
    return backing(board, need=settled.seats.need, supply=settled.seats.supply).on(board)
