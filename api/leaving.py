"""Requests that are under way when the server is to stop: each has some seconds left and is answered in any case."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from schemas.refusals import Refused

GRACE_S: Final = 2.0


class OpenRequests:
    """Knows the requests under way. Belongs to one event loop."""

    def __init__(self) -> None:
        self._limits: set[asyncio.Timeout] = set()
        self._until: float | None = None

    @asynccontextmanager
    async def limited(self) -> AsyncIterator[None]:
        """Run a request until it is done, or until the server has to stop.

        Raises:
            Refused: ``unavailable``; the server stops, and what was asked for may or may not happen.
        """
        limit = asyncio.timeout_at(self._until)
        self._limits.add(limit)
        try:
            async with limit:
                yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Refused("unavailable", "the server stops; it is not known whether this was done") from error
        finally:
            self._limits.discard(limit)

    def close(self, *, grace_s: float = GRACE_S) -> None:
        """Give every request ``grace_s`` seconds from now."""
        self._until = asyncio.get_running_loop().time() + grace_s
        for limit in self._limits:
            limit.reschedule(self._until)
