"""Which teams, and when: a mixed-integer programme over one connected part of the pool.

Seats per pair (for a team's pairs: per pair and occasion), and one yes-or-no for each team and occasion. The seats of
a team's line at an occasion sum to its need times that yes; each team meets once at most; lines and resources have no
more seats than there are. Once the yeses are settled the rest is a transport problem, whose corners are whole numbers:
only the yeses need be whole.

``scipy.optimize.milp`` (HiGHS) solves it: exactly, with no gap allowed and no limit of time, only one of branches, so
that equal questions get equal answers.
"""

from dataclasses import dataclass
from math import floor
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from matcher.solving.market import Market
from matcher.state.columns import Ints

FUZZ: Final = 1e-6
"""What floating-point arithmetic may add to a bound; values are whole points."""


@dataclass(frozen=True, slots=True)
class Choice:
    """``team`` (choices,), by number, meets at a start; ``pairs`` (n,) are the rows that can begin then."""

    team: int
    pairs: Ints


@dataclass(frozen=True, slots=True)
class Verdict:
    """The choices that HiGHS said yes to, None where it found nothing in time; and what nothing can exceed."""

    yes: list[int] | None
    bound: int | None


def columns(ordinary: Ints, choices: list[Choice]) -> int:
    """Return how large the programme would be."""
    return len(ordinary) + len(choices) + sum(len(choice.pairs) for choice in choices)


def solve(market: Market, *, ordinary: Ints, choices: list[Choice], nodes: int) -> Verdict:
    """Return which of the choices the best solution makes.

    Args:
        market: lines and resources with all pairs.
        ordinary: the pairs of lines that are in no team.
        choices: when each team could meet.
        nodes: the most branches to try.
    """
    pair, of_choice = _columns(ordinary, choices)
    seats = len(pair)
    worth = np.concatenate([market.worth[pair], np.zeros(len(choices), np.int64)])
    most = np.minimum(market.need[market.line[pair]], market.supply[market.resource[pair]])
    found = milp(
        -worth.astype(np.float64),
        integrality=np.repeat([0, 1], [seats, len(choices)]),
        bounds=Bounds(0, np.concatenate([most, np.ones(len(choices), np.int64)])),
        constraints=_constraints(market, pair, of_choice, choices),
        options={"mip_rel_gap": 0.0, "node_limit": nodes},
    )
    bound = found.mip_dual_bound
    return Verdict(
        yes=None if found.x is None else np.flatnonzero(found.x[seats:] > 0.5).tolist(),
        bound=None if bound is None or not np.isfinite(bound) else floor(-bound + FUZZ),
    )


def _columns(ordinary: Ints, choices: list[Choice]) -> tuple[Ints, Ints]:
    """Return the pair of each seat column, and its choice; -1 for ordinary pairs."""
    pair = np.concatenate([ordinary, *(choice.pairs for choice in choices)])
    sizes = [len(ordinary), *(len(choice.pairs) for choice in choices)]
    return pair, np.repeat(np.arange(-1, len(choices)), sizes)


def _constraints(market: Market, pair: Ints, of_choice: Ints, choices: list[Choice]) -> list[LinearConstraint]:
    seats, width = len(pair), len(pair) + len(choices)
    line, resource = market.line[pair], market.resource[pair]
    free, column = of_choice < 0, np.arange(seats)
    held, upto = _numbered(resource)
    limits = [LinearConstraint(_ones(held, column, width), ub=market.supply[upto])]
    if free.any():
        asked, of_line = _numbered(line[free])
        limits.append(LinearConstraint(_ones(asked, column[free], width), ub=market.need[of_line]))
    team, yes = np.array([choice.team for choice in choices]), seats + np.arange(len(choices))
    limits.append(LinearConstraint(_ones(team, yes, width), ub=1))
    # Of each line of a choice: its seats less need times yes are nothing.
    whole, key = _numbered(of_choice[~free] * len(market.need) + line[~free])
    need = market.need[key % len(market.need)]
    of_key = seats + key // len(market.need)
    limits.append(LinearConstraint(_matched(whole, column[~free], need, of_key, width), lb=0, ub=0))
    # A resource gives a team no more of its seats than the yes allows: nothing new where yes is whole, but it keeps
    # the relaxation from filling half a team twice over.
    tight = np.flatnonzero(~free & (market.supply[resource] < market.need[line]))
    if len(tight):
        supply = market.supply[resource[tight]]
        at_most = _matched(np.arange(len(tight)), tight, supply, seats + of_choice[tight], width)
        limits.append(LinearConstraint(at_most, ub=0))
    return limits


def _numbered(keys: Ints) -> tuple[Ints, Ints]:
    """Return each key's number, and the keys by number."""
    known, number = np.unique(keys, return_inverse=True)
    return number, known


def _ones(rows: Ints, columns: Ints, width: int) -> csr_array:
    """Return the matrix with a one at each (row, column)."""
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(int(rows.max()) + 1, width))


def _matched(rows: Ints, columns: Ints, times: Ints, yes: Ints, width: int) -> csr_array:
    """Return the matrix of sums that are to match: ones at each (row, column), less ``times`` at each row's yes."""
    cells = np.concatenate([np.ones(len(rows)), -times])
    places = np.concatenate([rows, np.arange(len(times))]), np.concatenate([columns, yes])
    return csr_array((cells, places), shape=(len(times), width))
