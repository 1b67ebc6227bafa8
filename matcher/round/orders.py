"""Seats that orders hold: given before the rest is matched, for two sides agree on them, and no part of its proof."""

from dataclasses import dataclass

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.pairs.claims import Backing
from matcher.pairs.rules import Board
from matcher.pairs.values import parts, values
from matcher.state.columns import Ints
from schemas.claims import seat_of


@dataclass(frozen=True, slots=True)
class Orders:
    """What orders hold, in the order of their claims; all of one length.

    ``seats``: how many each holds; ``vouched``: whether the provider ordered; ``terms``: what a seat is worth, by term.
    """

    claim_ids: list[str]
    vouched: list[bool]
    pairs: Pairs
    seats: Ints
    value: Ints
    terms: list[dict[str, int]]

    def names(self, shard: str, row: int) -> list[str]:
        """Return the ids of the assignments of an order."""
        return [
            seat_of(shard=shard, claim_id=self.claim_ids[row], number=number) for number in range(int(self.seats[row]))
        ]


def orders_of(board: Board, claims: Backing) -> Orders | None:
    """Return what orders hold; None where there is none."""
    held = [verdict for verdict in claims.verdicts if verdict.held]
    if not held:
        return None
    line = np.array([verdict.line for verdict in held], np.int64)
    resource = np.array([verdict.opened.resource for verdict in held], np.int64)
    pairs = Pairs(line, resource, board.start(line, resource))
    terms = parts(board, pairs)
    return Orders(
        claim_ids=[verdict.opened.claim_id for verdict in held],
        vouched=[verdict.opened.claim.by == "provider" for verdict in held],
        pairs=pairs,
        seats=np.array([verdict.held for verdict in held], np.int64),
        value=values(board, pairs),
        terms=[
            {name: points for name, points in zip(terms, row, strict=True) if points}
            for row in zip(*(column.tolist() for column in terms.values()), strict=True)
        ],
    )
