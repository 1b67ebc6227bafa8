"""The projector: carries what lies in the log into the read model, in batches, and says when it did.

1. It goes on from the offsets that the projection stored with its rows; a batch that comes twice changes nothing.
2. A record that does not decode is passed over: the shard host writes its dead letter. Its offset moves on.
3. When the projection fails, the projector stops with that error. Nothing is ever left out to get on.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from schemas.envelope import Event, decode
from schemas.refusals import Refused
from schemas.sharding import DISTRICT
from schemas.topics import INPUTS, ROUNDS, TOPICS
from streams.log import Log, Reader, Record, TopicPartition
from streams.reading import check_partition, read_event

EVERYTHING: Final = tuple(topic.name for topic in TOPICS)
BATCH: Final = 2000
WAIT_S: Final = 5.0
"""How long a poll waits while nothing comes; an append wakes it at once."""
SOON_S: Final = 0.5
"""The same, where it is known that something lies there."""

Found = TypeVar("Found")
Located = tuple[tuple[str, int, int], Event[Any]]
Progress = Callable[[int, int], None]
"""Told how many records were read, and how many there were to read."""

_OF_A_SHARD: Final = frozenset({ROUNDS.name, *(topic.name for topic in INPUTS)})


class Projection(Protocol):
    """What is filled from the log. Both methods block; they are called in one thread."""

    def offsets(self) -> Mapping[tuple[str, int], int]:
        """Return the next offset to read of every (topic, partition)."""
        ...

    def apply(self, events: Sequence[Located], offsets: Mapping[tuple[str, int], int]) -> None:
        """Take in the events and move the offsets on, in one transaction."""
        ...


class DisposableProjection(Projection, Protocol):
    """One that can start over."""

    def reset(self) -> None:
        """Forget everything, offsets too."""
        ...


class ProjectionAheadError(Exception):
    """The projection has read further than the log reaches: it belongs to another log and must be rebuilt."""


class Projector:
    """Fills one projection from one log. For one event loop."""

    def __init__(
        self,
        log: Log,
        projection: Projection,
        *,
        topics: Sequence[str] = EVERYTHING,
        batch: int = BATCH,
        shard_width: int = DISTRICT,
    ) -> None:
        self.on_applied: list[Callable[[], None]] = []
        """Called on the loop whenever a batch was applied."""
        self.skipped = 0
        """How many records did not decode so far."""
        self._log = log
        self._projection = projection
        self._topics = tuple(topics)
        self._batch = batch
        self._width = shard_width
        self._reader: Reader | None = None
        self._reached: dict[TopicPartition, int] = {}
        """Up to where everything is applied, while there is a reader."""
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="projector")

    async def run(self) -> None:
        """Follow the log until cancelled.

        Raises:
            ProjectionAheadError: see there.
            LogError: the log could not be read.
            Exception: whatever the projection raised.
        """
        while True:
            await self._step(timeout_s=WAIT_S)

    async def catch_up(self, progress: Progress | None = None) -> int:
        """Return once everything is applied that lies in the log now, and how many records that took.

        Raises as ``run`` does; may be called while it runs.
        """
        ends = await self._log.end_offsets(self._topics)
        total = left = await self._left(ends)
        while left:
            await self._step(timeout_s=SOON_S)
            left = _between(self._reached, ends)
            if progress:
                progress(total - left, total)
        return total

    async def lag(self) -> int:
        """Return how many records lie in the log that are not applied."""
        return sum(max(0, end - at) for at, end in (await self.distances()).values())

    async def distances(self) -> dict[TopicPartition, tuple[int, int]]:
        """Return up to where each partition is applied, and where it ends. Raises LogError."""
        ends = await self._log.end_offsets(self._topics)
        at = self._reached or await self._begin_at(await self._in_thread(self._projection.offsets))
        return {partition: (at[partition], end) for partition, end in ends.items()}

    async def close(self) -> None:
        """Let go of the reader and the thread; a batch in flight is finished first."""
        async with self._turn:
            await self._leave()
            self._thread.shutdown()

    async def _step(self, *, timeout_s: float) -> None:
        async with self._turn:
            reader = self._reader or await self._open()
            try:
                records = await reader.poll(max_records=self._batch, timeout_s=timeout_s)
                moved = dict(reader.positions().items() - self._reached.items())
                if moved:  # maybe past what is no record: the mark of somebody's transaction
                    await self._in_thread(partial(self._take, records, dict[tuple[str, int], int](moved.items())))
                    self._reached |= moved
            except BaseException:
                await self._leave()  # it has read past what was applied
                raise
        if moved:
            for callback in self.on_applied:
                callback()

    async def _open(self) -> Reader:
        stored = await self._in_thread(self._projection.offsets)
        ends = await self._log.end_offsets(self._topics)
        ahead = [partition for partition, end in ends.items() if stored.get(partition, 0) > end]
        if ahead:
            raise ProjectionAheadError(
                f"the lists have read {ahead[0].topic} partition {ahead[0].partition} up to {stored[ahead[0]]}, and it "
                f"ends at {ends[ahead[0]]}: they belong to another log. Make them anew: cobuild rebuild"
            )
        self._reached = await self._begin_at(stored)
        self._reader = self._log.reader(self._reached)
        return self._reader

    async def _begin_at(self, stored: Mapping[tuple[str, int], int]) -> dict[TopicPartition, int]:
        first = await self._log.beginning_offsets(self._topics)
        return {partition: max(start, stored.get(partition, 0)) for partition, start in first.items()}

    async def _leave(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def _left(self, ends: Mapping[TopicPartition, int]) -> int:
        return _between(await self._begin_at(await self._in_thread(self._projection.offsets)), ends)

    async def _in_thread(self, work: Callable[[], Found]) -> Found:
        """Do ``work`` in the thread; when cancelled meanwhile, let it finish first."""
        doing = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            await asyncio.wait({doing})
            raise

    def _take(self, records: Sequence[Record], offsets: Mapping[tuple[str, int], int]) -> None:
        """Decode and apply; runs in the thread."""
        events: list[Located] = []
        for record in records:
            try:
                events.append(((record.topic, record.partition, record.offset), self._decode(record)))
            except Refused:
                self.skipped += 1
        self._projection.apply(events, offsets)

    def _decode(self, record: Record) -> Event[Any]:
        """Return the record's event; raise Refused where the shard host would, before it folds."""
        if record.topic in _OF_A_SHARD:
            event = read_event(record, width=self._width)
            check_partition(record, self._log.partition_of)
            return event
        return decode(topic=record.topic, key=record.key, headers=record.headers, value=record.value)


def _between(reached: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> int:
    return sum(max(0, end - reached[partition]) for partition, end in ends.items())


async def rebuild(
    log: Log, projection: DisposableProjection, *, shard_width: int = DISTRICT, progress: Progress | None = None
) -> int:
    """Empty the projection and fill it from the beginning of the log; return how many records that took."""
    projector = Projector(log, projection, shard_width=shard_width)
    try:
        await asyncio.to_thread(projection.reset)
        return await projector.catch_up(progress)
    finally:
        await projector.close()
