"""The brokers of our own, really started."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from deploy.kafka.cluster import Cluster
from tests.kafka.cluster import RealKafka, libs
from tests.kafka.guard import guarded

pytestmark = pytest.mark.kafka


def unfenced(bootstrap: str) -> set[int]:
    with KafkaAdminClient(bootstrap_servers=bootstrap.split(",")) as admin:
        return {broker["broker_id"] for broker in admin.describe_cluster()["brokers"] if not broker["is_fenced"]}


def test_one_broker_answers(kafka: RealKafka) -> None:
    assert unfenced(kafka.bootstrap) == {1}


def test_three_brokers_answer(kafka3: RealKafka) -> None:
    assert unfenced(kafka3.bootstrap) == {1, 2, 3}


def test_a_killed_broker_comes_back(kafka3: RealKafka) -> None:
    broker = kafka3.brokers[1]
    before = broker.pid
    assert broker.kill()
    assert broker.pid is None
    assert broker.start()
    kafka3.wait_until_ready()
    assert broker.pid not in (None, before)


def test_a_test_may_leave_a_broker_dead(kafka3: RealKafka) -> None:
    assert kafka3.brokers[2].kill()
    assert kafka3.cluster.running == 2


def test_the_next_one_finds_it_alive(kafka3: RealKafka) -> None:
    assert unfenced(kafka3.bootstrap) == {1, 2, 3}
    assert all(broker.pid for broker in kafka3.brokers)


def test_two_starts_at_once_are_one(tmp_path: Path) -> None:
    with guarded(tmp_path), ThreadPoolExecutor() as threads:
        clusters = [Cluster(tmp_path, libs=libs()) for _ in range(2)]
        try:
            begun = list(threads.map(lambda cluster: cluster.start(), clusters))
            assert sorted(begun) == [False, True]
            assert clusters[0].bootstrap == clusters[1].bootstrap
            assert unfenced(clusters[0].bootstrap) == {1}
        finally:
            clusters[0].stop()
