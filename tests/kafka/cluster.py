"""Real brokers for tests: ``kafka`` is one broker that lives as long as the session, ``kafka3`` three, for a file.

Without Java, Maven or the jars the tests skip and say so; with ``COBUILD_REQUIRE=kafka`` (as in CI) they fail.
Nothing is left running: at the end, at Ctrl-C, and even when this process is killed (``guard``).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.kafka.broker import Broker
from deploy.kafka.cluster import Cluster
from deploy.kafka.errors import ToolMissingError
from deploy.kafka.libs import fetch
from deploy.kafka.ready import wait_until_ready
from streams.kafka.admin import apply_topics
from streams.kafka.connection import KafkaConnection
from tests.kafka.guard import guarded
from tests.kafka.haste import hasten

LIBS = Path(__file__).parents[2] / ".kafka" / "libs"
"""Kept between runs, so that the jars are fetched once."""
hasten(LIBS)


class RealKafka:
    """A running cluster that tests share: each takes a topic prefix of its own."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    @property
    def bootstrap(self) -> str:
        """``HOST:PORT`` of every broker, with commas."""
        return self.cluster.bootstrap

    @property
    def brokers(self) -> tuple[Broker, ...]:
        """Each with ``kill()``, ``stop()``, ``start()`` (which does not wait: see ``wait_until_ready``) and ``pid``."""
        return self.cluster.brokers

    def wait_until_ready(self) -> None:
        """Wait until every broker answers and is unfenced."""
        wait_until_ready(self.brokers)

    def connection(self, prefix: str = "") -> KafkaConnection:
        """Return how to reach the cluster, under ``prefix`` (such as ``mine.``)."""
        return KafkaConnection(bootstrap=tuple(self.bootstrap.split(",")), prefix=prefix)

    def apply(self, prefix: str, *, partitions: int = 3) -> KafkaConnection:
        """Make all our topics under ``prefix`` and return how to reach them. Blocks for a moment."""
        connection = self.connection(prefix)
        apply_topics(connection, partitions=partitions)
        return connection


def libs() -> Path:
    """Return the directory of Kafka's jars; skip the test where they cannot be had, or fail it where they must."""
    try:
        return fetch(LIBS)
    except ToolMissingError as error:
        reason = f"no Kafka: {error}"
    if "kafka" in os.environ.get("COBUILD_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running(directory: Path, *, brokers: int) -> Iterator[RealKafka]:
    """Run a cluster in ``directory``, for tests that want one of their own; in the end only its logs are left."""
    cluster = Cluster(directory, libs=libs())
    with guarded(directory):
        try:
            cluster.start(brokers=brokers)
            yield RealKafka(cluster)
        finally:
            cluster.kill()
            for broker in cluster.brokers:
                shutil.rmtree(broker.data, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealKafka]:
    """One broker."""
    with running(tmp_path_factory.mktemp("kafka"), brokers=1) as cluster:
        yield cluster


@pytest.fixture(scope="module")  # three brokers at rest take a tenth of a processor
def kafka3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealKafka]:
    """Three brokers: replication 3, two must have a record before it is acknowledged."""
    with running(tmp_path_factory.mktemp("kafka3"), brokers=3) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def _whole_again(request: pytest.FixtureRequest) -> Iterator[None]:
    """Start what a test killed or stopped of the shared brokers, so that the next test finds all of them."""
    yield
    for shared in request.node.funcargs.values():
        if isinstance(shared, RealKafka) and shared.cluster.running < len(shared.brokers):
            shared.cluster.start()


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever asks for a broker, so that nobody forgets it."""
    for item in items:
        if {"kafka", "kafka3"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kafka)
