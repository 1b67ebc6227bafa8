"""Reading the file: plain calls on one connection, one thread at a time.

Every read is one SQL statement that yields one row, however many records it covers: Python's ``sqlite3`` lets go of
the interpreter's lock at each row, and getting it back from a busy event loop takes up to 5 ms. 2,000 records fetched
row by row beside a busy loop take 0.7 s, as one row 6 ms.
"""

import json
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streams.embedded.file import open_source, retry_busy
from streams.embedded.frame import OFFSET_BITS, OFFSET_MASK, decode, identity_at
from streams.log import LogError, Record, TopicPartition

LARGE_BYTES = 64 * 1024
"""Frames from this size on are fetched one by one, so that a read has a bound in memory."""
READ_BYTES = 32 * 1024 * 1024
"""A read stops early when its large frames are more than this."""

_RUNS = f"""
    SELECT CAST(group_concat(CASE WHEN length(body) < {LARGE_BYTES} THEN body END, '') AS BLOB)
    FROM json_each(?) AS run
    CROSS JOIN records ON records.id >= json_extract(run.value, '$[0]') AND records.id < json_extract(run.value, '$[1]')
"""  # noqa: S608 - the one number in it is ours; CROSS JOIN keeps the order of the runs, frames say their ids
_LAST = f"""
    SELECT json_group_array((
        SELECT records.id FROM records
        WHERE records.id >= stream.value << {OFFSET_BITS} AND records.id < (stream.value + 1) << {OFFSET_BITS}
        ORDER BY records.id DESC LIMIT 1
    )) FROM json_each(?) AS stream
"""  # noqa: S608


class Run(NamedTuple):
    """Records of one partition from ``first`` up to, not including, ``end``."""

    topic: str
    partition: int
    first: int
    end: int


class Source:
    """What can be asked of a log's file."""

    def __init__(self, path: Path, *, partitions: int, patience_ms: int) -> None:
        self._connection = open_source(path, patience_ms=patience_ms)
        self._partitions = partitions
        self._topics: dict[str, int] = {}
        self._version = -1

    def changed(self) -> bool:
        """Tell whether anybody has written since the last call; True at the first one."""
        before, self._version = self._version, self._one("PRAGMA data_version")
        return before != self._version

    def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offset after the last record of each partition, 0 where there is none."""
        wanted = list(partitions)
        self._learn({topic for topic, _ in wanted})
        found = [entry for entry in wanted if entry.topic in self._topics]
        last = json.loads(self._one(_LAST, json.dumps([self._stream(*entry) for entry in found])))
        ends = {
            entry: 0 if identity is None else (identity & OFFSET_MASK) + 1
            for entry, identity in zip(found, last, strict=True)
        }
        return {entry: ends.get(entry, 0) for entry in wanted}

    def read(self, runs: Sequence[Run]) -> list[Record]:
        """Return the records of ``runs``, which must lie below the ends, in the order of the runs.

        Fewer come where they are so large that memory would suffer, but at least one.

        Raises:
            LogError: a record is missing or is not what was written.
        """
        self._learn({run.topic for run in runs})
        starts = [self._stream(run.topic, run.partition) << OFFSET_BITS for run in runs]
        bounds = [(start + run.first, start + run.end) for start, run in zip(starts, runs, strict=True)]
        buffer = self._one(_RUNS, json.dumps(bounds)) or b""
        try:
            return self._records(runs, bounds, buffer)
        except (struct.error, LookupError, ValueError) as error:
            raise LogError(f"a record between {runs[0]} and {runs[-1]} is damaged: {error}") from error

    def committed(self, group: str) -> dict[TopicPartition, int]:
        """Return the committed offsets of ``group``."""
        rows = self._connection.execute(
            "SELECT topic, partition, next_offset FROM commits WHERE consumers = ? ORDER BY topic, partition", (group,)
        )
        return {TopicPartition(topic, partition): offset for topic, partition, offset in rows}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _records(self, runs: Sequence[Run], bounds: Sequence[tuple[int, int]], buffer: bytes) -> list[Record]:
        records: list[Record] = []
        at, room = 0, READ_BYTES
        for run, (first, end) in zip(runs, bounds, strict=True):
            topic, partition = run.topic, run.partition
            for identity in range(first, end):
                if identity_at(buffer, at) == identity:
                    record, at = decode(buffer, at, topic, partition)
                elif room > 0:
                    frame = self._frame(identity, run)
                    room -= len(frame)
                    record, _ = decode(frame, 0, topic, partition)
                else:
                    return records
                records.append(record)
        return records

    def _frame(self, identity: int, run: Run) -> bytes:
        frame = self._one("SELECT body FROM records WHERE id = ?", identity)
        if not isinstance(frame, bytes) or identity_at(frame, 0) != identity:
            offset = identity & OFFSET_MASK
            raise LogError(
                f"{run.topic} partition {run.partition}: the record at offset {offset} is missing or damaged"
            )
        return frame

    def _stream(self, topic: str, partition: int) -> int:
        return self._topics[topic] * self._partitions + partition

    def _learn(self, topics: set[str]) -> None:
        if not topics <= self._topics.keys():
            self._topics = json.loads(self._one("SELECT json_group_object(name, topic) FROM topics"))

    def _one(self, statement: str, *parameters: object) -> Any:
        row = retry_busy(lambda: self._connection.execute(statement, parameters).fetchone())
        return None if row is None else row[0]
