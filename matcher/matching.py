"""The middle of a round: from a board to seats given, with prices and the certificate."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.candidates import Pairs, candidates, cells
from matcher.columns import Bools, Ints
from matcher.market import Market, Solution
from matcher.prices import Prices, certificate, margins, prices
from matcher.pricing import solve_all, with_rivals, with_runners_up
from matcher.ration import left_out
from matcher.rules import Board
from matcher.shortlist import Pool
from matcher.solve import solve
from matcher.values import values
from schemas.rounds import Certificate

LARGE: Final = 1_000_000
"""Above so many pairs of one category, allowed or not, lines keep a shortlist (measured)."""


@dataclass(frozen=True, slots=True)
class Seats:
    """Open seats.

    ``lines`` and ``resources`` are the rows of the frozen pool with a seat open, sorted; ``need`` (all lines,)
    and ``supply`` (all resources,) count the open seats of every row.
    """

    lines: Ints
    resources: Ints
    need: Ints
    supply: Ints


@dataclass(frozen=True, slots=True)
class Matching:
    """The solved market of a board: pairs, what they are worth, what was given, prices, margins and the proof.

    ``allowed`` counts the pairs that are allowed and worth something. Of a large pool (``shortlist``) the market holds
    only those that matter; the certificate is about all of them. ``left_out`` (all lines,) marks the lines that the
    round had no room for.
    """

    pairs: Pairs
    market: Market
    solution: Solution
    prices: Prices
    margins: Ints
    certificate: Certificate
    left_out: Bools
    allowed: int


def match(board: Board, seats: Seats, *, rivals: bool = True) -> Matching:
    """Return the assignment of most value for the open seats, with its proof. A pair worth nothing is left out.

    Where only the decision is wanted, ``rivals=False`` saves a large pool the pairs that no price of it depends on,
    but those of a line that is added or changed may: all pairs with seats that were given, and the best free one.
    """
    if cells(board, seats.lines, seats.resources) > LARGE:
        return _match_large(board, seats, rivals=rivals)
    pairs = candidates(board, lines=seats.lines, resources=seats.resources)
    worth = values(board, pairs)
    good = worth > 0
    if not good.all():
        pairs, worth = pairs.keep(good), worth[good]
    waits = left_out(board, pairs, need=seats.need, supply=seats.supply, most=board.policy.pace.most_seats)
    if waits.any():
        taken_on = ~waits[pairs.line]
        pairs, worth = pairs.keep(taken_on), worth[taken_on]
    market = Market(pairs.line, pairs.resource, worth, np.where(waits, 0, seats.need), seats.supply)
    solution = solve(market)
    found = prices(market, solution)
    return Matching(
        pairs=pairs,
        market=market,
        solution=solution,
        prices=found,
        margins=margins(market, solution, found),
        certificate=certificate(market, solution, found),
        left_out=waits,
        allowed=len(pairs.line),
    )


def _match_large(board: Board, seats: Seats, *, rivals: bool) -> Matching:
    """The same from shortlists: solve, look for pairs left off that are worth more than their prices, solve again."""
    pool = Pool(board, lines=seats.lines, resources=seats.resources)
    short = pool.shortlist(seats.need)
    most = board.policy.pace.most_seats
    waits = left_out(board, short.pairs, need=seats.need, supply=seats.supply, most=most, giving=short.giving)
    if waits.any():
        short = short.without(waits)
    solved = solve_all(pool, short, need=np.where(waits, 0, seats.need), supply=seats.supply)
    solved = with_runners_up(pool, solved)
    if rivals:
        solved = with_rivals(pool, solved)
    market, solution, found = solved.market, solved.solution, solved.prices
    return Matching(
        pairs=solved.short.pairs,
        market=market,
        solution=solution,
        prices=found,
        margins=margins(market, solution, found),
        certificate=certificate(market, solution, found, left_off=solved.worst_gap),
        left_out=waits,
        allowed=int(short.count.sum()),
    )
