"""Which partitions a worker holds, and how each is brought up to the log's end and kept there.

1. A partition given to us is restored beside the stream: newest snapshot, then a plain read of the log. Until it has
   caught up with all that the stream has shown of it, it is closed: its events are only noted, not folded.
2. An event at our position is folded; one below it was seen; one above it shows a gap: the partition is closed and
   caught up again by plain reading. So it does not matter what the group commits, skips or delivers twice.
3. A partition that stays ours through a rebalance keeps its states; one that was lost is dropped.
4. The first failure, of whatever part, is told to the owner once; from then on nothing is folded.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, Final

import structlog
from faust.types import TP

from streams.host import TOPICS
from streams.log import Log, LogError, Record, TopicPartition
from streams.rounds import SLICE, Rounds
from streams.worker.watchdog import Distance

log = structlog.get_logger(__name__)

AT_ONCE: Final = 4
"""So many partitions are restored at the same time."""
POLL_RECORDS: Final = 2000
PATIENCE_S: Final = 1.0


class Holdings:
    """See the module's rules."""

    def __init__(
        self, *, log: Log, rounds: Rounds, name_of: Callable[[str], str], on_failure: Callable[[BaseException], None]
    ) -> None:
        """Hold nothing yet.

        Args:
            log: read plainly to restore and to catch up.
            rounds: folds.
            name_of: our own name of a topic as the cluster has it.
            on_failure: told the first failure.
        """
        self.news = asyncio.Event()
        """Set whenever something was folded, or a partition opened or went: for those who wait for either."""
        self.settled = asyncio.Event()
        """Set while every partition held is open, and one assignment at least has been taken up."""
        self._log, self._rounds, self._name_of, self._on_failure = log, rounds, name_of, on_failure
        self._positions = rounds.host.positions
        self._open: set[int] = set()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._shown: dict[TopicPartition, int] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._broken = False

    @property
    def held(self) -> set[int]:
        """The partitions that are ours, open or not."""
        return set(self._tasks)

    @property
    def opened(self) -> Collection[int]:
        """The partitions that are ours and caught up."""
        return self._open

    def assign(self, partitions: Collection[int]) -> None:
        """Hold exactly ``partitions`` from now on."""
        for partition in sorted(self.held - set(partitions)):
            self._drop(partition)
        for partition in sorted(set(partitions) - self.held):
            self._begin(partition, self._restore(partition))
        self._see_settled()

    async def take_in(self, records: Sequence[Record]) -> None:
        """Take a run of records of the stream; other tasks get their turns."""
        for first in range(0, len(records), SLICE):
            if self._rounds.must_wait:
                await self._ready_to_fold()
            for record in records[first : first + SLICE]:
                self._take(record)
            self.news.set()
            await asyncio.sleep(0)

    def standing(self, tps: Collection[TP]) -> Mapping[TP, int]:
        """Return how far each topic-partition has been folded, of those that are ours."""
        found = {}
        for tp in tps:
            place = TopicPartition(self._name_of(tp.topic), tp.partition)
            if place.partition in self._tasks and place in self._positions:
                found[tp] = self._positions[place]
        return found

    async def whence(self, tps: Collection[TP]) -> Mapping[TP, int]:
        """Return from where the stream is to read each of our topic-partitions: all before comes by plain reading."""
        ends = await self._log.end_offsets(TOPICS)
        found = {}
        for tp in tps:
            place = TopicPartition(self._name_of(tp.topic), tp.partition)
            if place.partition in self._open:
                found[tp] = self._positions[place]
            else:
                found[tp] = self._show(place, ends[place])
        return found

    async def progress(self) -> dict[str, Distance]:
        """Return how far each place that we hold has been read, and where it ends. Raises LogError."""
        ends = await self._log.end_offsets(TOPICS)
        return {
            f"{place.topic} partition {place.partition}": Distance(self._positions.get(place, -1), end)
            for place, end in ends.items()
            if place.partition in self._tasks
        }

    def fail(self, error: BaseException) -> None:
        """Fold nothing any more, and tell the owner."""
        if not self._broken:
            self._broken = True
            self._open.clear()
            self._on_failure(error)

    async def close(self) -> None:
        """End what is being read. The states stay, to be saved."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ready_to_fold(self) -> None:
        try:
            await self._rounds.ready_to_fold()
        except LogError as error:
            self.fail(error)

    def _take(self, record: Record) -> None:
        """Fold a record that is next, else see what it shows."""
        place = TopicPartition(record.topic, record.partition)
        if place.partition not in self._open or self._positions[place] != record.offset:
            self._out_of_turn(place, record.offset)
            return
        try:
            self._rounds.fold(record)
        except Exception as error:
            self.fail(error)

    def _out_of_turn(self, place: TopicPartition, offset: int) -> None:
        if self._broken or place.partition not in self._tasks:
            return
        if place.partition not in self._open:
            self._show(place, offset + 1)
        elif offset > self._positions[place]:
            log.info("a gap in the stream is read plainly", place=place, at=self._positions[place], shown=offset)
            self._show(place, offset + 1)
            self._open.discard(place.partition)
            self._begin(place.partition, self._catch_up(place.partition))
            self._see_settled()

    def _show(self, place: TopicPartition, end: int) -> int:
        self._shown[place] = max(end, self._shown.get(place, 0))
        return self._shown[place]

    def _begin(self, partition: int, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"partition {partition}")
        task.add_done_callback(self._ended)
        self._tasks[partition] = task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    def _drop(self, partition: int) -> None:
        self._tasks.pop(partition).cancel()
        self._open.discard(partition)
        for topic in TOPICS:
            self._shown.pop(TopicPartition(topic, partition), None)
        self._rounds.drop(partition)
        self.news.set()
        log.info("a partition went", partition=partition)

    async def _restore(self, partition: int) -> None:
        began = asyncio.get_running_loop().time()
        async with self._turns:
            restored = await self._rounds.adopt(partition)
            await self._catch_up(partition)
        shards, took_s = len(self._rounds.host.shards(partition)), asyncio.get_running_loop().time() - began
        log.info(
            "a partition is ours",
            partition=partition,
            shards=shards,
            of_snapshots=len(restored.saved),
            s=round(took_s, 2),
        )

    async def _catch_up(self, partition: int) -> None:
        """Read from where the states are to what the log and the stream have shown; then open."""
        places = [TopicPartition(topic, partition) for topic in TOPICS]
        ends = await self._log.end_offsets(TOPICS)
        for place in places:
            self._show(place, ends[place])
        if self._is_behind(places):
            await self._read(places)
        if not self._broken:
            self._open.add(partition)
        self.news.set()
        self._see_settled()

    async def _read(self, places: Sequence[TopicPartition]) -> None:
        reader = self._log.reader({place: self._positions[place] for place in places})
        try:
            while self._is_behind(places) and not self._broken:
                await self._rounds.take_in(await reader.poll(max_records=POLL_RECORDS, timeout_s=PATIENCE_S))
                for place, offset in reader.positions().items():  # past what is no record, such as a transaction's end
                    self._positions[place] = max(offset, self._positions[place])
                self.news.set()
        finally:
            await reader.close()

    def _is_behind(self, places: Sequence[TopicPartition]) -> bool:
        return any(self._positions[place] < self._shown[place] for place in places)

    def _see_settled(self) -> None:
        if self._open == self.held:
            self.settled.set()
        else:
            self.settled.clear()
