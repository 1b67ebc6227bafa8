"""Matching where no line asks to be filled wholly: all pairs at once, or of a large pool those that matter."""

import numpy as np

from matcher.pairs.candidates import Pairs, candidates
from matcher.pairs.claims import Backing
from matcher.pairs.rules import Board
from matcher.pairs.values import values
from matcher.round.matched import Matching, Seats
from matcher.round.ration import left_out
from matcher.solving.market import Market
from matcher.solving.prices import certificate, margins, prices
from matcher.solving.pricing import solve_all, with_rivals, with_runners_up
from matcher.solving.shortlist import Pool
from matcher.solving.solve import solve
from matcher.state.columns import Bools, Ints


def match_all(board: Board, seats: Seats, claims: Backing) -> Matching:
    """Match from all pairs that are allowed and worth something."""
    pairs, worth = worthy(board, lines=seats.lines, resources=seats.resources)
    most, alone = board.policy.pace.most_seats, np.arange(len(seats.need))
    waits = left_out(board, pairs, unit=alone, need=seats.need, supply=seats.supply, most=most)
    if waits.any():
        pairs, worth = pairs.keep(~waits[pairs.line]), worth[~waits[pairs.line]]
    need = np.where(waits, 0, seats.need)
    market = Market.of(pairs, worth, need=need, supply=seats.supply, person=board.person)
    return solved_whole(board, claims, pairs, market, waits)


def worthy(board: Board, *, lines: Ints, resources: Ints) -> tuple[Pairs, Ints]:
    """Return the pairs of these rows that are allowed and worth something, and what they are worth."""
    pairs = candidates(board, lines=lines, resources=resources)
    worth = values(board, pairs)
    good = worth > 0
    return (pairs, worth) if good.all() else (pairs.keep(good), worth[good])


def solved_whole(board: Board, claims: Backing, pairs: Pairs, market: Market, waits: Bools) -> Matching:
    """Solve and price a market that holds every pair."""
    solution = solve(market)
    found = prices(market, solution).spread(board.person)
    return Matching(
        board=board,
        claims=claims,
        pairs=pairs,
        market=market,
        solution=solution,
        prices=found,
        margins=margins(market, solution, found),
        certificate=certificate(market, solution, found),
        left_out=waits,
        allowed=len(pairs.line),
    )


def match_large(board: Board, seats: Seats, claims: Backing, *, rivals: bool) -> Matching:
    """Match from shortlists: solve, look for pairs left off that are worth more than their prices, solve again."""
    pool = Pool(board, lines=seats.lines, resources=seats.resources)
    short = pool.shortlist(seats.need)
    most, alone = board.policy.pace.most_seats, np.arange(len(seats.need))
    waits = left_out(
        board, short.pairs, unit=alone, need=seats.need, supply=seats.supply, most=most, giving=short.giving
    )
    if waits.any():
        short = short.without(waits)
    need = np.where(waits, 0, seats.need)
    solved = solve_all(pool, short, need=need, supply=seats.supply, person=board.person)
    solved = with_runners_up(pool, solved)
    if rivals:
        solved = with_rivals(pool, solved)
    market, solution, found = solved.market, solved.solution, solved.prices
    return Matching(
        board=board,
        claims=claims,
        pairs=solved.short.pairs,
        market=market,
        solution=solution,
        prices=found,
        margins=margins(market, solution, found),
        certificate=certificate(market, solution, found, left_off=solved.worst_gap),
        left_out=waits,
        allowed=int(short.count.sum()),
    )
