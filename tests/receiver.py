"""A receiver of webhooks on a real socket that does as it is told: answers, fails, is slow, hangs up."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

PATIENCE_S = 20.0
"""Long enough for any machine; no test waits so long unless it fails."""


@dataclass(frozen=True)
class Got:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """Return the content, held against the signature by the specification's own library."""
        return Webhook(secret).verify(self.body, dict(self.headers))


@dataclass(frozen=True)
class Answer:
    """What to answer; ``hangs_up`` closes the line without a word."""

    status: int = 204
    headers: str = ""
    delay_s: float = 0.0
    hangs_up: bool = False


@dataclass
class Receiver:
    """Gives the next of ``answers``, then 204 to everything."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: deque[Answer] = field(default_factory=deque)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def has(self, count: int) -> list[Got]:
        """Return the requests once there are so many."""
        async with asyncio.timeout(PATIENCE_S), self.came:
            await self.came.wait_for(lambda: len(self.got) >= count)
        return self.got

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            answer = self.answers.popleft() if self.answers else Answer()
            async with self.came:
                self.got.append(Got(first.split()[1], headers, body))
                self.came.notify_all()
            await asyncio.sleep(answer.delay_s)
            if not answer.hangs_up:
                writer.write(f"HTTP/1.1 {answer.status} Said\r\n{answer.headers}content-length: 0\r\n\r\n".encode())
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Listen on a free port, or on the one it had before."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()
