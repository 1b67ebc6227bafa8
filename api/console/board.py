"""What all viewers share: one look at the lists per region and second, one tail of the stream.

Rules:

1. Nobody watches, nothing is read.
2. However many watch a region, its figures are read at most once per second, in a thread.
3. One task follows the feed for everybody; each viewer gets the rows of its region and category.
4. A failure to read is told to the viewers and tried again; it never ends the task.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import Protocol

import structlog

from api.console.desk import Desk
from api.console.names import Message
from api.ports import Signal

PERIOD_S = 1.0
UNSEEN = -1
"""The ``seq`` of a viewer that has not been shown anything yet."""

_LOG = structlog.get_logger(__name__)


class Viewer(Protocol):
    """One open page."""

    region: str
    category: str
    seq: int
    """How far this page has seen the feed; rows up to here are old news."""

    def tell(self, message: Message) -> None:
        """Send a message to the page."""
        ...


@dataclass(slots=True)
class _Kept:
    """Figures of one region, and when they were read (monotonic seconds)."""

    view: Message
    read_at: float


class Board:
    """Keeps every open page up to date."""

    def __init__(self, *, desk: Desk, applied: Signal | None = None) -> None:
        self._desk = desk
        self._applied = applied
        self._viewers: set[Viewer] = set()
        self._kept: dict[str, _Kept] = {}
        self._reading: dict[str, asyncio.Lock] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._seq = 0

    async def watch(self, viewer: Viewer) -> None:
        """Show a viewer its region and keep it up to date; call again when its region or category changes."""
        viewer.seq = UNSEEN
        self._viewers.add(viewer)
        await self._greet(viewer)
        if not self._tasks and self._viewers:
            self._seq = max(viewer.seq, 0)
            self._tasks = [asyncio.create_task(self._figures()), asyncio.create_task(self._stream())]

    async def _greet(self, viewer: Viewer) -> None:
        """Show figures and the newest matches; where that fails, ``_figures`` tries again."""
        try:
            tail = await asyncio.to_thread(self._desk.recent, viewer.region, viewer.category)
            viewer.tell({"what": "view", "view": await self._view(viewer.region)})
        except Exception:
            _LOG.exception("console_read_failed", region=viewer.region)
            viewer.tell({"what": "failed"})
            return
        viewer.seq = tail.seq
        viewer.tell({"what": "rows", "reset": True, "rows": tail.rows[::-1]})

    async def leave(self, viewer: Viewer) -> None:
        """Forget a viewer; the last one out turns off the light."""
        self._viewers.discard(viewer)
        if not self._viewers:
            await self.close()

    async def close(self) -> None:
        """Stop reading."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _view(self, region: str) -> Message:
        async with self._reading.setdefault(region, asyncio.Lock()):
            kept = self._kept.get(region)
            if kept is None or time.monotonic() - kept.read_at >= PERIOD_S * 0.9:
                view = await asyncio.to_thread(self._desk.view, region)
                kept = self._kept[region] = _Kept(view, time.monotonic())
            return kept.view

    async def _figures(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_S)
            watched = {viewer.region for viewer in self._viewers}
            for region in set(self._kept) - watched:
                del self._kept[region], self._reading[region]
            for region in sorted(watched):
                await self._show(region)
            for viewer in [viewer for viewer in self._viewers if viewer.seq == UNSEEN]:
                await self._greet(viewer)

    async def _show(self, region: str) -> None:
        try:
            message = {"what": "view", "view": await self._view(region)}
        except Exception:
            _LOG.exception("console_read_failed", region=region)
            message = {"what": "failed"}
        for viewer in [viewer for viewer in self._viewers if viewer.region == region]:
            viewer.tell(message)

    async def _stream(self) -> None:
        while True:
            try:
                tail = await asyncio.to_thread(self._desk.after, self._seq)
            except Exception:
                _LOG.exception("console_stream_failed", seq=self._seq)
                await asyncio.sleep(PERIOD_S)
                continue
            if tail.seq < self._seq:  # the lists were made anew
                for viewer in self._viewers:
                    viewer.seq = UNSEEN
            self._seq = tail.seq
            for viewer in [viewer for viewer in self._viewers if viewer.seq != UNSEEN]:
                self._push(viewer, tail.rows)
            await self._news()

    def _push(self, viewer: Viewer, rows: list[Message]) -> None:
        wanted = [
            row
            for row in rows
            if row["seq"] > viewer.seq
            and row["community"].startswith(viewer.region)
            and viewer.category in ("", row["category"])
        ]
        if wanted:
            viewer.seq = wanted[-1]["seq"]
            viewer.tell({"what": "rows", "reset": False, "rows": wanted})

    async def _news(self) -> None:
        """Wait for the projector; at least and at most half a second, so that a flood comes in few messages."""
        if self._applied is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._applied.wait(), PERIOD_S)
            await asyncio.sleep(PERIOD_S / 4)
        else:
            await asyncio.sleep(PERIOD_S / 2)
