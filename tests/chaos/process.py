"""What gets killed: child processes under a name, each over all its lives, ended by their own pid and no other."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import httpx

from deploy.kafka.ports import free_ports
from tests.chaos.journal import Journal

PARTITIONS = 3
READY_S = 300.0
STOP_S = 90.0
ROOT = Path(__file__).parents[2]
POLICY = 'name = "chaos"\n\n[pace]\ninterval_ms = {interval_ms}\n'

IsReady = Callable[["Actor"], Awaitable[bool]]


class ServerDiedError(Exception):
    """A process ended by itself, or does not come up."""


class Actor:
    """One process at a time under one name. Its pid is noted in ``NAME.pid``, what it prints in ``NAME.log``."""

    def __init__(
        self,
        name: str,
        *,
        role: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        is_ready: IsReady,
    ) -> None:
        self.name, self.role = name, role
        self.output = directory / f"{name}.log"
        self.pid_file = directory / f"{name}.pid"
        self.started = 0.0
        self.ready: float | None = None
        self.pid = 0
        """Of the last process begun."""
        self.heard = 0
        """Where in ``output`` the words of this life begin."""
        self._command = [sys.executable, "-m", "deploy", *command]
        self._env = {name: value for name, value in os.environ.items() if not name.startswith("COBUILD_")}
        self._env |= {"PYTHONFAULTHANDLER": "1", **environment}
        self._is_ready = is_ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        """Whether a process was begun that nobody has ended yet."""
        return self._process is not None

    def start(self) -> None:
        """Begin a life."""
        self.started, self.ready = time.time(), None
        self.heard = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(self._command, cwd=ROOT, env=self._env, stdout=output, stderr=output)
        self.pid = self._process.pid
        self.pid_file.write_text(f"{self.pid}\n")

    async def wait_until_ready(self, *, within_s: float = READY_S) -> float:
        """Return when it first was ready; raise ServerDiedError where that takes too long."""
        while time.time() - self.started < within_s:
            self.check()
            if await self._is_ready(self):
                self.ready = time.time()
                return self.ready
            await asyncio.sleep(0.02)
        raise ServerDiedError(f"{self.name} is not ready within {within_s:.0f} s: {self.last_words()}")

    def check(self) -> None:
        """Raise ServerDiedError where it ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            status = self._process.returncode
            raise ServerDiedError(f"{self.name} ended by itself with {status}: {self.last_words()}")

    def kill(self) -> int:
        """End it at once, by SIGKILL; return what ended it."""
        return self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """End it in order; return its exit status."""
        return await asyncio.to_thread(self._end, signal.SIGTERM)

    async def stop_and_kill(self, *, after_s: float) -> int:
        """Ask it to end, and kill it ``after_s`` later if it is still at that; return what ended it."""
        self.check()
        os.kill(self.pid, signal.SIGTERM)
        await asyncio.sleep(after_s)
        return self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Have it stand still, as a machine does that swaps or is moved."""
        self.check()
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on where it stood."""
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """Leave nothing behind that was started here."""
        if self._process is not None:
            self._end(signal.SIGKILL)

    def abort(self) -> None:
        """End it so that it prints where every thread of it stands."""
        process, self._process = self._process, None
        if process is not None:
            _abort(process)

    def note(self, journal: Journal, *, phase: str, status: int) -> None:
        """Write down the life that has just ended."""
        journal.note(
            "life", role=self.role, name=self.name, pid=self.pid, started=self.started, ready=self.ready,
            ended=time.time(), phase=phase, status=status,
        )  # fmt: skip

    def words(self) -> str:
        """Return what it has said in this life."""
        with suppress(FileNotFoundError), self.output.open("rb") as output:
            output.seek(self.heard)
            return output.read().decode(errors="replace")
        return ""

    def last_words(self) -> str:
        """Return the end of what it said."""
        return self.output.read_text(errors="replace")[-3000:]

    def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            raise ServerDiedError(f"no {self.name} runs")
        process.send_signal(number)  # does nothing where it has ended already: the pid is still ours until we wait
        try:
            return process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            _abort(process)
            raise ServerDiedError(f"{self.name} did not stop within {STOP_S:.0f} s: {self.last_words()}") from None


def _abort(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGABRT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Server(Actor):
    """``cobuild up``, everything in one process, on one data directory and one port."""

    def __init__(self, directory: Path, *, interval_ms: int) -> None:
        self.data_dir = directory / "data"
        self.url = f"http://127.0.0.1:{(port := free_ports(1)[0])}"
        super().__init__(
            "server",
            role="server",
            command=["up"],
            environment={
                "COBUILD_DATA_DIR": str(self.data_dir),
                "COBUILD_HOST": "127.0.0.1",
                "COBUILD_PORT": str(port),
                "COBUILD_PARTITIONS": str(PARTITIONS),
                "COBUILD_LOG_SYNC": "full",
                "COBUILD_POLICY": str(write_policy(directory, interval_ms=interval_ms)),
            },
            directory=directory,
            is_ready=answers(self.url),
        )


def write_policy(directory: Path, *, interval_ms: int) -> Path:
    """Write the policy of a run: the default, but for the pace."""
    path = directory / "policy.toml"
    path.write_text(POLICY.format(interval_ms=interval_ms), encoding="utf-8")
    return path


def answers(url: str) -> IsReady:
    """Return a question to an API: can you serve?"""

    async def ask(actor: Actor) -> bool:
        async with httpx.AsyncClient(base_url=url, timeout=5, verify=False) as http:  # noqa: S501 - loopback, no TLS
            with suppress(httpx.TransportError):
                return (await http.get("/readyz")).status_code == httpx.codes.OK
        return False

    return ask
