"""Virtual time: a simulation says through ``cobuild.ticks.v1`` which moment it is; wall time starts no round.

1. A due tick waits until its partition has been read up to the offsets it names; then every due round is decided at
   its moment, and again until all is quiet; when all is read back and published, the tick is answered as done.
2. The ticks of a partition are dealt with in order. One that comes twice is answered twice: nothing is due any more.
   One whose inputs end below what was read is an old one, of a moment that was done with: nothing is decided for it.
3. Who takes a partition over looks at its last tick: a due one was not answered.
4. What is no tick is passed over with a warning: nobody's data is in it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC

import structlog
from faust.types import TP

from schemas.topics import ROUNDS, TICKS
from streams.clock import FakeClock
from streams.kafka.log import KafkaLog
from streams.log import Draft, Record, TopicPartition
from streams.pace import Due
from streams.restore import read_one
from streams.rounds import Rounds
from streams.worker.holdings import Holdings
from streams.worker.tick import DoneTick, DueTick, read_tick

log = structlog.get_logger(__name__)


class VirtualTime:
    """See the module's rules."""

    def __init__(self, *, log: KafkaLog, rounds: Rounds, holdings: Holdings, instance: str) -> None:
        self._log, self._rounds, self._holdings, self._instance = log, rounds, holdings, instance
        self._positions: dict[int, int] = {}
        self._waiting: dict[int, asyncio.Queue[DueTick]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def assign(self, partitions: Collection[int]) -> None:
        """Answer the ticks of exactly ``partitions`` from now on."""
        for partition in self._tasks.keys() - set(partitions):
            self._tasks.pop(partition).cancel()
            self._waiting.pop(partition)
            self._positions.pop(partition, None)
        for partition in set(partitions) - self._tasks.keys():
            self._waiting[partition] = asyncio.Queue()
            task = asyncio.create_task(self._attend(partition), name=f"ticks {partition}")
            task.add_done_callback(self._ended)
            self._tasks[partition] = task

    async def take_in(self, records: Sequence[Record]) -> None:
        """Take a run of records of the topic."""
        for record in records:
            self._positions[record.partition] = record.offset + 1
            self._note(record.partition, record.value)

    async def whence(self, tps: Collection[TP]) -> Mapping[TP, int]:
        """Return from where the stream is to read the ticks of each partition."""
        if not tps:
            return {}
        ends = await self._log.end_offsets([TICKS.name])
        return {
            tp: self._positions.setdefault(tp.partition, ends[TopicPartition(TICKS.name, tp.partition)]) for tp in tps
        }

    async def close(self) -> None:
        """Answer nothing any more."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _attend(self, partition: int) -> None:
        await self._look_back(partition)
        while True:
            tick = await self._waiting[partition].get()
            rounds = await self._answer(partition, tick)
            await self._rounds.outbox.flush()
            done = DoneTick(id=tick.id, partition=partition, rounds=rounds, instance=self._instance)
            await self._log.append_to(TICKS.name, partition, [Draft(key=None, value=done.model_dump_json().encode())])

    async def _look_back(self, partition: int) -> None:
        """Take the last tick before those that the stream will bring."""
        place = TopicPartition(TICKS.name, partition)
        ends = await self._log.end_offsets([TICKS.name])
        start = self._positions.setdefault(partition, ends[place])
        last = await read_one(self._log, place, start - 1) if start else None
        if last is not None:
            self._note(partition, last.value)

    def _note(self, partition: int, value: bytes | None) -> None:
        try:
            tick = read_tick(value)
        except ValueError as error:
            log.warning("what is no tick is passed over", partition=partition, error=str(error)[:200])
            return
        if isinstance(tick, DueTick) and tick.partition == partition and partition in self._waiting:
            self._waiting[partition].put_nowait(tick)

    async def _answer(self, partition: int, tick: DueTick) -> int:
        """Decide what is due, until quiet; return how many rounds that took."""
        now, rounds = tick.now.astimezone(UTC), 0
        await self._until(lambda: self._has_read(partition, tick.upto))
        if self._is_past(partition, tick.upto):
            return 0
        self._rounds.clock = FakeClock(now)
        agenda = self._rounds.host.agenda
        while due := self._due(partition, tick):
            batch = due[: max(0, self._rounds.most_in_flight - agenda.in_flight)]
            if not batch:
                await self._until(lambda: agenda.in_flight < self._rounds.most_in_flight)
                continue
            await asyncio.gather(*[self._rounds.begin(each, now=now) for each in batch])
            await self._until(lambda: not any(agenda.is_in_flight(each.shard) for each in batch))  # noqa: B023 - awaited
            rounds += len(batch)
        return rounds

    def _due(self, partition: int, tick: DueTick) -> list[Due]:
        host = self._rounds.host
        return [each for each in host.due(tick.now) if host.partition(each.shard) == partition]

    def _has_read(self, partition: int, upto: Mapping[str, int]) -> bool:
        positions = self._rounds.host.positions
        return partition in self._holdings.opened and all(
            positions.get(TopicPartition(topic, partition), 0) >= offset for topic, offset in upto.items()
        )

    def _is_past(self, partition: int, upto: Mapping[str, int]) -> bool:
        """Whether inputs of a later moment were read: a simulation appends them only when this one is done."""
        positions, own = self._rounds.host.positions, ROUNDS.name
        return any(positions[TopicPartition(topic, partition)] > end for topic, end in upto.items() if topic != own)

    async def _until(self, true: Callable[[], bool]) -> None:
        while not true():
            self._holdings.news.clear()
            await self._holdings.news.wait()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._holdings.fail(error)
