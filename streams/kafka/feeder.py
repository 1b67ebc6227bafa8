"""The thread that fetches for one reader.

1. It reads the partitions it is told, from the offsets it is told, and knows no group.
2. An offset below the first one kept is a failure of its partition, never a leap. One above the end is waited for,
   unless it was come to by reading: then the log has lost records, and that is a failure too.
3. While no broker answers it goes on trying, and tells so each ``patience_s``.
"""

import threading
import time
from collections.abc import Mapping
from typing import Final

from kafka.errors import KafkaError, OffsetOutOfRangeError, RetriableError

from streams.kafka.connection import KafkaConnection
from streams.kafka.faults import described
from streams.kafka.offsets import Offsets
from streams.kafka.shelf import Chunk, Seek, Shelf, Work
from streams.kafka.source import Source
from streams.log import LogError, Record, TopicPartition

POLL_MS: Final = 50
"""How long a wait for records lasts at most; a seek has to wait for its end, since nothing can cut it short."""
HASTE_MS: Final = 1
"""The same where nobody waits, or somebody asks whether there is anything."""
PAUSE_S: Final = 0.05


class Feeder:
    """Fills a shelf."""

    def __init__(
        self, shelf: Shelf, *, connection: KafkaConnection, offsets: Offsets, client_id: str, patience_s: float
    ) -> None:
        self._shelf = shelf
        self._connection = connection
        self._offsets = offsets
        self._client_id = client_id
        self._patience_s = patience_s
        self._source: Source | None = None
        self._epochs: dict[TopicPartition, int] = {}
        self._starts: dict[TopicPartition, int] = {}
        """Where to go on from; kept until the consumer knows it."""
        self._stray: dict[TopicPartition, int] = {}
        """Offsets that are not in the log."""
        self._moved: set[TopicPartition] = set()
        self._silent_since: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"kafka-reader-{client_id}", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until the thread has ended; blocks."""
        self._thread.join()

    def _run(self) -> None:
        try:
            while (work := self._shelf.wait()) is not None:
                self._step(work)
        except Exception as error:  # whatever it was, the reader must hear of it
            self._shelf.fail(LogError(f"reading failed: {described(error)}"))
        finally:
            if self._source is not None:
                self._source.close()

    def _step(self, work: Work) -> None:
        """Make the seeks, fetch, answer the question; bear what may pass."""
        self._note(work.seeks)
        try:
            source = self._assigned(bool(work.seeks))
            if self._stray:
                self._judge(source)
            if self._epochs:
                self._fetch(source, wait_s=work.wait_s)
            if work.question and self._shelf.is_empty and self._stands_at_the_ends(source):
                self._shelf.answer(work.question)
        except OffsetOutOfRangeError as error:
            self._stray |= {
                TopicPartition(self._connection.name(place.topic), place.partition): offset
                for place, offset in error.args[0].items()
            }
        except RetriableError as error:
            self._shelf.answer(work.question)
            self._bear(error)

    def _note(self, seeks: Mapping[TopicPartition, Seek]) -> None:
        for partition, (offset, epoch) in seeks.items():
            self._moved.discard(partition)
            self._stray.pop(partition, None)
            self._starts.pop(partition, None)
            self._epochs.pop(partition, None)
            if offset >= 0:
                self._starts[partition] = offset
                self._epochs[partition] = epoch

    def _assigned(self, changed: bool) -> Source:
        if self._source is None:
            topics = {partition.topic for partition in self._epochs}
            self._source = Source(self._connection, client_id=self._client_id, topics=topics)
        if changed or self._starts:
            self._source.assign(self._starts, beside=self._epochs.keys() - self._starts.keys())
            self._starts.clear()
        return self._source

    def _fetch(self, source: Source, *, wait_s: float) -> None:
        found = source.poll(min(POLL_MS, max(HASTE_MS, int(wait_s * 1000))))
        if found:
            self._silent_since = None
            self._moved.update(found)
        self._shelf.put([self._chunk(partition, records) for partition, records in found.items()])

    def _chunk(self, partition: TopicPartition, records: list[Record]) -> Chunk:
        return Chunk(
            partition=partition,
            epoch=self._epochs[partition],
            records=records,
            size=sum(len(record.value or b"") for record in records),
            next_offset=records[-1].offset + 1,
        )

    def _stands_at_the_ends(self, source: Source) -> bool:
        """Tell whether nothing is left to be fetched; what is no record (a transaction's mark) is passed over."""
        ends = self._offsets.ends_now(list(self._epochs))
        self._silent_since = None
        stands = {partition: source.position(partition) for partition in self._epochs}
        if any(stands[partition] < end for partition, end in ends.items()):
            return False
        self._shelf.put([Chunk(partition, self._epochs[partition], [], 0, stands[partition]) for partition in ends])
        return True

    def _judge(self, source: Source) -> None:
        """Wait for offsets that may come to be; fail for the others."""
        begins, ends = self._offsets.beginnings_now(list(self._stray)), self._offsets.ends_now(list(self._stray))
        for partition, offset in list(self._stray.items()):
            name = f"{partition.topic} partition {partition.partition}"
            source.pause(partition)
            if offset < begins[partition]:
                self._fail(partition, f"{name} begins at {begins[partition]}; offset {offset} is not kept any more")
            elif offset <= ends[partition]:
                del self._stray[partition]
                source.resume(partition)
            elif partition in self._moved:
                self._fail(
                    partition, f"{name} ends at {ends[partition]}, but was read up to {offset}: records are lost"
                )

    def _fail(self, partition: TopicPartition, trouble: str) -> None:
        del self._stray[partition]
        self._shelf.fail(LogError(trouble), partition=partition, epoch=self._epochs[partition])

    def _bear(self, error: KafkaError) -> None:
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
        elif now - self._silent_since >= self._patience_s:
            self._silent_since = now
            self._shelf.fail(
                LogError(f"Kafka could not be read for {self._patience_s:g} s: {described(error)}"), once=True
            )
        time.sleep(PAUSE_S)
