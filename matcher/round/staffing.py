"""Who is in a team and when it meets: teams are staffed before all other lines get their seats.

Lines, resources and pairs fall into connected parts; the lines of a team lie in one. Each part that holds a team is
decided as a whole, its ordinary lines included:

1. As if every seat could be filled on its own, it is an ordinary market: its optimum bounds what teams can be worth.
   Where in that optimum every team is whole and can meet, or has no seat at all, it is the answer.
2. Otherwise teams are chosen one after another, those worth most a seat first, as long as they are worth more than what
   the seats are worth to others: the best known.
3. ``programme`` looks, exactly, for something better among the pairs that it could have. Where that would be too large,
   or takes too many branches, the best known stays.

Given the choice, the seats are those of a market again, with the teams' seats at a premium above everything else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from matcher.pairs.candidates import Pairs
from matcher.pairs.rules import Board
from matcher.pairs.teams import ALONE
from matcher.round.occasions import Occasion, earliest, occasions
from matcher.solving import programme
from matcher.solving.market import Market, Solution
from matcher.solving.prices import prices
from matcher.solving.programme import Choice
from matcher.solving.solve import solve
from matcher.state.calendars import NEVER
from matcher.state.columns import Bools, Ints

MOST_COLUMNS: Final = 40_000
"""The largest programme that is tried (measured)."""


@dataclass(frozen=True, slots=True)
class Part:
    """A connected part with teams: ``lines`` and ``resources`` (rows of the market), what was found, and its bound."""

    lines: Ints
    resources: Ints
    value: int
    bound: int


@dataclass(frozen=True, slots=True)
class Staffing:
    """What teams were given.

    ``pairs`` are those of all teams that could meet; of those that got seats with the start of the team's job.
    ``worth`` and ``taken`` (pairs,), the seats given, go with them. ``held`` (resources,) counts the seats of each
    row of the market that teams hold now. ``parts`` are those that hold teams.
    """

    pairs: Pairs
    worth: Ints
    taken: Ints
    held: Ints
    parts: tuple[Part, ...]

    def lines(self) -> Ints:
        """Return the rows of all lines that lie in parts with teams."""
        return np.concatenate([part.lines for part in self.parts])


Occasions = dict[int, list[Occasion]]
"""When each team, by number in rising order, could meet; the pairs are rows of the round's pairs."""


def fillable(board: Board, pairs: Pairs, team: Ints, *, need: Ints, supply: Ints) -> Occasions:
    """Return when each team could meet; one that can be filled at no start, whatever others do, is left out.

    Args:
        board: the pool.
        pairs: the allowed pairs.
        team: each line's team (lines,).
        need: open seats of every line.
        supply: open seats of every resource.
    """
    asked = np.unique(team[(team != ALONE) & (need > 0)])
    mine = np.flatnonzero(team[pairs.line] != ALONE)
    order = mine[np.argsort(team[pairs.line[mine]], kind="stable")]
    starts = np.searchsorted(team[pairs.line[order]], asked)
    ends = np.searchsorted(team[pairs.line[order]], asked, side="right")
    found: Occasions = {}
    for number, first, last in zip(asked.tolist(), starts.tolist(), ends.tolist(), strict=True):
        rows = order[first:last]
        if np.isin(np.flatnonzero(team == number), pairs.line[rows]).all():
            when = occasions(board, pairs, rows, need=need, supply=supply)
            if when:
                found[number] = when
    return found


def staff(board: Board, pairs: Pairs, market: Market, *, team: Ints, when: Occasions, nodes: int) -> Staffing:
    """Return what teams are given; the ``market`` is that of ``pairs``, which hold no team's but those of ``when``."""
    of_team = team[pairs.line] != ALONE
    taken, parts = np.zeros(len(pairs.line), np.int64), []
    for rows in _parts(market, team, of_team):
        found, bound = _Local(board, pairs, market, rows, team, when).decided(nodes)
        value = int((found * market.worth[rows]).sum())
        parts.append(Part(np.unique(market.line[rows]), np.unique(market.resource[rows]), value, bound))
        taken[rows] = np.where(of_team[rows], found, 0)
    start = pairs.start.copy()
    for number in np.unique(team[pairs.line[taken > 0]]).tolist():
        given = np.flatnonzero((taken > 0) & (team[pairs.line] == number))
        start[given] = earliest(board, pairs, given)
    held = np.bincount(market.resource, weights=taken, minlength=len(market.supply)).astype(np.int64)
    return Staffing(
        pairs=Pairs(pairs.line[of_team], pairs.resource[of_team], start[of_team]),
        worth=market.worth[of_team],
        taken=taken[of_team],
        held=held,
        parts=tuple(parts),
    )


