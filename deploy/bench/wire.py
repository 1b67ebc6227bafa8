"""A plain HTTP/1.1 client on one connection: any library would take more time than the server that is measured."""

import asyncio
import json
import time
from typing import Any, Self

_HEAD = "POST {} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n"
_IDLE_S = 2.0


class Wire:
    """One kept connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._used = time.monotonic()

    @property
    def is_fresh(self) -> bool:
        """Whether it was used so lately that the server will not have hung up."""
        return time.monotonic() - self._used < _IDLE_S

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect to a port of this machine. Raises OSError."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def create(self, path: str, body: dict[str, Any]) -> None:
        """Post ``body``. Raises AssertionError for any answer but a 201."""
        data = json.dumps(body, ensure_ascii=False).encode()
        self._writer.write(_HEAD.format(path, len(data)).encode() + data)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.split(b"content-length: ")[1].split(b"\r\n")[0])
        said = await self._reader.readexactly(length)
        self._used = time.monotonic()
        if not answer.startswith(b"http/1.1 201"):
            raise AssertionError(answer[:40] + said[:400])

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
