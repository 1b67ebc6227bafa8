"""A process under measurement: says when it is ready and what it measured, one JSON object a line."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from deploy import lifeline

PATIENCE_S = 300.0
_WARM = 0.2
"""The first part of the events does not count."""


class MemberError(RuntimeError):
    """It ended, or says nothing; the message ends with what it said."""


class Member:
    """A child process that talks to us; it dies with us."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: Path) -> None:
        self.pid = process.pid
        self._process, self._said = process, said
        self._lines: IO[bytes] = process.stdout  # type: ignore[assignment]

    def hear(self, *, within_s: float = PATIENCE_S) -> dict[str, Any]:
        """Return the next object it says. Raises MemberError."""
        while select.select([self._lines], [], [], within_s)[0] and (line := self._lines.readline()):
            if b"{" in line:  # Faust has words for people too
                heard: dict[str, Any] = json.loads(line[line.index(b"{") :])
                return heard
        raise MemberError(f"{self._process.args!r} says nothing:\n{self._said.read_text(errors='replace')[-2000:]}")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have it stand still meanwhile, so that what is brought in waits for it."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End it in order."""
        self._process.terminate()
        self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait(60)


@contextmanager
def member(module: str, *args: str, said: Path, environment: Mapping[str, str] | None = None) -> Iterator[Member]:
    """Run a module of ours; what it logs goes to ``said``. It is killed at the end."""
    ties = {lifeline.ENVIRONMENT: str(os.getpid())}
    with said.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", module, *args], bufsize=0, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=log,
            env={**os.environ, **(environment or {}), **ties},
        )  # fmt: skip
    one = Member(process, said)
    try:
        yield one
    finally:
        one.kill()


def say(**what: Any) -> None:
    """Say something to whoever started us."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Meter:
    """How fast a member gets through its events; says so once, when it has."""

    def __init__(self, events: int) -> None:
        self._first, self._last = int(events * _WARM), events
        self._begun: tuple[float, float, int] | None = None
        self.done = False

    def at(self, count: int) -> None:
        """``count`` events are through."""
        if self._begun is None and count >= self._first:
            self._begun = time.perf_counter(), time.process_time(), count
        if count >= self._last and not self.done and self._begun is not None:
            begun, cpu, first = self._begun
            self.done = True
            events = count - first
            say(rate=events / (time.perf_counter() - begun), cpu_us=(time.process_time() - cpu) / events * 1e6)
