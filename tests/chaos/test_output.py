"""What a client library says of a broker that went away is no fault; everything else that is loud is one."""

from collections.abc import Iterator

import pytest

from tests.chaos.evidence import Evidence
from tests.chaos.output import check_output


def faults(text: str) -> list[str]:
    return [fault.partition(" ")[2] for fault in _faults(text)]


def _faults(text: str) -> Iterator[str]:
    evidence = Evidence.__new__(Evidence)
    evidence.files = {"w-1.log": text.encode(), "data/readmodel.sqlite3": b"Traceback (most recent call last)"}
    return check_output(evidence)


LOST = """ERROR kafka.net.transport <KafkaTCPTransport [none]>: Error receiving network data closing socket
Traceback (most recent call last):
  File "transport.py", line 110, in _sock_recv
    data = self._sock.recv(4096)
ConnectionResetError: [Errno 104] Connection reset by peer
"""


def test_a_lost_connection_is_no_fault_and_its_traceback_is_part_of_it() -> None:
    assert faults(LOST + '{"event": "a partition is ours", "level": "info"}\n') == []


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        '{"event": "a round failed", "level": "error"}',
        "ERROR asyncio Task exception was never retrieved",
        "ERROR aiokafka.consumer.fetcher Corrupt record at offset 7",
        "CRITICAL faust.app Worker crashed",
    ],
)
def test_everything_else_that_is_loud_is_one(line: str) -> None:
    assert faults(f"{LOST}\nworker w-1 has taken up partitions [0]\n{line}\n") == [line]


COMMIT = """ERROR asyncio Task exception was never retrieved
future: <Task finished name='Task-8' coro=<{coro}() done, defined at {file}:1018> exception={error}('cobuild-matcher')>
Traceback (most recent call last):
  File "group_coordinator.py", line 1133, in _do_commit_offsets
    raise first_error
aiokafka.errors.UnknownMemberIdError: [Error 25] UnknownMemberIdError: cobuild-matcher
"""
LATE = {
    "coro": "GroupCoordinator._do_commit_offsets",
    "file": "/site-packages/aiokafka/consumer/group_coordinator.py",
    "error": "UnknownMemberIdError",
}


def test_a_clients_commit_for_a_member_that_was_dropped_is_no_fault() -> None:
    assert faults(COMMIT.format(**LATE)) == []


@pytest.mark.parametrize("other", [{"coro": "Worker.run"}, {"file": "/streams/worker.py"}, {"error": "ValueError"}])
def test_any_other_task_that_nobody_waited_for_is_one(other: dict[str, str]) -> None:
    assert "ERROR asyncio Task exception was never retrieved" in faults(COMMIT.format(**LATE | other))


def test_a_line_that_a_kill_cut_off_is_no_fault() -> None:
    assert faults('{"event": "a round failed", "lev') == []
