"""The figures of one run: coverage, waiting, nearness, how evenly work and help lie, and what it all is worth."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from deploy.backtest.entries import STREET, Asked, Entries
from deploy.backtest.ledger import Held
from deploy.backtest.result import Load, Nearness, Streets, Value, Waiting

LEAST_SEATS = 5
"""Streets that asked for fewer seats are left out of the spread: there a single seat is a fifth or more."""

_LEVELS = {12: "community", STREET: "street", 6: "district", 4: "city"}


def waiting_of(served: Sequence[Held], demands: Mapping[str, Asked], *, asked: int, end: datetime) -> Waiting:
    """Return the hours waited; a seat that nobody took waited from its posting to ``end``."""
    hours = [_hours(demands[held.demand_id].posted_at, held.at) for held in served]
    taken = Counter(held.demand_id for held in served)
    idle = sum(
        (demand.seats - min(taken[name], demand.seats)) * _hours(demand.posted_at, end)
        for name, demand in demands.items()
    )
    if not hours:
        return Waiting(median_hours=None, p90_hours=None, mean_hours=None, mean_hours_of_all=_rounded(idle, asked))
    median, p90 = np.percentile(hours, [50, 90])
    return Waiting(
        median_hours=round(float(median), 2),
        p90_hours=round(float(p90), 2),
        mean_hours=round(sum(hours) / len(hours), 2),
        mean_hours_of_all=_rounded(sum(hours) + idle, asked),
    )


def nearness_of(served: Sequence[Held], entries: Entries) -> Nearness:
    """Return the served seats by the smallest region that place and home share."""
    levels = Counter(
        level(entries.demands[held.demand_id].community, entries.resources[held.resource_id].home) for held in served
    )
    return Nearness.model_validate({name: levels[name] for name in (*_LEVELS.values(), "beyond")})


def level(place: str, home: str) -> str:
    """Return the name of the smallest region that two 12-digit codes share."""
    return next((name for width, name in _LEVELS.items() if place[:width] == home[:width]), "beyond")


def load_of(served: Sequence[Held], entries: Entries) -> Load:
    """Return how evenly the served seats lie on all providers that ever offered something."""
    providers = sorted({offered.provider for offered in entries.resources.values()})
    counts = Counter(entries.resources[held.resource_id].provider for held in served)
    loads = np.sort(np.array([counts[provider] for provider in providers], np.int64))
    total = int(loads.sum())
    if not total:
        return Load(providers=len(providers), gini=None, busiest_tenth=None)
    busiest = loads[-max(1, round(len(loads) / 10)) :].sum()
    return Load(providers=len(providers), gini=gini(loads), busiest_tenth=round(float(busiest / total), 4))


def gini(loads: np.ndarray) -> float:
    """Return the Gini coefficient of ascending counts: half their mean absolute difference over their mean."""
    places = np.arange(1, len(loads) + 1)
    return round(float((2 * places - len(loads) - 1) @ loads / (len(loads) * loads.sum())), 4)


def streets_of(served: Sequence[Held], demands: Mapping[str, Asked]) -> Streets:
    """Return how far coverage differs between the streets."""
    asked: Counter[str] = Counter()
    for demand in demands.values():
        asked[demand.street] += demand.seats
    taken = Counter(demands[held.demand_id].street for held in served)
    shares = sorted(min(taken[street] / seats, 1.0) for street, seats in asked.items() if seats >= LEAST_SEATS)
    if not shares:
        return Streets(streets=0, lowest=None, median=None, highest=None, spread=None)
    lowest, middle, highest, spread = shares[0], np.median(shares), shares[-1], np.std(shares)
    return Streets(
        streets=len(shares),
        lowest=round(lowest, 4),
        median=round(float(middle), 4),
        highest=round(highest, 4),
        spread=round(float(spread), 4),
    )


def value_of(served: Sequence[Held]) -> Value:
    """Return the points of the served seats by each measure; a seat from before the fork was not weighed."""
    sums: dict[int, int] = defaultdict(int)
    for held in served:
        for measure, points in enumerate(held.worths):
            sums[measure] += points
    return Value(own=sums[0], recorded=sums[1], recorded_without_waiting=sums[2])


def _hours(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds() / 3600)


def _rounded(hours: float, seats: int) -> float | None:
    return round(hours / seats, 2) if seats else None
