"""A signal that another process wrote to the read model: it looks while somebody waits, and only then.

1. SQLite counts what others committed; asking a kept connection takes some microseconds, so we look often.
2. Elsewhere the stored offsets are summed up, which is a query, in a thread; so we look less often.
3. Where the database does not answer, everybody is woken and finds that out where it can be told.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from anyio.to_thread import run_sync
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from api.ports import Bell
from api.readmodel.model import ReadModel
from api.readmodel.tables import offsets

log = structlog.get_logger(__name__)

LOOK_S = 0.01
QUERY_S = 0.05
TROUBLE_S = 0.5


class Changes:
    """An ``api.ports.Signal`` for a process without a projector. Belongs to one event loop."""

    def __init__(self, model: ReadModel) -> None:
        self._model = model
        self._bell = Bell()
        self._waiting = 0
        self._task: asyncio.Task[None] | None = None
        self._counter = _Counter(model) if model.engine.dialect.name == "sqlite" else None
        self._last: object = None

    async def wait(self) -> None:
        """Return when another process wrote next, or might have."""
        self._waiting += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            await self._bell.wait()
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Look no more and let go of the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._counter is not None:
            self._counter.close()

    async def _run(self) -> None:
        look, pause_s = (self._look, LOOK_S) if self._counter is not None else (self._query, QUERY_S)
        try:
            while self._waiting:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(pause_s if await self._told(look) else TROUBLE_S)
        finally:
            self._task = None

    async def _told(self, look: Callable[[], Awaitable[object]]) -> bool:
        """Ring where something changed; return whether the database answered."""
        try:
            found = await look()
        except (SQLAlchemyError, sqlite3.Error) as error:
            log.warning("the lists cannot be looked at; trying again", error=str(error))
            self._bell.ring()
            return False
        if found != self._last:
            self._last = found
            self._bell.ring()
        return True

    async def _look(self) -> object:
        return self._counter.value() if self._counter is not None else None

    async def _query(self) -> object:
        return await run_sync(self._sum)

    def _sum(self) -> tuple[str, Any]:
        with self._model.read() as connection:
            return self._model.generation, connection.execute(select(func.sum(offsets.c.next_offset))).scalar()


class _Counter:
    """SQLite's ``data_version`` on a connection of its own, which never waits for a lock."""

    def __init__(self, model: ReadModel) -> None:
        self._fairy = model.engine.raw_connection()
        self._fairy.detach()
        self._cursor = self._fairy.cursor()
        self._cursor.execute("PRAGMA busy_timeout=0")

    def value(self) -> int:
        """Return a number that changes when another connection commits."""
        self._cursor.execute("PRAGMA data_version")
        [[version]] = self._cursor.fetchall()
        return int(version)

    def close(self) -> None:
        self._fairy.close()
