"""The adapters that the contract of the log port is checked on: one entry in ``ADAPTERS`` each.

An adapter here is a place where a log lives: it can be opened several times, also at once, and makes topics that
nobody used before.
"""

import itertools
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from streams.embedded import EmbeddedLog
from streams.log import Log


class LogPlace(Protocol):
    @property
    def partitions(self) -> int: ...

    async def open(self) -> Log: ...

    async def new_topic(self) -> str: ...


class EmbeddedPlace:
    partitions = 5

    def __init__(self, directory: Path) -> None:
        self._path = directory / "log.sqlite3"
        self._numbers = itertools.count()

    async def open(self) -> Log:
        return EmbeddedLog(self._path, partitions=self.partitions)

    async def new_topic(self) -> str:
        return f"topic.{next(self._numbers)}"


@asynccontextmanager
async def embedded() -> AsyncIterator[LogPlace]:
    with tempfile.TemporaryDirectory() as directory:
        yield EmbeddedPlace(Path(directory))


ADAPTERS: dict[str, Callable[[], AbstractAsyncContextManager[LogPlace]]] = {"embedded": embedded}
