"""The middle of a round: from a board to seats given, with prices and the certificate."""

from typing import Final

from matcher.pairs.candidates import cells
from matcher.pairs.claims import backing
from matcher.pairs.rules import Board
from matcher.pairs.teams import ALONE, team_of
from matcher.round.matched import Matching, Seats
from matcher.round.ordinary import match_all, match_large
from matcher.round.team_matching import staff_all, staff_large

LARGE: Final = 200_000
"""Above so many pairs of one category, allowed or not, lines keep a shortlist (measured)."""


def match(board: Board, seats: Seats, *, rivals: bool = True) -> Matching:
    """Return the assignment of most value for the open seats, with its proof. A pair worth nothing is left out.

    Where only the decision is wanted, ``rivals=False`` saves a large pool the pairs that no price of it depends on,
    but those of a line that is added or changed may: all pairs with seats that were given, and the best free one.
    """
    claims = backing(board, need=seats.need, supply=seats.supply)
    board, team = claims.on(board), team_of(board.frozen)
    large, teams = cells(board, seats.lines, seats.resources) > LARGE, (team[seats.lines] != ALONE).any()
    if teams:
        return (
            staff_large(board, seats, claims, team, rivals=rivals) if large else staff_all(board, seats, claims, team)
        )
    return match_large(board, seats, claims, rivals=rivals) if large else match_all(board, seats, claims)
