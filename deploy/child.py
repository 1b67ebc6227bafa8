"""One part of the house as a process of its own, kept alive: whoever ends without being asked is started again.

1. It says by ``deploy.notify`` that it is up. What was never up and fails time and again is given up: most likely its
   settings are wrong. What was up before is started again for ever, after longer and longer pauses.
2. It lies in a process group of its own, so that Ctrl-C at the terminal reaches the supervisor alone, which asks its
   children in order; and it dies with the supervisor (``deploy.lifeline``).
"""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import structlog

from deploy import lifeline, notify
from streams.worker.watchdog import STATUS as HUNG

log = structlog.get_logger(__name__)

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 10.0
STEADY_S: Final = 5.0
"""Who was up for so long has come up well."""
MOST_FAILURES: Final = 3
BAD_SETTINGS: Final = 2
_DATAGRAM: Final = 4096
_REASONS: Final = {
    0: "it stopped by itself",
    BAD_SETTINGS: "its settings do not hold; it said above what is wrong",
    HUNG: "it hung, and its watchdog ended it",
}


class GivenUpError(RuntimeError):
    """A part does not come up."""


class Child:
    """Keeps one part alive: ``run`` it in a task, ``stop`` it in the end."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        socket_path: Path,
        pass_fds: Sequence[int] = (),
        output: IO[bytes] | None = None,
    ) -> None:
        """Prepare; ``command`` are the arguments of ``cobuild``, and ``environment`` goes over ours.

        ``output`` takes what the process says; by default it says it where we do.
        """
        self.name = name
        self.up = asyncio.Event()
        """Set while its process says that it does its work."""
        self._command, self._environment, self._pass_fds = tuple(command), dict(environment), tuple(pass_fds)
        self._socket_path, self._output = socket_path, output
        self._process: Process | None = None
        self._up_since: float | None = None
        self._was_up = False
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self) -> None:
        """Start it, and again whenever it ends, until ``stop``.

        Raises:
            GivenUpError: it never came up.
        """
        with _listening(self._socket_path) as heard:
            asyncio.get_running_loop().add_reader(heard, self._hear, heard)
            try:
                while not self._stopping:
                    status = await self._live()
                    if not self._stopping:
                        await self._after(status)
            finally:
                asyncio.get_running_loop().remove_reader(heard)

    def start_no_more(self) -> None:
        """Leave it where it ends from now on."""
        self._stopping = True

    async def stop(self, *, within_s: float) -> None:
        """Ask it to end, and wait; end it by force where it takes longer than ``within_s``."""
        self.start_no_more()
        if self._process is not None:
            _send(self._process, signal.SIGTERM)
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            log.warning("a part does not stop in time; it is killed", name=self.name, pid=self.pid, after_s=within_s)
            self.kill()
            await self._idle.wait()

    def kill(self) -> None:
        """End its process at once."""
        if self._process is not None:
            _send(self._process, signal.SIGKILL)

    async def _live(self) -> int:
        """Start a process and return its exit status, negative for a signal."""
        self._idle.clear()
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "deploy", *self._command,
                env=os.environ | self._environment | self._ties(), stdin=asyncio.subprocess.DEVNULL,
                stdout=self._output, stderr=self._output, pass_fds=self._pass_fds, process_group=0,
            )  # fmt: skip
            if self._stopping:  # asked while it was being made
                _send(self._process, signal.SIGTERM)
            return await self._process.wait()
        finally:
            self._process = None
            self.up.clear()
            self._idle.set()

    @property
    def pid(self) -> int | None:
        """The pid of its process, while there is one."""
        return None if self._process is None else self._process.pid

    def _ties(self) -> dict[str, str]:
        return {lifeline.ENVIRONMENT: str(os.getpid()), notify.ENVIRONMENT: str(self._socket_path)}

    async def _after(self, status: int) -> None:
        """Tell how it ended; wait for a while, or raise GivenUpError."""
        up_s = 0.0 if self._up_since is None else asyncio.get_running_loop().time() - self._up_since
        self._up_since = None
        if up_s > STEADY_S:
            self._pause_s = FIRST_PAUSE_S
        self._failures += status > 0
        if not self._was_up and (self._failures >= MOST_FAILURES or status == BAD_SETTINGS):
            raise GivenUpError(f"{self.name} does not come up: {reason(status)}")
        log.warning(
            "a part ended; it is started again", name=self.name, reason=reason(status), status=status,
            up_s=round(up_s, 1), again_in_s=self._pause_s,
        )  # fmt: skip
        await asyncio.sleep(self._pause_s)
        self._pause_s = min(LONGEST_PAUSE_S, 2 * self._pause_s)

    def _hear(self, heard: socket.socket) -> None:
        """Take a message of its process."""
        with suppress(BlockingIOError):
            lines = heard.recv(_DATAGRAM).decode(errors="replace").splitlines()
            if "READY=1" in lines and self._process is not None:
                self._up_since = asyncio.get_running_loop().time()
                log.info("a part is up again" if self._was_up else "a part is up", name=self.name, pid=self.pid)
                self._was_up = True
                self.up.set()


def reason(status: int) -> str:
    """Return what an exit status means, for people."""
    if status < 0:
        return f"it was ended by {signal.Signals(-status).name}"
    return _REASONS.get(status, f"it failed with status {status}; it said above why")


def _send(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        process.send_signal(number)


def _listening(path: Path) -> socket.socket:
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    heard.bind(str(path))
    return heard
