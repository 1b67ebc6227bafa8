"""Rules 1 to 3 of the log port: where records go, that they stay, and that appends are whole."""

import asyncio

import pytest
from kafka.partitioner.default import DefaultPartitioner

from schemas.envelope import MAX_VALUE_BYTES
from streams.log import Draft, Log, LogError, Position
from tests.contract.adapters import LogPlace
from tests.contract.reading import by_partition, content, drafts_of, read_all, take, whole

KAFKA_HASHES = {  # from UtilsTest.testMurmur2 of Apache Kafka
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


class FakeCluster:
    def __init__(self, topic: str, partitions: int) -> None:
        self._topic, self._partitions = topic, partitions

    def topics(self) -> set[str]:
        return {self._topic}

    def partitions_for_topic(self, topic: str) -> set[int]:
        return set(range(self._partitions))

    available_partitions_for_topic = partitions_for_topic


@pytest.mark.parametrize("key", KAFKA_HASHES)
async def test_a_key_goes_where_kafkas_own_test_vectors_say(log: Log, key: bytes) -> None:
    assert log.partition_of(key) == (KAFKA_HASHES[key] & 0x7FFFFFFF) % log.partitions


async def test_records_lie_in_the_partition_that_kafkas_default_partitioner_picks(log: Log, topic: str) -> None:
    keys = [b"%06d" % number for number in range(310101, 310131)] + [b"", b"\x00\xff", "浦东".encode()]
    positions = await log.append(topic, [Draft(key=key, value=b"") for key in keys])
    partitioner, cluster = DefaultPartitioner(), FakeCluster(topic, log.partitions)
    expected = [partitioner.partition(topic, key, key, None, None, cluster) for key in keys]
    assert [position.partition for position in positions] == expected
    assert {record.key: record.partition for record in await read_all(log, topic, len(keys))} == dict(
        zip(keys, expected, strict=True)
    )


async def test_records_without_a_key_are_spread_and_keep_having_none(log: Log, topic: str) -> None:
    await log.append(topic, drafts_of([b"%d" % number for number in range(200)], key=None))
    records = await read_all(log, topic, 200)
    assert {record.key for record in records} == {None}
    assert {record.value for record in records} == {b"%d" % number for number in range(200)}
    assert {record.partition for record in records} <= set(range(log.partitions))


async def test_what_comes_back_is_what_was_given(log: Log, topic: str) -> None:
    drafts = [
        Draft(key=b"k", value=None),
        Draft(key=b"k", value=b""),
        Draft(key=b"k", value=bytes(range(256)) * 4, headers=[("ce_id", b""), ("头", b"\x00\xff"), ("ce_id", b"2")]),
        Draft(key=b"k", value="匹配".encode(), headers=(("long", b"x" * 70_000), ("", b"nameless"))),
    ]
    await log.append(topic, drafts)
    assert content(await read_all(log, topic, len(drafts))) == content(drafts)


async def test_offsets_start_at_zero_and_grow_by_one(log: Log, topic: str) -> None:
    assert set((await log.end_offsets([topic])).values()) == {0}
    positions = [position for _ in range(3) for position in await log.append(topic, drafts_of([b"a", b"b"]))]
    partition = log.partition_of(b"310105")
    assert positions == [Position(topic, partition, offset) for offset in range(6)]
    ends = await log.end_offsets([topic])
    assert len(ends) == log.partitions
    assert ends == {entry: 6 if entry.partition == partition else 0 for entry in whole(log, topic)}
    assert await log.beginning_offsets([topic]) == whole(log, topic)


async def test_topics_do_not_share_offsets(log: Log, place: LogPlace) -> None:
    first, second = await place.new_topic(), await place.new_topic()
    await log.append(first, drafts_of([b"1", b"2"]))
    assert (await log.append(second, drafts_of([b"3"])))[0].offset == 0
    assert [record.value for record in await read_all(log, second, 1)] == [b"3"]


async def test_concurrent_appends_keep_the_order_within_each(log: Log, topic: str) -> None:
    async def caller(name: int) -> list[Position]:
        positions = []
        for part in range(5):
            positions += await log.append(topic, drafts_of([b"%d %d" % (name, part * 3 + i) for i in range(3)]))
        return positions

    positions = await asyncio.gather(*map(caller, range(20)))
    records = await read_all(log, topic, 300)
    assert [record.offset for record in records] == list(range(300))
    for name, own in enumerate(positions):
        assert [records[position.offset].value for position in own] == [b"%d %d" % (name, i) for i in range(15)]
        assert [position.offset for position in own] == sorted(position.offset for position in own)


async def test_a_record_that_is_too_large_refuses_the_whole_append(log: Log, topic: str) -> None:
    with pytest.raises(LogError, match="larger"):
        await log.append(topic, drafts_of([b"before", b"x" * (MAX_VALUE_BYTES + 1), b"after"]))
    await log.append(topic, drafts_of([b"next"]))
    assert [record.value for record in await read_all(log, topic, 1)] == [b"next"]


async def test_large_records_come_back_whole_among_small_ones(log: Log, topic: str) -> None:
    values = [bytes([number]) * size for number, size in enumerate((10, 7_000_000, 65_536, 1, 7_500_000, 65_500, 3))]
    for value in values:
        await log.append(topic, drafts_of([value]))
    assert [record.value for record in await read_all(log, topic, len(values))] == values


async def test_appending_nothing_does_nothing(log: Log, topic: str) -> None:
    assert await log.append(topic, []) == []
    assert set((await log.end_offsets([topic])).values()) == {0}


async def test_everything_is_there_after_closing_and_opening(place: LogPlace, topic: str) -> None:
    first = await place.open()
    drafts = [Draft(key=b"%d" % (number % 7), value=b"%d" % number) for number in range(500)]
    positions = await first.append(topic, drafts)
    before = by_partition(await read_all(first, topic, 500))
    await first.close()
    second = await place.open()
    after = by_partition(await read_all(second, topic, 500))
    assert after == before
    for draft, position in zip(drafts, positions, strict=True):
        assert after[position.partition][position.offset].value == draft.value
    again = await second.append(topic, drafts[:1])
    assert again[0].offset == len(before[again[0].partition])
    await second.close()


async def test_two_openings_of_one_log_append_in_turns_and_read_each_other(place: LogPlace, topic: str) -> None:
    one, two = await place.open(), await place.open()
    reader = one.reader(whole(one, topic))
    waiting = asyncio.create_task(take(reader, 40))
    for number in range(20):
        first, second = await asyncio.gather(
            one.append(topic, drafts_of([b"one %d" % number])), two.append(topic, drafts_of([b"two %d" % number]))
        )
        assert first[0].offset != second[0].offset
    records = await waiting
    assert [record.offset for record in records] == list(range(40))
    for name in (b"one", b"two"):
        own = [record.value for record in records if record.value and record.value.startswith(name)]
        assert own == [b"%s %d" % (name, number) for number in range(20)]
    await one.close()
    await two.close()


async def test_a_closed_log_refuses(place: LogPlace, topic: str) -> None:
    log = await place.open()
    await log.close()
    with pytest.raises(LogError):
        await log.append(topic, drafts_of([b"late"]))
