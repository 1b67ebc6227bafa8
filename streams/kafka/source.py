"""A consumer of kafka-python in our own words: topics, partitions and records of the log port, no group.

Belongs to one thread.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from kafka import KafkaConsumer
from kafka import TopicPartition as KafkaPartition
from kafka.net.compat import KafkaNetClient

from streams.kafka.connection import KafkaConnection
from streams.log import Record, TopicPartition

POLL_RECORDS: Final = 1000
FETCH_WAIT_MS: Final = 100
"""How long a broker keeps a request for which it has nothing; a seek has to wait for its end."""
FETCH_BYTES: Final = 16 * 1024 * 1024
PARTITION_BYTES: Final = 1024 * 1024
REQUEST_MS: Final = 10_000
BOOTSTRAP_MS: Final = 2_000
RECONNECT_MS: Final = 1_000
BACKOFF_MS: Final = 20


class Source:
    """Reads what it is assigned, from where it is told."""

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        client_id: str,
        topics: Iterable[str],
        fetch_wait_ms: int = FETCH_WAIT_MS,
    ) -> None:
        """Connect; ``topics`` are looked up at once. Raises KafkaError."""
        self._connection = connection
        self._ours: dict[Any, TopicPartition] = {}
        self._consumer: Any = KafkaConsumer(
            **connection.client_options(),
            client_id=client_id,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_poll_records=POLL_RECORDS,
            fetch_max_wait_ms=fetch_wait_ms,
            fetch_max_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=PARTITION_BYTES,
            request_timeout_ms=REQUEST_MS,
            bootstrap_timeout_ms=BOOTSTRAP_MS,
            reconnect_backoff_max_ms=RECONNECT_MS,
            retry_backoff_ms=BACKOFF_MS,
            metrics_enabled=False,
            kafka_client=partial(_client, {connection.topic(topic) for topic in topics}),
        )

    def assign(self, starts: Mapping[TopicPartition, int], *, beside: Iterable[TopicPartition] = ()) -> None:
        """Read ``starts`` from their offsets, ``beside`` from where they are, and nothing else."""
        self._ours = {self._theirs(partition): partition for partition in [*starts, *beside]}
        self._consumer.assign(list(self._ours))
        for partition, offset in starts.items():
            place = self._theirs(partition)
            self._consumer.resume(place)
            self._consumer.seek(place, offset)

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[Record]]:
        """Return the next records of some partitions.

        Raises:
            KafkaError: OffsetOutOfRangeError with a dict of what was asked for, or another one.
        """
        found = self._consumer.poll(timeout_ms=timeout_ms, max_records=POLL_RECORDS)
        return {self._ours[place]: _records(self._ours[place], records) for place, records in found.items()}

    def position(self, partition: TopicPartition) -> int:
        """Return the offset that would be fetched next."""
        return int(self._consumer.position(self._theirs(partition), timeout_ms=REQUEST_MS))

    def pause(self, partition: TopicPartition) -> None:
        """Fetch nothing of ``partition`` for now."""
        self._consumer.pause(self._theirs(partition))

    def resume(self, partition: TopicPartition) -> None:
        """Fetch it again."""
        self._consumer.resume(self._theirs(partition))

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close(autocommit=False, timeout_ms=0)

    def _theirs(self, partition: TopicPartition) -> Any:
        return KafkaPartition(self._connection.topic(partition.topic), partition.partition)


def _client(topics: set[str], **options: Any) -> Any:
    """Return a client that asks for the topics with its first request; a second one would wait for its turn."""
    client = KafkaNetClient(**options)
    client.cluster.set_topics(topics)
    return client


def _records(partition: TopicPartition, found: list[Any]) -> list[Record]:
    topic, number = partition
    return [
        Record(topic, number, each.offset, each.key, each.value, headers_of(each.headers), each.timestamp)
        for each in found
    ]


def headers_of(found: Any) -> Sequence[tuple[str, bytes]]:
    """Return headers as others may write them: a value may be null there, which is rare and read as empty."""
    for _, value in found:
        if value is None:
            return [(name, value or b"") for name, value in found]
    return found  # type: ignore[no-any-return]
