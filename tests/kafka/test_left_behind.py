"""Test runs that end badly leave no broker behind; those without Kafka say so."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.kafka.process import is_ours
from tests.kafka.cluster import libs

ROOT = Path(__file__).parents[2]
ENDLESS = """
import time

def test_endless(kafka):
    (broker,) = kafka.brokers
    print(f"broker {broker.pid} of {broker.directory / 'server.properties'}", flush=True)
    time.sleep(600)
"""
ONE = "tests/kafka/test_cluster.py::test_one_broker_answers"


@pytest.mark.kafka
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_a_run_that_is_broken_off_leaves_no_broker(tmp_path: Path, number: signal.Signals) -> None:
    libs()
    test = tmp_path / "test_endless.py"
    test.write_text(ENDLESS)
    command = [sys.executable, "-m", "pytest", "-s", "-p", "tests.kafka.cluster", "-c", os.devnull, str(test)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        said = next((line for line in run.stdout if "broker " in line), "")
        found = re.search(r"broker (\d+) of (.+)", said)
        assert found, "the run did not come so far"
        pid, mark = int(found[1]), found[2]
        assert is_ours(pid, mark)
        run.send_signal(number)
        run.wait(60)
    deadline = time.monotonic() + 60
    while is_ours(pid, mark):
        assert time.monotonic() < deadline, f"broker {pid} still runs"
        time.sleep(0.1)


@pytest.mark.parametrize(("required", "outcome"), [("", "1 skipped"), ("kafka,browser", "1 error")])
def test_without_java_tests_skip_and_say_so_or_fail_where_kafka_is_required(
    tmp_path: Path, required: str, outcome: str
) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("JAVA_HOME", "COBUILD_REQUIRE")}
    environment |= {"PATH": str(tmp_path), "COBUILD_REQUIRE": required}
    command = [sys.executable, "-m", "pytest", "-rsE", "-p", "no:cacheprovider", ONE]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert outcome in done.stdout
    assert "no Kafka: Kafka needs Java 17 or newer" in done.stdout
    assert (done.returncode == 0) is (not required)