def among(when: Occasions, kept: Bools) -> Occasions:
    """Return the occasions of the teams all of whose pairs are ``kept`` (pairs,), with rows among those."""
    row = np.cumsum(kept) - 1
    return {
        number: [replace(occasion, pairs=row[occasion.pairs]) for occasion in found]
        for number, found in when.items()
        if all(kept[occasion.pairs].all() for occasion in found)
    }


def _parts(market: Market, team: Ints, of_team: Bools) -> Iterator[Ints]:
    """Yield the pairs of each connected part that holds a team, by first line; a team's lines hang together."""
    lines, size = len(market.need), len(market.need) + len(market.supply)
    members = np.flatnonzero(team != ALONE)
    tails = np.concatenate([market.line, members])
    heads = np.concatenate([lines + market.resource, team[members]])
    graph = csr_array((np.ones(len(tails), np.int8), (tails, heads)), shape=(size, size))
    _, node = connected_components(graph, directed=False)
    of_pair = node[market.line]
    labels, first = np.unique(of_pair[of_team], return_index=True)
    rows = np.flatnonzero(np.isin(of_pair, labels))
    rows = rows[np.argsort(of_pair[rows], kind="stable")]
    for label in labels[np.argsort(np.flatnonzero(of_team)[first])]:
        yield rows[np.searchsorted(of_pair[rows], label) : np.searchsorted(of_pair[rows], label, side="right")]


