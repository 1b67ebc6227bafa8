"""Rules 4 and 5 of the log port: readers deliver everything once and in order; groups remember where they were."""

import asyncio

import pytest

from streams.log import Draft, Log, LogError, Record, TopicPartition
from tests.contract.adapters import LogPlace
from tests.contract.reading import LONG_S, by_partition, drafts_of, take, whole

KEY = b"310105"


@pytest.mark.parametrize("max_records", [1, 7, 1000])
async def test_a_reader_delivers_everything_once_and_in_order(log: Log, topic: str, max_records: int) -> None:
    drafts = [Draft(key=b"%d" % (number % 11), value=b"%d" % number) for number in range(150)]
    await log.append(topic, drafts)
    reader = log.reader(whole(log, topic))
    found = by_partition(await take(reader, 150, max_records=max_records))
    for partition, records in found.items():
        assert [record.offset for record in records] == list(range(len(records)))
        assert [record.value for record in records] == [
            draft.value for draft in drafts if draft.key is not None and log.partition_of(draft.key) == partition
        ]
        assert reader.positions()[TopicPartition(topic, partition)] == len(records)
    await reader.close()


async def test_a_reader_starts_where_it_is_told(log: Log, topic: str) -> None:
    await log.append(topic, drafts_of([b"%d" % number for number in range(10)]))
    partition = TopicPartition(topic, log.partition_of(KEY))
    reader = log.reader({partition: 7})
    assert [record.value for record in await take(reader, 3)] == [b"7", b"8", b"9"]
    assert reader.positions() == {partition: 10}
    await reader.close()


async def test_a_reader_leaves_other_partitions_and_topics_alone(log: Log, place: LogPlace) -> None:
    mine, other = await place.new_topic(), await place.new_topic()
    keys = [b"%d" % number for number in range(50)]
    await log.append(mine, [Draft(key=key, value=key) for key in keys])
    await log.append(other, [Draft(key=key, value=b"other") for key in keys])
    reader = log.reader({TopicPartition(mine, 2): 0})
    expected = [key for key in keys if log.partition_of(key) == 2]
    assert [record.value for record in await take(reader, len(expected))] == expected
    await reader.close()


async def test_readers_do_not_disturb_each_other(log: Log, topic: str) -> None:
    await log.append(topic, drafts_of([b"%d" % number for number in range(20)]))
    slow, fast = log.reader(whole(log, topic)), log.reader(whole(log, topic))
    first = await slow.poll(max_records=3, timeout_s=LONG_S)
    assert len(await take(fast, 20)) == 20
    assert len(first) + len(await take(slow, 20 - len(first))) == 20
    await fast.close()
    await log.append(topic, drafts_of([b"more"]))
    assert [record.value for record in await take(slow, 1)] == [b"more"]
    await slow.close()


async def test_seek_goes_back_and_forth(log: Log, topic: str) -> None:
    await log.append(topic, drafts_of([b"%d" % number for number in range(10)]))
    partition = TopicPartition(topic, log.partition_of(KEY))
    reader = log.reader({partition: 0})
    await take(reader, 10)
    reader.seek(partition, 4)
    assert reader.positions() == {partition: 4}
    assert [record.offset for record in await take(reader, 6)] == [4, 5, 6, 7, 8, 9]
    reader.seek(partition, 2)
    await reader.poll(max_records=1, timeout_s=LONG_S)
    reader.seek(partition, 9)
    assert [record.offset for record in await take(reader, 1)] == [9]
    await reader.close()


async def test_seek_lets_a_partition_join_and_leave(log: Log, place: LogPlace) -> None:
    mine, other = await place.new_topic(), await place.new_topic()
    number = log.partition_of(KEY)
    reader = log.reader({TopicPartition(mine, number): 0})
    await log.append(mine, drafts_of([b"a"]))
    await log.append(other, drafts_of([b"b", b"c"]))
    assert [record.value for record in await take(reader, 1)] == [b"a"]
    reader.seek(TopicPartition(other, number), 1)
    assert [record.value for record in await take(reader, 1)] == [b"c"]
    reader.seek(TopicPartition(mine, number), -1)
    await log.append(mine, drafts_of([b"d"]))
    await log.append(other, drafts_of([b"e"]))
    assert [record.value for record in await take(reader, 1)] == [b"e"]
    assert reader.positions() == {TopicPartition(other, number): 3}
    await reader.close()


