"""Real events of many districts as records, and bringing them into topics as fast as kafka-python does."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from kafka import KafkaProducer

from deploy.bench.events import many_districts
from schemas.base import Fact
from schemas.catalogue import load_catalogue
from schemas.envelope import Event, encode
from streams.kafka.connection import KafkaConnection
from streams.log import Draft

Placed = tuple[str, Draft]
"""A topic of ours and what goes there."""


@lru_cache(maxsize=1)
def records(count: int) -> list[Placed]:
    """Return ``count`` offers and demands of one district after another."""
    return [placed(event) for event in islice(many_districts(load_catalogue()), count)]


def placed(event: Event[Fact]) -> Placed:
    """Return the record of an event."""
    key, headers, value = encode(event)
    return event.topic.name, Draft(key, value, headers)


def send(connection: KafkaConnection, placed: Iterable[Placed]) -> None:
    """Send all; return once they are acknowledged. Raises KafkaError."""
    producer = KafkaProducer(
        **connection.client_options(), linger_ms=5, batch_size=256 * 1024, max_request_size=8 * 1024 * 1024
    )
    failures: list[Exception] = []
    try:
        for topic, draft in placed:
            future = producer.send(
                connection.topic(topic), key=draft.key, value=draft.value, headers=list(draft.headers)
            )
            future.add_errback(failures.append)
        producer.flush()
    finally:
        producer.close()
    if failures:
        raise failures[0]
