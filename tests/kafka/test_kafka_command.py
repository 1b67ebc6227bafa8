"""``cobuild kafka``: started, found running, killed, started again on its data, stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from typer.testing import CliRunner, Result

from deploy.command import app
from deploy.kafka.cluster import Cluster
from deploy.kafka.ports import free_ports, is_free
from tests.kafka.cluster import libs
from tests.kafka.guard import guarded

pytestmark = pytest.mark.kafka
ROOT = Path(__file__).parents[2]


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data directory whose cluster ends with the test; the jars are those that all tests share."""
    directory = tmp_path / "kafka"
    directory.mkdir()
    (directory / "libs").symlink_to(libs())
    with guarded(directory):
        yield tmp_path
        Cluster(directory, libs=directory / "libs").stop()


def kafka(task: str, data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["kafka", task, "--data-dir", str(data_dir), *arguments], env={"COLUMNS": "200"})


def running(data_dir: Path) -> tuple[str, list[int | None]]:
    told = json.loads(kafka("status", data_dir, "--json").output)
    return told["bootstrap"], [broker["pid"] for broker in told["brokers"]]


def test_it_starts_once_survives_kill_9_and_stops(data_dir: Path) -> None:
    (port,) = free_ports(1)
    started = kafka("start", data_dir, "--port", str(port))
    assert started.exit_code == 0, started.output
    assert f"is up at 127.0.0.1:{port}" in started.output
    bootstrap, (pid,) = running(data_dir)
    assert pid is not None
    assert os.getsid(pid) == pid, "it would end with the terminal"

    again = kafka("start", data_dir)
    assert (again.exit_code, "runs already" in again.output) == (0, True)
    assert running(data_dir) == (bootstrap, [pid])
    write(bootstrap, b"before the kill")

    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while (status := kafka("status", data_dir)).exit_code == 0:  # it takes an instant to end
        assert time.monotonic() < deadline
    assert (status.exit_code, "stopped" in status.output) == (1, True)
    assert kafka("start", data_dir).exit_code == 0
    assert running(data_dir)[0] == bootstrap
    assert read(bootstrap) == [b"before the kill"]

    assert "has stopped (1 brokers)" in kafka("stop", data_dir).output
    assert is_free(port)
    assert "No Kafka of ours runs" in kafka("stop", data_dir).output


def test_a_cluster_keeps_its_size(data_dir: Path) -> None:
    assert kafka("start", data_dir, "--brokers", "2").exit_code == 1
    assert kafka("start", data_dir).exit_code == 0
    kafka("stop", data_dir)
    refused = kafka("start", data_dir, "--brokers", "3")
    assert refused.exit_code == 1
    assert "has 1 broker(s), with their data" in refused.output


def test_ctrl_c_while_it_starts_leaves_no_broker(data_dir: Path) -> None:
    command = [sys.executable, "-m", "deploy", "kafka", "start", "--data-dir", str(data_dir)]
    pid_file = data_dir / "kafka" / "broker-1" / "pid"
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as starting:
        deadline = time.monotonic() + 60
        while not (pid_file.exists() and pid_file.read_text().strip()):
            assert starting.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        pid = int(pid_file.read_text())
        starting.send_signal(signal.SIGINT)
        assert starting.wait(60) != 0
    assert running(data_dir)[1] == [None]
    assert not Path(f"/proc/{pid}").exists()


def test_nothing_started_yet_is_said(data_dir: Path) -> None:
    told = kafka("status", data_dir)
    assert told.exit_code == 1
    assert "cobuild kafka start" in told.output


TOPIC = "kept"


def write(bootstrap: str, value: bytes) -> None:
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        admin.create_topics({TOPIC: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    producer.send(TOPIC, value=value).get(timeout=30)
    producer.close()


def read(bootstrap: str) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    place = TopicPartition(TOPIC, 0)
    consumer.assign([place])
    consumer.seek(place, 0)
    values = [record.value for records in consumer.poll(timeout_ms=30_000).values() for record in records]
    consumer.close()
    return values
