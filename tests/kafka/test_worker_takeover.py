"""Another machine takes over: nothing of the first worker's disk, only what lies on the brokers."""

import json
import signal
from pathlib import Path

import pytest

from streams.kafka.log import KafkaLog
from tests.kafka.crowd import DISTRICTS, Crowd, until_served
from tests.kafka.staff import Hire, WorkerProcess

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def of_snapshots(worker: WorkerProcess) -> int:
    """Return how many shards a worker took from snapshots."""
    lines = [json.loads(line) for line in worker.output.splitlines() if '"of_snapshots"' in line]
    return sum(line["of_snapshots"] for line in lines)


async def test_an_empty_disk_takes_over_from_what_lies_on_the_brokers(
    log: KafkaLog, hire: Hire, tmp_path: Path
) -> None:
    crowd, first = Crowd(log), await hire("w-1").ready()
    await crowd.ask_everywhere(3)
    await until_served(log, crowd)
    assert await first.end() == 0
    second = await hire("w-2", directory=tmp_path / "elsewhere").ready()
    assert of_snapshots(second) == len(DISTRICTS)
    await crowd.ask_everywhere()
    (await until_served(log, crowd)).check()


async def test_a_worker_that_never_saved_anything_is_taken_over_from_the_log_alone(
    log: KafkaLog, hire: Hire, tmp_path: Path
) -> None:
    crowd, first = Crowd(log), await hire("w-1").ready()
    await crowd.ask_everywhere(3)
    await until_served(log, crowd)
    assert await first.end(signal.SIGKILL) == -signal.SIGKILL
    second = await hire("w-2", directory=tmp_path / "elsewhere").ready()
    assert of_snapshots(second) == 0
    await crowd.ask_everywhere()
    (await until_served(log, crowd)).check()
