"""Asks the workers for help and waits for it, straight through the log: how long is it to the next assignment?"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from deploy.bench.kafka.broker import PARTITIONS
from deploy.bench.kafka.feed import placed
from deploy.bench.restart import ASKED
from schemas.assignments import AssignmentProposed
from schemas.base import Fact, Window
from schemas.demands import Demand, DemandLine, DemandPosted
from schemas.envelope import decode, new_event
from schemas.resources import Resource, ResourceOffered
from schemas.topics import ASSIGNMENTS
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog

PATIENCE_S = 600.0
_POLL_S = 1.0


class Probe:
    """See ``probing``."""

    def __init__(self, log: KafkaLog) -> None:
        self.log = log
        self._waiting: dict[str, asyncio.Future[float]] = {}
        self._asked = 0

    async def offer(self, shards: Iterable[str]) -> None:
        """Offer so much in each shard that every question can be answered."""
        now = datetime.now(UTC)
        for shard in shards:
            resource = Resource(
                resource_id=f"probe-{shard}", provider=f"community:{_place(shard)}", title="理发", item=ASKED,
                capacity=10_000, qualifications=("vetted_home_visit",), scope=(shard,), home=_place(shard),
                auto_accept=True, kind="goods", offered_at=now,
            )  # fmt: skip
            await self._append(ResourceOffered(resource=resource), f"probe-{shard}", shard)

    async def ask(self, shard: str, *, within_s: float = PATIENCE_S) -> float:
        """Post a demand; return the seconds until its assignment is published. Raises TimeoutError, LogError."""
        self._asked += 1
        name = f"probe-{shard}-{self._asked}"
        now = datetime.now(UTC)
        answer = self._waiting[name] = asyncio.get_running_loop().create_future()
        demand = Demand(
            demand_id=name, requester=f"community:{_place(shard)}", title="理发", lines=(DemandLine(item=ASKED),),
            community=_place(shard), window=Window(start=now, end=now + timedelta(days=2)), posted_at=now,
        )  # fmt: skip
        begin = time.perf_counter()
        await self._append(DemandPosted(demand=demand), name, shard)
        async with asyncio.timeout(within_s):
            heard: float = await answer
        return heard - begin

    async def listen(self) -> None:
        """Hear every assignment from now on."""
        ends = await self.log.end_offsets([ASSIGNMENTS.name])
        reader = self.log.reader(ends)
        while True:
            for record in await reader.poll(max_records=1000, timeout_s=_POLL_S):
                heard = time.perf_counter()
                data = decode(topic=record.topic, key=record.key, headers=record.headers, value=record.value).data
                if isinstance(data, AssignmentProposed):
                    answer = self._waiting.pop(data.assignment.demand_id, None)
                    if answer is not None and not answer.done():
                        answer.set_result(heard)

    async def _append(self, data: Fact, name: str, shard: str) -> None:
        event = new_event(data, id=f"{name}-1", source="cobuild/bench", key=shard, time=datetime.now(UTC))
        topic, draft = placed(event)
        await self.log.append(topic, [draft])


@asynccontextmanager
async def probing(connection: KafkaConnection) -> AsyncIterator[Probe]:
    """Give a probe that listens."""
    log = await KafkaLog.open(connection, partitions=PARTITIONS, client_id="bench-probe")
    probe = Probe(log)
    listening = asyncio.create_task(probe.listen())
    try:
        yield probe
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        await log.close()


def _place(shard: str) -> str:
    return f"{shard}001001"
