"""The demo on a fake server: the stock goes in once, arrivals come in time."""

from datetime import UTC, datetime

import httpx

from deploy.demo.client import Client
from deploy.demo.proportions import changning
from deploy.demo.run import BATCH, play, stock
from deploy.demo.script import Cue, Script
from schemas.catalogue import load_catalogue
from schemas.demands import DemandWithdrawn
from schemas.regions import Regions

DISTRICT = changning(regions=Regions.builtin("cn"), scale=0.2)
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


class FakeSink:
    def __init__(self):
        self.batches = []

    async def publish(self, events):
        self.batches.append(list(events))
        return [(event.topic.name, 0, 0) for event in events]


def client_of(units):
    def answer(request):
        assert request.url.params["region"] == "310105"
        return httpx.Response(200, json={"rows": units, "next_cursor": None})

    return Client(httpx.AsyncClient(base_url="http://demo.test", transport=httpx.MockTransport(answer)))


def a_script():
    return Script(district=DISTRICT, catalogue=load_catalogue(None), seed=1, start=NOW)


async def test_the_stock_goes_in_in_batches_offers_before_wants():
    sink = FakeSink()
    count = await stock(a_script().stock(), DISTRICT, sink=sink, client=client_of([]), shard_width=6)
    events = [event for batch in sink.batches for event in batch]
    assert count == len(events) > 2 * BATCH
    assert all(len(batch) <= BATCH for batch in sink.batches)
    assert {event.key for event in events} == {"310105"}
    assert len({event.id for event in events}) == len(events)
    topics = [event.topic.name for event in events]
    assert topics == sorted(topics, key=["cobuild.resources.v1", "cobuild.demands.v1"].index)


async def test_streets_can_be_shards():
    sink = FakeSink()
    await stock(a_script().stock(), DISTRICT, sink=sink, client=client_of([]), shard_width=9)
    assert {event.key for batch in sink.batches for event in batch} == set(DISTRICT.streets)


async def test_lists_that_are_stocked_are_left_as_they_are():
    sink = FakeSink()
    assert (
        await stock(a_script().stock(), DISTRICT, sink=sink, client=client_of([{"party": "unit:1"}]), shard_width=6)
        == 0
    )
    assert sink.batches == []


async def test_facts_are_said_in_time_and_late_ones_at_once():
    slept, said, clock = [], [], iter([100.0, 100.0, 103.5, 103.5])

    async def sleep(seconds):
        slept.append(seconds)

    class FakeClient:
        async def say(self, fact):
            said.append(fact)

    facts = [DemandWithdrawn(demand_id=f"d-{n}", version=2, community="310105001001") for n in range(3)]
    cues = [Cue(at_s, fact) for at_s, fact in zip([1.0, 2.0, 4.0], facts, strict=True)]
    await play(cues, client=FakeClient(), clock=lambda: next(clock), sleep=sleep)
    assert slept == [1.0, 0.0, 0.5]
    assert said == facts
