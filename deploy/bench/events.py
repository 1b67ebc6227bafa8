"""``cobuild bench events``: how many events a second the embedded mode folds, beside reading and decoding alone."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.bench.district import district_events
from deploy.bench.report import Figure, Goal, Report
from schemas.base import Fact
from schemas.catalogue import Catalogue, load_catalogue
from schemas.envelope import Event, decode, encode
from schemas.policy import Policy
from schemas.regions import Regions
from schemas.topics import DEMANDS, RESOURCES
from streams.embedded.log import EmbeddedLog
from streams.host import ShardHost
from streams.log import Draft, Log, Record

QUESTION = "Offers and demands of many districts, from the embedded log into the shards' states; one process."
TOPICS = (RESOURCES.name, DEMANDS.name)
BATCH = 2_000


def run(*, events: int = 120_000) -> Report:
    """Measure and return the report."""
    with TemporaryDirectory(prefix="cobuild-bench-") as directory:
        return asyncio.run(_run(Path(directory), events))


async def _run(directory: Path, events: int) -> Report:
    catalogue = load_catalogue()
    log = EmbeddedLog(directory / "log.sqlite3", partitions=8)
    try:
        written = await _write(log, islice(many_districts(catalogue), events))
        bare = await _read(log, _nothing)
        decoding = await _read(log, _decode)
        folding = await _read(log, _folding(log, catalogue))
    finally:
        await log.close()
    ours = events / folding
    return Report(
        "events",
        QUESTION,
        (
            Figure("ours: read, decode, validate, fold", ours, "events/s", 1.0, f"{events:,} events"),
            Figure("read and decode alone", events / decoding, "events/s", folding / decoding),
            Figure("read alone", events / bare, "events/s", folding / bare),
            Figure("append, batches of 2,000, synced to disk", events / written, "events/s", folding / written),
        ),
        (Goal(f"at least 20,000 events folded a second: {ours:,.0f}", ours >= 20_000),),
    )


def many_districts(catalogue: Catalogue) -> Iterable[Event[Fact]]:
    """Yield the events of one district after another, through the country's codes."""
    regions = Regions.builtin("cn")
    shards = sorted({code[:6] for code, _ in regions.communities()})
    for number, shard in enumerate(shards):
        communities = [code for code, _ in regions.communities(shard)]
        yield from district_events(
            shard=shard, catalogue=catalogue, communities=communities, seed=number, prefix=f"{shard}-"
        )


async def _write(log: Log, events: Iterable[Event[Fact]]) -> float:
    batches: dict[str, list[Draft]] = defaultdict(list)
    taken = 0.0
    for event in events:
        key, headers, value = encode(event)
        batch = batches[event.topic.name]
        batch.append(Draft(key, value, headers))
        if len(batch) == BATCH:
            begin = time.perf_counter()
            await log.append(event.topic.name, batches.pop(event.topic.name))
            taken += time.perf_counter() - begin
    for topic, batch in batches.items():
        await log.append(topic, batch)
    return taken


async def _read(log: Log, each: Callable[[Record], object]) -> float:
    """Read everything from the start, do ``each`` with every record; return the seconds it took."""
    ends = await log.end_offsets(TOPICS)
    left = sum(ends.values())
    reader = log.reader(dict.fromkeys(ends, 0))
    begin = time.perf_counter()
    while left:
        records = await reader.poll(max_records=BATCH, timeout_s=1.0)
        for record in records:
            each(record)
        left -= len(records)
    taken = time.perf_counter() - begin
    await reader.close()
    return taken


def _nothing(record: Record) -> None:
    """Look at nothing."""


def _decode(record: Record) -> None:
    decode(topic=record.topic, key=record.key, headers=record.headers, value=record.value)


def _folding(log: Log, catalogue: Catalogue) -> Callable[[Record], object]:
    host = ShardHost(catalogue=catalogue, policy=Policy(), partition_of=log.partition_of)
    for partition in range(log.partitions):
        host.adopt(partition, positions={}, sleepers={})

    def fold(record: Record) -> None:
        refusal = host.fold(record).refusal
        if refusal is not None:
            raise AssertionError(f"a made-up event was refused: {refusal}")

    return fold
