"""Snapshots on Kafka, so that another machine can take a partition over: see ``streams.snapshots.SnapshotStore``.

1. A blob ``p3/…`` is packed and cut into chunks in partition 3 of the snapshots topic. A manifest is one record in
   partition 3 of the manifests topic, which also holds the offsets of every chunk that its writer knew.
2. So a reader looks at the last records of one partition and seeks; nothing is scanned.
3. Several may write at once, a zombie too. Whoever reads takes any manifest, and any blob whose digest fits: what one
   of them wrote over is found elsewhere or counts as lost, which costs time, never truth.
4. Nobody deletes what another writer's manifest, among the last records, names.
"""

import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
from kafka.errors import KafkaError

from schemas.topics import MANIFESTS, SNAPSHOTS
from streams.kafka.connection import KafkaConnection
from streams.kafka.faults import described
from streams.kafka.fetch import Fetcher
from streams.kafka.index import LEVEL, Blob, Index, Seen, digest_of, free_slot, pack, subject_of, unpack
from streams.kafka.offsets import Offsets
from streams.kafka.producer import connect
from streams.log import LogError, Record, TopicPartition
from streams.manifest import is_manifest

CHUNK_BYTES: Final = 900_000
WINDOW: Final = 32
"""So many offsets at the end of a manifests partition are looked at: two for each manifest that is written."""
UNDER_WAY: Final = 16
"""Chunks that may be sent and not yet acknowledged."""
PATIENCE_S: Final = 10.0

log = structlog.get_logger(__name__)


class KafkaSnapshots:
    """Blobs on Kafka; threads take turns. ``writer`` tells workers apart, such as their instance."""

    def __init__(
        self, connection: KafkaConnection, *, partitions: int, writer: str = "", patience_s: float = PATIENCE_S
    ) -> None:
        """Connects when first used. Every call raises OSError where the brokers do not answer for ``patience_s``."""
        self._connection = connection
        self._partitions = partitions
        self._writer = writer
        self._patience_s = patience_s
        self._turn = threading.RLock()
        self._clients: _Clients | None = None
        self._windows: dict[int, tuple[int, list[Seen]]] = {}
        self._written: dict[int, dict[str, Blob]] = {}
        self._gone: dict[int, set[str]] = {}

    def write(self, name: str, data: bytes) -> None:
        """Keep ``data``; when this returns, all replicas in sync have it."""
        with self._working(name) as (clients, partition):
            if is_manifest(name):
                self._look(clients, partition)
                index = Index(writer=self._writer, blobs=self._blobs(partition))
                _sent(clients.send(MANIFESTS.name, partition, name.encode(), pack(index, data)), self._patience_s)
            else:
                self._written.setdefault(partition, {})[name] = self._write_blob(clients, name, partition, data)
                self._gone.get(partition, set()).discard(name)

    def read(self, name: str) -> bytes | None:
        """Return what was written, or None where there is nothing, or something else than was written."""
        with self._working(name) as (clients, partition):
            if is_manifest(name):
                self._look(clients, partition)
                return self._manifests(partition).get(name)
            if name not in self._blobs(partition):
                self._look(clients, partition)
            for blob in self._candidates(partition, name):
                data = self._read_blob(clients, partition, blob)
                if data is not None:
                    return data
                log.warning("snapshot on Kafka is damaged or written over; it is left aside", name=name)
            return None

    def names(self, prefix: str) -> list[str]:
        """Return the names that begin with ``prefix``, sorted."""
        found: set[str] = set()
        for folder in [f"p{number}/" for number in range(self._partitions)]:
            if folder.startswith(prefix[: len(folder)]):
                with self._working(folder) as (clients, partition):
                    self._look(clients, partition)
                    found |= {*self._manifests(partition), *self._blobs(partition)}
        return sorted(name for name in found if name.startswith(prefix))

    def delete(self, name: str) -> None:
        """Have Kafka forget ``name`` when it compacts, unless another writer names it; not waited for."""
        with self._working(name) as (clients, partition):
            if is_manifest(name):
                clients.forget(MANIFESTS.name, partition, [name.encode()])
                return
            blob = self._blobs(partition).get(name)
            named = (name in index.blobs for index in self._indexes(partition) if index.writer != self._writer)
            if blob is not None and not any(named):
                clients.forget(SNAPSHOTS.name, partition, blob.keys())
                self._written.get(partition, {}).pop(name, None)
                self._gone.setdefault(partition, set()).add(name)

    def close(self) -> None:
        """Finish what is under way, let go of the connections; the next call would connect again."""
        with self._turn:
            clients, self._clients = self._clients, None
            if clients is not None:
                clients.close()

    @contextmanager
    def _working(self, name: str) -> Iterator[tuple["_Clients", int]]:
        """Take a turn at the partition of ``name``; what it held last is known then, be it of some time ago."""
        partition = self._partition(name)
        with self._turn:
            try:
                if self._clients is None:
                    self._clients = _Clients(self._connection, patience_s=self._patience_s, name=self._writer)
                if partition not in self._windows:
                    self._look(self._clients, partition)
                yield self._clients, partition
            except (LogError, KafkaError) as error:
                raise OSError(f"snapshots on Kafka: {described(error)}") from error

    def _partition(self, name: str) -> int:
        number = name.partition("/")[0].removeprefix("p")
        if not number.isdecimal() or int(number) >= self._partitions:
            raise ValueError(f"{name!r} names no partition of {self._partitions}")
        return int(number)

    def _write_blob(self, clients: "_Clients", name: str, partition: int, data: bytes) -> Blob:
        packed, subject = zlib.compress(data, LEVEL), subject_of(name)
        slot = free_slot(self._blobs(partition).values(), subject=subject, writer=self._writer)
        chunks = [packed[at : at + CHUNK_BYTES] for at in range(0, len(packed), CHUNK_BYTES)]
        places = tuple(range(len(chunks)))
        blob = Blob(subject=subject, writer=self._writer, slot=slot, digest=digest_of(data), offsets=places)
        sending: list[Any] = []
        offsets: list[int] = []
        for key, chunk in zip(blob.keys(), chunks, strict=True):
            sending.append(clients.send(SNAPSHOTS.name, partition, key, chunk))
            if len(sending) - len(offsets) > UNDER_WAY:
                offsets.append(_sent(sending[len(offsets)], self._patience_s))
        offsets += [_sent(future, self._patience_s) for future in sending[len(offsets) :]]
        return blob.model_copy(update={"offsets": tuple(offsets)})

    def _read_blob(self, clients: "_Clients", partition: int, blob: Blob) -> bytes | None:
        parts = []
        for key, offset in zip(blob.keys(), blob.offsets, strict=True):
            record = clients.record(TopicPartition(SNAPSHOTS.name, partition), offset)
            if record is None or record.key != key:
                return None
            parts.append(record.value or b"")
        try:
            data = zlib.decompress(b"".join(parts))
        except zlib.error:
            return None
        return data if digest_of(data) == blob.digest else None

    def _look(self, clients: "_Clients", partition: int) -> None:
        """Learn the last records of the manifests partition; of those, only what is new is read."""
        place = TopicPartition(MANIFESTS.name, partition)
        begin, end = clients.offsets.beginnings([place])[place], clients.offsets.ends([place])[place]
        read_to, before = self._windows.get(partition, (0, []))
        oldest = max(begin, end - WINDOW)
        kept = [seen for seen in before if oldest <= seen.offset < end]
        new = [clients.record(place, offset) for offset in range(max(oldest, read_to), end)]
        self._windows[partition] = end, [*kept, *(unpack(record) for record in new if record is not None)]

    def _manifests(self, partition: int) -> dict[str, bytes]:
        """Return the manifests that are not deleted."""
        newest = {seen.name: seen.data for seen in self._windows[partition][1]}
        return {name: data for name, data in newest.items() if data is not None}

    def _indexes(self, partition: int) -> list[Index]:
        """Return what the last manifests say, oldest first; those that were deleted too."""
        return [seen.known for seen in self._windows[partition][1] if seen.known is not None]

    def _known(self, partition: int) -> list[dict[str, Blob]]:
        """Return what each writer knew when it wrote last, and first what this one has written since."""
        newest = {index.writer: index.blobs for index in self._indexes(partition)}
        gone = self._gone.get(partition, set())
        told = [{name: blob for name, blob in blobs.items() if name not in gone} for blobs in newest.values()]
        return [self._written.get(partition, {}), *told]

    def _blobs(self, partition: int) -> dict[str, Blob]:
        return {name: blob for blobs in reversed(self._known(partition)) for name, blob in blobs.items()}

    def _candidates(self, partition: int, name: str) -> Iterable[Blob]:
        """Return where a blob may lie: two writers may have written the same."""
        return dict.fromkeys(blobs[name] for blobs in self._known(partition) if name in blobs)


