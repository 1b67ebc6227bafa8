"""The log port in memory: as the contract suite wants it, but nothing survives the process."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from schemas.envelope import MAX_VALUE_BYTES
from streams.log import Draft, LogError, Position, Record, TopicPartition
from streams.partitioner import partition_of


class FakeStore:
    """What outlives one ``FakeLog``: the records and the committed offsets. For one event loop."""

    def __init__(self) -> None:
        self.records: dict[TopicPartition, list[Record]] = defaultdict(list)
        self.committed: dict[str, dict[TopicPartition, int]] = defaultdict(dict)
        self.grown = asyncio.Event()


class FakeLog:
    """See ``streams.log.Log``. Several on one store are several processes on one log."""

    def __init__(self, *, partitions: int = 4, store: FakeStore | None = None) -> None:
        self._partitions = partitions
        self._store = store or FakeStore()
        self._round_robin = count()
        self._readers: list[FakeReader] = []
        self._closed = False

    @property
    def partitions(self) -> int:
        return self._partitions

    def partition_of(self, key: bytes) -> int:
        return partition_of(key, self._partitions)

    def records(self, topic: str, partition: int) -> list[Record]:
        """What lies in one partition, for a test to look at."""
        return list(self._store.records[TopicPartition(topic, partition)])

    async def append(self, topic: str, drafts: Sequence[Draft]) -> list[Position]:
        self._refuse_when_closed()
        if any(draft.value is not None and len(draft.value) > MAX_VALUE_BYTES for draft in drafts):
            raise LogError(f"a record is larger than {MAX_VALUE_BYTES} bytes")
        positions = [self._lay(topic, draft) for draft in drafts]
        self.wake()
        return positions

    def reader(self, start: Mapping[TopicPartition, int]) -> "FakeReader":
        self._readers.append(FakeReader(self, start))
        return self._readers[-1]

    async def end_offsets(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        self._refuse_when_closed()
        return {partition: len(self._store.records[partition]) for partition in self._all(topics)}

    async def beginning_offsets(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        return dict.fromkeys(self._all(topics), 0)

    async def commit(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        self._refuse_when_closed()
        if any(offset < 0 or not 0 <= partition.partition < self._partitions for partition, offset in offsets.items()):
            raise LogError("no such offset to commit")
        self._store.committed[group].update(offsets)

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        return dict(self._store.committed[group])

    async def close(self) -> None:
        self._closed = True
        for reader in self._readers:
            await reader.close()

    def after(self, partition: TopicPartition, offset: int, most: int) -> list[Record]:
        """The next records of one partition, for the reader."""
        return self._store.records[partition][offset : offset + most]

    async def grow(self, timeout_s: float) -> None:
        """Return at the next append, or after ``timeout_s``."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._store.grown.wait()
        except TimeoutError:
            return

    def wake(self) -> None:
        """Let every reader that waits look again."""
        grown, self._store.grown = self._store.grown, asyncio.Event()
        grown.set()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise LogError("the log is closed")

    def _lay(self, topic: str, draft: Draft) -> Position:
        number = next(self._round_robin) % self._partitions if draft.key is None else self.partition_of(draft.key)
        lying = self._store.records[TopicPartition(topic, number)]
        now_ms = time.time_ns() // 1_000_000
        lying.append(Record(topic, number, len(lying), draft.key, draft.value, tuple(draft.headers), now_ms))
        return Position(topic, number, len(lying) - 1)

    def _all(self, topics: Iterable[str]) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for topic in topics for number in range(self._partitions)]


class FakeReader:
    """See ``streams.log.Reader``; takes its partitions in turn."""

    def __init__(self, log: FakeLog, start: Mapping[TopicPartition, int]) -> None:
        self._log = log
        self._positions: dict[TopicPartition, int] = {}
        self._closed = False
        for partition, offset in start.items():
            self.seek(partition, offset)

    async def poll(self, *, max_records: int = 1000, timeout_s: float = 0.0) -> list[Record]:
        if max_records < 1:
            raise LogError("a poll takes at least one record")
        until = asyncio.get_running_loop().time() + timeout_s
        while True:
            await asyncio.sleep(0)
            if self._closed:
                raise LogError("the reader is closed")
            found = self._next(max_records)
            left = until - asyncio.get_running_loop().time()
            if found or left <= 0:
                return found
            await self._log.grow(left)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if offset < -1 or not 0 <= partition.partition < self._log.partitions:
            raise LogError(f"there is no offset {offset} in {partition}")
        if offset == -1:
            self._positions.pop(partition, None)
        else:
            self._positions[TopicPartition(*partition)] = offset

    def positions(self) -> dict[TopicPartition, int]:
        return dict(self._positions)

    async def close(self) -> None:
        self._closed = True
        self._log.wake()

    def _next(self, most: int) -> list[Record]:
        found: list[Record] = []
        for partition, offset in list(self._positions.items()):
            records = self._log.after(partition, offset, most - len(found))
            found += records
            self._positions[partition] = self._positions.pop(partition) + len(records)
        return found
