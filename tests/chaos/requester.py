"""Sends one write until it is known what came of it, and notes both in the journal.

1. Where no connection was made nothing happened: the same request goes out again.
2. Where a connection broke, or the server answered 5xx, a request with an ``Idempotency-Key`` goes out again with the
   same key until it is answered: at least once from here, once in effect. Without a key its outcome is unknown.
3. A 4xx to the first attempt says that nothing was done; to a later one it says nothing about the first.
"""

import asyncio
import contextlib
import random
import time
from typing import Any

import httpx

from tests.chaos.journal import Journal, Outcome

PATIENCE_S = 60.0
"""So long a request is sent again; after that its outcome is unknown for ever."""


class Requester:
    """Writes of one client; marks are its name and a number."""

    def __init__(self, name: str, http: httpx.AsyncClient, *, journal: Journal, chance: random.Random) -> None:
        self._name = name
        self._http = http
        self._journal = journal
        self._chance = chance
        self._count = 0
        self.breaks = 0
        """How often a connection broke or could not be made."""

    def mark(self) -> str:
        """Return a new mark."""
        self._count += 1
        return f"{self._name}-{self._count:05}"

    async def write(
        self,
        op: str,
        path: str,
        *,
        mark: str,
        method: str = "POST",
        body: dict[str, Any] | None = None,
        subject: str | None = None,
        if_match: int | None = None,
    ) -> httpx.Response | None:
        """Send a write; return its 2xx answer, or None."""
        keyed = method == "POST" and self._chance.random() < 0.6
        headers = {"Idempotency-Key": f"key-{mark}"} if keyed else {}
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        self._journal.note(
            "began", mark=mark, op=op, subject=subject, body=body or {}, if_match=if_match, keyed=keyed
        )  # fmt: skip
        response, outcome = await self._until_known(method, path, body=body, headers=headers, keyed=keyed)
        answer = response.json() if response is not None and response.content else {}
        self._journal.note(
            "outcome",
            mark=mark,
            outcome=outcome,
            status=response and response.status_code,
            code=answer.get("code"),
            answer=answer if outcome == "acked" else {},
        )
        if outcome == "acked" and keyed and self._chance.random() < 0.1:
            await self._repeat(mark, path, answer, body=body, headers=headers)
        return response if outcome == "acked" else None

    async def _repeat(
        self, mark: str, path: str, first: Any, *, body: dict[str, Any] | None, headers: dict[str, str]
    ) -> None:
        """Send what was acknowledged once more, as a client whose memory was lost."""
        with contextlib.suppress(httpx.TransportError):
            response = await self._http.post(path, json=body, headers=headers)
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                self._journal.note("repeat", mark=mark, first=first, again=response.json())

    async def read(self, path: str, *, at_least: str | None = None, **params: Any) -> Any:
        """Return what a read answers, None where it cannot be had now."""
        headers = {"Cobuild-At-Least": at_least} if at_least else {}
        try:
            response = await self._http.get(path, params=params, headers=headers)
        except httpx.TransportError:
            return None
        self._look_at(response, "GET", path)
        return response.json() if response.is_success else None

    async def _until_known(
        self, method: str, path: str, *, body: dict[str, Any] | None, headers: dict[str, str], keyed: bool
    ) -> tuple[httpx.Response | None, Outcome]:
        sent = False
        give_up_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up_at:
            try:
                response = await self._http.request(method, path, json=body, headers=headers)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                self.breaks += 1
                await asyncio.sleep(self._chance.uniform(0.02, 0.2))
                continue
            except httpx.TransportError:
                self.breaks += 1
                sent = True
            else:
                if response.is_success:
                    return response, "acked"
                self._look_at(response, method, path)
                if response.status_code < 500 and not _in_use(response):
                    return response, "unknown" if sent else "refused"
                sent = True
            if not keyed:
                return None, "unknown"
            await asyncio.sleep(self._chance.uniform(0.0, 0.3))
        return None, "unknown" if sent else "unsent"

    def _look_at(self, response: httpx.Response, method: str, path: str) -> None:
        """Nothing that a client does may bring about a fault of ours."""
        if response.status_code >= 500 and response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            text = response.text[:500]
            self._journal.note("failure", method=method, path=path, status=response.status_code, text=text)


def _in_use(response: httpx.Response) -> bool:
    return response.status_code == httpx.codes.CONFLICT and response.json().get("code") == "idempotency_key_in_use"
