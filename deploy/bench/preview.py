"""``cobuild bench preview``: odds of a demand as one insertion, beside solving the whole round anew, same value.

Times are of the processor (ms), so that what else the machine does is left out.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from deploy.bench.district import DEMAND_SEATS, NOON, district_events, district_state
from deploy.bench.report import Figure, Goal, Report
from matcher.reasons.odds import preview_demand
from matcher.reasons.solved import solved
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.base import Fact
from schemas.catalogue import Catalogue, load_catalogue
from schemas.demands import Demand, DemandPosted, DemandWithdrawn
from schemas.envelope import new_event
from schemas.policy import Policy
from schemas.regions import Regions
from schemas.topics import DEMANDS

QUESTION = "A district's round, solved and kept: what a demand would get before it is posted, and what would help it."
SHARD = "310105"
SHORT_SEATS = 3 * DEMAND_SEATS
"""Seats asked for where there is too little for all."""
CHECKED = 20
"""So many previews of each pool are held against a whole round with the demand in it."""
GOAL_MS = 100
"""What people take for at once (Nielsen, Usability Engineering, 1993)."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One pool: milliseconds of each preview and of some whole rounds; how many demands would be short of seats."""

    previews: list[float]
    anew: list[float]
    short: int

    def p99(self) -> float:
        """Return what all but one in a hundred previews stay under."""
        return quantiles(self.previews, n=100)[98]


def run(*, forms: int = 400) -> Report:
    """Measure and return the report.

    Raises:
        AssertionError: an insertion and a whole round differ.
    """
    catalogue, regions = load_catalogue(), Regions.builtin("cn")
    asked = _asked(forms, catalogue, regions)
    plenty = _timed(district_state(shard=SHARD, catalogue=catalogue, regions=regions), asked)
    little = _timed(district_state(shard=SHARD, catalogue=catalogue, regions=regions, seats=SHORT_SEATS), asked)
    return Report(
        "preview",
        QUESTION,
        (*_figures("enough for all", plenty), *_figures("too little", little)),
        tuple(
            Goal(f"{pool}: p99 under {GOAL_MS} ms: {timed.p99():.1f} ms", timed.p99() < GOAL_MS)
            for pool, timed in (("enough for all", plenty), ("too little", little))
        ),
    )


def _timed(state: ShardState, asked: Sequence[Demand]) -> Timed:
    policy, previews, anew, short = Policy(), list[float](), list[float](), 0
    round_ = solved(freeze(state), now=NOON, policy=policy)
    for place, demand in enumerate(asked):
        began = time.process_time()
        told = preview_demand(round_, demand)
        previews.append((time.process_time() - began) * 1e3)
        short += any(line.served < line.asked for line in told.lines)
        if place < CHECKED:
            value, taken = _anew(state, demand, policy)
            anew.append(taken)
            if told.adds != value - round_.matching.certificate.value:
                raise AssertionError(f"{demand.demand_id}: an insertion and a whole round differ")
    return Timed(previews, anew, short)


def _figures(pool: str, timed: Timed) -> tuple[Figure, ...]:
    p50, anew = median(timed.previews), median(timed.anew)
    note = f"{len(timed.previews)} demands, {timed.short} of them short"
    return (
        Figure(f"{pool}, ours: p50", p50, "ms", 1.0, note),
        Figure(f"{pool}, ours: p99", timed.p99(), "ms", timed.p99() / p50),
        Figure(f"{pool}: the whole round with it, p50", anew, "ms", anew / p50, "same value; tries no changes"),
    )


def _asked(forms: int, catalogue: Catalogue, regions: Regions) -> list[Demand]:
    """Return demands as the district's, but others."""
    communities = [code for code, _ in regions.communities(SHARD)]
    events = district_events(
        shard=SHARD, catalogue=catalogue, communities=communities, seed=2, members=0, seats=3 * forms, prefix="new-"
    )
    return [event.data.demand for event in events if isinstance(event.data, DemandPosted)][:forms]


def _anew(state: ShardState, demand: Demand, policy: Policy) -> tuple[int, float]:
    """Return the value of a whole round with a demand in it, and how long that took (ms); the demand goes again."""
    _tell(state, DemandPosted(demand=demand))
    began = time.process_time()
    found = solved(freeze(state), now=NOON, policy=policy)
    taken = (time.process_time() - began) * 1e3
    _tell(state, DemandWithdrawn(demand_id=demand.demand_id, version=2, community=demand.community))
    return found.matching.certificate.value, taken


def _tell(state: ShardState, fact: Fact) -> None:
    offset = state.offsets.get(DEMANDS.name, 0)
    event = new_event(fact, id=f"told-{offset}", source="cobuild/bench", key=SHARD, time=NOON)
    state.fold(event, topic=DEMANDS.name, offset=offset)
