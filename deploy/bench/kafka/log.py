"""Bare kafka-python beside our log on the same broker: bringing records in, reading them, one acknowledged by one."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from deploy.bench.kafka.broker import PARTITIONS, fresh
from deploy.bench.kafka.feed import Placed, records, send
from deploy.bench.report import Figure, Report, percentile
from schemas.topics import DEMANDS, RESOURCES
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.log import Draft

QUESTION = "The same records through kafka-python alone and through our log: all at once, then one after another."
TOPICS = (RESOURCES.name, DEMANDS.name)
BATCH = 2_000
SINGLE = 300


def run(bootstrap: str, *, events: int) -> Report:
    """Measure and return the report."""
    waiting = records(events)
    bare = fresh(bootstrap)
    sent_s = _timed(lambda: send(bare, waiting))
    read_s = _timed(lambda: _consume(bare, events))
    alone = _one_by_one(bare, waiting[:SINGLE])
    ours = fresh(bootstrap)
    append_s, poll_s, awaited = asyncio.run(_ours(ours, waiting))
    return Report(
        "kafka-log",
        QUESTION,
        (
            Figure("our log: append, batches of 2,000", events / append_s, "records/s", 1.0),
            Figure("kafka-python: send", events / sent_s, "records/s", append_s / sent_s),
            Figure("our log: read", events / poll_s, "records/s", 1.0),
            Figure("kafka-python: poll", events / read_s, "records/s", poll_s / read_s),
            *_waits("our log: append of one", awaited),
            *_waits("kafka-python: send().get()", alone),
        ),
    )


def _waits(name: str, taken: list[float]) -> list[Figure]:
    return [Figure(f"{name}, p{share}", percentile(taken, share / 100) * 1e3, "ms") for share in (50, 99)]


def _timed(task: Callable[[], object]) -> float:
    begin = time.perf_counter()
    task()
    return time.perf_counter() - begin


def _consume(connection: KafkaConnection, events: int) -> None:
    consumer = KafkaConsumer(
        **connection.client_options(), auto_offset_reset="earliest", enable_auto_commit=False, max_poll_records=BATCH
    )
    consumer.assign([TopicPartition(connection.topic(name), p) for name in TOPICS for p in range(PARTITIONS)])
    found = 0
    while found < events:
        found += sum(len(records) for records in consumer.poll(timeout_ms=1000).values())
    consumer.close()


def _one_by_one(connection: KafkaConnection, waiting: list[Placed]) -> list[float]:
    producer = KafkaProducer(**connection.client_options())
    taken = []
    for topic, draft in waiting:
        begin = time.perf_counter()
        producer.send(connection.topic(topic), key=draft.key, value=draft.value, headers=list(draft.headers)).get(60)
        taken.append(time.perf_counter() - begin)
    producer.close()
    return taken


async def _ours(connection: KafkaConnection, waiting: list[Placed]) -> tuple[float, float, list[float]]:
    """Return the seconds that all appends took, and all reads, and each of some single appends."""
    log = await KafkaLog.open(connection, partitions=PARTITIONS, client_id="bench")
    try:
        begin = time.perf_counter()
        await _append(log, waiting)
        append_s = time.perf_counter() - begin
        poll_s = await _read(log, len(waiting))
        taken = []
        for topic, draft in waiting[:SINGLE]:
            begin = time.perf_counter()
            await log.append(topic, [draft])
            taken.append(time.perf_counter() - begin)
    finally:
        await log.close()
    return append_s, poll_s, taken


async def _append(log: KafkaLog, waiting: list[Placed]) -> None:
    batches: Mapping[str, list[Draft]] = defaultdict(list)
    for topic, draft in waiting:
        batches[topic].append(draft)
        if len(batches[topic]) == BATCH:
            await log.append(topic, batches[topic])
            batches[topic].clear()
    for topic, rest in batches.items():
        await log.append(topic, rest)


async def _read(log: KafkaLog, events: int) -> float:
    ends = await log.end_offsets(TOPICS)
    reader = log.reader(dict.fromkeys(ends, 0))
    begin = time.perf_counter()
    left = events
    while left > 0:
        left -= len(await reader.poll(max_records=BATCH, timeout_s=1.0))
    taken = time.perf_counter() - begin
    await reader.close()
    return taken
