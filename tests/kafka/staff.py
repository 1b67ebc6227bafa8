"""Workers for tests: in this process, to look into; or as processes of their own, to be killed and paused."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from inspect import isawaitable
from pathlib import Path
from typing import Any

from schemas.catalogue import load_catalogue
from schemas.policy import Pace, Policy
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.limits import RefusalLimits
from streams.rounds import Rounds
from streams.snapshots import SnapshotStore
from streams.worker.worker import Worker
from tests.loops import host_on

PARTITIONS = 4
PATIENCE_S = 90.0
"""What takes longer is broken; every wait says what it waited for."""
QUICK = Policy(pace=Pace(interval_ms=20))
TAKEN_UP = "has taken up partitions"
COMMAND = ("-m", "deploy", "worker")
GIVEN = "the group gave us partitions"


@asynccontextmanager
async def log_on(connection: KafkaConnection) -> AsyncIterator[KafkaLog]:
    """Open the log that workers and tests share."""
    log = await KafkaLog.open(connection, partitions=PARTITIONS, client_id="test")
    try:
        yield log
    finally:
        await log.close()


@asynccontextmanager
async def working(
    connection: KafkaConnection,
    log: KafkaLog,
    *,
    instance: str = "w-1",
    snapshots: SnapshotStore | None = None,
    limits: RefusalLimits | None = None,
    policy: Policy = QUICK,
    **options: Any,
) -> AsyncIterator[Worker]:
    """Run a worker of this process until it has its shards, and for the time of the block; then stop it in order."""
    rounds = Rounds(
        log=log, host=host_on(log, policy=policy, catalogue=load_catalogue()), snapshots=snapshots, limits=limits
    )
    worker = Worker(connection=connection, log=log, rounds=rounds, instance=instance, session_timeout_s=6, **options)
    running = asyncio.create_task(worker.run())
    settled = asyncio.create_task(worker.holdings.settled.wait())
    try:
        await asyncio.wait({running, settled}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        assert settled.done() or running.done(), "the worker did not take its shards up"
        if running.done():
            await running
        yield worker
    finally:
        settled.cancel()
        worker.stop()
        await running


async def until(true: Callable[[], Any], what: str) -> Any:
    """Wait until what ``true`` returns, or what it leads to when awaited, is true; return it."""
    end = time.monotonic() + PATIENCE_S
    while True:
        found = true()
        if found := await found if isawaitable(found) else found:
            return found
        assert time.monotonic() < end, f"waited in vain until {what}"
        await asyncio.sleep(0.02)


def say(text: str) -> None:
    """Print a figure: seen with ``-s``, or where the test fails."""
    sys.stdout.write(f"\n{text}\n")


class WorkerProcess:
    """``cobuild worker`` as a process; ``output`` is all that it said."""

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        directory: Path,
        instance: str,
        interval_ms: int = 20,
        program: Sequence[str] = COMMAND,
        **settings: object,
    ) -> None:
        """Start it, or another program that does as it does."""
        directory.mkdir(parents=True, exist_ok=True)
        self.instance = instance
        self._file = directory / f"{instance}-{time.monotonic_ns()}.log"
        environment = {
            "COBUILD_KAFKA": ",".join(connection.bootstrap),
            "COBUILD_KAFKA_PREFIX": connection.prefix,
            "COBUILD_PARTITIONS": str(PARTITIONS),
            "COBUILD_DATA_DIR": str(directory),
            "COBUILD_INSTANCE": instance,
            "COBUILD_SESSION_TIMEOUT_S": "6",
            "COBUILD_POLICY": str(paced_policy(directory, interval_ms=interval_ms)),
        } | {f"COBUILD_{name.upper()}": str(value) for name, value in settings.items()}
        with self._file.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *program],
                env=os.environ | environment,
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> str:
        """What it said so far."""
        return self._file.read_text(errors="replace")

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    async def ready(self) -> "WorkerProcess":
        """Wait until it has its shards."""
        await until(lambda: TAKEN_UP in self.output or self._process.poll() is not None, f"{self.instance} is ready")
        assert TAKEN_UP in self.output, self.output
        return self

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the status with which it ended."""
        self.send(number)
        return await self.ended()

    async def ended(self) -> int:
        """Wait until it has ended; return its status."""
        await until(lambda: self._process.poll() is not None, f"{self.instance} ends: {self.output[-2000:]}")
        return self._process.wait()

    def discard(self) -> None:
        """End it however it stands."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


Hire = Callable[..., WorkerProcess]
"""Starts a worker process by its name."""


@contextmanager
def hired(connection: KafkaConnection, directory: Path, **settings: object) -> Iterator[Hire]:
    """Give what starts worker processes; none outlives the block."""
    processes: list[WorkerProcess] = []

    def hire(instance: str, **more: Any) -> WorkerProcess:
        options = {"directory": directory} | settings | more
        processes.append(WorkerProcess(connection, instance=instance, **options))  # type: ignore[arg-type]
        return processes[-1]

    try:
        yield hire
    finally:
        for process in processes:
            process.discard()


def paced_policy(directory: Path, *, interval_ms: int) -> Path:
    """Write the policy that has a dirty shard decided so often."""
    path = directory / f"every-{interval_ms}.toml"
    path.write_text(f'name = "paced"\nversion = 1\n\n[pace]\ninterval_ms = {interval_ms}\n')
    return path


async def both(hire: Hire, **settings: int) -> tuple[WorkerProcess, WorkerProcess]:
    """Start two workers and wait until they share the partitions."""
    first = await hire("w-1", **settings).ready()
    second = await hire("w-2", **settings).ready()
    await until(lambda: len(held(first)) + len(held(second)) == PARTITIONS, "the partitions are shared")
    return first, second


def held(worker: WorkerProcess) -> set[int]:
    """Return what the group gave a worker last."""
    lines = [line for line in worker.output.splitlines() if GIVEN in line]
    found = re.search(r"\[([0-9, ]*)\]", lines[-1]) if lines else None
    return {int(number) for number in found[1].split(",") if number.strip()} if found else set()
