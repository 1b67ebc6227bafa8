"""The middle of a round: from a board to seats given, with prices and the certificate."""

from dataclasses import replace
from typing import Final

import numpy as np

from matcher.pairs.candidates import cells
from matcher.pairs.claims import Backing, backing
from matcher.pairs.rules import Board
from matcher.pairs.teams import ALONE, team_of
from matcher.round.matched import Matching, Seats
from matcher.round.orders import Orders, orders_of
from matcher.round.ordinary import match_all, match_large
from matcher.round.team_matching import staff_all, staff_large

LARGE: Final = 200_000
"""Above so many pairs of one category, allowed or not, lines keep a shortlist (measured)."""


def match(board: Board, seats: Seats, *, rivals: bool = True) -> Matching:
    """Return the assignment of most value for the open seats, with its proof. A pair worth nothing is left out.

    What orders hold is given first; the proof is about the rest.

    Where only the decision is wanted, ``rivals=False`` saves a large pool the pairs that no price of it depends on,
    but those of a line that is added or changed may: all pairs with seats that were given, and the best free one.
    """
    claims = backing(board, need=seats.need, supply=seats.supply)
    board = claims.on(board)
    orders = orders_of(board, claims)
    if orders is None:
        return _matched(board, seats, claims, rivals=rivals)
    return replace(_matched(board, _beside(orders, seats, board), claims, rivals=rivals), orders=orders)


def _beside(orders: Orders, seats: Seats, board: Board) -> Seats:
    """Return what is open beside what orders hold; a person's one seat is taken at each of the person's entries."""
    need, held = seats.need.copy(), np.zeros(len(seats.supply), np.int64)
    np.subtract.at(need, orders.pairs.line, orders.seats)
    np.add.at(held, board.person[orders.pairs.resource], orders.seats)
    supply = np.maximum(seats.supply - held[board.person], 0)
    return Seats(np.flatnonzero(need), np.flatnonzero(supply), need, supply)


def _matched(board: Board, seats: Seats, claims: Backing, *, rivals: bool) -> Matching:
    team = team_of(board.frozen)
    large, teams = cells(board, seats.lines, seats.resources) > LARGE, (team[seats.lines] != ALONE).any()
    if teams:
        return (
            staff_large(board, seats, claims, team, rivals=rivals) if large else staff_all(board, seats, claims, team)
        )
    return match_large(board, seats, claims, rivals=rivals) if large else match_all(board, seats, claims)
