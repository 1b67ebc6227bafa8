"""What the brokers know of topics and groups: ends, beginnings, committed offsets. By kafka-python's admin client."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from kafka import TopicPartition as KafkaPartition
from kafka.admin import OffsetSpec
from kafka.errors import GroupIdNotFoundError, KafkaError, RetriableError, for_code
from kafka.structs import OffsetAndMetadata

from streams.kafka.client import UNKNOWN_TOPIC, admin_client
from streams.kafka.connection import KafkaConnection
from streams.kafka.faults import described
from streams.log import LogError, TopicPartition

REQUEST_S: Final = 10.0
RECONNECT_MS: Final = 1_000
PAUSE_S: Final = 0.1

Result = TypeVar("Result")


class Offsets:
    """All calls block, and are made from any thread; a fault that may pass is borne for ``patience_s``."""

    def __init__(self, connection: KafkaConnection, *, client_id: str, patience_s: float) -> None:
        """Connect. Raises LogError where no broker answers."""
        self._connection = connection
        self._patience_s = patience_s
        self._lock = threading.Lock()
        wait_s = min(REQUEST_S, patience_s)
        self._admin = admin_client(
            connection,
            client_id=client_id,
            patience_s=wait_s,
            request_s=wait_s,
            reconnect_backoff_max_ms=RECONNECT_MS,
        )

    def check(self, topics: Iterable[str], *, partitions: int) -> None:
        """Raise LogError where a topic is missing or has another number of partitions."""
        names = [self._connection.topic(topic) for topic in topics]
        found = {entry["name"]: entry for entry in self._try(lambda: self._admin.describe_topics(names))}
        missing = [name for name in names if name not in found or found[name]["error_code"] == UNKNOWN_TOPIC]
        if missing:
            raise LogError(f"topics are missing: {', '.join(missing)}; make them with: cobuild topics apply")
        for name in names:
            count = len(found[name]["partitions"])
            if found[name]["error_code"]:
                raise LogError(f"{name} cannot be used: {described(for_code(found[name]['error_code'])())}")
            if count != partitions:
                raise LogError(
                    f"{name} has {count} partitions, not {partitions}: keys would change their partition. "
                    "Set COBUILD_PARTITIONS to its number"
                )

    def identity(self, topic: str) -> str:
        """Return the cluster's own id of a topic: another one once it is deleted and made anew. Raises LogError."""
        name = self._connection.topic(topic)
        return str(self._try(lambda: self._admin.describe_topics([name]))[0]["topic_id"])

    def ends(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offset that the next record of each partition will get. Raises LogError."""
        return self._try(lambda: self._listed(partitions, OffsetSpec.LATEST))

    def beginnings(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the lowest offset still kept of each partition. Raises LogError."""
        return self._try(lambda: self._listed(partitions, OffsetSpec.EARLIEST))

    def ends_now(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Return what ``ends`` returns, or raise KafkaError at the first fault."""
        with self._lock:
            return self._listed(partitions, OffsetSpec.LATEST)

    def beginnings_now(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Return what ``beginnings`` returns, or raise KafkaError at the first fault."""
        with self._lock:
            return self._listed(partitions, OffsetSpec.EARLIEST)

    def commit(self, group: str, offsets: Mapping[TopicPartition, int]) -> None:
        """Store offsets of a group that has no members. Raises LogError."""
        name = self._connection.topic(group)
        named = {self._theirs(place): OffsetAndMetadata(offset, "", -1) for place, offset in offsets.items()}
        self._try(lambda: _raise_first(self._admin.alter_group_offsets(name, named)))

    def committed(self, group: str) -> dict[TopicPartition, int]:
        """Return what a group stored last. Raises LogError."""
        name = self._connection.topic(group)
        try:
            found = self._try(lambda: self._admin.list_group_offsets({name: None})[name])
        except LogError as error:
            if isinstance(error.__cause__, GroupIdNotFoundError):
                return {}
            raise
        return {self._ours(place): stored.offset for place, stored in found.items() if stored.offset >= 0}

    def close(self) -> None:
        """Let go of the connections."""
        self._admin.close()

    def _listed(self, partitions: Sequence[TopicPartition], spec: Any) -> dict[TopicPartition, int]:
        asked = {self._theirs(place): spec for place in partitions}
        found = self._admin.list_partition_offsets(asked) if asked else {}
        return {place: found[self._theirs(place)].offset for place in partitions}

    def _try(self, ask: Callable[[], Result]) -> Result:
        until = time.monotonic() + self._patience_s
        while True:
            try:
                with self._lock:
                    return ask()
            except RetriableError as error:
                if time.monotonic() >= until:
                    raise LogError(f"Kafka did not answer for {self._patience_s:g} s: {described(error)}") from error
                time.sleep(PAUSE_S)
            except (KafkaError, OSError) as error:
                raise LogError(f"Kafka refused: {described(error)}") from error

    def _theirs(self, place: TopicPartition) -> Any:
        return KafkaPartition(self._connection.topic(place.topic), place.partition)

    def _ours(self, place: Any) -> TopicPartition:
        return TopicPartition(self._connection.name(place.topic), place.partition)


def _raise_first(told: Mapping[Any, type[Exception]]) -> None:
    """Raise the first error that was told of a partition."""
    for place, kind in told.items():
        if getattr(kind, "errno", 0):
            raise kind(f"{place.topic} partition {place.partition}")
