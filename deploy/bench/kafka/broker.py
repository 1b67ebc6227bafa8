"""A broker for one run of benchmarks: its own, on free ports, with empty disks; stopped and removed at the end."""

import itertools
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import NoReturn

from deploy.commands.terminal import err
from deploy.kafka.cluster import Cluster
from deploy.kafka.libs import fetch
from streams.kafka.admin import apply_topics
from streams.kafka.connection import KafkaConnection

PARTITIONS = 8

_numbers = itertools.count(1)


@contextmanager
def broker(jars: Path) -> Iterator[str]:
    """Yield the address of a broker; ``jars`` keeps Kafka between runs. Raises BrokerError, ToolMissingError.

    It is stopped at the end, and where we are asked to end by SIGTERM, which else would leave it running.
    """
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        with _started(jars) as bootstrap:
            yield bootstrap
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _started(jars: Path) -> Iterator[str]:
    with err.status("Starting Kafka ...") as status:
        libs = fetch(jars, progress=lambda line: status.update(f"Fetching Kafka (once): {line}"))
        directory = TemporaryDirectory(prefix="cobuild-bench-")
        cluster = Cluster(Path(directory.name), libs=libs)
        cluster.start(brokers=1)
    try:
        yield cluster.bootstrap
    finally:
        cluster.stop()
        directory.cleanup()


def _leave(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def fresh(bootstrap: str) -> KafkaConnection:
    """Return a connection to topics of ours that nobody has written to; they were made just now."""
    connection = KafkaConnection(bootstrap=tuple(bootstrap.split(",")), prefix=f"bench{next(_numbers)}.")
    apply_topics(connection, partitions=PARTITIONS)
    return connection
