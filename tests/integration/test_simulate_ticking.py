"""Virtual time through the log: ticks to the partitions where something lies, answers, and what becomes of either."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import pytest

from deploy.simulate import ticking
from deploy.simulate.ticking import Ticking, WorkersSilentError
from schemas.topics import ASSIGNMENTS, DEMANDS, RESOURCES, ROUNDS, TICKS
from streams.log import Draft, Position, Record, TopicPartition
from streams.worker.tick import DoneTick, DueTick, read_tick
from tests.builders import NOON, SAME_CITY, SHARD, at, offered, posted
from tests.fakes.log import FakeLog
from tests.loops import loop_on, records, rounds, tell


class PlacedLog(FakeLog):
    """A fake log that takes records to a partition given."""

    async def append_to(self, topic: str, partition: int, drafts: Sequence[Draft]) -> list[Position]:
        real, self.partition_of = self.partition_of, lambda key: partition  # type: ignore[method-assign]
        try:
            return await self.append(topic, [Draft(b"", draft.value, draft.headers) for draft in drafts])
        finally:
            self.partition_of = real  # type: ignore[method-assign]


def draft_of(tick: DoneTick) -> Draft:
    return Draft(None, tick.model_dump_json().encode())


class Worker:
    """Answers the ticks of a log, one after the other; ``deaf`` says which it loses."""

    def __init__(self, log: PlacedLog, *, deaf: Callable[[int], bool] = lambda number: False) -> None:
        self.log, self.deaf = log, deaf
        self.heard: list[DueTick] = []
        self.loop = loop_on(log)

    async def run(self) -> None:
        reader = self.log.reader({TopicPartition(TICKS.name, number): 0 for number in range(self.log.partitions)})
        while True:
            for record in await reader.poll(timeout_s=5):
                with suppress(ValueError):
                    tick = read_tick(record.value)
                    if isinstance(tick, DueTick):
                        await self.answer(tick, record)

    async def answer(self, tick: DueTick, record: Record) -> None:
        self.heard.append(tick)
        if not self.deaf(len(self.heard)):
            decided = await self.loop.step(tick.now)
            done = DoneTick(id=tick.id, partition=record.partition, rounds=decided, instance="w-1")
            await self.log.append_to(TICKS.name, record.partition, [draft_of(done)])


Started = Callable[[Worker], AbstractAsyncContextManager[Worker]]


@asynccontextmanager
async def at_work(worker: Worker) -> AsyncIterator[Worker]:
    working = asyncio.create_task(worker.run())
    yield worker
    working.cancel()
    await asyncio.wait({working})
    await worker.loop.close()


@pytest.fixture
def log() -> PlacedLog:
    return PlacedLog(partitions=4)


async def test_a_step_returns_when_everything_due_is_decided_and_published(log: PlacedLog) -> None:
    await tell(log, offered("r1"), posted("d1"))
    steps = Ticking(log)
    async with at_work(Worker(log)):
        assert await steps.step(NOON) == 1
        assert len(await rounds(log)) == 1
        assert await records(log, ASSIGNMENTS.name)
        assert await steps.step(at(1)) == 0
        await tell(log, posted("d2"))
        assert await steps.step(at(2)) == 1
    assert [decided.decided_at for decided in await rounds(log)] == [NOON, at(2)]
    await steps.close()


async def test_a_tick_tells_how_far_its_partition_is_to_be_read(log: PlacedLog) -> None:
    await tell(log, offered("r1"), posted("d1"), posted("d2"))
    steps = Ticking(log)
    async with at_work(Worker(log)) as worker:
        await steps.step(NOON)
        await steps.step(at(1))
    home = log.partition_of(SHARD.encode())
    assert [tick.partition for tick in worker.heard] == [home, home]
    assert [(tick.upto[RESOURCES.name], tick.upto[DEMANDS.name], tick.upto[ROUNDS.name]) for tick in worker.heard] == [
        (1, 2, 0),
        (1, 2, 1),
    ]
    await steps.close()


async def test_only_partitions_in_which_something_lies_are_asked(log: PlacedLog) -> None:
    await tell(log, posted("d1"), posted("d2", community=SAME_CITY))
    steps = Ticking(log)
    async with at_work(Worker(log)) as worker:
        await steps.step(NOON)
    homes = {log.partition_of(shard.encode()) for shard in (SHARD, SAME_CITY[:6])}
    assert {tick.partition for tick in worker.heard} == homes
    await steps.close()


async def test_where_nothing_lies_nobody_is_waited_for(log: PlacedLog) -> None:
    assert await Ticking(log).step(NOON) == 0
    assert await records(log, TICKS.name) == []


async def test_a_tick_that_went_with_its_worker_is_sent_again(log: PlacedLog) -> None:
    await tell(log, offered("r1"), posted("d1"))
    steps = Ticking(log, resend_s=0.05)
    async with at_work(Worker(log, deaf=lambda number: number <= 2)) as worker:
        assert await steps.step(NOON) == 1
    assert len({tick.id for tick in worker.heard}) == 1
    assert len(worker.heard) > 2
    assert len(await rounds(log)) == 1
    await steps.close()


async def test_an_answer_that_comes_twice_or_late_is_passed_over(log: PlacedLog) -> None:
    await tell(log, offered("r1"), posted("d1"))
    steps = Ticking(log)
    async with at_work(Worker(log)) as worker:
        await steps.step(NOON)
        (tick,) = worker.heard
        again = DoneTick(id=tick.id, partition=tick.partition, rounds=7, instance="w-1")
        await log.append_to(TICKS.name, tick.partition, [draft_of(again), Draft(None, b"garbage")])
        await tell(log, posted("d2"))
        assert await steps.step(at(1)) == 1
    await steps.close()


async def test_when_nobody_answers_it_says_so(log: PlacedLog) -> None:
    await tell(log, posted("d1"))
    steps = Ticking(log, resend_s=0.01, patience_s=0.05)
    home = log.partition_of(SHARD.encode())
    with pytest.raises(WorkersSilentError, match=f"partition {home} at "):
        await steps.step(NOON)
    await steps.close()


async def test_workers_that_cannot_come_back_end_the_wait(log: PlacedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    class GoneError(Exception):
        pass

    def check() -> None:
        raise GoneError

    monkeypatch.setattr(ticking, "LOOK_S", 0.01)
    await tell(log, posted("d1"))
    steps = Ticking(log, check=check)
    with pytest.raises(GoneError):
        await steps.step(NOON)
    await steps.close()
