"""The live match stream: one task reads the feed once and every listener goes along it at their own pace.

1. The task keeps the newest rows in a ring, each encoded once. It reads when the projector of this process says
   so, and otherwise looks every ``poll_s`` for what another process projected. Without listeners it rests.
2. A listener first catches up from the database, then walks along the ring. Memory does not grow with listeners.
3. A listener that falls off the ring's end is cut; it comes back with ``Last-Event-ID`` and catches up.
4. ``id`` is ``<generation>-<seq>``. A read model made anew counts anew: whoever comes with an id of an older
   generation is told so (event ``reset``), so that it loads its lists again, and goes on from now.
"""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import takewhile

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api.ports import Bell, Signal
from api.reading import Reading
from api.readmodel.queries.feed import feed_after, feed_head
from api.readmodel.views import FeedPage, FeedRow
from schemas.refusals import Refused

log = structlog.get_logger(__name__)

_PAGE = 500
_MARK = re.compile(r"(?:(?P<generation>[0-9a-f]{1,16})-)?(?P<seq>[0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a listener had come."""

    generation: str | None
    seq: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a listener wants to see; an empty part does not narrow."""

    region: str = ""
    category: str | None = None
    types: frozenset[str] = field(default_factory=frozenset)

    def takes(self, row: FeedRow) -> bool:
        """Whether a row is wanted."""
        return (
            row.community.startswith(self.region)
            and self.category in (None, row.category)
            and (not self.types or row.type in self.types)
        )


def parse_mark(text: str) -> Mark:
    """Read an event id or a bare number; raise Refused ``bad_cursor``."""
    found = _MARK.fullmatch(text.strip())
    if found is None:
        raise Refused("bad_cursor", "an id of this stream, such as 5f0c9e1b-1234")
    return Mark(found["generation"], int(found["seq"]))


class Stream:
    """The ring and the task that fills it."""

    def __init__(self, *, reading: Reading, changed: Signal, poll_s: float, size: int) -> None:
        self._reading = reading
        self._changed = changed
        self._poll_s = poll_s
        self._ring: deque[tuple[FeedRow, bytes]] = deque(maxlen=size)
        self._generation = ""
        self._seq = 0
        self._lost = 0  # rows up to this one are not in the ring
        self._listeners = 0
        self._grown = Bell()
        self._wanted = asyncio.Event()
        self._turn = asyncio.Lock()
        self._closed = False

    async def run(self) -> None:
        """Fill the ring, until cancelled."""
        while True:
            await self._wanted.wait()
            # Listen before reading: what is projected meanwhile rings for the next look.
            rung = asyncio.ensure_future(self._changed.wait())
            try:
                async with self._turn:
                    await self._read()
            except SQLAlchemyError:
                log.exception("the match stream could not read the feed; it tries again")
            try:
                await asyncio.wait({rung}, timeout=self._poll_s)
            finally:
                rung.cancel()

    def close(self) -> None:
        """Let every listener go; the server is about to stop."""
        self._closed = True
        self._grown.ring()

    async def listen(self, *, mark: Mark | None, wanted: Wanted) -> AsyncIterator[bytes]:
        """Yield events as they stand on the wire, from ``mark`` or from now on."""
        self._listeners += 1
        try:
            await self._join(mark)
            generation, seq = self._generation, self._seq
            yield b"retry: 1000\n\n"
            if mark is not None and (mark.generation not in (None, generation) or mark.seq > seq):
                yield _wire("reset", json.dumps({"generation": generation}), mark=f"{generation}-{seq}")
            elif mark is not None:
                seq = mark.seq
            while not self._closed and generation == self._generation and seq < self._lost:
                page = await self._catch_up(seq, wanted)
                if page.rows:
                    yield b"".join(self._encoded(row) for row in page.rows)
                seq = page.next_seq
            while not self._closed and generation == self._generation and seq >= self._lost:
                chunk = b"".join(data for row, data in self._after(seq) if wanted.takes(row))
                seq = max(seq, self._seq)
                if chunk:
                    yield chunk
                elif self._seq <= seq:
                    await self._grown.wait()
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._wanted.clear()

    async def _catch_up(self, seq: int, wanted: Wanted) -> FeedPage:
        return await self._reading.query(
            feed_after,
            seq=seq,
            region=wanted.region,
            category=wanted.category,
            types=sorted(wanted.types) or None,
            limit=_PAGE,
        )

    def _after(self, seq: int) -> list[tuple[FeedRow, bytes]]:
        return [*takewhile(lambda held: held[0].seq > seq, reversed(self._ring))][::-1]

    async def _join(self, mark: Mark | None) -> None:
        """Make sure that the ring is being filled; another process may have shown what it has not seen yet."""
        async with self._turn:
            if not self._wanted.is_set():
                await self._begin()
                self._wanted.set()
            elif mark is not None and mark.seq > self._seq:
                await self._read()

    async def _begin(self) -> None:
        """Start an empty ring at the feed's end."""
        self._generation = await self._reading.generation()
        self._ring.clear()
        self._seq = self._lost = await self._reading.query(feed_head)

    async def _read(self) -> None:
        """Take in what is new."""
        while True:
            page = await self._reading.query(feed_after, seq=self._seq, limit=_PAGE)
            if not page.rows:
                await self._look_for_reset()
                return
            for row in page.rows:
                if len(self._ring) == self._ring.maxlen:
                    self._lost = self._ring[0][0].seq
                self._ring.append((row, self._encoded(row)))
            self._seq = page.rows[-1].seq
            self._grown.ring()
            if len(page.rows) < _PAGE:
                return

    async def _look_for_reset(self) -> None:
        head = await self._reading.query(feed_head)
        if head < self._seq:
            await self._begin()
            self._grown.ring()

    def _encoded(self, row: FeedRow) -> bytes:
        return _wire(row.type, row.model_dump_json(), mark=f"{self._generation}-{row.seq}")


def _wire(kind: str, data: str, *, mark: str) -> bytes:
    return f"id: {mark}\nevent: {kind}\ndata: {data}\n\n".encode()
