"""After kill -9 of a worker with many open entries: to the next assignment, on its own disk and on another machine."""

import asyncio
import time
from itertools import islice
from pathlib import Path

from rich.progress import track

from deploy.bench.kafka.broker import fresh
from deploy.bench.kafka.feed import placed, send
from deploy.bench.kafka.probe import Probe, probing
from deploy.bench.kafka.worker import worker
from deploy.bench.report import Figure, Goal, Report
from deploy.bench.restart import country
from deploy.commands.terminal import err
from streams.kafka.connection import KafkaConnection

QUESTION = "Open offers and demands all over the country; the worker is killed, and a demand is posted at that moment."
SHARD = "310105"
MANY = 1_000_000
OWN_DISK_S, ANOTHER_S = 20, 60


def run(bootstrap: str, *, entries: int, directory: Path) -> Report:
    """Measure and return the report."""
    connection = fresh(bootstrap)
    events = track(islice(country(), entries), "filling the log", total=entries, console=err, transient=True)
    send(connection, map(placed, events))
    found = asyncio.run(_run(connection, directory / f"restart-{entries}"))
    goals = (
        Goal(f"on its own disk within {OWN_DISK_S} s: {found['own']:.1f} s", found["own"] <= OWN_DISK_S),
        Goal(f"on another machine within {ANOTHER_S} s: {found['another']:.1f} s", found["another"] <= ANOTHER_S),
    )
    return Report(
        f"kafka-restart-{entries}",
        QUESTION,
        (
            Figure("killed, started again: to the next assignment", found["own"], "s", 1.0, f"{entries:,} entries"),
            Figure("killed, another machine takes over", found["another"], "s", found["another"] / found["own"],
                   "an empty disk; the session's 10 s included"),
            Figure("post to assignment before", found["warm"], "s"),
            Figure("the first start ever: all from the log", found["first"], "s"),
        ),
        goals if entries >= MANY else (),
    )  # fmt: skip


async def _run(connection: KafkaConnection, directory: Path) -> dict[str, float]:
    one, other = directory / "one", directory / "other"
    async with probing(connection) as probe:
        await probe.offer([SHARD])
        found = {}
        with worker(connection, instance="w-1", disk=one) as first:
            found["first"] = await _next(probe)
            await asyncio.to_thread(first.stop)  # saves what has not been saved
        with worker(connection, instance="w-1", disk=one):
            await _next(probe)
            found["warm"] = await _next(probe)
        with worker(connection, instance="w-1", disk=one):
            found["own"] = await _next(probe)
        with worker(connection, instance="w-2", disk=other):
            found["another"] = await _next(probe)
    return found


async def _next(probe: Probe) -> float:
    begin = time.perf_counter()
    await probe.ask(SHARD)
    return time.perf_counter() - begin
