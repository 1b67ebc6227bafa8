"""Entries of the lists with sensible defaults: say in a test only what the test is about."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.base import Fact, Window
from schemas.catalogue import Catalogue, Category, Item
from schemas.claims import ClaimDropped, ClaimMade, Side
from schemas.demands import (
    Demand,
    DemandLine,
    DemandPosted,
    DemandRevised,
    DemandWhistled,
    DemandWithdrawn,
)
from schemas.envelope import Event, new_event
from schemas.policy import FitWeights, NearnessWeights, Policy, ServiceWeights, UrgencyWeights, WaitingWeights
from schemas.resources import Resource, ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn

SHARD = "310105"
HERE = "310105001001"
SAME_STREET = "310105001002"
SAME_DISTRICT = "310105002001"
SAME_CITY = "310106001001"
FAR = "320102002001"

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
"""12:00 in Shanghai."""

HAIR, MEAL, VISIT = "care.hair", "care.meal", "care.visit"
PRESSURE, TALK = "health.pressure", "health.talk"
LAMP, LOCK = "repair.lamp", "repair.lock"
LICENCE, INSURANCE = "medical_licence", "insurance"


def _catalogue(gates: dict[str, str], items: Iterable[str]) -> Catalogue:
    return Catalogue(
        categories={name: Category(name, name, name, gate) for name, gate in gates.items()},
        items={item: Item(item, item.partition(".")[0], item, item) for item in items},
    )


SMALL_CATALOGUE = _catalogue(
    {"care": "none", "health": LICENCE, "repair": "insurance_if_risky"},
    (HAIR, MEAL, VISIT, PRESSURE, TALK, LAMP, LOCK),
)
"""Three categories: without a gate, with a licence, with insurance for risky work."""

NO_VALUE = Policy(
    service=ServiceWeights(base=0),
    urgency=UrgencyWeights(normal=0, urgent=0, whistle=0, emergency=0),
    waiting=WaitingWeights(per_hour=0),
    nearness=NearnessWeights(community=0, street=0, district=0, city=0, beyond=0),
    fit=FitWeights(exact=0, sibling=0),
)
"""A policy under which nothing is worth anything: give one weight to see one term alone."""


def at(hours: float = 0, *, minutes: float = 0) -> datetime:
    """Return the moment so long after noon."""
    return NOON + timedelta(hours=hours, minutes=minutes)


def window(start_hour: float, end_hour: float) -> Window:
    """Return the window between two hours after noon."""
    return Window(start=at(start_hour), end=at(end_hour))


def line(item: str = HAIR, quantity: int = 1, *, siblings: bool = True, together: bool = False) -> DemandLine:
    """Return a line of a demand."""
    return DemandLine(item=item, quantity=quantity, siblings=siblings, together=together)


def demand(demand_id: str = "d1", *lines: DemandLine, **changes: Any) -> Demand:
    """Return a demand for one haircut between one and nine hours after noon, unless told otherwise."""
    fields: dict[str, Any] = {
        "demand_id": demand_id,
        "requester": f"community:{HERE}",
        "title": "需求",
        "lines": lines or (line(),),
        "community": HERE,
        "window": window(1, 9),
        "posted_at": NOON,
    }
    return Demand(**fields | changes)


def resource(resource_id: str = "r1", **changes: Any) -> Resource:
    """Return a haircut offered at any time anywhere in the district, unless told otherwise."""
    fields: dict[str, Any] = {
        "resource_id": resource_id,
        "provider": f"team:{resource_id}",
        "title": "资源",
        "item": HAIR,
        "scope": (SHARD,),
        "home": HERE,
        "offered_at": NOON,
    }
    return Resource(**fields | changes)


def offered(resource_id: str = "r1", **changes: Any) -> ResourceOffered:
    """Return the fact that ``resource(...)`` was put on the list."""
    return ResourceOffered(resource=resource(resource_id, **changes))


def changed(before: Resource, **changes: Any) -> ResourceRevised:
    """Return the next version of a resource."""
    return ResourceRevised(resource=Resource(**before.model_dump() | {"version": before.version + 1} | changes))


def suspended(resource_id: str = "r1", *, version: int = 2) -> ResourceSuspended:
    return ResourceSuspended(resource_id=resource_id, version=version, home=HERE)


def resource_gone(resource_id: str = "r1", *, version: int = 2) -> ResourceWithdrawn:
    return ResourceWithdrawn(resource_id=resource_id, version=version, home=HERE)


def posted(demand_id: str = "d1", *lines: DemandLine, **changes: Any) -> DemandPosted:
    """Return the fact that ``demand(...)`` was put on the list."""
    return DemandPosted(demand=demand(demand_id, *lines, **changes))


def revised(before: Demand, *lines: DemandLine, **changes: Any) -> DemandRevised:
    """Return the next version of a demand."""
    fields = before.model_dump() | {"version": before.version + 1, "lines": lines or before.lines} | changes
    return DemandRevised(demand=Demand(**fields))


def whistled(demand_id: str = "d1", *, version: int = 2) -> DemandWhistled:
    return DemandWhistled(demand_id=demand_id, version=version, community=HERE)


def demand_gone(demand_id: str = "d1", *, version: int = 2) -> DemandWithdrawn:
    return DemandWithdrawn(demand_id=demand_id, version=version, community=HERE)


def claimed(
    demand_id: str = "d1",
    resource_id: str = "r1",
    *,
    line: int = 0,
    by: Side = "provider",
    claim_id: str = "",
    quantity: int | None = None,
) -> ClaimMade:
    """Return the fact that one side picked a pair."""
    return ClaimMade(
        claim_id=claim_id or f"c-{demand_id}-{line}-{resource_id}-{by}",
        shard=SHARD,
        by=by,
        demand_id=demand_id,
        line=line,
        resource_id=resource_id,
        quantity=quantity,
        at=NOON,
    )


def dropped(claim: ClaimMade) -> ClaimDropped:
    return ClaimDropped(claim_id=claim.claim_id, shard=SHARD, at=NOON)


def event(data: Fact, *, event_id: str, time: datetime = NOON) -> Event[Fact]:
    """Return ``data`` as an event of the shard."""
    return new_event(data, id=event_id, source="tests", key=SHARD, time=time)
