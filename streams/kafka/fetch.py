"""Reading single records by their offsets, one after another; for one thread at a time."""

import time
from collections import deque
from collections.abc import Iterable
from typing import Final

from kafka.errors import KafkaError, OffsetOutOfRangeError

from streams.kafka.connection import KafkaConnection
from streams.kafka.faults import described
from streams.kafka.offsets import Offsets
from streams.kafka.source import Source
from streams.log import LogError, Record, TopicPartition

NEAR: Final = 8
"""So many records are read and left aside rather than sought past."""
FETCH_WAIT_MS: Final = 10
POLL_MS: Final = 20


class Fetcher:
    """Stands somewhere in one partition; goes on from there where the next record asked for is near."""

    def __init__(self, connection: KafkaConnection, *, client_id: str, topics: Iterable[str], offsets: Offsets) -> None:
        """Connect. Raises KafkaError."""
        self._source = Source(connection, client_id=client_id, topics=topics, fetch_wait_ms=FETCH_WAIT_MS)
        self._offsets = offsets
        self._partition: TopicPartition | None = None
        self._next = 0
        self._ahead: deque[Record] = deque()

    def record(self, partition: TopicPartition, offset: int, *, patience_s: float) -> Record | None:
        """Return the record at ``offset``, None where there is none any more.

        Raises:
            LogError: no broker told within ``patience_s``.
        """
        if partition != self._partition or not self._next <= offset <= self._next + NEAR:
            self._go_to(partition, offset)
        until = time.monotonic() + patience_s
        while True:
            while self._ahead and self._ahead[0].offset < offset:
                self._ahead.popleft()
            if self._ahead or self._is_over(partition, offset):
                self._next = offset + 1
                return self._ahead.popleft() if self._ahead and self._ahead[0].offset == offset else None
            if time.monotonic() > until:
                raise LogError(f"{partition.topic} could not be read for {patience_s:g} s")

    def close(self) -> None:
        """Let go of the connections."""
        self._source.close()

    def _go_to(self, partition: TopicPartition, offset: int) -> None:
        self._ahead.clear()
        self._source.assign({partition: offset})
        self._partition, self._next = partition, offset

    def _is_over(self, partition: TopicPartition, offset: int) -> bool:
        """Fetch more; tell whether nothing lies at ``offset`` nor will come to."""
        try:
            self._ahead.extend(self._source.poll(POLL_MS).get(partition, ()))
            if self._ahead:
                return False
            return self._source.position(partition) > offset or self._offsets.ends([partition])[partition] <= offset
        except OffsetOutOfRangeError:
            self._partition = None
            return True
        except KafkaError as error:
            raise LogError(f"{partition.topic} could not be read: {described(error)}") from error
