"""The embedded log's reader: one thread hop per poll, woken at once by appends of this process."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from streams.embedded.source import Run, Source
from streams.embedded.source_thread import SourceThread
from streams.embedded.turns import shares
from streams.log import LogError, Record, TopicPartition

WATCH_S = 0.05
"""How often a waiting reader looks for appends of other processes."""
MOST_RECORDS = 5000
"""A poll returns no more than this, whatever it is asked for."""


class EmbeddedReader:
    """See ``streams.log.Reader``. Positions move when the records are handed over, so a cancelled poll loses none."""

    def __init__(
        self,
        source: SourceThread,
        *,
        start: Mapping[TopicPartition, int],
        partitions: int,
        on_close: Callable[["EmbeddedReader"], None],
    ) -> None:
        self._source = source
        self._partitions = partitions
        self._on_close = on_close
        self._positions: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._turn = 0
        self._closed = False
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        for partition, offset in start.items():
            self.seek(partition, offset)

    async def poll(self, *, max_records: int = 1000, timeout_s: float = 0.0) -> list[Record]:
        """Return the next records; see the port.

        Raises:
            LogError: the file could not be read, a record is damaged, or the reader is closed.
        """
        if max_records < 1:
            raise LogError(f"a poll takes at least one record, not {max_records}")
        self._loop = asyncio.get_running_loop()
        until = self._loop.time() + timeout_s
        while True:
            self._news.clear()
            runs, records = await self._source.ask(self._read, dict(self._positions), min(max_records, MOST_RECORDS))
            self._advance(runs, len(records))
            left = until - self._loop.time()
            if records or left <= 0:
                return records
            await self._wait(min(left, WATCH_S))

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on from ``offset``; -1 leaves the partition."""
        topic, number = partition
        if offset < -1 or not 0 <= number < self._partitions:
            raise LogError(f"there is no offset {offset} in {topic} partition {number} of {self._partitions}")
        if offset == -1:
            self._positions.pop(TopicPartition(topic, number), None)
        else:
            self._positions[TopicPartition(topic, number)] = offset

    def positions(self) -> dict[TopicPartition, int]:
        """Return the next offset of every partition read."""
        return dict(self._positions)

    async def close(self) -> None:
        """Let go of the thread and its connection; a poll that waits ends with a LogError."""
        self._closed = True
        self._news.set()
        await self._source.close()
        self._on_close(self)

    def wake(self, topics: set[str]) -> None:
        """Called from the writer's thread: these topics have grown."""
        if self._loop is None or not any(partition.topic in topics for partition in tuple(self._positions)):
            return
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:
            if not self._loop.is_closed():  # a closed loop has nobody left who waits
                raise

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return  # time to look at the file
        if self._closed:
            raise LogError("the reader is closed")

    def _read(self, source: Source, positions: dict[TopicPartition, int], most: int) -> tuple[list[Run], list[Record]]:
        """Runs on the source's thread."""
        if source.changed() or not positions.keys() <= self._ends.keys():
            self._ends = source.ends(positions)
        runs = list(self._runs(positions, most))
        return runs, source.read(runs) if runs else []

    def _runs(self, positions: dict[TopicPartition, int], most: int) -> Iterable[Run]:
        open_ = [(partition, self._ends[partition] - offset) for partition, offset in positions.items()]
        open_ = [(partition, count) for partition, count in open_ if count > 0]
        self._turn += 1
        taken = shares([count for _, count in open_], most=most, turn=self._turn)
        for (partition, _), count in zip(open_, taken, strict=True):
            if count:
                first = positions[partition]
                yield Run(*partition, first=first, end=first + count)

    def _advance(self, runs: Iterable[Run], delivered: int) -> None:
        for run in runs:
            count = min(run.end - run.first, delivered)
            delivered -= count
            self._positions[TopicPartition(run.topic, run.partition)] = run.first + count
