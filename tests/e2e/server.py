"""The seeded console as a process that a test can stop and start again."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
START_S = 90.0


def free_port() -> int:
    """Return a port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One console; ``flags`` are those of ``tests.e2e.serve``."""

    def __init__(self, data: Path, *flags: str) -> None:
        self.data = data
        self.port = free_port()
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [sys.executable, "-m", "tests.e2e.serve", "--port", str(self.port), "--data", str(self.data)]
        self._process = subprocess.Popen([*command, *self._flags], cwd=ROOT)
        for _ in range(int(START_S / 0.1)):
            try:
                httpx.get(f"{self.url}seed/alive").raise_for_status()
            except httpx.HTTPError:
                assert self._process.poll() is None, "the server ended while starting"
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server does not answer")

    def stop(self) -> None:
        """Kill it, as a crash would."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def done(self, assignment_id: str) -> None:
        """Let a job be done."""
        httpx.post(f"{self.url}seed/done", params={"assignment_id": assignment_id}).raise_for_status()

    def escalate(self, *, item: str, community: str) -> str:
        """Let a demand be posted there and go to the city; return its id."""
        answer = httpx.post(f"{self.url}seed/escalate", params={"item": item, "community": community})
        found: str = answer.raise_for_status().json()
        return found

    def match(self, *, item: str, community: str) -> str:
        """Make one match there; return its assignment id."""
        answer = httpx.post(f"{self.url}seed/match", params={"item": item, "community": community}).raise_for_status()
        found: dict[str, str] = answer.json()
        return found[found["demand"]]
