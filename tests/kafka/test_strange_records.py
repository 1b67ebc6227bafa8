"""Whatever strangers write with their own clients, readers get past it, and what is no event becomes a dead letter."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as AioPartition
from kafka import KafkaProducer

from schemas.topics import DEADLETTERS, DEMANDS
from streams.deadletter_book import Letter, Wanted, read_book
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.worker.broker import broker_options
from tests.builders import NOON, SHARD, offered, posted
from tests.kafka import kcat as client
from tests.kafka.cluster import RealKafka
from tests.loops import loop_on, proposals, record_draft, records, tell

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("kcat")]

PARTITIONS = 3
LATER = NOON + timedelta(hours=1)
NO_TEXT = b"name\xff\xfe=x"


@pytest.fixture
def connection(kafka: RealKafka) -> KafkaConnection:
    return kafka.apply(f"s{uuid4().hex[:8]}.", partitions=PARTITIONS)


@pytest.fixture
async def log(connection: KafkaConnection) -> AsyncIterator[KafkaLog]:
    log = await KafkaLog.open(connection, partitions=PARTITIONS, client_id="test")
    yield log
    await log.close()


def produce(connection: KafkaConnection, *words: str | bytes, content: bytes) -> None:
    topic = connection.topic(DEMANDS.name)
    client.produce(connection.bootstrap[0], topic, *words, content=content)  # type: ignore[arg-type]


async def letters_of(log: KafkaLog) -> list[Letter]:
    office = loop_on(log)
    await office.step(NOON)
    await office.close()
    return sorted((await read_book(log, Wanted(), whole=True)).letters, key=lambda letter: letter.place)


async def test_headers_without_a_value_keys_without_text_and_no_value_at_all(
    log: KafkaLog, connection: KafkaConnection
) -> None:
    produce(connection, "-K", ":", "-Z", "-H", "none", "-H", "empty=", "-H", b"some=\xfe", content=b"\xff\x01:\n")
    (letter,) = await letters_of(log)
    refused = letter.refused
    assert (refused.code, refused.key, refused.value) == ("not_a_cloud_event", b"\xff\x01", None)
    assert list(refused.headers) == [("none", b""), ("empty", b""), ("some", b"\xfe")]
    assert refused.left_out == ()


@pytest.mark.parametrize("codec", ["none", "gzip"])
async def test_a_header_name_that_is_no_text_stops_no_reader(
    log: KafkaLog, connection: KafkaConnection, codec: str
) -> None:
    produce(connection, "-p", "0", "-z", codec, content=b"one\ntwo")
    produce(connection, "-p", "0", "-z", codec, "-H", NO_TEXT, "-H", "name=y", content=b"three\nfour")
    produce(connection, "-p", "0", "-z", codec, content=b"five")
    found = await records(log, DEMANDS.name)
    assert [record.value for record in found] == [b"one", b"two", b"three", b"four", b"five"]
    assert [list(record.headers) for record in found[1:4]] == [[], *[[("name\\xff\\xfe", b"x"), ("name", b"y")]] * 2]
    assert await _read_by_aiokafka(connection, count=5) == [
        (record.offset, record.value, list(record.headers)) for record in found
    ]
    assert [letter.refused.value for letter in await letters_of(log)] == [record.value for record in found]


async def _read_by_aiokafka(
    connection: KafkaConnection, *, count: int
) -> list[tuple[int, bytes | None, list[tuple[str, bytes]]]]:
    """Read partition 0 as the client under Faust does; a small fetch makes it begin in the middle too."""
    broker_options(connection)
    consumer = AIOKafkaConsumer(bootstrap_servers=list(connection.bootstrap), auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([AioPartition(connection.topic(DEMANDS.name), 0)])
        async with asyncio.timeout(60):
            found = [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()
    return [(record.offset, record.value, list(record.headers)) for record in found]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_however_strangers_pack_their_records_they_are_read(
    log: KafkaLog, connection: KafkaConnection, codec: str
) -> None:
    lines = [b"a" * 3000 + str(number).encode() for number in range(20)]
    produce(connection, "-p", "0", "-z", codec, content=b"\n".join(lines))
    assert [record.value for record in await records(log, DEMANDS.name)] == lines
    assert [value for _, value, _ in await _read_by_aiokafka(connection, count=20)] == lines


async def test_the_marks_of_transactions_are_passed_over(log: KafkaLog, connection: KafkaConnection) -> None:
    """They take an offset each and are no records; what was called off is read all the same, as the docs say."""
    topic, home = connection.topic(DEMANDS.name), log.partition_of(SHARD.encode())
    await tell(log, offered("r1"))
    await asyncio.to_thread(_in_transactions, connection, topic, home)
    office = loop_on(log)
    await office.step(NOON)
    assert [proposal.demand_id for proposal in await proposals(log)] == ["d1"]
    await tell(log, offered("r2"), posted("d3"))
    await office.step(LATER)
    assert {proposal.demand_id for proposal in await proposals(log)} > {"d1"}
    await office.close()
    again = loop_on(log)
    await again.step(LATER)
    await again.close()
    assert await records(log, DEADLETTERS.name) == []


def _in_transactions(connection: KafkaConnection, topic: str, partition: int) -> None:
    producer = KafkaProducer(**connection.client_options(), transactional_id=uuid4().hex)
    producer.init_transactions()
    draft = record_draft(posted("d1"))
    for end in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        producer.send(topic, key=draft.key, value=draft.value, headers=list(draft.headers), partition=partition)
        producer.flush()
        end()
    producer.close()


async def test_the_largest_record_a_broker_takes_becomes_a_letter(log: KafkaLog, connection: KafkaConnection) -> None:
    produce(connection, "-k", "310105", "-X", "message.max.bytes=9000000", content=b"x" * 8_300_000)
    (found,) = await records(log, DEMANDS.name)
    assert len(found.value or b"") == 8_300_000
    (letter,) = await letters_of(log)
    assert [(part.part, part.reason) for part in letter.refused.left_out] == [("value", "too_large")]
