"""The files and processes of a broker, without a broker."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.kafka import process
from deploy.kafka.broker import Broker
from deploy.kafka.cluster import Cluster, chosen
from deploy.kafka.errors import BrokerError
from deploy.kafka.ports import free_ports, is_free
from deploy.kafka.properties import Node, server_properties


def properties(count: int, **extra: str) -> dict[str, str]:
    nodes = [Node(id=i + 1, port=9092 + i, controller_port=9192 + i) for i in range(count)]
    text = server_properties(nodes[0], nodes, data=Path("/data"), extra=extra)
    return dict(line.split("=", 1) for line in text.splitlines())


def test_one_broker_keeps_everything_once() -> None:
    values = properties(1)
    assert values["controller.quorum.voters"] == "1@127.0.0.1:9192"
    assert {value for name, value in values.items() if name.endswith(("replication.factor", "min.isr"))} == {"1"}
    assert values["min.insync.replicas"] == "1"
    assert values["auto.create.topics.enable"] == "false"


def test_three_brokers_keep_everything_thrice_and_two_must_have_it() -> None:
    values = properties(3)
    assert values["controller.quorum.voters"] == "1@127.0.0.1:9192,2@127.0.0.1:9193,3@127.0.0.1:9194"
    assert {value for name, value in values.items() if name.endswith("replication.factor")} == {"3"}
    assert {value for name, value in values.items() if name.endswith(("min.isr", "min.insync.replicas"))} == {"2"}
    assert {value for name, value in values.items() if name.endswith("num.partitions")} == {"4"}
    assert values["broker.session.timeout.ms"] == "6000"


def test_what_a_test_wants_goes_over_what_we_say() -> None:
    assert properties(1, **{"min.insync.replicas": "2"})["min.insync.replicas"] == "2"


def test_only_loopback_is_listened_on() -> None:
    for name in ("listeners", "advertised.listeners"):
        assert all("//127.0.0.1:" in listener for listener in properties(3)[name].split(","))


def test_a_given_port_is_the_first_of_a_row() -> None:
    port = free_ports(1)[0]
    while not all(is_free(port + i) for i in range(6)):
        port = free_ports(1)[0]
    nodes = chosen(3, before=(), port=port)
    assert [node.port for node in nodes] == [port, port + 1, port + 2]
    assert [node.controller_port for node in nodes] == [port + 3, port + 4, port + 5]


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=f"port {port} on 127.0.0.1 is taken"):
            chosen(1, before=(), port=port)


def test_the_ports_from_before_are_kept_unless_they_are_taken() -> None:
    a, b = free_ports(2)
    before = [Node(id=1, port=a, controller_port=b)]
    assert chosen(1, before=before, port=None) == before
    with socket.create_server(("127.0.0.1", a)):
        assert chosen(1, before=before, port=None)[0].port != a


def test_two_brokers_are_no_cluster() -> None:
    with pytest.raises(BrokerError, match="1 or 3"):
        chosen(2, before=(), port=None)


def test_free_ports_lie_below_those_of_outgoing_connections() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert max(ports) < 32_768


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """Somebody else's process, to whom a pid of ours was given."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as sleeper:
        yield sleeper
        sleeper.kill()


def test_a_pid_that_was_given_to_somebody_else_is_left_alone(stranger: subprocess.Popen[bytes], tmp_path: Path) -> None:
    broker = Broker(Node(id=1, port=1, controller_port=2), tmp_path, libs=tmp_path)
    (tmp_path / "pid").write_text(f"{stranger.pid}\n")
    assert broker.pid is None
    assert not broker.stop()
    assert not broker.kill()
    assert not process.send(stranger.pid, "kafka", process.signal.SIGKILL)
    assert stranger.poll() is None


def test_a_process_is_known_by_its_mark_until_it_ends(tmp_path: Path) -> None:
    mark = str(tmp_path / "mark")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", mark]) as ours:
        deadline = time.monotonic() + 30
        while not process.is_ours(ours.pid, mark):
            assert time.monotonic() < deadline
        assert not process.wait_until_gone(ours.pid, mark, within_s=0.1)
        assert process.send(ours.pid, mark, process.signal.SIGTERM)
        assert process.wait_until_gone(ours.pid, mark, within_s=30)
        assert not process.is_ours(ours.pid, mark), "ended, and not yet waited for"


def test_an_empty_directory_has_no_cluster(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "none", libs=tmp_path)
    assert (cluster.brokers, cluster.running, cluster.stop()) == ((), 0, 0)
