"""The embedded log for readers alone: nothing can be appended, and a file that is not there is not made."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from streams.embedded.file import prepare_file
from streams.embedded.reader import EmbeddedReader
from streams.embedded.source import Source
from streams.embedded.source_thread import SourceThread
from streams.log import LogError, TopicPartition
from streams.partitioner import partition_of


class EmbeddedArchive:
    """See ``streams.history.ReadableLog``. Its connections are SQLite's ``query_only``; a server may go on writing."""

    def __init__(self, path: Path, *, partitions: int, patience_ms: int = 10_000) -> None:
        """Open the log of a file.

        Args:
            path: the file.
            partitions: of every topic, as the log was made with.
            patience_ms: how long to wait for a process that is writing.

        Raises:
            LogError: there is no log of this format and partition count.
        """
        if not path.exists():
            raise LogError(f"there is no log at {path}")
        prepare_file(path, partitions=partitions, patience_ms=patience_ms)
        self._path, self._partitions, self._patience_ms = path, partitions, patience_ms
        self._readers: set[EmbeddedReader] = set()

    @property
    def partitions(self) -> int:
        """The one partition count of all topics."""
        return self._partitions

    def partition_of(self, key: bytes) -> int:
        """Return the partition that Kafka's default partitioner picks for ``key``."""
        return partition_of(key, self._partitions)

    def reader(self, start: Mapping[TopicPartition, int]) -> EmbeddedReader:
        """Return a reader that starts at the given offsets."""
        reader = EmbeddedReader(
            SourceThread(self._open), start=start, partitions=self._partitions, on_close=self._readers.discard
        )
        self._readers.add(reader)
        return reader

    async def end_offsets(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the offset that the next record of each partition will get. Raises LogError."""
        places = [TopicPartition(topic, number) for topic in topics for number in range(self._partitions)]
        try:
            with closing(self._open()) as source:
                return source.ends(places)
        except sqlite3.Error as error:
            raise LogError(f"the log could not be read: {error}") from error

    async def close(self) -> None:
        """Close the readers."""
        for reader in list(self._readers):
            await reader.close()

    def _open(self) -> Source:
        return Source(self._path, partitions=self._partitions, patience_ms=self._patience_ms)
