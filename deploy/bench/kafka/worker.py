"""A real ``cobuild worker`` as a child process, with an instance name and a disk of its own."""

import os
from contextlib import AbstractContextManager
from pathlib import Path

from deploy.bench.kafka.broker import PARTITIONS
from deploy.bench.kafka.member import Member, member
from streams.kafka.connection import KafkaConnection


def worker(
    connection: KafkaConnection, *, instance: str, disk: Path, policy: Path | None = None
) -> AbstractContextManager[Member]:
    """Start a worker whose state lies on ``disk``; it is killed at the end."""
    disk.mkdir(parents=True, exist_ok=True)
    environment = {
        "COBUILD_KAFKA": ",".join(connection.bootstrap),
        "COBUILD_KAFKA_PREFIX": connection.prefix,
        "COBUILD_PARTITIONS": str(PARTITIONS),
        "COBUILD_INSTANCE": instance,
        "COBUILD_DATA_DIR": os.fspath(disk),
    }
    args = ["--policy", os.fspath(policy)] if policy else []
    return member("deploy", "worker", *args, said=disk / "worker.log", environment=environment)