class _Clients:
    """What talks to the brokers."""

    def __init__(self, connection: KafkaConnection, *, patience_s: float, name: str) -> None:
        self._connection = connection
        self._patience_s = patience_s
        self._client_id = f"snapshots-{name}"
        self.offsets = Offsets(connection, client_id=self._client_id, patience_s=patience_s)
        self._producer = connect(connection, client_id=self._client_id, patience_s=patience_s)
        topics = [SNAPSHOTS.name, MANIFESTS.name]
        self._fetcher = Fetcher(connection, client_id=self._client_id, topics=topics, offsets=self.offsets)

    def send(self, topic: str, partition: int, key: bytes, value: bytes | None) -> Any:
        return self._producer.send(self._connection.topic(topic), key=key, value=value, partition=partition)

    def forget(self, topic: str, partition: int, keys: list[bytes]) -> None:
        for key in keys:
            self.send(topic, partition, key, None).add_errback(_warn)

    def record(self, partition: TopicPartition, offset: int) -> Record | None:
        return self._fetcher.record(partition, offset, patience_s=self._patience_s)

    def close(self) -> None:
        closing: list[Callable[[], None]] = [
            lambda: self._producer.close(timeout=self._patience_s),
            self._fetcher.close,
            self.offsets.close,
        ]
        for close in closing:
            close()


def _sent(future: Any, patience_s: float) -> int:
    """Wait until a record is acknowledged; return its offset. Raises KafkaError."""
    return int(future.get(timeout=2 * patience_s).offset)


def _warn(error: BaseException) -> None:
    log.warning("an old snapshot could not be deleted on Kafka", error=described(error))
