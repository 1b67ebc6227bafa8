"""The adapters that the contract of the log port is checked on: one entry in ``ADAPTERS`` each.

An adapter here is a place where a log lives: it can be opened several times, also at once, and makes topics that
nobody used before.
"""

import itertools
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient

from schemas.topics import MAX_MESSAGE_BYTES
from streams.embedded import EmbeddedLog
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.log import Log
from tests.fakes.log import FakeLog, FakeStore
from tests.kafka.cluster import RealKafka

PARTITIONS = 5


class LogPlace(Protocol):
    @property
    def partitions(self) -> int: ...

    async def open(self) -> Log: ...

    async def new_topic(self) -> str: ...


class EmbeddedPlace:
    partitions = PARTITIONS

    def __init__(self, directory: Path) -> None:
        self._path = directory / "log.sqlite3"
        self._numbers = itertools.count()

    async def open(self) -> Log:
        return EmbeddedLog(self._path, partitions=self.partitions)

    async def new_topic(self) -> str:
        return f"topic.{next(self._numbers)}"


class FakePlace:
    partitions = PARTITIONS

    def __init__(self) -> None:
        self._store = FakeStore()
        self._numbers = itertools.count()

    async def open(self) -> Log:
        return FakeLog(partitions=self.partitions, store=self._store)

    async def new_topic(self) -> str:
        return f"topic.{next(self._numbers)}"


class KafkaPlace:
    """Topics of its own, under a prefix, on brokers that all tests share."""

    partitions = PARTITIONS

    def __init__(self, connection: KafkaConnection) -> None:
        self.connection = connection
        self._admin = KafkaAdminClient(**connection.client_options())
        self._numbers = itertools.count()

    async def open(self) -> Log:
        return await KafkaLog.open(self.connection, partitions=self.partitions, client_id="contract", topics=())

    async def new_topic(self) -> str:
        name = f"topic.{next(self._numbers)}"
        self._admin.create_topics(
            {
                self.connection.topic(name): {
                    "num_partitions": self.partitions,
                    "replication_factor": 1,
                    "configs": {
                        "message.timestamp.type": "LogAppendTime",
                        "max.message.bytes": str(MAX_MESSAGE_BYTES),
                    },
                }
            },
            wait_for_metadata=True,
        )
        return name

    def close(self) -> None:
        self._admin.close()


@asynccontextmanager
async def embedded() -> AsyncIterator[LogPlace]:
    with tempfile.TemporaryDirectory() as directory:
        yield EmbeddedPlace(Path(directory))


@asynccontextmanager
async def fake() -> AsyncIterator[LogPlace]:
    yield FakePlace()


@asynccontextmanager
async def on_kafka(kafka: RealKafka) -> AsyncIterator[LogPlace]:
    place = KafkaPlace(kafka.connection(f"contract-{uuid4().hex[:12]}."))
    try:
        yield place
    finally:
        place.close()


ADAPTERS = ["embedded", "fake", pytest.param("kafka", marks=pytest.mark.kafka)]


def adapter(name: str, request: pytest.FixtureRequest) -> Callable[[], AbstractAsyncContextManager[LogPlace]]:
    """Return what makes a place; for Kafka the brokers of the session are started, or the test is skipped."""
    if name == "kafka":
        return partial(on_kafka, request.getfixturevalue("kafka"))
    return {"embedded": embedded, "fake": fake}[name]
