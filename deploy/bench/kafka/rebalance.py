"""Workers come and go under load: the longest that anybody had to wait for an assignment meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from deploy.bench.kafka.broker import PARTITIONS, fresh
from deploy.bench.kafka.probe import Probe, probing
from deploy.bench.kafka.worker import worker
from deploy.bench.report import Figure, Goal, Report
from deploy.bench.server import policy_with_interval
from schemas.regions import Regions
from streams.kafka.connection import KafkaConnection
from streams.partitioner import partition_of

QUESTION = "One district in every partition; a demand in each, every half second, while workers come and go."
EVERY_S = 0.5
AROUND_S = 4.0
"""So long before and after each event."""
STATIC_S = 8


def run(bootstrap: str, *, directory: Path) -> Report:
    """Measure and return the report."""
    policy = policy_with_interval(directory / "rebalance", 50)
    found = asyncio.run(_run(fresh(bootstrap), directory / "rebalance", policy))
    figures = tuple(Figure(f"longest wait: {what}", seconds, "s") for what, seconds in found.items())
    back = found["one is killed and comes back under its name"]
    return Report(
        "kafka-rebalance",
        QUESTION,
        figures,
        (Goal(f"killed and back under its name within {STATIC_S} s: {back:.1f} s", back <= STATIC_S),),
    )


def one_shard_each() -> list[str]:
    """Return a district of each partition."""
    found: dict[int, str] = {}
    for code, _ in Regions.builtin("cn").communities():
        found.setdefault(partition_of(code[:6].encode(), PARTITIONS), code[:6])
        if len(found) == PARTITIONS:
            break
    return sorted(found.values())


async def _run(connection: KafkaConnection, directory: Path, policy: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    shards = one_shard_each()
    async with probing(connection) as probe:
        await probe.offer(shards)
        with ExitStack() as stack:
            stack.enter_context(worker(connection, instance="w-1", disk=directory / "w-1", policy=policy))
            await asyncio.gather(*[probe.ask(shard) for shard in shards])
            async with _load(probe, shards, found, "nothing happens"):
                pass
            second = worker(connection, instance="w-2", disk=directory / "w-2", policy=policy)
            async with _load(probe, shards, found, "a second worker joins"):
                two = stack.enter_context(second)
                await asyncio.sleep(2 * AROUND_S)
            async with _load(probe, shards, found, "one is killed and comes back under its name"):
                two.kill()
                two = stack.enter_context(worker(connection, instance="w-2", disk=directory / "w-2", policy=policy))
            async with _load(probe, shards, found, "one is killed for good (session 10 s)"):
                two.kill()
    return found


@asynccontextmanager
async def _load(probe: Probe, shards: list[str], found: dict[str, float], what: str) -> AsyncIterator[None]:
    """Ask in every shard, before, while and after the body runs; note the longest wait."""
    asking: list[asyncio.Task[float]] = []

    async def ask() -> None:
        while True:
            asking.extend(asyncio.create_task(probe.ask(shard)) for shard in shards)
            await asyncio.sleep(EVERY_S)

    load = asyncio.create_task(ask())
    try:
        await asyncio.sleep(AROUND_S)
        yield
        await asyncio.sleep(AROUND_S)
    finally:
        load.cancel()
    found[what] = max(await asyncio.gather(*asking))
