"""The embedded log: topics, partitions and consumer groups in one SQLite file."""

import asyncio
import itertools
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from streams.embedded.file import Sync, open_writer, prepare_file
from streams.embedded.frame import encode
from streams.embedded.reader import EmbeddedReader
from streams.embedded.source import Run, Source
from streams.embedded.source_thread import SourceThread
from streams.embedded.writer import Append, Commit, Writer
from streams.log import Draft, LogError, Position, Record, TopicPartition
from streams.partitioner import partition_of

SCAN_RECORDS = 2000


def wall_clock_ms() -> int:
    """Return the time, ms since 1970."""
    return time.time_ns() // 1_000_000


class EmbeddedLog:
    """See ``streams.log.Log``. Several processes may open one file, each with the same number of partitions."""

    def __init__(
        self,
        path: Path,
        *,
        partitions: int,
        sync: Sync = "full",
        clock_ms: Callable[[], int] = wall_clock_ms,
        patience_ms: int = 10_000,
    ) -> None:
        """Open the log, or make it.

        Args:
            path: the file; SQLite keeps two more beside it while the log is open.
            partitions: of every topic; fixed when the file is made.
            sync: "full" keeps what was acknowledged through a loss of power; "normal" only through the end of the
                process, and is faster.
            clock_ms: the time that records are stamped with.
            patience_ms: how long to wait, each of three times, for another process that is writing.

        Raises:
            LogError: the file is not a log of this format and partition count, or cannot be opened.
        """
        prepare_file(path, partitions=partitions, patience_ms=patience_ms)
        self._path = path
        self._partitions = partitions
        self._patience_ms = patience_ms
        self._round_robin: defaultdict[str, Iterator[int]] = defaultdict(itertools.count)
        self._readers: frozenset[EmbeddedReader] = frozenset()
        self._readers_lock = threading.Lock()
        self._source = SourceThread(self._open_source)
        self._writer = Writer(
            open_writer(path, sync=sync, patience_ms=patience_ms),
            partitions=partitions,
            clock_ms=clock_ms,
            on_appended=self._wake,
        )

    @property
    def partitions(self) -> int:
        """The one partition count of all topics."""
        return self._partitions

    def partition_of(self, key: bytes) -> int:
        """Return the partition that Kafka's default partitioner picks for ``key``."""
        return partition_of(key, self._partitions)

    async def append(self, topic: str, drafts: Sequence[Draft]) -> list[Position]:
        """Append ``drafts`` in order, all or none, and return their positions once they are durable.

        Raises:
            LogError: nothing was acknowledged: a record is too large, the disk is full, the log is closed.
        """
        if not drafts:
            return []
        frames = [(self._partition(topic, draft.key), encode(draft)) for draft in drafts]
        answer: asyncio.Future[list[Position]] = asyncio.get_running_loop().create_future()
        self._writer.put(Append(topic=topic, frames=frames, answer=answer))
        return await answer

    def reader(self, start: Mapping[TopicPartition, int]) -> EmbeddedReader:
        """Return a reader that starts at the given offsets."""
        source = SourceThread(self._open_source)
        reader = EmbeddedReader(source, start=start, partitions=self._partitions, on_close=self._leave)
        with self._readers_lock:
            self._readers |= {reader}
        return reader

    def scan(self, partition: TopicPartition, offset: int = 0) -> Iterator[Record]:
        """Yield the records of one partition from ``offset`` to its end as it is now, without an event loop.

        Raises:
            LogError: there is no such partition, the file could not be read, or a record is damaged.
        """
        if offset < 0 or not 0 <= partition.partition < self._partitions:
            raise LogError(f"there is no offset {offset} in {partition} of {self._partitions}")
        try:
            with closing(self._open_source()) as source:
                end = source.ends([partition])[partition]
                while offset < end:
                    records = source.read([Run(*partition, first=offset, end=min(offset + SCAN_RECORDS, end))])
                    yield from records
                    offset += len(records)
        except sqlite3.Error as error:
            raise LogError(f"the log could not be read: {error}") from error

    async def end_offsets(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the offset that the next record of each partition will get."""
        return await self._source.ask(Source.ends, self._all(topics))

    async def beginning_offsets(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return 0 for each partition: this log keeps everything."""
        return dict.fromkeys(self._all(topics), 0)

    async def commit(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        """Store, for ``group``, the next offset to read of each partition."""
        wrong = [entry for entry in offsets.items() if entry[1] < 0 or not 0 <= entry[0].partition < self._partitions]
        if wrong:
            raise LogError(f"no such offset to commit: {wrong[0]}")
        answer: asyncio.Future[list[Position]] = asyncio.get_running_loop().create_future()
        self._writer.put(Commit(group=group, offsets=dict(offsets), answer=answer))
        await answer

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Return what ``group`` stored last."""
        return await self._source.ask(Source.committed, group)

    async def close(self) -> None:
        """Finish what is in flight, close the readers and the file."""
        await asyncio.get_running_loop().run_in_executor(None, self._writer.close)
        for reader in self._readers:
            await reader.close()
        await self._source.close()

    def _partition(self, topic: str, key: bytes | None) -> int:
        return next(self._round_robin[topic]) % self._partitions if key is None else self.partition_of(key)

    def _all(self, topics: Iterable[str]) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for topic in topics for number in range(self._partitions)]

    def _open_source(self) -> Source:
        return Source(self._path, partitions=self._partitions, patience_ms=self._patience_ms)

    def _leave(self, reader: EmbeddedReader) -> None:
        with self._readers_lock:
            self._readers -= {reader}

    def _wake(self, topics: set[str]) -> None:
        for reader in self._readers:
            reader.wake(topics)
