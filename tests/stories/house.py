"""A Cobuild that runs, as a story sees it: over HTTP and nothing else."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx

PATIENCE_S = 60.0
Answer = dict[str, Any]


class House:
    """Posts, reads its own writes, and waits for what rounds bring about."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._written: dict[str, int] = {}

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Post and return the answer; whatever is refused fails the story."""
        answer = await self._send("POST", path, body, headers)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return _content(answer)

    async def put(self, path: str, body: Any, **headers: str) -> Answer:
        """The same with PUT."""
        answer = await self._send("PUT", path, body, headers)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return _content(answer)

    async def refused(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Post what must be refused; return the problem."""
        answer = await self._send("POST", path, body, headers)
        assert answer.is_client_error, f"{path}: {answer.status_code} {answer.text}"
        return _content(answer)

    async def get(self, path: str, **query: Any) -> Answer:
        """Read what was written before."""
        answer = await self._http.get(path, params=query or None, headers=self._at_least())
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return _content(answer)

    async def download(self, path: str) -> bytes:
        """Read a document."""
        answer = await self._http.get(path, headers=self._at_least())
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.content

    async def until(self, path: str, holds: Callable[[Answer], bool], **query: Any) -> Answer:
        """Read again and again until what is read holds; return it."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = await self.get(path, **query)
            if holds(found):
                return found
            assert time.monotonic() < deadline, f"{path} does not become what it should: {found}"
            await asyncio.sleep(0.05)

    async def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self._http.request(method, path, json=body, headers=named)
        position = answer.headers.get("Cobuild-Position")
        for place in position.split(",") if position else ():
            partition, _, offset = place.strip().rpartition(":")
            self._written[partition] = max(int(offset), self._written.get(partition, 0))
        return answer

    def _at_least(self) -> dict[str, str]:
        positions = ",".join(f"{partition}:{offset}" for partition, offset in self._written.items())
        return {"Cobuild-At-Least": positions} if positions else {}


def _content(answer: httpx.Response) -> Answer:
    found: Answer = answer.json() if answer.content else {}
    return found
