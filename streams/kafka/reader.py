"""Reading: a shelf that a thread fills, and the event loop takes from."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from streams.kafka.feeder import Feeder
from streams.kafka.shelf import Shelf
from streams.log import LogError, Record, TopicPartition

LOOK_S: Final = 5.0
"""A poll that finds nothing waits at most so long for the brokers to say that nothing is there."""


class KafkaReader:
    """See ``streams.log.Reader``; a cancelled poll has taken nothing."""

    def __init__(
        self,
        *,
        feed: Callable[[Shelf], Feeder],
        start: Mapping[TopicPartition, int],
        partitions: int,
        on_close: Callable[["KafkaReader"], None],
    ) -> None:
        self._partitions = partitions
        self._on_close = on_close
        self._shelf = Shelf()
        self._news = asyncio.Event()
        for partition, offset in start.items():
            self.seek(partition, offset)
        self._feeder = feed(self._shelf)

    async def poll(self, *, max_records: int = 1000, timeout_s: float = 0.0) -> list[Record]:
        """Return the next records; an empty list where none lay in the log when the time was over.

        Raises:
            LogError: an offset is not kept any more, no broker answered for long, or the reader is closed.
        """
        if max_records < 1:
            raise LogError(f"a poll takes at least one record, not {max_records}")
        loop = asyncio.get_running_loop()
        until, question = loop.time() + timeout_s, 0
        await asyncio.sleep(0)  # others have a turn, even where there is always something to take
        while True:
            self._news.clear()
            records = self._shelf.take(max_records)
            if records or (question and self._shelf.looked >= question):
                return records
            if loop.time() >= until:
                if question:
                    return []
                question, until = self._shelf.ask(), loop.time() + LOOK_S
            await self._wait(until - loop.time(), question)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on from ``offset``; -1 leaves the partition."""
        topic, number = partition
        if offset < -1 or not 0 <= number < self._partitions:
            raise LogError(f"there is no offset {offset} in {topic} partition {number} of {self._partitions}")
        self._shelf.seek(TopicPartition(topic, number), offset)

    def positions(self) -> dict[TopicPartition, int]:
        """Return the next offset of every partition read."""
        return self._shelf.positions()

    async def close(self) -> None:
        """Let go of the thread and its consumer; a poll that waits ends with a LogError."""
        self._shelf.close()
        await asyncio.get_running_loop().run_in_executor(None, self._feeder.join)
        self._on_close(self)

    async def _wait(self, seconds: float, question: int) -> None:
        loop = asyncio.get_running_loop()
        self._shelf.await_news(lambda: _wake(loop, self._news), seconds=seconds, question=question)
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return  # the poll looks at the time itself


def _wake(loop: asyncio.AbstractEventLoop, news: asyncio.Event) -> None:
    try:
        loop.call_soon_threadsafe(news.set)
    except RuntimeError:
        if not loop.is_closed():  # a closed loop has nobody left who waits
            raise
