"""What lies between a reader and the thread that fetches for it.

1. A record counts as read when it is taken from the shelf: ``positions`` move then, not when it is fetched.
2. Every seek begins a new epoch of its partition; what was fetched in an earlier one is thrown away.
3. The thread fetches while a poll waits, and ahead of the next one while records flow, until the shelf is full;
   else it rests, so that it is at hand when something is asked of it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from streams.log import LogError, Record, TopicPartition

MOST_RECORDS: Final = 10_000
MOST_BYTES: Final = 16 * 1024 * 1024


class Seek(NamedTuple):
    """Go on from ``offset``, or leave the partition where it is -1."""

    offset: int
    epoch: int


class Work(NamedTuple):
    """What the thread has to do: seeks, how long to wait for records, and whether somebody asks for an answer."""

    seeks: dict[TopicPartition, Seek]
    wait_s: float
    question: int


class Chunk(NamedTuple):
    """Records of one partition in order; ``next_offset`` follows the last of them, past what is no record."""

    partition: TopicPartition
    epoch: int
    records: list[Record]
    size: int
    next_offset: int


class Shelf:
    """Shared by the event loop and one thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._positions: dict[TopicPartition, int] = {}
        self._epochs: dict[TopicPartition, int] = {}
        self._seeks: dict[TopicPartition, Seek] = {}
        self._chunks: deque[Chunk] = deque()
        self._records = self._bytes = 0
        self._failures: dict[TopicPartition | None, LogError] = {}
        self._passing: LogError | None = None
        self._asked = self._looked = 0
        self._wake: Callable[[], None] | None = None
        self._until = 0.0
        self._flowing = False
        self._closed = False

    # --- the reader's side ---

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on from ``offset``; -1 leaves the partition."""
        with self._changed:
            epoch = self._epochs[partition] = self._epochs.get(partition, 0) + 1
            self._seeks[partition] = Seek(offset, epoch)
            self._failures.pop(partition, None)
            if offset == -1:
                self._positions.pop(partition, None)
            else:
                self._positions[partition] = offset
            for chunk in [chunk for chunk in self._chunks if chunk.partition == partition]:
                self._chunks.remove(chunk)
                self._shrink(len(chunk.records), chunk.size)
            self._changed.notify()

    def positions(self) -> dict[TopicPartition, int]:
        """Return the next offset of every partition read."""
        with self._changed:
            return dict(self._positions)

    def take(self, most: int) -> list[Record]:
        """Take up to ``most`` records.

        Raises:
            LogError: a partition cannot be read, or the reader is closed.
        """
        with self._changed:
            if self._closed:
                raise LogError("the reader is closed")
            self._raise_failure()
            records: list[Record] = []
            while self._chunks and len(records) < most:
                records += self._take_from(self._chunks.popleft(), most - len(records))
            if records:
                self._changed.notify()
            return records

    def await_news(self, wake: Callable[[], None], *, seconds: float, question: int) -> None:
        """Have records fetched for so long; ``wake`` is called once there is something to see, from any thread."""
        with self._changed:
            self._until = time.monotonic() + seconds
            answered = 0 < question <= self._looked
            if answered or self._chunks or self._failures or self._passing or self._closed:
                wake()
            else:
                self._wake = wake
            self._changed.notify()

    def ask(self) -> int:
        """Have the thread look whether more lies in the log; return the number of the question."""
        with self._changed:
            self._asked += 1
            self._changed.notify()
            return self._asked

    @property
    def looked(self) -> int:
        """The last question that was answered with no."""
        return self._looked

    def close(self) -> None:
        """Let the thread end, and a poll that waits."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            self._tell()

    # --- the thread's side ---

    def wait(self) -> Work | None:
        """Wait until there is something to do, and return it. None: the reader is closed."""
        with self._changed:
            self._changed.wait_for(self._is_busy)
            if self._closed:
                return None
            seeks, self._seeks = self._seeks, {}
            question = self._asked if self._asked > self._looked else 0
            wait_s = 0.0 if question or self._wake is None else max(0.0, self._until - time.monotonic())
            return Work(seeks, wait_s, question)

    def put(self, chunks: list[Chunk]) -> None:
        """Lay what was fetched on the shelf."""
        with self._changed:
            self._flowing = bool(chunks)
            for chunk in chunks:
                if chunk.epoch == self._epochs[chunk.partition]:
                    self._chunks.append(chunk)
                    self._shrink(-len(chunk.records), -chunk.size)
            if self._chunks:
                self._tell()

    def fail(
        self, failure: LogError, *, partition: TopicPartition | None = None, epoch: int = 0, once: bool = False
    ) -> None:
        """Have every poll raise ``failure`` until a seek of its partition, for good where there is none; or one."""
        with self._changed:
            if once:
                self._passing = failure
            elif partition is None or epoch == self._epochs[partition]:
                self._failures[partition] = failure
            self._tell()

    def answer(self, question: int) -> None:
        """There is nothing more to be read now."""
        with self._changed:
            self._looked = max(self._looked, question)
            self._tell()

    @property
    def is_empty(self) -> bool:
        """Whether everything fetched was taken."""
        return not self._chunks

    def _is_busy(self) -> bool:
        full = self._records >= MOST_RECORDS or self._bytes >= MOST_BYTES
        awaited = self._wake is not None and time.monotonic() < self._until
        wanted = bool(self._positions) and (awaited or (self._flowing and not full))
        return bool(self._closed or self._seeks or self._asked > self._looked or wanted)

    def _raise_failure(self) -> None:
        passing, self._passing = self._passing, None
        for failure in [*self._failures.values(), *([passing] if passing else [])]:
            raise LogError(str(failure)) from failure

    def _take_from(self, chunk: Chunk, most: int) -> list[Record]:
        if len(chunk.records) <= most:
            self._positions[chunk.partition] = chunk.next_offset
            self._shrink(len(chunk.records), chunk.size)
            return chunk.records
        taken, rest = chunk.records[:most], chunk.records[most:]
        self._positions[chunk.partition] = rest[0].offset
        part = chunk.size * len(taken) // len(chunk.records)
        self._chunks.appendleft(chunk._replace(records=rest, size=chunk.size - part))
        self._shrink(len(taken), part)
        return taken

    def _shrink(self, records: int, size: int) -> None:
        self._records -= records
        self._bytes -= size

    def _tell(self) -> None:
        wake, self._wake = self._wake, None
        if wake is not None:
            wake()
