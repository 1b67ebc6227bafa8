"""The middle of a round: from a board to seats given, with prices and the certificate."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from matcher.candidates import Pairs, candidates, cells
from matcher.claims import Backing, backing
from matcher.columns import Bools, Ints
from matcher.market import Market, Solution
from matcher.prices import Prices, certificate, margins, prices
from matcher.pricing import Solved, solve_all, with_rivals, with_runners_up
from matcher.ration import left_out
from matcher.rules import Board
from matcher.shortlist import Pool
from matcher.solve import solve
from matcher.staffing import Occasions, Part, Staffing, among, fillable, staff
from matcher.teams import ALONE, linked, team_of
from matcher.values import values
from schemas.rounds import Certificate

LARGE: Final = 200_000
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

    ``board`` is the board with the pairs that claims back: what anything is worth is to be asked of it. ``allowed``
    counts the pairs that are allowed and worth something. Of a large pool (``shortlist``) the market holds only those
    that matter; the certificate is about all of them. ``left_out`` (all lines,) marks the lines that the round had no
    room for. In the market ``Board.person`` stands for each resource; prices are told for each entry.

    Where there are teams, ``staffing`` says what they were given, and all else is about ordinary lines and the seats
    that teams leave to them, but for the certificate: it proves what lies outside the parts that hold teams.
    """

    board: Board
    claims: Backing
    pairs: Pairs
    market: Market
    solution: Solution
    prices: Prices
    margins: Ints
    certificate: Certificate
    left_out: Bools
    allowed: int
    staffing: Staffing | None = None

    def given(self) -> Ints:
        """Return the seats given to each line (lines,), of teams too."""
        lines = len(self.market.need)
        found = np.zeros(lines, np.int64)
        np.add.at(found, self.pairs.line, self.solution.taken)
        if self.staffing is not None:
            np.add.at(found, self.staffing.pairs.line, self.staffing.taken)
        return found

    def taken(self) -> Ints:
        """Return the seats that each resource gave (resources,), to teams too."""
        pairs, _, taken = self.pairs_of_all()
        found = np.zeros(len(self.market.supply), np.int64)
        np.add.at(found, pairs.resource, taken)
        return found

    def value(self) -> int:
        """Return what all that was given is worth."""
        return self.certificate.value + sum(part.value for part in (self.staffing.parts if self.staffing else ()))

    def is_certain(self) -> bool:
        """Whether every line was taken on, and nothing better exists."""
        parts = self.staffing.parts if self.staffing else ()
        return not self.left_out.any() and all(part.value == part.bound for part in parts)

    def pairs_of_all(self) -> tuple[Pairs, Ints, Ints]:
        """Return the pairs of ordinary lines and of teams by (line, resource), what each is worth, and its seats."""
        if self.staffing is None:
            return self.pairs, self.market.worth, self.solution.taken
        both = self.pairs.followed_by(self.staffing.pairs)
        order = np.lexsort((both.resource, both.line))
        worth = np.concatenate([self.market.worth, self.staffing.worth])
        taken = np.concatenate([self.solution.taken, self.staffing.taken])
        return both.keep(order), worth[order], taken[order]

    def held(self) -> Ints:
        """Return the seats of each resource (resources,) that teams keep from others; a person's at each entry."""
        none = np.zeros(len(self.market.supply), np.int64)
        return none if self.staffing is None else self.staffing.held[self.board.person]


def match(board: Board, seats: Seats, *, rivals: bool = True) -> Matching:
    """Return the assignment of most value for the open seats, with its proof. A pair worth nothing is left out.

    Where only the decision is wanted, ``rivals=False`` saves a large pool the pairs that no price of it depends on,
    but those of a line that is added or changed may: all pairs with seats that were given, and the best free one.
    """
    claims = backing(board, need=seats.need, supply=seats.supply)
    return _matched(claims.on(board), seats, claims, rivals=rivals)


def _matched(board: Board, seats: Seats, claims: Backing, *, rivals: bool) -> Matching:
    team = team_of(board.frozen)
    asked = (team[seats.lines] != ALONE).any()
    if cells(board, seats.lines, seats.resources) > LARGE:
        if asked:
            return _staff_large(board, seats, claims, team, rivals)
        return _match_large(board, seats, claims, rivals=rivals)
    pairs = candidates(board, lines=seats.lines, resources=seats.resources)
    worth = values(board, pairs)
    good = worth > 0
    if not good.all():
        pairs, worth = pairs.keep(good), worth[good]
    when = Occasions()
    if asked:
        when = fillable(board, pairs, team, need=seats.need, supply=seats.supply)
        pairs, worth, when = _kept(pairs, worth, when, _of_use(pairs, team, when))
    most = board.policy.pace.most_seats
    waits = left_out(board, pairs, unit=_units(team), need=seats.need, supply=seats.supply, most=most)
    if waits.any():
        pairs, worth, when = _kept(pairs, worth, when, ~waits[pairs.line])
    need = np.where(waits, 0, seats.need)
    market = Market.of(pairs, worth, need=need, supply=seats.supply, person=board.person)
    if when:
        return _staff(board, pairs, market, claims, team=team, when=when, waits=waits)
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


def _match_large(board: Board, seats: Seats, claims: Backing, *, rivals: bool) -> Matching:
    """The same from shortlists: solve, look for pairs left off that are worth more than their prices, solve again."""
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


def _staff(
    board: Board, pairs: Pairs, market: Market, claims: Backing, *, team: Ints, when: Occasions, waits: Bools
) -> Matching:
    """Staff the teams, then match all other lines with the seats that are left."""
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


def _staff_large(board: Board, seats: Seats, claims: Backing, team: Ints, rivals: bool) -> Matching:
    """The same from shortlists: teams are chosen among all their own pairs and the best ones of ordinary lines.

    What each part could be worth at most is known for all pairs, from the prices that it has as if every seat could be
    filled on its own; parts then are categories, together with those that a bundle asks for as well.
    """
    plain = team[seats.lines] == ALONE
    theirs = candidates(board, lines=seats.lines[~plain], resources=seats.resources)
    worth = values(board, theirs)
    theirs, worth = theirs.keep(worth > 0), worth[worth > 0]
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
        rest = _match_large(board, _open(need, seats.supply), claims, rivals=rivals)
        return replace(rest, left_out=waits, allowed=allowed)
    nodes = board.policy.pace.team_nodes
    staffing = staff(board, relaxed.short.pairs, relaxed.market, team=team, when=when, nodes=nodes)
    left = np.maximum(seats.supply - staffing.held[board.person], 0)
    rest = _match_large(board, _open(need, left), claims, rivals=rivals)
    parts = _by_category(board, relaxed, rest, staffing)
    staffing = replace(staffing, parts=parts)
    proof = _outside(rest.market, rest.solution, rest.prices, staffing, left_off=rest.certificate.worst_gap)
    return replace(rest, certificate=proof, left_out=waits, allowed=allowed, staffing=staffing)


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
