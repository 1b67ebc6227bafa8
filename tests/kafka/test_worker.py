"""A worker on a real broker: what is posted comes out as assignments, whatever lies among it and wherever it begins."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from schemas.demands import Urgency
from schemas.topics import DEADLETTERS, DEMANDS, RESOURCES, ROUNDS
from streams.host import TOPICS, ShardHostBrokenError
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.limits import RefusalLimits, TooManyRefusedError
from streams.log import Draft, Record, TopicPartition
from streams.snapshots import FileSnapshots
from streams.worker.app import GROUP
from tests.builders import line, offered, posted
from tests.kafka.crowd import DISTRICTS, ITEM, Book, Crowd, until_served
from tests.kafka.staff import PARTITIONS, until, working
from tests.loops import dumps, events, record_draft, refusals, rounds, tell

pytestmark = pytest.mark.kafka


async def test_what_is_asked_is_served_in_every_partition(connection: KafkaConnection, log: KafkaLog) -> None:
    crowd = Crowd(log)
    async with working(connection, log) as worker:
        assert worker.holdings.opened == set(range(PARTITIONS))
        await crowd.ask_everywhere(3)
        book = await until_served(log, crowd)
    book.check()
    assert {log.partition_of(district.encode()) for district in DISTRICTS} == set(range(PARTITIONS))


async def test_what_was_asked_before_there_was_a_worker_is_served(connection: KafkaConnection, log: KafkaLog) -> None:
    crowd = Crowd(log)
    await crowd.ask_everywhere(2)
    async with working(connection, log):
        book = await until_served(log, crowd)
    book.check()


async def test_it_goes_on_from_its_snapshots_and_needs_no_committed_offset(
    connection: KafkaConnection, log: KafkaLog, tmp_path: Path
) -> None:
    crowd, files = Crowd(log), FileSnapshots(tmp_path)
    async with working(connection, log, snapshots=files) as worker:
        await crowd.ask_everywhere(2)
        await until_served(log, crowd)
        at = dict(worker.rounds.host.positions)
    await crowd.ask_everywhere()
    async with working(connection, log, snapshots=files, instance="w-2") as other:
        assert all(other.rounds.host.positions[place] >= offset for place, offset in at.items())
        book = await until_served(log, crowd)
        known = dumps(other.rounds.host)
    book.check()
    async with working(connection, log, instance="w-3") as third:
        assert dumps(third.rounds.host) == known, "snapshots and tail give what the whole log gives"


async def test_commits_tell_how_far_everything_was_folded(connection: KafkaConnection, log: KafkaLog) -> None:
    crowd = Crowd(log)
    async with working(connection, log):
        await crowd.ask_everywhere()
        await until_served(log, crowd)
        ends = await log.end_offsets(TOPICS)
        places = {place for place, end in ends.items() if end}

        async def all_committed() -> bool:
            committed = await log.committed(GROUP)
            return all(committed.get(place) == ends[place] for place in places)

        await until(all_committed, "everything is committed")


async def test_a_whistle_is_heard_at_once(connection: KafkaConnection, log: KafkaLog) -> None:
    async with working(connection, log):
        await tell(log, posted("d1", line(ITEM), urgency=Urgency.WHISTLE))
        (first, *_) = await until(lambda: rounds(log), "a round is decided")
    assert first.cause == "whistle"


async def test_what_does_not_validate_becomes_dead_letters_and_the_rest_goes_on(
    connection: KafkaConnection, log: KafkaLog
) -> None:
    crowd, good = Crowd(log), record_draft(posted("d1"))
    async with working(connection, log):
        await log.append(DEMANDS.name, [Draft(key=good.key, value=b"\xff\x00garbage", headers=good.headers)])
        await log.append(DEMANDS.name, [Draft(key=good.key, value=None, headers=good.headers)])
        await log.append(DEMANDS.name, [Draft(key=None, value=b"{}", headers=[])])
        await log.append(RESOURCES.name, [Draft(key=good.key, value=good.value, headers=good.headers)])
        await crowd.ask_everywhere()
        await until_served(log, crowd)

        async def four_letters() -> list[tuple[str, str]]:
            found = await refusals(log)
            return found if len(found) == 4 else []

        letters = await until(four_letters, "there are four dead letters")
    assert letters == [
        (DEMANDS.name, "invalid_json"),
        (DEMANDS.name, "invalid_json"),
        (DEMANDS.name, "not_a_cloud_event"),
        (RESOURCES.name, "unknown_event_type"),
    ]


async def test_too_much_that_is_refused_stops_the_worker_before_it_passes(
    connection: KafkaConnection, log: KafkaLog, tmp_path: Path
) -> None:
    garbage = [Draft(key=DISTRICTS[0].encode(), value=b"?", headers=[]) for _ in range(30)]
    files = FileSnapshots(tmp_path)
    await log.append(DEMANDS.name, garbage)
    for instance in ("w-1", "w-2"):
        with pytest.raises(TooManyRefusedError, match=r"cobuild.demands.v1 partition \d: 21 in a row, up to offset 20"):
            async with working(
                connection, log, instance=instance, snapshots=files, limits=RefusalLimits(in_a_row=20)
            ) as worker:
                await until(worker.stopped, "the worker stops")
    letters = {event.data.offset for event in await events(log, DEADLETTERS.name)}
    assert letters <= set(range(20)), "a start anew drains no more into the dead letters"


async def test_what_cannot_be_stops_the_worker_and_names_the_record(connection: KafkaConnection, log: KafkaLog) -> None:
    with pytest.raises(ShardHostBrokenError, match=rf"{ROUNDS.name} partition \d offset \d+: .*round 7"):
        async with working(connection, log) as worker:
            await tell(log, offered("r1", item=ITEM))
            (first, *_) = await until(lambda: rounds(log), "a round is decided")
            await tell(log, first.model_copy(update={"round_no": 7}))
            await until(worker.stopped, "the worker stops")


async def test_a_gap_in_the_stream_is_read_plainly(
    connection: KafkaConnection, log: KafkaLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = Crowd(log)
    async with working(connection, log) as worker:
        take = worker.holdings._take
        swallowed: list[Record] = []

        def lossy(record: Record) -> None:
            if record.topic == DEMANDS.name and record.offset == 0:  # another demand follows, and shows it
                swallowed.append(record)
            else:
                take(record)

        monkeypatch.setattr(worker.holdings, "_take", lossy)
        await crowd.ask_everywhere(2)
        book = await until_served(log, crowd)
    assert {record.partition for record in swallowed} == {log.partition_of(each.encode()) for each in DISTRICTS}
    book.check()


async def test_a_record_that_comes_twice_is_folded_once(connection: KafkaConnection, log: KafkaLog) -> None:
    crowd = Crowd(log)
    async with working(connection, log) as worker:
        await crowd.ask_everywhere()
        await until_served(log, crowd)
        before = dumps(worker.rounds.host)
        place = TopicPartition(DEMANDS.name, log.partition_of(DISTRICTS[0].encode()))
        reader = log.reader({place: 0})
        await worker.holdings.take_in(await reader.poll(timeout_s=5))
        await reader.close()
        assert dumps(worker.rounds.host) == before
    (await Book.read(log)).check()


async def test_three_workers_hold_every_partition_once_and_in_every_topic(
    connection: KafkaConnection, log: KafkaLog
) -> None:
    crowd = Crowd(log)
    async with AsyncExitStack() as stack:
        workers = [
            await stack.enter_async_context(working(connection, log, instance=f"w-{number}")) for number in range(3)
        ]

        def shared() -> bool:
            held = [partition for worker in workers for partition in worker.holdings.opened]
            return sorted(held) == list(range(PARTITIONS)) and all(worker.holdings.opened for worker in workers)

        await until(shared, "each has a share, and all have everything")
        await crowd.ask_everywhere(2)
        (await until_served(log, crowd)).check()
        assert shared()
