"""A listener of the match stream that goes on where it was, whatever happens to the server; it notes all it sees."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
from httpx_sse import SSEError, aconnect_sse

from tests.chaos.journal import Journal

PAUSE_S = 0.05


class Listener:
    """Follows the stream from its start; ``last`` is the id of the last event noted."""

    def __init__(
        self,
        name: str,
        http: httpx.AsyncClient,
        *,
        journal: Journal,
        narrowed: dict[str, str | list[str]],
        heard: Callable[[dict[str, Any]], None] = lambda row: None,
    ) -> None:
        self.last = "0"
        self._name = name
        self._http = http
        self._journal = journal
        self._narrowed = narrowed
        self._heard = heard

    @property
    def seq(self) -> int:
        """How far it has come."""
        return int(self.last.rpartition("-")[2])

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen()
            except (httpx.TransportError, httpx.HTTPStatusError, SSEError):
                await asyncio.sleep(PAUSE_S)

    async def _listen(self) -> None:
        headers = {"Last-Event-ID": self.last}
        wait = httpx.Timeout(10, read=30)
        async with aconnect_sse(
            self._http, "GET", "/v1/stream", params=self._narrowed, headers=headers, timeout=wait
        ) as source:
            source.response.raise_for_status()
            async for event in source.aiter_sse():
                if event.data:
                    row = event.json()
                    self._journal.note("seen", stream=self._name, id=event.id, event=event.event, row=row)
                    self.last = event.id
                    if event.event != "reset":
                        self._heard(row)
