"""Running the demo: the stock straight to the log, everything after it over HTTP, and providers who answer.

A second start on the same data leaves the stock as it is and goes on with new arrivals.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import httpx
import structlog

from api.ports import EventSink
from deploy.demo.affairs import affairs
from deploy.demo.client import Client
from deploy.demo.errands import Errand, Errands, page_of, run
from deploy.demo.neighbours import neighbours
from deploy.demo.proportions import District, changning, putuo
from deploy.demo.providers import Providers
from deploy.demo.script import Cue, Script
from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.demands import DemandPosted
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.envelope import Event, new_event
from schemas.lifecycle import Step
from schemas.regions import Regions
from schemas.resources import ResourceOffered
from schemas.sharding import DISTRICT, region_of, shard_of

log = structlog.get_logger(__name__)

SEED: Final = 310_105
SOURCE: Final = "/demo"
BATCH: Final = 500
"""The stock is published in batches, so that the server answers meanwhile."""


async def run_demo(
    base_url: str,
    sink: EventSink,
    *,
    regions: Regions,
    catalogue: Catalogue,
    shard_width: int = DISTRICT,
    token: str | None = None,
    seed: int = SEED,
    scale: float = 1.0,
) -> None:
    """Play the demo on the server at ``base_url`` until cancelled.

    Args:
        base_url: where the API answers.
        sink: where the stock goes in, as an import would.
        regions: names and codes; the demo plays in Changning, Shanghai.
        catalogue: the items of the lists.
        shard_width: digits of a shard key.
        token: for a server that asks for one.
        seed: the same seed tells the same story.
        scale: 1.0 is a whole district.

    Raises:
        httpx.HTTPError: the server does not answer at the beginning.
    """
    headers = {"authorization": f"Bearer {token}"} if token else {}
    district = changning(regions=regions, scale=scale)
    script = Script(district=district, catalogue=catalogue, seed=seed, start=datetime.now(UTC))
    now = datetime.now(UTC)
    next_door = neighbours(putuo(regions=regions, scale=scale), catalogue=catalogue, seed=seed, start=now)
    handled = affairs([place.code for place in district.communities], now=now, seed=seed)
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=10) as http, asyncio.TaskGroup() as tasks:
        client = Client(http)
        rows = client.follow(region=district.prefix, type=["proposed", "confirmed", "revoked", "expired"])
        tasks.create_task(Providers(client).live(rows))
        lists, also = script.stock(), [*next_door, *handled]
        if await stock(lists, district, sink=sink, client=client, shard_width=shard_width, also=also):
            begun = Errands(lists, district.communities, catalogue=catalogue, now=now, seed=seed).all()
            tasks.create_task(begin(begun, lists=lists, client=client))
        await play(script.trickle(), client=client)


async def begin(errands: Iterable[Errand], *, lists: Sequence[Fact], client: Client) -> None:
    """Run the errands as soon as the server has read the lists."""
    if await client.sees(page_of(lists[-1])):
        await run(errands, client=client)


async def stock(
    lists: Sequence[Fact],
    district: District,
    *,
    sink: EventSink,
    client: Client,
    shard_width: int,
    also: Sequence[Fact] = (),
) -> int:
    """Publish the lists, and ``also``, unless units have reported in the district before; return how many events."""
    if await client.has_units(district.prefix):
        log.info("the lists are stocked already", district=district.prefix)
        return 0
    events = events_of([*also, *lists], at=datetime.now(UTC), shard_width=shard_width)
    for first in range(0, len(events), BATCH):
        await sink.publish(events[first : first + BATCH])
        await asyncio.sleep(0)
    return len(events)


async def play(
    cues: Iterable[Cue],
    *,
    client: Client,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Say every fact when its time has come; one that is late is said at once."""
    began = clock()
    for cue in cues:
        await sleep(max(0.0, began + cue.at_s - clock()))
        await client.say(cue.fact)


def events_of(facts: Iterable[Fact], *, at: datetime, shard_width: int) -> Sequence[Event[Fact]]:
    """Return stock facts as events; ids follow from the entries, so that the same entry is the same event."""
    return [
        new_event(fact, id=f"{_entry_of(fact)}-1", source=SOURCE, key=_shard(fact, shard_width), time=at)
        for fact in facts
    ]


def _entry_of(fact: Fact) -> str:
    match fact:
        case UnitEnrolled():
            return fact.uscc
        case MemberEnrolled():
            return f"{fact.member_ref}-{fact.kind}"
        case ResourceOffered(resource=resource):
            return resource.resource_id
        case DemandPosted(demand=demand):
            return demand.demand_id
        case Step():
            return f"{fact.id}-{fact.step}"
        case _:
            raise TypeError(f"{type(fact).__name__} is no stock")


def _shard(fact: Fact, width: int) -> str:
    region = region_of(fact)
    if region is None:
        raise TypeError(f"{type(fact).__name__} has no region")
    return shard_of(region, width)
