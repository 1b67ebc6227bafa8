"""Writing the file: one thread that commits in one transaction all that has been asked for meanwhile.

1. Whatever waits when a transaction begins shares it, and so shares its fsync (group commit).
2. Offsets are taken inside the transaction, so that several processes can append to one file.
3. A caller is answered after COMMIT returned; when it failed, all callers of the transaction are told so.
"""

import asyncio
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeAlias

from streams.embedded.file import retry_busy
from streams.embedded.frame import OFFSET_BITS, OFFSET_MASK, stamp
from streams.log import LogError, Position, TopicPartition

TRANSACTION_BYTES = 16 * 1024 * 1024
"""A transaction takes no further request when it has this much."""
STATEMENT_ROWS = 500

Row: TypeAlias = tuple[int, bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Append:
    """Frames, not yet stamped, for the partitions of one topic."""

    topic: str
    frames: Sequence[tuple[int, bytes]]
    answer: "asyncio.Future[list[Position]]"

    @property
    def size(self) -> int:
        """Bytes to be written."""
        return sum(len(frame) for _, frame in self.frames)


@dataclass(frozen=True, slots=True, eq=False)
class Commit:
    """Offsets that a consumer group has come to."""

    group: str
    offsets: Mapping[TopicPartition, int]
    answer: "asyncio.Future[list[Position]]"

    @property
    def size(self) -> int:
        """Bytes to be written, about."""
        return 64 * len(self.offsets)


Request: TypeAlias = Append | Commit


class Writer:
    """The thread and its queue."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        partitions: int,
        clock_ms: Callable[[], int],
        on_appended: Callable[[set[str]], None],
    ) -> None:
        self._connection = connection
        self._partitions = partitions
        self._clock_ms = clock_ms
        self._on_appended = on_appended
        self._queue: SimpleQueue[Request | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._version = -1
        self._topics: dict[str, int] = {}
        self._next: dict[int, int] = {}
        self._thread = threading.Thread(target=self._run, name="embedded-log-writer", daemon=True)
        self._thread.start()

    def put(self, request: Request) -> None:
        """Ask for ``request``; its future is set once it is durable.

        Raises:
            LogError: the writer is closed.
        """
        with self._lock:
            if self._closed:
                raise LogError("the log is closed")
            self._queue.put(request)

    def close(self) -> None:
        """Finish what was asked for and end; blocks until then."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            requests, going = self._take()
            if requests:
                self._serve(requests)
        self._connection.close()

    def _take(self) -> tuple[list[Request], bool]:
        """Wait for a request; return it with all that fits beside it, and whether more may come."""
        requests: list[Request] = []
        size = 0
        request = self._queue.get()
        while request is not None:
            requests.append(request)
            size += request.size
            try:
                if size >= TRANSACTION_BYTES:
                    return requests, True
                request = self._queue.get_nowait()
            except Empty:
                return requests, True
        return requests, False

    def _serve(self, requests: list[Request]) -> None:
        try:
            positions = self._transact(requests)
        except Exception as error:  # whatever it was, the callers wait for an answer and the thread must live on
            self._forget()
            _answer([(request, LogError(f"nothing was written: {error}")) for request in requests])
            return
        self._on_appended({request.topic for request in requests if isinstance(request, Append)})
        _answer(list(zip(requests, positions, strict=True)))

    def _transact(self, requests: list[Request]) -> list[list[Position]]:
        execute = self._connection.execute
        retry_busy(lambda: execute("BEGIN IMMEDIATE"))
        try:
            if self._others_wrote():
                self._forget()
            rows: list[Row] = []
            now = self._clock_ms()
            positions = [self._apply(request, now=now, rows=rows) for request in requests]
            for part in _parts(rows):
                self._insert(part)
            execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise
        return positions

    def _apply(self, request: Request, *, now: int, rows: list[Row]) -> list[Position]:
        """Write a commit; add the rows of an append to ``rows`` and return where they will lie."""
        if isinstance(request, Commit):
            self._connection.executemany(
                "INSERT INTO commits VALUES (?,?,?,?)"
                " ON CONFLICT (consumers, topic, partition) DO UPDATE SET next_offset = excluded.next_offset",
                [(request.group, topic, partition, offset) for (topic, partition), offset in request.offsets.items()],
            )
            return []
        base = self._topic(request.topic) * self._partitions
        positions = []
        for partition, frame in request.frames:
            stream = base + partition
            offset = self._next[stream] if stream in self._next else self._end(stream)
            self._next[stream] = offset + 1
            identity = stream << OFFSET_BITS | offset
            rows.append((identity, stamp(identity, now, frame)))
            positions.append(Position(request.topic, partition, offset))
        return positions

    def _insert(self, rows: list[Row]) -> None:
        places = ",".join(["(?,?)"] * len(rows))
        self._connection.execute(f"INSERT INTO records VALUES {places}", [field for row in rows for field in row])  # noqa: S608

    def _others_wrote(self) -> bool:
        before = self._version
        self._version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return before != self._version

    def _forget(self) -> None:
        self._topics.clear()
        self._next.clear()

    def _topic(self, name: str) -> int:
        if name not in self._topics:
            self._connection.execute("INSERT INTO topics (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
            found = self._connection.execute("SELECT topic FROM topics WHERE name = ?", (name,)).fetchone()
            self._topics[name] = found[0]
        return self._topics[name]

    def _end(self, stream: int) -> int:
        last = self._connection.execute(
            "SELECT id FROM records WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1",
            (stream << OFFSET_BITS, (stream + 1) << OFFSET_BITS),
        ).fetchone()
        return 0 if last is None else (last[0] & OFFSET_MASK) + 1


def _parts(rows: list[Row]) -> Iterator[list[Row]]:
    """Split ``rows`` into statements, since each row of an ``executemany`` is a fight for the interpreter's lock."""
    part: list[Row] = []
    size = 0
    for row in rows:
        part.append(row)
        size += len(row[1])
        if len(part) == STATEMENT_ROWS or size >= TRANSACTION_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


Outcome: TypeAlias = tuple[Request, list[Position] | LogError]


def _answer(outcomes: list[Outcome]) -> None:
    """Tell every caller; one wake-up per event loop."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_loop[outcome[0].answer.get_loop()].append(outcome)
    for loop, told in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, told)
        except RuntimeError:
            if not loop.is_closed():  # a closed loop has nobody left who waits
                raise


def _settle(outcomes: list[Outcome]) -> None:
    for request, outcome in outcomes:
        if request.answer.done():  # the caller was cancelled meanwhile
            continue
        if isinstance(outcome, LogError):
            request.answer.set_exception(outcome)
        else:
            request.answer.set_result(outcome)