async def test_a_waiting_poll_returns_when_records_come(log: Log, topic: str) -> None:
    reader = log.reader(whole(log, topic))
    for number in range(5):
        poll = asyncio.create_task(reader.poll(timeout_s=LONG_S))
        await asyncio.sleep(0.01)
        assert not poll.done()
        await log.append(topic, drafts_of([b"%d" % number]))
        assert [record.value for record in await poll] == [b"%d" % number]
    await reader.close()


async def test_a_poll_of_nothing_returns_nothing(log: Log, topic: str) -> None:
    reader = log.reader(whole(log, topic))
    assert await reader.poll() == []
    assert await reader.poll(timeout_s=0.2) == []
    await reader.close()


async def test_a_reader_may_start_beyond_the_end_and_waits_there(log: Log, topic: str) -> None:
    partition = TopicPartition(topic, log.partition_of(KEY))
    reader = log.reader({partition: 2})
    await log.append(topic, drafts_of([b"0", b"1"]))
    assert await reader.poll(timeout_s=0.1) == []
    await log.append(topic, drafts_of([b"2"]))
    assert [record.value for record in await take(reader, 1)] == [b"2"]
    await reader.close()


async def test_a_cancelled_poll_loses_nothing(log: Log, topic: str) -> None:
    await log.append(topic, drafts_of([b"%d" % number for number in range(500)]))
    reader = log.reader(whole(log, topic))
    found: list[Record] = []
    while len(found) < 500:
        poll = asyncio.create_task(reader.poll(max_records=20, timeout_s=LONG_S))
        await asyncio.sleep(0)  # it has begun
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)
        found += await reader.poll(max_records=20, timeout_s=LONG_S)
    assert [record.value for record in found] == [b"%d" % number for number in range(500)]
    await reader.close()


async def test_a_closed_reader_refuses(log: Log, topic: str) -> None:
    reader = log.reader(whole(log, topic))
    await reader.close()
    with pytest.raises(LogError):
        await reader.poll(timeout_s=LONG_S)


async def test_closing_ends_a_poll_that_waits(place: LogPlace, topic: str) -> None:
    log = await place.open()
    poll = asyncio.create_task(log.reader(whole(log, topic)).poll(timeout_s=LONG_S))
    await asyncio.sleep(0.1)
    await log.close()
    with pytest.raises(LogError):
        await poll


async def test_committed_offsets_belong_to_their_group_and_survive(place: LogPlace, topic: str) -> None:
    first = await place.open()
    one, two = f"one.{topic}", f"two.{topic}"
    zero, three = TopicPartition(topic, 0), TopicPartition(topic, 3)
    await first.append(topic, [Draft(key=b"%d" % number, value=b"") for number in range(200)])
    assert await first.committed(one) == {}
    await first.commit(one, {zero: 5, three: 7})
    await first.commit(two, {zero: 9})
    await first.commit(one, {zero: 2})
    await first.commit(one, {})
    assert await first.committed(one) == {zero: 2, three: 7}
    await first.close()
    second = await place.open()
    assert await second.committed(one) == {zero: 2, three: 7}
    assert await second.committed(two) == {zero: 9}
    await second.close()


async def test_an_impossible_offset_is_refused(log: Log, topic: str) -> None:
    outside = TopicPartition(topic, log.partitions)
    with pytest.raises(LogError):
        await log.commit("group", {TopicPartition(topic, 0): -1})
    with pytest.raises(LogError):
        await log.commit("group", {outside: 0})
    with pytest.raises(LogError):
        log.reader({outside: 0})
