"""Matching where some lines are teams: these are staffed first, exactly or as well as is known; then all others."""

from dataclasses import replace

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.pairs.claims import Backing
from matcher.pairs.rules import Board
from matcher.pairs.teams import ALONE, linked, team_of
from matcher.round.matched import Matching, Seats
from matcher.round.ordinary import match_large, solved_whole, worthy
from matcher.round.ration import left_out
from matcher.round.staffing import Occasions, Part, Staffing, among, fillable, staff
from matcher.solving.market import Market, Solution
from matcher.solving.prices import Prices, certificate, margins, prices
from matcher.solving.pricing import Solved, solve_all
from matcher.solving.shortlist import Pool
from matcher.solving.solve import solve
from matcher.state.columns import Bools, Ints
from schemas.rounds import Certificate


def staff_all(board: Board, seats: Seats, claims: Backing, team: Ints) -> Matching:
    """Staff the teams (``team`` of each line), then match all other lines with the seats that are left."""
    pairs, worth = worthy(board, lines=seats.lines, resources=seats.resources)
    when = fillable(board, pairs, team, need=seats.need, supply=seats.supply)
    pairs, worth, when = _kept(pairs, worth, when, _of_use(pairs, team, when))
    most = board.policy.pace.most_seats
    waits = left_out(board, pairs, unit=_units(team), need=seats.need, supply=seats.supply, most=most)
    if waits.any():
        pairs, worth, when = _kept(pairs, worth, when, ~waits[pairs.line])
    need = np.where(waits, 0, seats.need)
    market = Market.of(pairs, worth, need=need, supply=seats.supply, person=board.person)
    if not when:
        return solved_whole(board, claims, pairs, market, waits)
    staffing = staff(board, pairs, market, team=team, when=when, nodes=board.policy.pace.team_nodes)
    ordinary = team[pairs.line] == ALONE
    rest = replace(
        _part(market, ordinary), need=np.where(team == ALONE, market.need, 0), supply=market.supply - staffing.held
    )
    solution = _solved(rest)
    found = prices(rest, solution).spread(board.person)
    return Matching(
        board=board,
        claims=claims,
        pairs=pairs.keep(ordinary),
        market=rest,
        solution=solution,
        prices=found,
        margins=margins(rest, solution, found),
        certificate=_outside(rest, solution, found, staffing),
        left_out=waits,
        allowed=len(pairs.line),
        staffing=staffing,
    )


def staff_large(board: Board, seats: Seats, claims: Backing, team: Ints, *, rivals: bool) -> Matching:
    """The same from shortlists: teams are chosen among all their own pairs and the best ones of ordinary lines.

    What each part could be worth at most is known for all pairs, from the prices that it has as if every seat could be
    filled on its own; parts then are categories, together with those that a bundle asks for as well.
    """
    plain = team[seats.lines] == ALONE
    theirs, worth = worthy(board, lines=seats.lines[~plain], resources=seats.resources)
    when = fillable(board, theirs, team, need=seats.need, supply=seats.supply)
    theirs, worth, when = _kept(theirs, worth, when, _of_use(theirs, team, when))
    pool = Pool(board, lines=seats.lines[plain], resources=seats.resources)
    short = pool.shortlist(seats.need)
    giving = short.giving.copy()
    giving[theirs.resource] = True
    short = short.joined(theirs, worth)
    most = board.policy.pace.most_seats
    waits = left_out(
        board, short.pairs, unit=_units(team), need=seats.need, supply=seats.supply, most=most, giving=giving
    )
    short = short.without(waits)
    need = np.where(waits, 0, seats.need)
    relaxed = solve_all(pool, short, need=need, supply=seats.supply, person=board.person)
    rows = relaxed.short.pairs.line * len(seats.supply) + relaxed.short.pairs.resource
    place = np.searchsorted(rows, theirs.line * len(seats.supply) + theirs.resource)
    when = {
        number: [replace(occasion, pairs=place[occasion.pairs]) for occasion in found]
        for number, found in when.items()
        if not waits[number]
    }
    allowed = int(short.count.sum()) + int((~waits[theirs.line]).sum())
    need = np.where(team == ALONE, relaxed.market.need, 0)
    if not when:
        rest = match_large(board, _open(need, seats.supply), claims, rivals=rivals)
        return replace(rest, left_out=waits, allowed=allowed)
    nodes = board.policy.pace.team_nodes
    staffing = staff(board, relaxed.short.pairs, relaxed.market, team=team, when=when, nodes=nodes)
    left = np.maximum(seats.supply - staffing.held[board.person], 0)
    rest = match_large(board, _open(need, left), claims, rivals=rivals)
    parts = _by_category(board, relaxed, rest, staffing)
    staffing = replace(staffing, parts=parts)
    proof = _outside(rest.market, rest.solution, rest.prices, staffing, left_off=rest.certificate.worst_gap)
    return replace(rest, certificate=proof, left_out=waits, allowed=allowed, staffing=staffing)


