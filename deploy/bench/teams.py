"""Rounds with teams beside plain HiGHS: the same model as one mixed-integer programme over the whole pool."""

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from deploy.bench.population import District, drawn, typical
from deploy.bench.report import Figure, Goal, Report, in_turns, timed
from deploy.bench.solve import certified, opened, round_of
from matcher.pairs.candidates import candidates
from matcher.pairs.teams import ALONE, team_of
from matcher.pairs.values import values
from matcher.round.matched import Matching
from matcher.round.staffing import fillable
from matcher.state.columns import Bools, Ints
from matcher.state.pool import Frozen
from schemas.catalogue import load_catalogue
from schemas.policy import Policy
from schemas.regions import Regions

QUESTION = "A third of the lines of several seats ask for all at one start or none; from the frozen pool to the proof."
OURS: Final = "a tenth of a district, ours"
PLAIN: Final = "a tenth of a district, HiGHS on the whole model at once"
SHARD: Final = "310105"
TENTH: Final = 10
THIRD: Final = 3


def run(*, repeats: int = 3) -> Report:
    """Measure and return the report; raise AssertionError where HiGHS finds another optimum."""
    policy = Policy()
    tenth, district = pool(share=TENTH), pool()
    found = in_turns({OURS: lambda: worth(round_of(tenth, policy)), PLAIN: lambda: plain(tenth, policy)}, repeats=1)
    (ours, value), (theirs, best) = found[OURS], found[PLAIN]
    if value != best:
        raise AssertionError(f"HiGHS found {best}, ours {value}")
    ordinary, _ = timed(lambda: round_of(pool(teams=False), policy), repeats=repeats)
    whole, matching = timed(lambda: round_of(district, policy), repeats=repeats)
    parts = matching.staffing.parts if matching.staffing else ()
    gap, sum_ = sum(part.bound - part.value for part in parts), worth(matching)
    proven = sum(part.bound == part.value for part in parts)
    return Report(
        "solve-teams",
        QUESTION,
        (
            Figure(OURS, ours * 1e3, "ms", 1.0, _size(tenth, round_of(tenth, policy))),
            Figure(PLAIN, theirs * 1e3, "ms", theirs / ours, "same optimum"),
            Figure("a district, ours", whole * 1e3, "ms", None, _size(district, matching)),
            Figure("a district, parts certified", proven, f"of {len(parts)}", None, f"short by {gap:,} points at most"),
            Figure("the same district without teams, drawn and solved", ordinary * 1e3, "ms"),
        ),
        (
            Goal(f"the optimum that HiGHS finds: {value:,} points", value == best),
            Goal(f"at most a thousandth short in a district: {gap / sum_:.5%}", gap * 1000 <= sum_),
        ),
    )


def pool(*, share: int = 1, teams: bool = True) -> Frozen:
    """Return one part in ``share`` of a district; every third line of several seats is a team, where there are any."""
    place = typical(SHARD, Regions.builtin("cn"))
    district = District(SHARD, place.communities, place.members // share, place.seats // share)
    frozen = drawn(district, load_catalogue())
    lines = frozen.lines.copy()
    lines["together"] = teams & (lines["quantity"] > 1) & (np.arange(len(lines)) % THIRD == 0)
    return replace(frozen, lines=lines)


def worth(matching: Matching) -> int:
    """Return what a round with teams is worth in all; raise AssertionError where its certificate does not hold."""
    certified(matching)
    return matching.value()


def plain(frozen: Frozen, policy: Policy) -> int:
    """Return the optimum: seats of each pair, of teams for each start, and a yes or no for each team and start."""
    board, seats = opened(frozen, policy)
    team = team_of(frozen)
    pairs = candidates(board, lines=seats.lines, resources=seats.resources)
    pairs = pairs.keep(values(board, pairs) > 0)
    points = values(board, pairs)
    ordinary = np.flatnonzero(team[pairs.line] == ALONE)
    when = fillable(board, pairs, team, need=seats.need, supply=seats.supply)
    choices = [(number, occasion.pairs) for number, found in when.items() for occasion in found]
    pair = np.concatenate([ordinary, *(rows for _, rows in choices)])
    choice = np.repeat(np.arange(-1, len(choices)), [len(ordinary), *(len(rows) for _, rows in choices)])
    columns, yes = np.arange(len(pair)), len(pair) + np.arange(len(choices))
    width, own = len(pair) + len(choices), choice < 0
    line = pairs.line[pair]
    # Of each line of a choice: its seats less need times yes.
    of_choice, first = np.unique(choice[~own] * len(team) + line[~own], return_inverse=True)
    asked = seats.need[of_choice % len(team)]
    rows = np.concatenate([first, np.arange(len(of_choice))])
    where = np.concatenate([columns[~own], yes[of_choice // len(team)]])
    signs = np.concatenate([np.ones(len(first)), -asked])
    found = milp(
        -np.concatenate([points[pair], np.zeros(len(choices))]),
        integrality=np.ones(width, np.int64),
        bounds=Bounds(0, np.concatenate([np.full(len(pair), np.inf), np.ones(len(choices))])),
        constraints=[
            LinearConstraint(_sums(pairs.resource[pair], columns, len(seats.supply), width), ub=seats.supply),
            LinearConstraint(_sums(line[own], columns[own], len(team), width), ub=seats.need),
            LinearConstraint(_sums([number for number, _ in choices], yes, len(team), width), ub=1),
            LinearConstraint(csr_array((signs, (rows, where)), shape=(len(of_choice), width)), lb=0, ub=0),
        ],
        options={"mip_rel_gap": 0.0},
    )
    if not found.success:
        raise AssertionError(found.message)
    return round(-found.fun)


def _sums(rows: Ints | list[int], columns: Ints, height: int, width: int) -> csr_array:
    return csr_array((np.ones(len(columns)), (rows, columns)), shape=(height, width))


def _size(frozen: Frozen, matching: Matching) -> str:
    team = team_of(frozen)
    of_team: Bools = team == np.arange(len(team))
    served = int((matching.given()[of_team] > 0).sum())
    return f"{matching.allowed:,} pairs, {len(team):,} lines, {int(of_team.sum())} teams, {served} of them served"
