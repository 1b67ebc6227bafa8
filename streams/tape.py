"""One topic of one partition, read forward as far as asked: what replay and backtests go through."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from streams.log import LogError, Reader, Record, TopicPartition

RECORD_WAIT_S = 30.0
AT_ONCE = 2_000


class Readers(Protocol):
    """Where readers come from: any log."""

    def reader(self, start: Mapping[TopicPartition, int]) -> Reader:
        """Return a reader that starts at the given offsets."""
        ...


class Tape:
    """Reads many records at a time, each once."""

    def __init__(self, log: Readers, place: TopicPartition, end: int) -> None:
        """Prepare; ``end`` is the offset after the last record to be read."""
        self.position, self.end = 0, end
        self._log, self._place = log, place
        self._reader: Reader | None = None

    async def up_to(self, offset: int) -> AsyncIterator[Record]:
        """Yield at least the records before ``offset`` that were not yielded yet. Raises LogError."""
        while self.position < min(offset, self.end):
            if self._reader is None:  # on Kafka each reader is a client of its own: where nothing lies, none
                self._reader = self._log.reader({self._place: 0})
            records = await self._reader.poll(max_records=AT_ONCE, timeout_s=RECORD_WAIT_S)
            if not records:
                raise LogError(f"the record at offset {self.position} does not come")
            self.position = records[-1].offset + 1
            for record in records:
                yield record

    async def close(self) -> None:
        """Let go of the reader; the log stays open."""
        if self._reader is not None:
            await self._reader.close()
