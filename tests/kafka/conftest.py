"""What every test of workers needs: topics of its own, the log on them, and workers as processes."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from tests.kafka.cluster import RealKafka
from tests.kafka.staff import PARTITIONS, Hire, hired, log_on


@pytest.fixture
def connection(kafka: RealKafka) -> KafkaConnection:
    return kafka.apply(f"c{uuid4().hex[:8]}.", partitions=PARTITIONS)


@pytest.fixture
async def log(connection: KafkaConnection) -> AsyncIterator[KafkaLog]:
    async with log_on(connection) as log:
        yield log


@pytest.fixture
def hire(connection: KafkaConnection, tmp_path: Path) -> Iterator[Hire]:
    with hired(connection, tmp_path) as hire:
        yield hire