class _Local:
    """One part: its pairs as a market with lines and resources numbered from 0."""

    def __init__(self, board: Board, pairs: Pairs, market: Market, rows: Ints, team: Ints, when: Occasions) -> None:
        lines, line = np.unique(market.line[rows], return_inverse=True)
        resources, resource = np.unique(market.resource[rows], return_inverse=True)
        self.board, self.pairs, self.rows = board, pairs, rows
        self.market = Market(line, resource, market.worth[rows], market.need[lines], market.supply[resources])
        self.team = team[lines][line]
        """Each pair's team."""
        teams = [number for number in when if number in set(self.team.tolist())]
        self.choices = [
            Choice(place, np.searchsorted(rows, occasion.pairs))
            for place, number in enumerate(teams)
            for occasion in when[number]
        ]
        self.ordinary = np.flatnonzero(self.team == ALONE)

    def decided(self, nodes: int) -> tuple[Ints, int]:
        """Return the seats of each pair, and what no other choice can exceed."""
        relaxed = solve(self.market)
        bound = relaxed.value(self.market)
        if self._is_whole(relaxed.taken):
            return relaxed.taken, bound
        best = max((self._seats(self._one_after_another()), self._seats([])), key=self._value)
        ordinary, kept = self._that_matter(relaxed, bound - self._value(best))
        choices = [choice for _, choice in kept]
        if choices and programme.columns(ordinary, choices) <= MOST_COLUMNS:
            found = programme.solve(self.market, ordinary=ordinary, choices=choices, nodes=nodes)
            if found.bound is not None:
                bound = min(bound, max(found.bound, self._value(best)))
            if found.yes is not None:
                best = max((best, self._seats([kept[row][0] for row in found.yes])), key=self._value)
        elif not choices:
            bound = self._value(best)
        return best, max(bound, self._value(best))

    def _that_matter(self, relaxed: Solution, short: int) -> tuple[Ints, list[tuple[int, Choice]]]:
        """Return the ordinary pairs, and the choices by number, that something better than the best known could have.

        ``short`` is by how much the best known is short of the bound. A seat of a pair that is worth less than its
        two prices costs the difference (reduced cost): where that is ``short`` or more, nothing better has it.
        """
        found = prices(self.market, relaxed)
        cost = found.line[self.market.line] + found.resource[self.market.resource] - self.market.worth
        matters = cost < short
        choices = []
        for place, choice in enumerate(self.choices):
            lines, kept = np.unique(self.market.line[choice.pairs]), choice.pairs[matters[choice.pairs]]
            line, resource = self.market.line[kept], self.market.resource[kept]
            seats = np.minimum(self.market.need[line], self.market.supply[resource])
            had = np.bincount(line, weights=seats, minlength=len(self.market.need))
            if (had[lines] >= self.market.need[lines]).all():
                choices.append((place, Choice(choice.team, kept)))
        return self.ordinary[matters[self.ordinary]], choices

    def _value(self, taken: Ints) -> int:
        return int((taken * self.market.worth).sum())

    def _is_whole(self, taken: Ints) -> bool:
        """Whether every team has all its seats at one start, or none."""
        given = np.bincount(self.market.line, weights=taken, minlength=len(self.market.need)).astype(np.int64)
        for number in np.unique(self.team[self.team != ALONE]).tolist():
            mine = np.flatnonzero(self.team == number)
            lines = np.unique(self.market.line[mine])
            held = mine[taken[mine] > 0]
            if len(held) and (given[lines] < self.market.need[lines]).any():
                return False
            if len(held) and earliest(self.board, self.pairs, self.rows[held]) == NEVER:
                return False
        return True

    def _seats(self, yes: list[int]) -> Ints:
        """Return the best seats (pairs,) once the teams and starts are chosen.

        Raises:
            ArithmeticError: a chosen team was not filled; that cannot be.
        """
        premium = int((self.market.need * _most(self.market)).sum()) + 1
        chosen = np.concatenate([self.ordinary, *(self.choices[place].pairs for place in yes)])
        chosen.sort()
        worth = self.market.worth[chosen] + np.where(self.team[chosen] == ALONE, 0, premium)
        part = _of(self.market, chosen, worth)
        taken = np.zeros(len(self.team), np.int64)
        taken[chosen] = solve(part).taken
        if not self._is_whole(taken):
            raise ArithmeticError("a team was chosen and could not be filled")
        return taken

    def _one_after_another(self) -> list[int]:
        """Return choices, one a team, that can be made together: those worth most a seat first."""
        without = _of(self.market, self.ordinary, self.market.worth[self.ordinary])
        price = prices(without, solve(without)).resource
        left, yes = self.market.supply.copy(), []
        gain = [self._promise(choice, price) for choice in self.choices]
        done: set[int] = set()
        for place in sorted(range(len(self.choices)), key=lambda place: (-gain[place], place)):
            choice = self.choices[place]
            if gain[place] <= 0 or choice.team in done:
                continue
            seats = self._alone(choice, left, price)
            if seats is not None:
                done.add(choice.team)
                yes.append(place)
                np.subtract.at(left, self.market.resource[choice.pairs], seats)
        return sorted(yes)

    def _promise(self, choice: Choice, price: Ints) -> float:
        """Return at most how much a seat the team could gain over these prices of resources."""
        line, resource = self.market.line[choice.pairs], self.market.resource[choice.pairs]
        gain = self.market.worth[choice.pairs] - price[resource]
        order = np.lexsort((-gain, line))
        room = np.minimum(self.market.need[line], self.market.supply[resource])[order]
        before = np.cumsum(room) - room
        first = np.searchsorted(line[order], line[order])
        seats = np.clip(self.market.need[line[order]] - (before - before[first]), 0, room)
        return float((seats * gain[order]).sum() / seats.sum())

    def _alone(self, choice: Choice, left: Ints, price: Ints) -> Ints | None:
        """Return the team's best seats (its pairs,) of those ``left``, None where they do not suffice."""
        resource = self.market.resource[choice.pairs]
        there = np.flatnonzero(left[resource] > 0)
        rows = choice.pairs[there]
        premium = int((self.market.need * _most(self.market)).sum()) + int(price.max(initial=0)) + 1
        part = _of(self.market, rows, self.market.worth[rows] - price[resource[there]] + premium, supply=left)
        seats = np.zeros(len(choice.pairs), np.int64)
        seats[there] = solve(part).taken
        lines = np.unique(self.market.line[choice.pairs])
        return seats if seats.sum() == self.market.need[lines].sum() else None


def _of(market: Market, rows: Ints, worth: Ints, *, supply: Ints | None = None) -> Market:
    """Return a market of some of the pairs (sorted), at other worths."""
    return Market(
        market.line[rows], market.resource[rows], worth, market.need, market.supply if supply is None else supply
    )


def _most(market: Market) -> Ints:
    """Return the most that a seat of each line can be worth; (lines,)."""
    most = np.zeros(len(market.need), np.int64)
    np.maximum.at(most, market.line, market.worth)
    return most