def _units(team: Ints) -> Ints:
    """Return with which line each line (lines,) waits: of a team the first."""
    return np.where(team == ALONE, np.arange(len(team)), team)


def _of_use(pairs: Pairs, team: Ints, when: Occasions) -> Bools:
    """Return which pairs (pairs,) are of ordinary lines, or of a team at some start at which it could meet."""
    use = team[pairs.line] == ALONE
    for occasions in when.values():
        for occasion in occasions:
            use[occasion.pairs] = True
    return use


def _kept(pairs: Pairs, worth: Ints, when: Occasions, kept: Bools) -> tuple[Pairs, Ints, Occasions]:
    return pairs.keep(kept), worth[kept], among(when, kept)


def _open(need: Ints, supply: Ints) -> Seats:
    return Seats(np.flatnonzero(need), np.flatnonzero(supply), need, supply)


def _by_category(board: Board, relaxed: Solved, rest: Matching, staffing: Staffing) -> tuple[Part, ...]:
    """Return the parts with teams as whole categories; their bounds are the sums of prices that hold for all pairs."""
    frozen = board.frozen
    group = linked(frozen, team_of(frozen), board.person)
    of_line = group[frozen.items.category[frozen.lines["item"]]]
    of_resource = group[frozen.items.category[frozen.resources["item"]]]
    market, found = relaxed.market, relaxed.prices
    line = np.concatenate([rest.market.line, staffing.pairs.line])
    value = np.concatenate([rest.market.worth * rest.solution.taken, staffing.worth * staffing.taken])
    parts = []
    for number in np.unique(of_line[staffing.lines()]):
        lines, resources = of_line == number, of_resource == number
        mine = lines[market.line]
        price = (found.line * market.need)[lines].sum() + (found.resource * market.supply)[resources].sum()
        there = np.unique(market.line[mine]), np.unique(market.resource[mine])
        parts.append(Part(*there, int(value[lines[line]].sum()), int(price)))
    return tuple(parts)


def _solved(market: Market) -> Solution:
    """Solve a market in which teams have left no seat of some resources."""
    some = market.supply[market.resource] > 0
    solution = solve(_part(market, some))
    taken = np.zeros(len(market.line), np.int64)
    taken[some] = solution.taken
    return Solution(taken, solution.components)


def _outside(
    market: Market, solution: Solution, found: Prices, staffing: Staffing, *, left_off: int = 0
) -> Certificate:
    """Return the proof of what lies outside the parts that hold teams."""
    line, resource = np.ones(len(market.need), bool), np.ones(len(market.supply), bool)
    line[staffing.lines()] = False
    resource[np.concatenate([part.resources for part in staffing.parts])] = False
    there = line[market.line]
    outside = replace(_part(market, there), need=market.need * line, supply=market.supply * resource)
    return certificate(outside, Solution(solution.taken[there], solution.components), found, left_off=left_off)


def _part(market: Market, chosen: Bools) -> Market:
    return replace(market, line=market.line[chosen], resource=market.resource[chosen], worth=market.worth[chosen])
