"""``cobuild`` as processes that a test starts, watches and ends, each by its own pid."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90.0
POLICY = 'name = "quick"\n\n[pace]\ninterval_ms = 50\n'


class Cobuild:
    """One process: ``cobuild`` with arguments; what it says goes to a file."""

    def __init__(self, *arguments: str, environment: Mapping[str, str], directory: Path) -> None:
        self.output = directory / f"{'-'.join(arguments[:1])}-{time.monotonic_ns()}.log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("COBUILD_", "NOTIFY_"))}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy", *arguments],
                cwd=ROOT,
                env=clean | dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_until(self, what: str, *, times: int = 1) -> None:
        """Return when it has said ``what`` so many times."""
        until(lambda: self.said.count(what) >= times, f"{what!r} was not said {times} times", process=self)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """Leave nothing behind."""
        self.process.kill()
        self.process.wait()


def until(is_so: Callable[[], bool], failure: str, *, process: Cobuild | None = None) -> None:
    """Wait until something is so; fail with what a process said where that takes too long or it ended."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        ended = process is not None and process.process.poll() is not None
        said = "" if process is None else process.said[-4000:]
        assert not ended or is_so(), f"{failure}: it ended with {process and process.process.returncode}: {said}"
        assert time.monotonic() < deadline, f"{failure}: {said}"
        time.sleep(0.05)


def prefix_of(test: str) -> str:
    """Return a topic prefix that is a test's own."""
    return re.sub("[^a-z0-9]+", "-", test.lower()).strip("-")[:60] + "."


def runs(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def role_pid(data_dir: Path, role: str) -> int:
    """Return who has a role in a data directory."""
    return int((data_dir / f"{role}.lock").read_text())


def answers(http: httpx.Client) -> bool:
    """Whether the API is ready."""
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def offer(name: str, **more: Any) -> dict[str, Any]:
    """Return a resource that any wish below fits."""
    return {
        "resource_id": name, "provider": "team:a", "title": "可以帮忙", "item": "relief.micro_wish_goods",
        "kind": "goods", "scope": ["310105"], "home": "310105001001",
    } | more  # fmt: skip


def wish(name: str) -> dict[str, Any]:
    """Return a demand."""
    window = {"start": "2035-06-01T09:00:00+08:00", "end": "2035-06-01T12:00:00+08:00"}
    return {
        "demand_id": name, "requester": "community:310105001001", "title": "需要帮忙",
        "lines": [{"item": "relief.micro_wish_goods"}], "community": "310105001001", "window": window,
    }  # fmt: skip
