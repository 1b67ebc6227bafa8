"""How far a team is from whole: the most of its seats that could be had at any one start."""

from typing import NamedTuple

import numpy as np

from matcher.pairs.candidates import candidates
from matcher.pairs.rules import Board
from matcher.pairs.teams import ALONE, team_of
from matcher.pairs.values import values
from matcher.round.matched import Seats
from matcher.round.occasions import gatherings
from matcher.solving.market import Market
from matcher.solving.solve import solve
from matcher.state.columns import Ints


class AtBest(NamedTuple):
    """Of a team's line: the seats it could have when the team has most, and whether the team is whole then."""

    seats: int
    whole: bool


def at_best(board: Board, seats: Seats, line: int) -> AtBest | None:
    """Return how near its team a line could come to all seats at one start; None for a line in no team."""
    team = team_of(board.frozen)
    if team[line] == ALONE:
        return None
    lines = np.flatnonzero(team == team[line])
    most = most_at_once(board, seats, lines)
    return AtBest(int(most[lines == line][0]), bool((most == seats.need[lines]).all()))


def most_at_once(board: Board, seats: Seats, lines: Ints) -> Ints:
    """Return the seats that each of a team's ``lines`` (rows, rising) gets at the start at which it gets most in all.

    As if nobody else asked for anything: of several such starts the first. Shape (lines,).
    """
    pairs = candidates(board, lines=lines, resources=seats.resources)
    pairs = pairs.keep(values(board, pairs) > 0)
    best = np.zeros(len(lines), np.int64)
    for _, able in gatherings(board, pairs, np.arange(len(pairs.line))):
        found = pairs.keep(able)
        one_each = np.ones(len(found.line), np.int64)
        market = Market.of(found, one_each, need=seats.need, supply=seats.supply, person=board.person)
        had = np.bincount(found.line, weights=solve(market).taken, minlength=len(seats.need)).astype(np.int64)[lines]
        if had.sum() > best.sum():
            best = had
    return best
