"""Three brokers, each killed once under load: the workers go on, nothing is lost or doubled."""

from uuid import uuid4

import pytest

from streams.kafka.connection import KafkaConnection
from tests.kafka.cluster import RealKafka
from tests.kafka.crowd import Crowd, until_served
from tests.kafka.staff import PARTITIONS, Hire, both, log_on

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture
def connection(kafka3: RealKafka) -> KafkaConnection:
    return kafka3.apply(f"c{uuid4().hex[:8]}.", partitions=PARTITIONS)


@pytest.mark.timeout(600)
async def test_workers_outlive_every_broker_in_turn(kafka3: RealKafka, connection: KafkaConnection, hire: Hire) -> None:
    workers = await both(hire, session_timeout_s=30)
    async with log_on(connection) as log:
        crowd = Crowd(log)
        for broker in kafka3.brokers:
            broker.kill()
            await crowd.ask_everywhere()
            await until_served(log, crowd, patience_s=180)
            broker.start()
            kafka3.wait_until_ready()
        await crowd.ask_everywhere()
        book = await until_served(log, crowd, patience_s=180)
        book.check()
        assert all(worker.alive for worker in workers), [worker.output[-3000:] for worker in workers]
        for worker in workers:
            assert await worker.end() == 0
