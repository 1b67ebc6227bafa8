"""Appending: kafka-python's producer behind asyncio.

1. ``send`` copies each record into a batch; that is work, and it may wait for metadata, so it is done in one thread.
   The order of appends is the order in which they ask for that thread.
2. One batch of a partition is on its way at a time, numbered by the producer: what is sent again lies once, in order.
3. A caller is answered when each of its records is acknowledged by all replicas in sync, or has failed.
4. So many bytes may be under way; who comes then waits for room.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from kafka import KafkaProducer
from kafka.serializer import Serializer

from schemas.envelope import MAX_VALUE_BYTES
from schemas.topics import MAX_MESSAGE_BYTES
from streams.kafka.connection import KafkaConnection
from streams.kafka.delivery import Deliveries, Delivery
from streams.kafka.faults import told_as_log_errors
from streams.log import Draft, LogError, Position

BATCH_BYTES: Final = 256 * 1024
REQUEST_MS: Final = 10_000
RECONNECT_MS: Final = 1_000
UNIT_BYTES: Final = 16 * 1024
UNITS: Final = 4096
"""Bytes under way are counted in units; an append larger than all of them takes them all."""
HEADER_BYTES: Final = 10
"""What a header takes beside its name and value, at most."""
_NOTHING: Final = object()

Placed = tuple[int, Draft]


def connect(connection: KafkaConnection, *, client_id: str, patience_s: float, linger_ms: int = 0) -> Any:
    """Return a connected KafkaProducer that sends again for ``patience_s``; blocks.

    Raises:
        LogError: no broker answers, or what is set does not fit.
    """
    patience_ms = int(patience_s * 1000)
    with told_as_log_errors("Kafka cannot be reached"):
        return KafkaProducer(
            **connection.client_options(),
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=linger_ms,
            batch_size=BATCH_BYTES,
            max_request_size=MAX_MESSAGE_BYTES,
            max_block_ms=min(REQUEST_MS, patience_ms),
            request_timeout_ms=min(REQUEST_MS, patience_ms // 2),
            delivery_timeout_ms=patience_ms,
            bootstrap_timeout_ms=min(REQUEST_MS, patience_ms),
            reconnect_backoff_max_ms=RECONNECT_MS,
            allow_auto_create_topics=False,
            value_serializer=_Verbatim(),
            metrics_enabled=False,
        )


class Producer:
    """Belongs to one event loop."""

    def __init__(self, connection: KafkaConnection, *, client_id: str, patience_s: float, linger_ms: int) -> None:
        """Connect; blocks. ``patience_s`` is how long an append may take. Raises LogError as ``connect``."""
        self._producer = connect(connection, client_id=client_id, patience_s=patience_s, linger_ms=linger_ms)
        self._connection = connection
        self._patience_s = patience_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kafka-append")
        self._deliveries = Deliveries(on_settled=self._leave)
        self._gate = asyncio.Lock()
        self._room = asyncio.Semaphore(UNITS)

    def warm(self, topics: Sequence[str]) -> None:
        """Learn the partitions of ``topics``, so that no append has to wait for them; blocks. Raises LogError."""
        with told_as_log_errors("the topics cannot be looked up"):
            for topic in topics:
                self._producer.partitions_for(self._connection.topic(topic))

    async def append(self, topic: str, placed: Sequence[Placed]) -> list[Position]:
        """Append records to the partitions named; return where they lie.

        Raises:
            LogError: it says whether nothing was appended, or whether that is not known.
        """
        units = min(UNITS, 1 + sum(_size(draft) for _, draft in placed) // UNIT_BYTES)
        await self._enter(units)
        delivery = Delivery(self._deliveries, topic=topic, count=len(placed), units=units)
        try:
            self._thread.submit(self._send, delivery, self._connection.topic(topic), placed)
        except RuntimeError:
            self._leave(delivery)
            raise LogError("the log is closed") from None
        return await delivery.answer

    def close(self) -> None:
        """Finish what is under way, at most as long as an append may take; blocks."""
        self._thread.shutdown(wait=True)
        self._producer.close(timeout=self._patience_s)

    def _send(self, delivery: Delivery, topic: str, placed: Sequence[Placed]) -> None:
        place = 0
        try:
            for place, (partition, draft) in enumerate(placed):
                future = self._producer.send(
                    topic,
                    value=_NOTHING if draft.value is None else draft.value,
                    key=draft.key,
                    headers=list(draft.headers),
                    partition=partition,
                )
                future.add_callback(partial(delivery.taken, place))
                future.add_errback(delivery.failed)
        except Exception as error:
            delivery.unsent(len(placed) - place, error)

    async def _enter(self, units: int) -> None:
        async with self._gate:
            taken = 0
            try:
                while taken < units:
                    await self._room.acquire()
                    taken += 1
            except asyncio.CancelledError:
                self._release(taken)
                raise

    def _leave(self, delivery: Delivery) -> None:
        self._release(delivery.units)

    def _release(self, units: int) -> None:
        for _ in range(units):
            self._room.release()


class _Verbatim(Serializer):  # type: ignore[misc]
    """Lets a record without key and value pass, which ``send`` takes for a slip of its caller."""

    def serialize(self, topic: str, headers: object, data: object) -> object:
        return None if data is _NOTHING else data


def _size(draft: Draft) -> int:
    """Return the bytes of a record. Raises LogError where it cannot be written."""
    try:
        names = sum(len(name.encode()) for name, _ in draft.headers)
    except UnicodeEncodeError as error:
        raise LogError(f"a header name is no Unicode text: {error}") from None
    values = sum(len(value) for _, value in draft.headers)
    size = len(draft.key or b"") + len(draft.value or b"") + values
    if size > MAX_VALUE_BYTES:
        raise LogError(f"a record of {size} bytes is larger than the {MAX_VALUE_BYTES} that a record may have")
    whole = size + names + HEADER_BYTES * len(draft.headers)
    if whole + 1024 > MAX_MESSAGE_BYTES:
        raise LogError(f"a record of {whole} bytes is larger than a batch of {MAX_MESSAGE_BYTES} holds")
    return whole
