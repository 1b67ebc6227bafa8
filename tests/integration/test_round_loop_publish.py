"""What the world reads of the rounds: nothing missing, in order, each event marked with how far all is published."""

from schemas.envelope import ROUND_OFFSET
from schemas.policy import Policy
from schemas.topics import ASSIGNMENTS, ROUNDS
from streams.log import Draft
from streams.publisher import Counted, Publisher
from tests.builders import NOON, SHARD, at, offered, posted
from tests.fakes.log import FakeLog
from tests.loops import loop_on, published, records, rounds, tell


async def some_rounds(log: FakeLog) -> list[Counted]:
    """Three rounds with a pair each; returns them as read back."""
    loop = loop_on(log, policy=Policy())
    for number in range(3):
        await tell(log, offered(f"r{number}"), posted(f"d{number}"))
        await loop.step(at(number / 10))
    await loop.close()
    lying = await records(log, ROUNDS.name)
    return [
        Counted(record.partition, record.offset, decided)
        for record, decided in zip(lying, await rounds(log), strict=True)
    ]


def offsets(lying: list[object]) -> list[int]:
    return [int(dict(record.headers)[ROUND_OFFSET]) for record in lying]  # type: ignore[attr-defined]


async def test_rounds_published_one_by_one_are_marked_each_with_its_own_place() -> None:
    log = FakeLog(partitions=1)
    await some_rounds(log)
    assert offsets(list(await records(log, ASSIGNMENTS.name))) == [0, 1, 2]


async def test_a_worker_that_is_behind_publishes_old_rounds_again_and_the_next_one_misses_nothing() -> None:
    log = FakeLog(partitions=1)
    first, second, third = await some_rounds(log)
    behind = Publisher(log)
    await behind.publish([first])
    heir = Publisher(log)
    await heir.resume([0])
    await heir.publish([first, second, third])
    found = offsets(list(await records(log, ASSIGNMENTS.name)))
    assert found == [0, 1, 2, 0, 0, 0, 0], "what is appended together carries the lowest mark"
    assert set((await published(log)).values()) == {2, 3}


async def test_an_append_that_was_cut_in_the_middle_is_made_whole_by_the_next_worker() -> None:
    log, cut = FakeLog(partitions=1), FakeLog(partitions=1)
    first, second, third = await some_rounds(log)
    await Publisher(cut).publish([first, second, third])
    (survivor, *_) = await records(cut, ASSIGNMENTS.name)
    rest = FakeLog(partitions=1)
    await rest.append(ASSIGNMENTS.name, [Draft(survivor.key, survivor.value, survivor.headers)])
    heir = Publisher(rest)
    await heir.resume([0])
    await heir.publish([first, second, third])
    assert sorted((await published(rest)).values()) == [1, 1, 2]


async def test_a_stranger_in_the_topic_makes_everything_be_published_again() -> None:
    log = FakeLog(partitions=1)
    counted = await some_rounds(log)
    await log.append(ASSIGNMENTS.name, [Draft(key=SHARD.encode(), value=b"?", headers=[(ROUND_OFFSET, b"-7")])])
    heir = Publisher(log)
    await heir.resume([0])
    await heir.publish(counted)
    assert set((await published(log)).values()) == {2}


async def test_nothing_to_say_is_not_written() -> None:
    log = FakeLog()
    loop = loop_on(log)
    await tell(log, posted("d1"))
    assert await loop.step(NOON) == 1
    assert await records(log, ASSIGNMENTS.name) == []
    await loop.close()
