"""A district's pool as the design gives it: 3,238 members, 1,600 demand seats, about 120,000 allowed pairs."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from matcher.state.shard import ShardState
from schemas.base import Fact, Window
from schemas.catalogue import Catalogue
from schemas.demands import Demand, DemandLine, DemandPosted, Urgency
from schemas.envelope import Event, new_event
from schemas.regions import Regions
from schemas.resources import Resource, ResourceOffered

MEMBERS = 3_238
DEMAND_SEATS = 1_600
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
"""The moment of all benchmarks' rounds; 12:00 in Shanghai."""

_HOUR = timedelta(hours=1)


def district_events(
    *, shard: str, catalogue: Catalogue, communities: list[str], seed: int = 1, members: int = MEMBERS,
    seats: int = DEMAND_SEATS, prefix: str = "",
) -> Iterator[Event[Fact]]:  # fmt: skip
    """Yield a district's offers and demands, the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - a benchmark's population, no secret
    items = sorted(catalogue.items)
    for number in range(members):
        resource = _resource(draw, f"{prefix}r{number:06d}", draw.choice(items), catalogue, communities, shard)
        yield _event(ResourceOffered(resource=resource), resource.resource_id, shard)
    asked, number = 0, 0
    while asked < seats:
        quantity = min(draw.choice([1, 1, 1, 2, 3]), seats - asked)
        demand = _demand(draw, f"{prefix}d{number:06d}", draw.choice(items), quantity, communities)
        asked, number = asked + quantity, number + 1
        yield _event(DemandPosted(demand=demand), demand.demand_id, shard)


def district_state(
    *, shard: str, catalogue: Catalogue, regions: Regions, seed: int = 1, seats: int = DEMAND_SEATS
) -> ShardState:
    """Return the state of one district after its events."""
    state = ShardState(shard, catalogue)
    communities = [code for code, _ in regions.communities(shard)]
    offsets: dict[str, int] = {}
    for event in district_events(shard=shard, catalogue=catalogue, communities=communities, seed=seed, seats=seats):
        topic = event.topic.name
        state.fold(event, topic=topic, offset=offsets.get(topic, 0))
        offsets[topic] = offsets.get(topic, 0) + 1
    return state


def _event(data: Fact, entity: str, shard: str) -> Event[Fact]:
    return new_event(data, id=f"{entity}-1", source="cobuild/bench", key=shard, time=NOON)


def _resource(
    draw: random.Random, resource_id: str, item: str, catalogue: Catalogue, communities: list[str], shard: str
) -> Resource:
    home = draw.choice(communities)
    gate = catalogue.categories[catalogue.items[item].category_id].gate
    opens = NOON + draw.randint(-6, 6) * _HOUR
    return Resource(
        resource_id=resource_id,
        provider=f"member:{resource_id}",
        title="服务",
        item=item,
        scope=(shard if draw.random() < 0.92 else home[:9],),
        home=home,
        windows=tuple(Window(start=opens + day * 24 * _HOUR, end=opens + (day * 24 + 10) * _HOUR) for day in range(3)),
        qualifications=tuple({gate, "insurance"} - {"none", "insurance_if_risky"}),
        notice_minutes=draw.choice([0, 0, 60, 24 * 60]),
        offered_at=NOON - 24 * _HOUR,
    )


def _demand(draw: random.Random, demand_id: str, item: str, quantity: int, communities: list[str]) -> Demand:
    start = NOON + draw.randint(0, 24) * _HOUR
    place = draw.choice(communities)
    return Demand(
        demand_id=demand_id,
        requester=f"community:{place}",
        title="需求",
        lines=(DemandLine(item=item, quantity=quantity),),
        community=place,
        window=Window(start=start, end=start + draw.choice([12, 24, 48]) * _HOUR),
        duration_minutes=draw.choice([60, 120]),
        urgency=draw.choices(list(Urgency), [80, 15, 4, 1])[0],
        posted_at=NOON - draw.randint(0, 72) * _HOUR,
    )
