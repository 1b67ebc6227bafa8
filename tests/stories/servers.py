"""A Cobuild as processes of its own, for stories: on the embedded log, or on real brokers."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.kafka.ports import free_ports
from tests.kafka.processes import POLICY, Cobuild


@contextmanager
def running(directory: Path, *arguments: str, **environment: str) -> Iterator[str]:
    """Run ``cobuild up`` with ``arguments`` in a directory; give its address."""
    port = free_ports(1)[0]
    policy = directory / "policy.toml"
    policy.write_text(POLICY)
    settings = {
        "COBUILD_DATA_DIR": str(directory / "data"),
        "COBUILD_PARTITIONS": "3",
        "COBUILD_POLICY": str(policy),
        "PATH": os.environ["PATH"],
    }
    process = Cobuild("up", *arguments, "--port", str(port), environment=settings | environment, directory=directory)
    try:
        process.wait_until("is up: http")
        yield f"http://127.0.0.1:{port}"
        assert process.end(signal.SIGTERM) == 0
    finally:
        process.close()
