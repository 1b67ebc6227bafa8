"""Explaining a demand far from the worker: from its snapshots on Kafka and the log, at the word of the owner."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.topics import ALL_TOPICS
from schemas.why import DemandWhy
from streams.clock import FakeClock
from streams.explainer import Explainer
from streams.follower import FollowingExplainer
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.kafka.snapshots import KafkaSnapshots
from tests.builders import NOON, SAME_CITY, SHARD, SMALL_CATALOGUE, at, offered, posted
from tests.kafka.cluster import RealKafka
from tests.loops import loop_on, tell

PARTITIONS = 3


@asynccontextmanager
async def opened(connection: KafkaConnection, name: str) -> AsyncIterator[tuple[KafkaLog, KafkaSnapshots]]:
    topics = [topic.name for topic in ALL_TOPICS]
    log = await KafkaLog.open(connection, partitions=PARTITIONS, client_id=name, topics=topics)
    snapshots = KafkaSnapshots(connection, partitions=PARTITIONS, writer=name)
    try:
        yield log, snapshots
    finally:
        await asyncio.to_thread(snapshots.close)
        await log.close()


@pytest.mark.parametrize("saved", [True, False], ids=["from snapshots", "from the log alone"])
async def test_it_says_what_the_owner_says_while_the_owner_goes_on(kafka: RealKafka, saved: bool) -> None:
    connection = await asyncio.to_thread(kafka.apply, f"follower-{saved}.".lower(), partitions=PARTITIONS)
    async with opened(connection, "w-1") as (log, snapshots), opened(connection, "api") as (plain, seen):
        loop = loop_on(log, snapshots=snapshots if saved else None)
        clock = FakeClock(at(5))
        explainer = FollowingExplainer(
            log=plain, snapshots=seen if saved else None, catalogue=SMALL_CATALOGUE, policy=Policy(), clock=clock
        )
        await tell(log, offered("r1", capacity=2), posted("d1"), posted("d2"), posted("n1", community=SAME_CITY))
        await loop.step(NOON)
        await loop.close()
        loop = loop_on(log, snapshots=snapshots if saved else None)
        owner = Explainer(loop.host, clock)
        for hour in range(1, 4):
            await tell(log, posted(f"e{hour}"))
            await loop.step(at(hour))
            for demand_id in ("d1", "d2", "e1", "e2", "e3", "n1"):
                for shard in (SHARD, SAME_CITY[:6]):
                    assert await told(explainer, demand_id, shard) == await told(owner, demand_id, shard)
        assert isinstance(await told(explainer, "e3", SHARD), DemandWhy)
        await explainer.close()
        await loop.close()


async def told(explainer: Explainer | FollowingExplainer, demand_id: str, shard: str) -> DemandWhy | str:
    try:
        return await explainer.why_demand(demand_id=demand_id, shard=shard)
    except Refused as refusal:
        return refusal.code


async def test_brokers_that_went_make_it_unavailable(kafka: RealKafka) -> None:
    connection = await asyncio.to_thread(kafka.apply, "follower-gone.", partitions=PARTITIONS)
    async with opened(connection, "api") as (log, snapshots):
        await tell(log, posted("d1"))
        explainer = FollowingExplainer(
            log=log, snapshots=snapshots, catalogue=SMALL_CATALOGUE, policy=Policy(), patience_s=5
        )
        assert isinstance(await told(explainer, "d1", SHARD), DemandWhy)
        for broker in kafka.brokers:
            await asyncio.to_thread(broker.kill)
        assert await told(explainer, "d1", SHARD) == "unavailable"
        for broker in kafka.brokers:
            await asyncio.to_thread(broker.start)
        await asyncio.to_thread(kafka.wait_until_ready)
        async with asyncio.timeout(90):
            while not isinstance(await told(explainer, "d1", SHARD), DemandWhy):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.2)
        await explainer.close()
