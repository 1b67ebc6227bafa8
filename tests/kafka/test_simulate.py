"""Boston through Kafka: the same days, decided by workers of their own, come out as embedded, byte for byte."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient
from rich.console import Console

from deploy.settings import BUILT_IN_POLICIES, CobuildSettings
from deploy.simulate.boston import course_of, simulate
from deploy.simulate.directory import prepare
from deploy.simulate.stage import open_stage
from schemas.topics import DEADLETTERS, ROUNDS, TICKS
from streams.kafka.log import KafkaLog
from streams.log import Log
from streams.worker.tick import DoneTick, read_tick
from tests.kafka.cluster import RealKafka
from tests.kafka.processes import PATIENCE_S, Cobuild, role_pid, runs
from tests.loops import records

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
UNTIL = date(2015, 1, 6)  # a Tuesday: one working day lies before it, and its reports
PARTITIONS = 3
POLICY = BUILT_IN_POLICIES / "boston.toml"


class Simulation:
    """``cobuild simulate boston --kafka`` as a process, and what it leaves behind."""

    def __init__(self, directory: Path, kafka: RealKafka, *options: str, workers: int = 2) -> None:
        self.data, self.kafka = directory / "data", kafka
        self.process = Cobuild(
            "simulate", "boston", "--until", str(UNTIL), "--kafka", kafka.bootstrap, "--workers", str(workers),
            "--data-dir", str(self.data), *options,
            environment={"COBUILD_PARTITIONS": str(PARTITIONS)}, directory=directory,
        )  # fmt: skip

    @property
    def prefix(self) -> str:
        note: dict[str, str] = json.loads((self.data / "simulation.json").read_text())
        return note["prefix"]

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "report.json").read_text())
        return found

    def finish(self) -> None:
        assert self.process.wait() == 0, self.process.said

    @asynccontextmanager
    async def log(self) -> AsyncIterator[KafkaLog]:
        topics = [DEADLETTERS.name, ROUNDS.name, TICKS.name]
        connection = self.kafka.connection(self.prefix)
        log = await KafkaLog.open(connection, partitions=PARTITIONS, client_id="test", topics=topics)
        try:
            yield log
        finally:
            await log.close()

    def replayed(self, directory: Path) -> tuple[int, str]:
        """Return status and words of ``cobuild replay``."""
        environment = {"COBUILD_PARTITIONS": str(PARTITIONS), "COBUILD_KAFKA_PREFIX": self.prefix}
        process = Cobuild(
            "replay", "--catalogue", "boston", "--kafka", self.kafka.bootstrap, "--data-dir", str(self.data),
            environment=environment, directory=directory,
        )  # fmt: skip
        return process.wait(), process.said


async def decisions(log: Log) -> list[tuple[object, ...]]:
    """Return every round as it lies in the log, but for when the log took it."""
    found = await records(log, ROUNDS.name)
    return [(one.partition, one.offset, one.key, one.value, tuple(one.headers)) for one in found]


async def count_of(log: Log, topic: str) -> int:
    return sum((await log.end_offsets([topic])).values())


@pytest.fixture(scope="module")
async def embedded(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[tuple[object, ...]]]:
    """The report and the rounds of the same days without Kafka."""
    settings = CobuildSettings(data_dir=tmp_path_factory.mktemp("embedded"), partitions=PARTITIONS, log_sync="normal")
    course = course_of(until=UNTIL, speed="max", work_days="every", policy=POLICY)
    async with open_stage(settings, catalogue="boston", policy=POLICY) as stage:
        summary = await simulate(stage, course, console=Console(file=StringIO()))
        return summary.model_dump(mode="json"), await decisions(stage.log)


@pytest.mark.asyncio(loop_scope="module")
async def test_two_workers_decide_what_one_process_decides(
    kafka: RealKafka, embedded: tuple[dict[str, Any], list[tuple[object, ...]]], tmp_path: Path
) -> None:
    simulation = Simulation(tmp_path, kafka)
    await asyncio.to_thread(simulation.finish)
    async with simulation.log() as log:
        assert await decisions(log) == embedded[1]
        assert await count_of(log, DEADLETTERS.name) == 0
    assert simulation.report == embedded[0]
    status, said = await asyncio.to_thread(simulation.replayed, tmp_path)
    assert (status, said.strip()) == (0, f"{len(embedded[1])} rounds equal, 0 different")


@pytest.mark.asyncio(loop_scope="module")
async def test_workers_that_are_killed_change_nothing(
    kafka: RealKafka, embedded: tuple[dict[str, Any], list[tuple[object, ...]]], tmp_path: Path
) -> None:
    simulation = Simulation(tmp_path, kafka)
    await asyncio.to_thread(simulation.process.wait_until, "begins")
    async with simulation.log() as log:
        reader = log.reader(dict.fromkeys(await log.end_offsets([TICKS.name]), 0))
        kills = [20, 60]
        async with asyncio.timeout(PATIENCE_S):
            while kills:
                for record in await reader.poll(timeout_s=1):
                    tick = read_tick(record.value)
                    if isinstance(tick, DoneTick) and kills and await count_of(log, ROUNDS.name) >= kills[0]:
                        os.kill(role_pid(simulation.data, f"worker-{tick.instance}"), signal.SIGKILL)
                        del kills[0]
                        break
        await asyncio.to_thread(simulation.finish)
        assert await decisions(log) == embedded[1]
    assert simulation.report == embedded[0]
    assert simulation.process.said.count("ended by SIGKILL") == 2


@pytest.mark.asyncio(loop_scope="module")
async def test_fresh_removes_the_topics_of_the_earlier_run(kafka: RealKafka, tmp_path: Path) -> None:
    def topics(prefix: str) -> list[str]:
        admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap.split(","))
        try:
            return [name for name in admin.list_topics() if name.startswith(prefix)]
        finally:
            admin.close()

    def run() -> None:
        data = tmp_path / "data"
        data.mkdir()
        (data / "simulation.json").write_text(json.dumps({"kafka": kafka.bootstrap, "prefix": "simulation-old."}))
        kafka.apply("simulation-old.", partitions=PARTITIONS)
        kafka.apply("simulation-others.", partitions=PARTITIONS)
        simulation = Simulation(tmp_path, kafka, "--fresh", workers=1)
        simulation.process.wait_until("begins")
        assert topics("simulation-old.") == []
        assert topics("simulation-others.")
        assert topics(simulation.prefix)
        worker = role_pid(simulation.data, "worker-w-1")
        assert simulation.process.end(signal.SIGTERM) == 128 + signal.SIGTERM
        assert not runs(worker)
        prepare(simulation.data, fresh=True)  # knows all that a run leaves
        assert list(simulation.data.iterdir()) == []

    await asyncio.to_thread(run)
