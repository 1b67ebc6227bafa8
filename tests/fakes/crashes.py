"""A log and a snapshot store that die at a chosen operation, before or after it took effect."""

from collections.abc import Iterable, Mapping, Sequence

from streams.log import Draft, Log, Position, Reader, Record, TopicPartition


class CrashError(Exception):
    """The process is dead from here on."""


class Fuse:
    """Counts operations; at the ``at``-th it blows, and every later one fails too."""

    def __init__(self, at: int | None = None, *, after: bool = False) -> None:
        self.count = 0
        self._at = at
        self._after = after

    def before(self) -> None:
        """Called before an operation takes effect."""
        self.count += 1
        if self._at is not None and (self.count > self._at or (self.count == self._at and not self._after)):
            raise CrashError(f"before operation {self.count}")

    def after(self) -> None:
        """Called when it has taken effect."""
        if self._at is not None and self.count >= self._at:
            raise CrashError(f"after operation {self.count}")


class CrashingLog:
    """``log``, with a fuse on everything that is awaited."""

    def __init__(self, log: Log, fuse: Fuse) -> None:
        self._log, self._fuse = log, fuse

    @property
    def partitions(self) -> int:
        return self._log.partitions

    def partition_of(self, key: bytes) -> int:
        return self._log.partition_of(key)

    async def append(self, topic: str, drafts: Sequence[Draft]) -> list[Position]:
        self._fuse.before()
        positions = await self._log.append(topic, drafts)
        self._fuse.after()
        return positions

    def reader(self, start: Mapping[TopicPartition, int]) -> Reader:
        return CrashingReader(self._log.reader(start), self._fuse)

    async def end_offsets(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        self._fuse.before()
        return await self._log.end_offsets(topics)

    async def beginning_offsets(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        self._fuse.before()
        return await self._log.beginning_offsets(topics)

    async def commit(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        self._fuse.before()
        await self._log.commit(group, offsets)

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        self._fuse.before()
        return await self._log.committed(group)

    async def close(self) -> None:
        await self._log.close()


class CrashingReader:
    """A reader on the same fuse."""

    def __init__(self, reader: Reader, fuse: Fuse) -> None:
        self._reader, self._fuse = reader, fuse

    async def poll(self, *, max_records: int = 1000, timeout_s: float = 0.0) -> list[Record]:
        self._fuse.before()
        return await self._reader.poll(max_records=max_records, timeout_s=timeout_s)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._reader.seek(partition, offset)

    def positions(self) -> dict[TopicPartition, int]:
        return self._reader.positions()

    async def close(self) -> None:
        await self._reader.close()


class FakeSnapshots:
    """A store in memory: ``blobs`` outlives the process; ``fuse`` may blow at any call."""

    def __init__(self, blobs: dict[str, bytes] | None = None, fuse: Fuse | None = None) -> None:
        self.blobs = {} if blobs is None else blobs
        self._fuse = fuse or Fuse()

    def write(self, name: str, data: bytes) -> None:
        self._fuse.before()
        self.blobs[name] = data
        self._fuse.after()

    def read(self, name: str) -> bytes | None:
        self._fuse.before()
        return self.blobs.get(name)

    def names(self, prefix: str) -> list[str]:
        self._fuse.before()
        return sorted(name for name in self.blobs if name.startswith(prefix))

    def delete(self, name: str) -> None:
        self._fuse.before()
        self.blobs.pop(name, None)
        self._fuse.after()
