"""The middle of a round: from a board to seats given, with prices and the certificate."""

from dataclasses import dataclass

import numpy as np

from matcher.candidates import Pairs, candidates
from matcher.columns import Bools, Ints
from matcher.market import Market, Solution
from matcher.prices import Prices, certificate, margins, prices
from matcher.ration import left_out
from matcher.rules import Board
from matcher.solve import solve
from matcher.values import values
from schemas.rounds import Certificate


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

    ``left_out`` (all lines,) marks the lines that the round had no room for.
    """

    pairs: Pairs
    market: Market
    solution: Solution
    prices: Prices
    margins: Ints
    certificate: Certificate
    left_out: Bools


def match(board: Board, seats: Seats) -> Matching:
    """Return the assignment of most value for the open seats, with its proof. A pair worth nothing is left out."""
    pairs = candidates(board, lines=seats.lines, resources=seats.resources)
    worth = values(board, pairs)
    good = worth > 0
    if not good.all():
        pairs, worth = pairs.keep(good), worth[good]
    waits = left_out(board, pairs, need=seats.need, supply=seats.supply, most=board.policy.pace.most_seats)
    if waits.any():
        taken_on = ~waits[pairs.line]
        pairs, worth = pairs.keep(taken_on), worth[taken_on]
    need = np.where(waits, 0, seats.need)
    market = Market(pairs.line, pairs.resource, worth, need, seats.supply)
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
    )
