"""The log port: what the embedded log and Kafka both are to the rest of the house.

Rules that ``tests/contract`` checks on every adapter:

1. A record appended to (topic, key) goes to the partition that Kafka's default partitioner picks for the key.
2. Offsets of one partition start at 0 and grow by one; records never change and never change places.
3. When ``append`` returns, the records survive kill -9; they lie in the order given, all or none per partition.
4. A reader delivers every record of its partitions once, in order per partition, from where it started.
5. A committed offset is the next offset to read; it survives restarts; groups do not see each other's.

What only the embedded log promises, so that nobody may build on it:

- An append that failed has left nothing. On Kafka an append whose brokers stopped answering may lie there in parts,
  each part in order; the error says so ("it is not known"). Whoever asks again writes twice what was there: only what
  is idempotent by its ids may be asked again. A cancelled append may lie there too, on both.
- An append of several records is seen at once. On Kafka its partitions, and within one its batches, come one by one.
- Every offset is a record, from 0 on. On Kafka a stranger's transaction leaves marks that take offsets, and retention
  moves ``beginning_offsets``; a reader's positions pass over marks, and what is not kept any more is an error.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class TopicPartition(NamedTuple):
    """One ordered sequence of records."""

    topic: str
    partition: int


class Position(NamedTuple):
    """Where one record lies."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A record to be appended. ``key`` None spreads by the adapter's choice."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies in the log; ``timestamp_ms`` is when the log took it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp_ms: int


class LogError(Exception):
    """The log could not do what was asked; nothing was acknowledged, though something may have been done."""


class Reader(Protocol):
    """Reads some partitions forward. Belongs to one task."""

    async def poll(self, *, max_records: int = 1000, timeout_s: float = 0.0) -> list[Record]:
        """Return the next records, at most ``max_records``; wait up to ``timeout_s`` while there are none.

        An empty list means that none lay there when the time was over, or that nobody could tell.

        Raises:
            LogError: the log cannot be read, an offset is not kept any more, or the reader is closed.
        """
        ...

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on from ``offset``; a partition not read so far joins, one set to -1 is left."""
        ...

    def positions(self) -> dict[TopicPartition, int]:
        """Return the next offset of every partition read."""
        ...

    async def close(self) -> None:
        """Let go of everything held."""
        ...


class Log(Protocol):
    """Topics with partitions, durable appends, readers and committed offsets."""

    @property
    def partitions(self) -> int:
        """The one partition count of all topics."""
        ...

    def partition_of(self, key: bytes) -> int:
        """Return the partition of ``key``: murmur2 as Kafka's default partitioner has it."""
        ...

    async def append(self, topic: str, drafts: Sequence[Draft]) -> list[Position]:
        """Append ``drafts`` in order and return their positions once they are durable.

        Raises:
            LogError: nothing was acknowledged.
        """
        ...

    def reader(self, start: Mapping[TopicPartition, int]) -> Reader:
        """Return a reader that starts at the given offsets."""
        ...

    async def end_offsets(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the offset that the next record of each partition will get."""
        ...

    async def beginning_offsets(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the lowest offset still kept of each partition."""
        ...

    async def commit(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        """Store, for ``group``, the next offset to read of each partition."""
        ...

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Return what ``group`` stored last."""
        ...

    async def close(self) -> None:
        """Finish what is in flight and let go."""
        ...
