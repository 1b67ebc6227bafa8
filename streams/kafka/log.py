"""Apache Kafka behind the log port, by kafka-python: for the API, workers, projector and tools alike."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from schemas.topics import ROUNDS, TOPICS
from streams.kafka.connection import KafkaConnection
from streams.kafka.feeder import Feeder
from streams.kafka.offsets import Offsets
from streams.kafka.producer import Producer
from streams.kafka.reader import KafkaReader
from streams.log import Draft, LogError, Position, TopicPartition
from streams.partitioner import partition_of

PATIENCE_S: Final = 30.0
"""How long an append or a question may take."""
READER_PATIENCE_S: Final = 120.0
"""How long a reader bears that no broker answers before it says so."""
LINGER_MS: Final = 0

Result = TypeVar("Result")


class KafkaLog:
    """See ``streams.log.Log``. Belongs to one event loop; nothing here blocks it."""

    def __init__(
        self, connection: KafkaConnection, *, partitions: int, client_id: str, patience_s: float, offsets: Offsets
    ) -> None:
        """Use ``open``."""
        self._connection = connection
        self._partitions = partitions
        self._client_id = client_id
        self._patience_s = patience_s
        self._offsets = offsets
        self._asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kafka-ask")
        self._producer: Producer | None = None
        self._round_robin: defaultdict[str, Iterator[int]] = defaultdict(itertools.count)
        self._readers: set[KafkaReader] = set()
        self._closed = False

    @classmethod
    async def open(
        cls,
        connection: KafkaConnection,
        *,
        partitions: int,
        client_id: str,
        topics: Iterable[str] = tuple(topic.name for topic in TOPICS),
        patience_s: float = PATIENCE_S,
        linger_ms: int = LINGER_MS,
    ) -> "KafkaLog":
        """Connect, and see that ``topics`` are there with ``partitions`` partitions each.

        Raises:
            LogError: no broker answers, a topic is missing or has another partition count, or access is refused.
        """
        names = tuple(topics)
        offsets = await asyncio.to_thread(Offsets, connection, client_id=client_id, patience_s=patience_s)
        log = cls(connection, partitions=partitions, client_id=client_id, patience_s=patience_s, offsets=offsets)
        try:
            await log._ask(partial(offsets.check, names, partitions=partitions))
            producer = log._producer = await asyncio.to_thread(
                Producer, connection, client_id=client_id, patience_s=patience_s, linger_ms=linger_ms
            )
            await asyncio.to_thread(producer.warm, names)
        except BaseException:
            await log.close()
            raise
        return log

    @property
    def partitions(self) -> int:
        """The one partition count of all topics."""
        return self._partitions

    def partition_of(self, key: bytes) -> int:
        """Return the partition that Kafka's default partitioner picks for ``key``."""
        return partition_of(key, self._partitions)

    async def append(self, topic: str, drafts: Sequence[Draft]) -> list[Position]:
        """Append ``drafts`` and return their positions once all replicas in sync have them.

        Raises:
            LogError: nothing was appended, or it is not known what was; the text says which.
        """
        return await self._append(topic, [(self._partition(topic, draft.key), draft) for draft in drafts])

    async def append_to(self, topic: str, partition: int, drafts: Sequence[Draft]) -> list[Position]:
        """Append ``drafts`` to the partition given, whatever their keys; else as ``append``."""
        if not 0 <= partition < self._partitions:
            raise LogError(f"{topic} has no partition {partition} of {self._partitions}")
        return await self._append(topic, [(partition, draft) for draft in drafts])

    def reader(self, start: Mapping[TopicPartition, int]) -> KafkaReader:
        """Return a reader that starts at the given offsets; it connects by itself, while it is polled."""
        self._refuse_when_closed()
        feed = partial(
            Feeder,
            connection=self._connection,
            offsets=self._offsets,
            client_id=self._client_id,
            patience_s=READER_PATIENCE_S,
        )
        reader = KafkaReader(feed=feed, start=start, partitions=self._partitions, on_close=self._readers.discard)
        self._readers.add(reader)
        return reader

    async def end_offsets(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the offset that the next record of each partition will get. Raises LogError."""
        return await self._ask(partial(self._offsets.ends, self._all(topics)))

    async def beginning_offsets(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the lowest offset still kept of each partition. Raises LogError."""
        return await self._ask(partial(self._offsets.beginnings, self._all(topics)))

    async def identity(self) -> str:
        """Return what tells this log from every other, also from one of the same name before it. Raises LogError."""
        return await self._ask(partial(self._offsets.identity, ROUNDS.name))

    async def commit(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        """Store, for ``group``, the next offset to read of each partition.

        Raises:
            LogError: it has members, who commit themselves; or there is no such offset or partition.
        """
        wrong = [entry for entry in offsets.items() if entry[1] < 0 or not 0 <= entry[0].partition < self._partitions]
        if wrong:
            raise LogError(f"no such offset to commit: {wrong[0]}")
        await self._ask(partial(self._offsets.commit, group, dict(offsets)))

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Return what ``group`` stored last. Raises LogError."""
        return await self._ask(partial(self._offsets.committed, group))

    async def close(self) -> None:
        """Finish what is under way, close the readers and the clients."""
        if self._closed:
            return
        self._closed = True
        if self._producer is not None:
            await asyncio.to_thread(self._producer.close)
        for reader in tuple(self._readers):
            await reader.close()
        await asyncio.to_thread(self._asking.shutdown)
        await asyncio.to_thread(self._offsets.close)

    async def _append(self, topic: str, placed: list[tuple[int, Draft]]) -> list[Position]:
        if self._closed or self._producer is None:
            raise LogError("the log is closed")
        return await self._producer.append(topic, placed) if placed else []

    async def _ask(self, question: Callable[[], Result]) -> Result:
        self._refuse_when_closed()
        return await asyncio.get_running_loop().run_in_executor(self._asking, question)

    def _partition(self, topic: str, key: bytes | None) -> int:
        return next(self._round_robin[topic]) % self._partitions if key is None else self.partition_of(key)

    def _all(self, topics: Iterable[str]) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for topic in topics for number in range(self._partitions)]

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise LogError("the log is closed")
