"""A watchdog beside the event loop: a worker that hangs is ended with status 70, saying why, to be started again.

1. The loop must answer within ``hang_s``.
2. Where records or commits are outstanding and the log answers, each place must move within ``stall_s``.
3. Some code may hold the interpreter, so that not even this thread can run: a dead man's switch, put off at every
   look, ends the process after ``held_s``.
4. Time that the whole process was stopped for does not count (but for the switch): nobody hung.
5. While the brokers are away there is nothing to say about progress.

kill -9 costs nothing here: whatever counts lies in the log.
"""

import asyncio
import faulthandler
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from streams.log import LogError
from streams.worker.switch import DeadMansSwitch

STATUS: Final = 70
"""EX_SOFTWARE of sysexits.h."""
HANG_S: Final = 30.0
HELD_S: Final = 60.0
STALL_S: Final = 180.0
LOOK_S: Final = 1.0
ASK_EVERY_S: Final = 5.0


class Distance(NamedTuple):
    """Where something stands, and where it is to get to."""

    at: int
    to: int


Distances = Mapping[str, Distance]
"""Place by name; a place that is gone is forgotten."""
Progress = Callable[[], Awaitable[Distances]]
"""How far everything is; called on the loop. Raises LogError."""


@dataclass(slots=True)
class Stalls:
    """Since when each place that is behind has not moved."""

    stall_s: float
    _since: dict[str, tuple[int, float]] = field(default_factory=dict)

    def look(self, distances: Distances, *, now: float) -> str | None:
        """Return what has not moved for too long, or None."""
        behind = {place: distance for place, distance in distances.items() if distance.at < distance.to}
        self._since = {place: seen for place, seen in self._since.items() if place in behind}
        for place, distance in behind.items():
            at, since = self._since.get(place, (None, now))
            if at != distance.at:
                self._since[place] = (distance.at, now)
            elif now - since > self.stall_s:
                return f"{place} has stood at {distance.at} for {now - since:.0f} s, {distance.to} is to be reached"
        return None

    def forget(self) -> None:
        """Begin to count anew."""
        self._since.clear()


class Watchdog:
    """See the module's rules. ``start`` it on the loop that it watches."""

    def __init__(
        self,
        progress: Progress,
        *,
        hang_s: float = HANG_S,
        held_s: float = HELD_S,
        stall_s: float = STALL_S,
        look_s: float = LOOK_S,
        ask_every_s: float = ASK_EVERY_S,
    ) -> None:
        self._progress = progress
        self._hang_s, self._look_s, self._ask_every_s = hang_s, look_s, ask_every_s
        self._stalls = Stalls(stall_s)
        self._switch = DeadMansSwitch(after_s=held_s, status=STATUS)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._beat = time.monotonic()
        self._asked: Future[Distances] | None = None
        self._asked_at = self._beat

    def start(self) -> None:
        """Watch the running loop from now on."""
        self._loop = asyncio.get_running_loop()
        self._beat = time.monotonic()
        self._switch.put_off()
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stop.set()
        self._thread.join()
        self._switch.disarm()

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(self._look_s):
            now = time.monotonic()
            if now - last > 3 * self._look_s:  # we did not run either
                self._beat = self._asked_at = now
                self._stalls.forget()
            last = now
            self._switch.put_off()
            if now - self._beat > self._hang_s:
                bite(f"the event loop has not answered for {now - self._beat:.0f} s")
            self._call(self._answer)
            self._hear(now)
            if self._asked is None and now - self._asked_at > self._ask_every_s:
                self._asked_at = now
                self._asked = asyncio.run_coroutine_threadsafe(_awaited(self._progress), self._loop)

    def _hear(self, now: float) -> None:
        """Look at the answer where there is one; none is awaited for longer than anything else may take."""
        if self._asked is None:
            return
        if not self._asked.done():
            if now - self._asked_at > self._stalls.stall_s:
                bite(f"it has not been told for {now - self._asked_at:.0f} s how far this process is")
            return
        try:
            stalled = self._stalls.look(self._asked.result(), now=now)
        except (LogError, CancelledError):
            self._stalls.forget()
            stalled = None
        self._asked = None
        if stalled:
            bite(stalled)

    def _answer(self) -> None:
        self._beat = time.monotonic()

    def _call(self, function: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            if not self._loop.is_closed():
                raise
            self._stop.set()


def bite(why: str) -> None:
    """Say why and where every thread stands, and end the process."""
    os.write(2, f"cobuild: {why}; ending with status {STATUS}, to be started again\n".encode())
    faulthandler.dump_traceback(file=sys.__stderr__ or 2, all_threads=True)
    os._exit(STATUS)


async def _awaited(progress: Progress) -> Distances:
    return await progress()
