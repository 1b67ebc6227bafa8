"""A source on a thread of its own, asked from the event loop."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from streams.embedded.source import Source
from streams.log import LogError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class SourceThread:
    """Runs calls one after another; the source is opened by the first."""

    def __init__(self, open_source: Callable[[], Source]) -> None:
        self._open_source = open_source
        self._source: Source | None = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedded-log-source")
        self._closed = False

    async def ask(
        self,
        question: Callable[Concatenate[Source, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Return ``question(source, ...)``; a cancelled caller leaves the call to finish by itself.

        Raises:
            LogError: the file could not be read, or this is closed.
        """

        def answer() -> Result:
            if self._source is None:
                self._source = self._open_source()
            return question(self._source, *args, **kwargs)

        if self._closed:
            raise LogError("the log is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, answer)
        except sqlite3.Error as error:
            raise LogError(f"the log could not be read: {error}") from error

    async def close(self) -> None:
        """Wait for what runs and close the source."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._executor, self._close_source)
        self._executor.shutdown(wait=False)

    def _close_source(self) -> None:
        if self._source is not None:
            self._source.close()
