"""Teams 组团: lines that are filled wholly or not at all, all at one start.

1. A line that is ``together`` is a team; of a ``bundle`` all lines are one team. A single seat alone is none.
2. A team's live assignments are whole, or all are revoked in the same round and the team may be matched anew in it.
3. Once a seat of a team is fulfilled the job has taken place: each of the others ends by itself, and nothing is
   filled again, whatever ends or is revised afterwards.
"""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from matcher.pairs.people import links
from matcher.pairs.rules import line_rows
from matcher.state.columns import Bools, Ints
from matcher.state.pool import Frozen

ALONE = -1
"""The team of a line whose seats are filled each on its own."""


def team_of(frozen: Frozen) -> Ints:
    """Return each line's team (lines,): the row of its first line, ALONE for an ordinary line."""
    lines, row = frozen.lines, np.arange(len(frozen.lines))
    bundle = frozen.demands["bundle"][frozen.line_demand]
    first = np.where(bundle, row - frozen.line_no, row)
    seats = np.bincount(first, weights=lines["quantity"], minlength=len(lines)).astype(np.int64)
    return np.where((bundle | lines["together"]) & (seats[first] > 1), first, ALONE)


def linked(frozen: Frozen, team: Ints, person: Ints) -> Ints:
    """Return each category's group (categories,), by number.

    A bundle links all categories that it asks for, and whoever has entries in several, as ``person`` (resources,) says.
    """
    category = frozen.items.category
    size, members = int(category.max(initial=0)) + 1, np.flatnonzero(team != ALONE)
    tails, heads = (category[frozen.lines["item"][rows]] for rows in (members, team[members]))
    tails, heads = map(np.concatenate, zip((tails, heads), links(frozen, person), strict=True))
    graph = csr_array((np.ones(len(tails), np.int8), (tails, heads)), shape=(size, size))
    _, group = connected_components(graph, directed=False)
    return np.asarray(group, np.int64)


def met(frozen: Frozen, team: Ints, *, fulfilled: Bools) -> Bools:
    """Return for which lines (lines,) the team's job has taken place; ``fulfilled`` (live,) are done in this round.

    Seats that sit in another shard are not open here, and not done for that.
    """
    line, there = line_rows(frozen), frozen.live["line"] < frozen.demands["lines"][frozen.live["demand"]]
    done = np.fromiter(map(bool, frozen.filled), bool, len(frozen.filled))
    done &= (frozen.demands["fulfilled"] > 0)[frozen.line_demand]
    done[line[fulfilled & there]] = True
    of_team = np.zeros(len(team), bool)
    of_team[team[done & (team != ALONE)]] = True
    return (team != ALONE) & of_team[team]


def broken(frozen: Frozen, *, stays: Bools, fulfilled: Bools) -> Ints:
    """Return which of the assignments that would stay belong to a team that is not whole any more; rows, sorted.

    Masks have shape (live,). Seats may be missing because somebody left, or because a revision asks for more; starts
    may differ where a revision made a team of what was none.
    """
    team = team_of(frozen)
    if (team == ALONE).all():
        return np.zeros(0, np.int64)
    line, held = line_rows(frozen), np.flatnonzero(stays)
    held = held[frozen.live["line"][held] < frozen.demands["lines"][frozen.live["demand"][held]]]
    held = held[team[line[held]] != ALONE]
    seats = np.bincount(line[held], minlength=len(team))
    first, last = np.full(len(team), np.iinfo(np.int64).max), np.full(len(team), np.iinfo(np.int64).min)
    np.minimum.at(first, team[line[held]], frozen.live["starts"][held])
    np.maximum.at(last, team[line[held]], frozen.live["starts"][held])
    torn = first < last
    torn[team[(team != ALONE) & (seats != frozen.lines["quantity"])]] = True
    return held[torn[team[line[held]]] & ~met(frozen, team, fulfilled=fulfilled)[line[held]]]


def open_wholly(frozen: Frozen, *, need: Ints, taken: list[int]) -> Ints:
    """Return ``need`` (lines,) without the seats of teams of which some seat is ``taken`` (bits by line) already."""
    team = team_of(frozen)
    of_team = np.flatnonzero(team != ALONE)
    if not len(of_team):
        return need
    begun = np.zeros(len(team), bool)
    begun[team[[line for line in of_team.tolist() if taken[line]]]] = True
    return np.where((team != ALONE) & begun[team], 0, need)
