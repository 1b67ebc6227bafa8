"""What the log on Kafka promises beside the port: whom it refuses, and what strangers' records become."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka import TopicPartition as KafkaPartition

from schemas.envelope import MAX_VALUE_BYTES
from schemas.topics import DEMANDS, MAX_MESSAGE_BYTES, ROUNDS, TICKS
from streams.kafka import producer
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.log import Draft, LogError, Position, TopicPartition
from tests.contract.reading import LONG_S, drafts_of, read_all, take, whole
from tests.kafka.cluster import RealKafka

PARTITIONS = 3
TOPIC = DEMANDS.name


@pytest.fixture(scope="module")
def connection(kafka: RealKafka) -> KafkaConnection:
    return kafka.apply(f"log-{uuid4().hex[:12]}.", partitions=PARTITIONS)


@pytest.fixture
def fresh(kafka: RealKafka) -> KafkaConnection:
    """Topics that nobody has written to."""
    return kafka.apply(f"log-{uuid4().hex[:12]}.", partitions=PARTITIONS)


@pytest.fixture
async def log(fresh: KafkaConnection) -> AsyncIterator[KafkaLog]:
    log = await KafkaLog.open(fresh, partitions=PARTITIONS, client_id="test")
    yield log
    await log.close()


async def test_missing_topics_are_named_when_the_log_is_opened(kafka: RealKafka) -> None:
    with pytest.raises(LogError, match=r"missing: none\.cobuild\.resources\.v1, .*cobuild topics apply"):
        await KafkaLog.open(kafka.connection("none."), partitions=PARTITIONS, client_id="test")


async def test_another_partition_count_is_refused(connection: KafkaConnection) -> None:
    with pytest.raises(LogError, match=r"has 3 partitions, not 4.*COBUILD_PARTITIONS"):
        await KafkaLog.open(connection, partitions=4, client_id="test")


async def test_brokers_that_do_not_answer_are_told_in_time() -> None:
    nobody = KafkaConnection(bootstrap=("127.0.0.1:1",))
    with pytest.raises(LogError, match=r"Kafka.* cannot be reached"):
        await KafkaLog.open(nobody, partitions=PARTITIONS, client_id="test", patience_s=0.5)


async def test_records_can_be_put_into_a_partition_whatever_their_keys(log: KafkaLog) -> None:
    assert await log.append_to(TICKS.name, 2, drafts_of([b"a", b"b"])) == [
        Position(TICKS.name, 2, 0),
        Position(TICKS.name, 2, 1),
    ]
    assert [record.value for record in await read_all(log, TICKS.name, 2)] == [b"a", b"b"]
    with pytest.raises(LogError, match="no partition 3"):
        await log.append_to(TICKS.name, 3, drafts_of([b"a"]))


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (Draft(key=b"k", value=bytes(MAX_VALUE_BYTES + 1)), "larger"),
        (Draft(key=b"k", value=b"", headers=[("h", bytes(MAX_VALUE_BYTES + 1))]), "larger"),
        (Draft(key=b"k", value=bytes(MAX_VALUE_BYTES - 1), headers=[("n" * 70_000, b"")] * 15), "larger than a batch"),
        (Draft(key=b"k", value=b"", headers=[("\ud800", b"lone surrogate")]), "Unicode"),
    ],
    ids=["value", "header", "names", "surrogate"],
)
async def test_what_cannot_be_written_is_refused_before_anything_is_sent(
    log: KafkaLog, draft: Draft, reason: str
) -> None:
    with pytest.raises(LogError, match=reason):
        await log.append(TOPIC, [*drafts_of([b"before"]), draft])
    assert set((await log.end_offsets([TOPIC])).values()) == {0}


async def test_the_largest_record_passes(log: KafkaLog) -> None:
    assert MAX_VALUE_BYTES < MAX_MESSAGE_BYTES
    value = bytes(MAX_VALUE_BYTES - 100)
    await log.append(TOPIC, [Draft(key=b"k", value=value, headers=[("name", b"x" * 50)])])
    assert (await read_all(log, TOPIC, 1))[0].value == value


async def test_a_topic_that_is_not_there_fails_the_append_and_nothing_else(fresh: KafkaConnection) -> None:
    log = await KafkaLog.open(fresh, partitions=PARTITIONS, client_id="test", patience_s=2)
    with pytest.raises(LogError, match=r"nothing was appended to not\.there"):
        await log.append("not.there", drafts_of([b"lost"]))
    await log.append(TOPIC, drafts_of([b"kept"]))
    await log.close()


async def test_cancelled_appends_lie_whole_or_not_at_all_and_leave_room(log: KafkaLog) -> None:
    size = producer.UNIT_BYTES * 100
    tasks = [asyncio.create_task(log.append(TOPIC, drafts_of([b"%03d" % n * (size // 3)]))) for n in range(120)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(LONG_S):
        await asyncio.gather(*(log.append(TOPIC, drafts_of([b"after %d" % n])) for n in range(50)))
        await log.append(TOPIC, drafts_of([bytes(MAX_VALUE_BYTES - 6)]))
    ends = await log.end_offsets([TOPIC])
    values = [record.value or b"" for record in await read_all(log, TOPIC, sum(ends.values()))]
    assert [value for value in values if value.startswith(b"after")] == [b"after %d" % n for n in range(50)]
    cancelled = [value for value in values if len(value) == size // 3 * 3]
    assert cancelled == sorted(set(cancelled)), "in the order given, none twice"


async def test_a_null_header_of_a_stranger_is_read_as_empty(log: KafkaLog, fresh: KafkaConnection) -> None:
    stranger = AIOKafkaProducer(bootstrap_servers=list(fresh.bootstrap))
    await stranger.start()
    headers = [("nothing", None), ("some", b"x")]
    await stranger.send_and_wait(fresh.topic(TOPIC), b"v", key=b"k", headers=headers)
    await stranger.stop()
    record = (await read_all(log, TOPIC, 1))[0]
    assert record.headers == [("nothing", b""), ("some", b"x")]


async def test_records_that_retention_has_taken_are_told_not_leapt_over(log: KafkaLog, fresh: KafkaConnection) -> None:
    place = TopicPartition(TOPIC, log.partition_of(b"310105"))
    other = TopicPartition(ROUNDS.name, 0)
    await log.append(TOPIC, drafts_of([b"%d" % number for number in range(10)]))
    admin = KafkaAdminClient(**fresh.client_options())
    admin.delete_records({KafkaPartition(fresh.topic(TOPIC), place.partition): 6})
    admin.close()
    assert (await log.beginning_offsets([TOPIC]))[place] == 6
    reader = log.reader({place: 3, other: 0})
    for _ in range(2):
        with pytest.raises(LogError, match=rf"{TOPIC} partition {place.partition} begins at 6; offset 3"):
            await reader.poll(timeout_s=LONG_S)
    reader.seek(place, 6)
    assert [record.offset for record in await take(reader, 4)] == [6, 7, 8, 9]
    reader.seek(place, 2)
    with pytest.raises(LogError, match="offset 2"):
        await reader.poll(timeout_s=LONG_S)
    reader.seek(place, -1)
    assert await reader.poll() == []
    await reader.close()


async def test_an_empty_poll_means_that_nothing_lay_in_the_log(log: KafkaLog) -> None:
    """Whoever asks without patience is still told of all that was acknowledged before."""
    reader = log.reader(whole(log, TOPIC))
    for number in range(10):
        await log.append(TOPIC, [Draft(key=None, value=b"%d" % number)] * 3)
        found = [record.value for record in await reader.poll()]
        while len(found) < 3:
            more = await reader.poll()
            assert more
            found += [record.value for record in more]
        assert found == [b"%d" % number] * 3
        assert await reader.poll() == []
    await reader.close()


async def test_many_seeks_and_records_at_once_mix_nothing_up(log: KafkaLog) -> None:
    place = TopicPartition(TOPIC, log.partition_of(b"310105"))
    for part in range(10):
        await log.append(TOPIC, drafts_of([b"%d" % number for number in range(part * 500, part * 500 + 500)]))
    reader = log.reader({place: 0})
    for start in (4990, 0, 2500, 1, 4000, 17, 4999, 3333):
        reader.seek(place, start)
        records = await reader.poll(max_records=700, timeout_s=LONG_S)
        assert [record.offset for record in records] == list(range(start, start + len(records)))
        assert [record.value for record in records] == [b"%d" % record.offset for record in records]
        assert reader.positions() == {place: start + len(records)}
    await reader.close()


async def test_closing_twice_and_asking_afterwards(fresh: KafkaConnection) -> None:
    log = await KafkaLog.open(fresh, partitions=PARTITIONS, client_id="test")
    await log.close()
    await log.close()
    for refused in (log.end_offsets([TOPIC]), log.committed("g"), log.append(TOPIC, drafts_of([b"late"]))):
        with pytest.raises(LogError, match="closed"):
            await refused
    with pytest.raises(LogError, match="closed"):
        log.reader({})


async def test_what_is_under_way_when_the_log_closes_is_finished(fresh: KafkaConnection) -> None:
    log = await KafkaLog.open(fresh, partitions=PARTITIONS, client_id="test")
    appends = [asyncio.create_task(log.append(TOPIC, drafts_of([b"%d" % n] * 100))) for n in range(20)]
    await asyncio.sleep(0)
    await log.close()
    outcomes = await asyncio.gather(*appends, return_exceptions=True)
    again = await KafkaLog.open(fresh, partitions=PARTITIONS, client_id="test")
    acknowledged = sum(len(positions) for positions in outcomes if isinstance(positions, list))
    assert all(isinstance(outcome, list | LogError) for outcome in outcomes)
    assert sum((await again.end_offsets([TOPIC])).values()) == acknowledged
    await again.close()
