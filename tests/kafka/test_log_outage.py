"""Brokers that die and come back: what was acknowledged is there, once, in order; readers and appends go on."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from uuid import uuid4

import pytest

from schemas.topics import DEMANDS
from streams.kafka import log as kafka_log
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.log import Draft, LogError, Position, Record
from tests.contract.reading import LONG_S, drafts_of, read_all, whole
from tests.kafka.cluster import RealKafka

PARTITIONS = 3
TOPIC = DEMANDS.name
CALLERS = 6


@pytest.fixture
def connection(kafka: RealKafka) -> KafkaConnection:
    return kafka.apply(f"outage-{uuid4().hex[:12]}.", partitions=PARTITIONS)


@pytest.fixture
def whole_again(kafka: RealKafka) -> Iterator[None]:
    """Other tests share the broker."""
    yield
    if kafka.brokers[0].pid is None:
        kafka.brokers[0].start()
    kafka.wait_until_ready()


@pytest.fixture
async def log(connection: KafkaConnection, whole_again: None) -> AsyncIterator[KafkaLog]:
    log = await KafkaLog.open(connection, partitions=PARTITIONS, client_id="test", patience_s=2 * LONG_S)
    yield log
    await log.close()


class Caller:
    """Appends one batch after another until told to stop."""

    def __init__(self, log: KafkaLog, name: int) -> None:
        self._log, self._name = log, name
        self.acknowledged: dict[Position, bytes] = {}
        self.stopping = False

    async def run(self) -> None:
        number = 0
        while not self.stopping:
            values = [b"%d %08d" % (self._name, number + place) for place in range(5)]
            number += len(values)
            key = b"%d" % self._name
            positions = await self._log.append(TOPIC, [Draft(key=key, value=value) for value in values])
            self.acknowledged |= dict(zip(positions, values, strict=True))
            await asyncio.sleep(0.05)


class Listener:
    """Reads along, until it has everything."""

    def __init__(self, log: KafkaLog) -> None:
        self._log = log
        self._reader = log.reader(whole(log, TOPIC))
        self.heard: list[Record] = []
        self.stopping = False

    async def run(self) -> None:
        while not self.stopping or self._reader.positions() != await self._log.end_offsets([TOPIC]):
            self.heard.extend(await self._reader.poll(timeout_s=0.5))
        await self._reader.close()


async def under_load(log: KafkaLog, outages: Sequence[Callable[[], None]]) -> None:
    """Append and read while each outage is brought about and ended; then look at what lies there."""
    callers, listener = [Caller(log, name) for name in range(CALLERS)], Listener(log)
    running = [asyncio.create_task(each.run()) for each in (*callers, listener)]
    for outage in outages:
        await _grown(callers, sum(len(caller.acknowledged) for caller in callers) + 100)
        await asyncio.to_thread(outage)
    await _grown(callers, sum(len(caller.acknowledged) for caller in callers) + 100)
    for caller in callers:
        caller.stopping = True
    await asyncio.gather(*running[:-1])
    listener.stopping = True
    await running[-1]

    ends = await log.end_offsets([TOPIC])
    records = await read_all(log, TOPIC, sum(ends.values()))
    there = {Position(record.topic, record.partition, record.offset): record.value for record in records}
    acknowledged = {position: value for caller in callers for position, value in caller.acknowledged.items()}
    assert there == acknowledged, "everything acknowledged, where it was said to lie, and nothing else"
    assert len(set(there.values())) == len(there), "none twice"
    for name in range(CALLERS):
        own = [value for record in records if (value := record.value or b"").startswith(b"%d " % name)]
        assert own == sorted(own), "in the order given"
    assert sorted(listener.heard, key=_place) == sorted(records, key=_place), "the reader heard everything once"
    for number in range(PARTITIONS):
        offsets = [record.offset for record in listener.heard if record.partition == number]
        assert offsets == sorted(offsets)


async def test_a_broker_killed_under_appends_loses_and_doubles_nothing(log: KafkaLog, kafka: RealKafka) -> None:
    def outage() -> None:
        kafka.brokers[0].kill()
        time.sleep(1.5)
        kafka.brokers[0].start()
        kafka.wait_until_ready()

    await under_load(log, [outage, outage])


@pytest.mark.slow
async def test_of_three_brokers_any_one_may_die_under_appends(kafka3: RealKafka) -> None:
    def outage(number: int) -> None:
        kafka3.brokers[number].kill()
        time.sleep(8)  # it is fenced after 6 s, and others lead its partitions
        kafka3.brokers[number].start()
        kafka3.wait_until_ready()

    connection = await asyncio.to_thread(kafka3.apply, f"outage-{uuid4().hex[:12]}.", partitions=PARTITIONS)
    log = await KafkaLog.open(connection, partitions=PARTITIONS, client_id="test", patience_s=2 * LONG_S)
    await under_load(log, [partial(outage, number) for number in range(2)])
    await log.close()


async def test_an_append_that_cannot_be_delivered_in_time_says_so_and_the_next_one_passes(
    connection: KafkaConnection, kafka: RealKafka, whole_again: None
) -> None:
    log = await KafkaLog.open(connection, partitions=PARTITIONS, client_id="test", patience_s=3)
    await log.append(TOPIC, drafts_of([b"before"]))
    await asyncio.to_thread(kafka.brokers[0].kill)
    appends = [log.append(TOPIC, drafts_of([b"doubtful %d" % number] * 2)) for number in range(10)]
    async with asyncio.timeout(LONG_S):
        outcomes = await asyncio.gather(*appends, return_exceptions=True)
    for outcome in outcomes:
        assert isinstance(outcome, LogError)
        assert "it is not known how many of 2 records" in str(outcome)
    with pytest.raises(LogError, match="did not answer for 3 s"):
        await log.end_offsets([TOPIC])
    await asyncio.to_thread(kafka.brokers[0].start)
    await asyncio.to_thread(kafka.wait_until_ready)
    positions = await _patiently(log, b"after")
    assert positions[0].offset == (await log.end_offsets([TOPIC]))[positions[0][:2]] - 1  # type: ignore[index]
    values = [record.value for record in await read_all(log, TOPIC, positions[0].offset + 1)]
    assert values[0] == b"before"
    assert values.count(b"after") == 1
    await log.close()


async def test_a_reader_tells_that_nobody_answers_and_goes_on_when_somebody_does(
    log: KafkaLog, kafka: RealKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_log, "READER_PATIENCE_S", 2.0)
    await log.append(TOPIC, drafts_of([b"before"]))
    reader = log.reader(whole(log, TOPIC))
    assert [record.value for record in await reader.poll(timeout_s=LONG_S)] == [b"before"]
    await asyncio.to_thread(kafka.brokers[0].kill)
    with pytest.raises(LogError, match="could not be read for 2 s"):
        async with asyncio.timeout(LONG_S):
            while True:
                assert await reader.poll(timeout_s=0.2) == []
    await asyncio.to_thread(kafka.brokers[0].start)
    await asyncio.to_thread(kafka.wait_until_ready)
    await log.append(TOPIC, drafts_of([b"after"]))
    assert [record.value for record in await _heard(reader)] == [b"after"]
    await reader.close()


async def test_a_log_can_be_closed_while_nobody_answers(
    connection: KafkaConnection, kafka: RealKafka, whole_again: None
) -> None:
    log = await KafkaLog.open(connection, partitions=PARTITIONS, client_id="test", patience_s=3)
    reader = log.reader(whole(log, TOPIC))
    await reader.poll()
    await asyncio.to_thread(kafka.brokers[0].kill)
    waiting = asyncio.create_task(reader.poll(timeout_s=LONG_S))
    append = asyncio.create_task(log.append(TOPIC, drafts_of([b"doubtful"])))
    await asyncio.sleep(0.2)
    async with asyncio.timeout(LONG_S):
        await log.close()
    for outcome in await asyncio.gather(waiting, append, return_exceptions=True):
        assert isinstance(outcome, LogError)


async def _grown(callers: list[Caller], count: int) -> None:
    until = time.monotonic() + 2 * LONG_S
    while True:
        there = sum(len(caller.acknowledged) for caller in callers)
        if there >= count:
            return
        assert time.monotonic() < until, f"only {there} of {count} appended"
        await asyncio.sleep(0.05)


async def _patiently(log: KafkaLog, value: bytes) -> list[Position]:
    """Append as a caller would who knows that nothing was appended, or does not mind twice."""
    until = time.monotonic() + LONG_S
    while True:
        try:
            return await log.append(TOPIC, drafts_of([value]))
        except LogError:
            assert time.monotonic() < until
            await asyncio.sleep(0.5)


async def _heard(reader: kafka_log.KafkaReader) -> list[Record]:
    until = time.monotonic() + LONG_S
    while time.monotonic() < until:
        try:
            records = await reader.poll(timeout_s=1)
        except LogError:
            continue
        if records:
            return records
    raise AssertionError("nothing came")


def _place(record: Record) -> tuple[int, int]:
    return record.partition, record.offset
