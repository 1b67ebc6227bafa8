"""A real ``cobuild up``, or the API alone, as a child process on loopback; ended by its own process id."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

READY_S = 120.0


class ServerError(RuntimeError):
    """The server did not come up; the message ends with what it said."""


class Server:
    """One server on one data directory; may be killed and started again on the same port."""

    def __init__(
        self,
        data_dir: Path,
        *,
        policy: Path | None = None,
        env: dict[str, str] | None = None,
        command: str = "up",
        probe: str = "/readyz",
    ) -> None:
        self.data_dir = data_dir
        self._command, self._probe = command, probe
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._env = {**os.environ, **(env or {}), "COBUILD_PORT": str(self.port), "COBUILD_DATA_DIR": str(data_dir)}
        self._args = ["--policy", str(policy)] if policy else []
        self._process: subprocess.Popen[bytes] | None = None
        self._said = data_dir / "server.log"

    def start(self, *, wait_s: float = READY_S) -> float:
        """Start it; return the seconds until it said it is ready."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        begin = time.perf_counter()
        with self._said.open("ab") as said:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "deploy", self._command, *self._args], env=self._env, stdout=said, stderr=said
            )
        while time.perf_counter() - begin < wait_s:
            if self._process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}{self._probe}", timeout=5).status_code == httpx.codes.OK:
                    return time.perf_counter() - begin
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                time.sleep(0.05)
        raise ServerError(f"no server within {wait_s:.0f} s:\n{self._said.read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(60)
            self._process = None


@contextmanager
def running(
    data_dir: Path,
    *,
    policy: Path | None = None,
    env: dict[str, str] | None = None,
    command: str = "up",
    probe: str = "/readyz",
) -> Iterator[Server]:
    """Yield a started server, which has come up when ``probe`` answers; stop it at the end, whatever happened."""
    server = Server(data_dir, policy=policy, env=env, command=command, probe=probe)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def policy_with_interval(directory: Path, interval_ms: int) -> Path:
    """Write a default policy with another interval and return its path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "bench.toml"
    path.write_text(f'name = "bench"\n\n[pace]\ninterval_ms = {interval_ms}\n', encoding="utf-8")
    return path


def free_port() -> int:
    """Return a port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
