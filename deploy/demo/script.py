"""The script of the demo: what lies on the lists at the start, and what comes after, second by second.

The same seed and start give the same script. Pseudonyms and codes of the stock depend on the seed alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import TypeVar

from deploy.demo.offers import member_offer, unit_offer
from deploy.demo.people import Unit, members, units
from deploy.demo.proportions import District
from deploy.demo.wants import community_want, unit_want
from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.demands import Demand, DemandPosted, DemandWhistled, DemandWithdrawn
from schemas.enrolment import MemberEnrolled
from schemas.resources import Resource, ResourceOffered, ResourceWithdrawn

Entry = TypeVar("Entry", Resource, Demand)

OFFERS_PER_UNIT = (1, 1, 2, 2, 3)
BIG_UNIT_OFFERS = 5
RECENT = 200
"""Whistles and withdrawals strike one of so many newest entries."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One fact and when it comes, in seconds from the start."""

    at_s: float
    fact: Fact


def rate(at_s: float) -> float:
    """Facts a second: lively at first, then an ordinary afternoon, so that a night does not fill a disk."""
    if at_s < 180:
        return 3.5
    return 2.0 if at_s < 600 else 0.7


class Script:
    """One performance: ``stock`` once, then ``trickle`` for as long as anybody looks."""

    def __init__(self, *, district: District, catalogue: Catalogue, seed: int, start: datetime) -> None:
        self._district = district
        self._catalogue = catalogue
        self._start = start
        self._label = f"{start:%m%d%H%M%S}"
        self._numbers = {"r": 0, "d": 0}
        self._resources: list[Resource] = []
        self._demands: list[Demand] = []
        self._rng = Random(seed)  # noqa: S311 - a story, not a secret
        self._units = units(district, rng=self._rng, at=start)
        self._members = members(district, units=self._units, catalogue=catalogue, rng=self._rng, at=start)
        self._reseed = f"{seed}/{self._label}"

    def stock(self) -> list[Fact]:
        """Return what lies on the lists at the start: units, members, their offers, and wants of up to three days."""
        at = self._start
        people = list(islice(self._members, self._district.members))
        offers = [offer for unit in self._units for offer in self._unit_offers(unit, at)]
        offers += [self._member_offer(member, at) for member in people]
        self._resources += offers
        self._demands += self._stock_wants()
        return [
            *(unit.enrolled for unit in self._units),
            *people,
            *(ResourceOffered(resource=offer) for offer in offers),
            *(DemandPosted(demand=demand) for demand in self._demands),
        ]

    def trickle(self) -> Iterator[Cue]:
        """Yield what comes after the start, without end."""
        self._rng.seed(self._reseed)
        at_s = 0.0
        while True:
            at_s += self._rng.expovariate(rate(at_s))
            yield from (Cue(at_s, fact) for fact in self._happening(self._start + timedelta(seconds=at_s)))

    def _happening(self, at: datetime) -> list[Fact]:
        """Return what happens next: mostly a want; else somebody comes, offers, calls or goes."""
        dice = self._rng.random()
        if dice < 0.68:
            return [self._post(self._want(at))]
        if dice < 0.84:
            return self._newcomer(at)
        if dice < 0.90:
            return [self._offer(self._unit_offer(self._rng.choice(self._units), at))]
        if dice < 0.93:
            return self._whistle()
        return self._withdrawal()

    def _newcomer(self, at: datetime) -> list[Fact]:
        member = next(self._members).model_copy(update={"enrolled_at": at})
        return [member, self._offer(self._member_offer(member, at))]

    def _whistle(self) -> list[Fact]:
        demand = self._pick(self._demands)
        if demand is None:
            return []
        return [DemandWhistled(demand_id=demand.demand_id, version=demand.version + 1, community=demand.community)]

    def _withdrawal(self) -> list[Fact]:
        if self._rng.random() < 0.6:
            demand = self._pick(self._demands)
            if demand is None:
                return []
            version = demand.version + 1
            return [DemandWithdrawn(demand_id=demand.demand_id, version=version, community=demand.community)]
        resource = self._pick(self._resources)
        if resource is None:
            return []
        return [ResourceWithdrawn(resource_id=resource.resource_id, version=resource.version + 1, home=resource.home)]

    def _post(self, demand: Demand) -> Fact:
        self._demands.append(demand)
        return DemandPosted(demand=demand)

    def _offer(self, resource: Resource) -> Fact:
        self._resources.append(resource)
        return ResourceOffered(resource=resource)

    def _pick(self, entries: list[Entry]) -> Entry | None:
        """Take one of the newest entries out of the list, None where there is none; each is changed once at most."""
        if not entries:
            return None
        return entries.pop(-self._rng.randint(1, min(RECENT, len(entries))))

    def _stock_wants(self) -> list[Demand]:
        found: list[Demand] = []
        seats = 0
        while seats < self._district.stock_seats:
            waited = timedelta(hours=self._rng.uniform(0, 72))
            demand = self._want(self._start).model_copy(update={"posted_at": self._start - waited})
            found.append(demand)
            seats += sum(line.quantity for line in demand.lines)
        return found

    def _want(self, at: datetime) -> Demand:
        community = self._rng.choice(self._district.communities)
        demand_id = self._next_id("d")
        if self._rng.random() < 0.08:
            unit = self._rng.choice(self._units)
            return unit_want(unit, community, demand_id=demand_id, catalogue=self._catalogue, rng=self._rng, at=at)
        return community_want(community, demand_id=demand_id, catalogue=self._catalogue, rng=self._rng, at=at)

    def _unit_offers(self, unit: Unit, at: datetime) -> Iterator[Resource]:
        count = BIG_UNIT_OFFERS if unit.big else self._rng.choice(OFFERS_PER_UNIT)
        taken: set[str] = set()
        for _ in range(count):
            offer = self._unit_offer(unit, at, taken=frozenset(taken))
            taken.add(offer.item)
            yield offer

    def _unit_offer(self, unit: Unit, at: datetime, *, taken: frozenset[str] = frozenset()) -> Resource:
        return unit_offer(
            unit, resource_id=self._next_id("r"), catalogue=self._catalogue, rng=self._rng, at=at, taken=taken
        )

    def _member_offer(self, member: MemberEnrolled, at: datetime) -> Resource:
        return member_offer(member, resource_id=self._next_id("r"), catalogue=self._catalogue, rng=self._rng, at=at)

    def _next_id(self, letter: str) -> str:
        self._numbers[letter] += 1
        return f"{letter}-{self._label}-{self._numbers[letter]:05d}"
