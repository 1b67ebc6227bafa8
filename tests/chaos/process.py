"""The server that gets killed: ``cobuild up`` as a child process, ended by its own pid and no other."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

PARTITIONS = 3
READY_S = 60.0
STOP_S = 30.0
ROOT = Path(__file__).parents[2]
POLICY = 'name = "chaos"\n\n[pace]\ninterval_ms = {interval_ms}\n'


class ServerDiedError(Exception):
    """The server ended by itself, or does not come up."""


class Server:
    """One server at a time on one data directory and one port, kept over all its lives."""

    def __init__(self, directory: Path, *, interval_ms: int) -> None:
        self.data_dir = directory / "data"
        self.output = directory / "server.log"
        self.pid_file = directory / "server.pid"
        self.url = f"http://127.0.0.1:{(port := _free_port())}"
        policy = directory / "policy.toml"
        policy.write_text(POLICY.format(interval_ms=interval_ms), encoding="utf-8")
        ours = {
            "COBUILD_DATA_DIR": str(self.data_dir),
            "COBUILD_HOST": "127.0.0.1",
            "COBUILD_PORT": str(port),
            "COBUILD_PARTITIONS": str(PARTITIONS),
            "COBUILD_LOG_SYNC": "full",
            "COBUILD_POLICY": str(policy),
        }
        self._env = {name: value for name, value in os.environ.items() if not name.startswith("COBUILD_")} | ours
        self._process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.pid = 0
        """Of the last process begun."""

    def start(self) -> None:
        """Begin a life; the pid is noted in ``pid_file``."""
        self.started = time.time()
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "deploy", "up"], cwd=ROOT, env=self._env, stdout=output, stderr=output
            )
        self.pid = self._process.pid
        self.pid_file.write_text(f"{self.pid}\n")

    async def wait_until_ready(self) -> float:
        """Return when the server first said that it is ready; raise ServerDiedError where that takes too long."""
        async with httpx.AsyncClient(base_url=self.url, timeout=5) as http:
            while time.time() - self.started < READY_S:
                self.check()
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get("/readyz")).status_code == httpx.codes.OK:
                        return time.time()
                await asyncio.sleep(0.02)
        raise ServerDiedError(f"not ready within {READY_S:.0f} s: {self.last_words()}")

    def check(self) -> None:
        """Raise ServerDiedError where the server ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            status = self._process.returncode
            raise ServerDiedError(f"the server ended by itself with {status}: {self.last_words()}")

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

    def close(self) -> None:
        """Leave nothing behind that was started here."""
        if self._process is not None:
            self._end(signal.SIGKILL)

    def last_words(self) -> str:
        """Return the end of what the server said."""
        return self.output.read_text(errors="replace")[-3000:]

    def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            raise ServerDiedError("no server runs")
        process.send_signal(number)  # does nothing where it has ended already: the pid is still ours until we wait
        try:
            return process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise ServerDiedError(f"it did not stop within {STOP_S:.0f} s: {self.last_words()}") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
