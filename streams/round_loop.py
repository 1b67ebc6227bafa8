"""The round loop of one process: reads its partitions, folds, publishes rounds read back, starts rounds that are due.

1. What a batch refused is dead-lettered, and the assignments of its rounds are published, before the next batch.
2. A round is decided in a thread and appended to the decision log; it counts when it is read back, not before.
3. While a round is in flight its shard goes on folding: the solve works on a frozen copy.
4. Any failure ends the loop with its cause; the log holds all that counts, so a new loop carries on from there.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from typing import Final

import structlog

from matcher.publication import SOURCE
from schemas.envelope import encode, new_event
from schemas.rounds import RoundDecided
from schemas.topics import DEADLETTERS, ROUNDS
from streams.checkpoints import EVENTS, EVERY_S, Checkpoints, Stillness
from streams.clock import Clock, SystemClock
from streams.deadletters import dead_letter
from streams.host import TOPICS, ShardHost
from streams.log import Draft, Log, Reader, Record, TopicPartition
from streams.pace import Due
from streams.publisher import Counted, Publisher
from streams.restore import restore_partition
from streams.snapshots import SnapshotStore

log = structlog.get_logger(__name__)

POLL_RECORDS: Final = 1000
SLICE: Final = 200
"""So many records are folded before other tasks get their turn."""
IDLE_S: Final = 1.0
SHORTEST_WAIT_S: Final = 0.002


class RoundLoop:
    """See the module's rules. Either ``run`` it, or ``step`` it; then ``close`` it."""

    def __init__(
        self,
        *,
        log: Log,
        host: ShardHost,
        snapshots: SnapshotStore | None = None,
        partitions: Collection[int] | None = None,
        clock: Clock | None = None,
        solvers: int = 2,
        checkpoint_events: int = EVENTS,
        checkpoint_every_s: float = EVERY_S,
    ) -> None:
        """Prepare a loop.

        Args:
            log: where everything is read and written.
            host: holds the states; this loop alone feeds it.
            snapshots: where states are saved, and restored from at the start; None: always from the log alone.
            partitions: which to own; by default all.
            clock: the time of ``run``; by default the machine's.
            solvers: how many threads decide.
            checkpoint_events: after how many events to save, at least.
            checkpoint_every_s: after how many seconds to save what changed.
        """
        self.host = host
        self.ready = asyncio.Event()
        """Set when the log has been read to where it ended at the start."""
        self._log, self._snapshots = log, snapshots
        self._clock = clock or SystemClock()
        self._partitions = sorted(range(log.partitions) if partitions is None else partitions)
        self._publisher = Publisher(log)
        self._still = Stillness()
        self._checkpoints = (
            None
            if snapshots is None
            else Checkpoints(
                log=log,
                host=host,
                store=snapshots,
                still=self._still,
                events=checkpoint_events,
                every_s=checkpoint_every_s,
            )
        )
        self._solvers = ThreadPoolExecutor(solvers, thread_name_prefix="solver")
        self._most_in_flight = 2 * solvers
        self._reader: Reader | None = None

    async def run(self) -> None:
        """Go on in real time until cancelled; then save snapshots and let go.

        Raises:
            ShardHostBrokenError: the log holds what cannot be.
            LogError: the log failed.
            Exception: a solve failed; it was logged with its shard and round.
        """
        try:
            reader = await self._start()
            await self._read_to_end(reader, at=self._clock.now)
            self.ready.set()
            async with asyncio.TaskGroup() as tasks:
                if self._checkpoints:
                    tasks.create_task(self._checkpoints.run())
                while True:
                    self._begin_due(tasks)
                    records = await reader.poll(max_records=POLL_RECORDS, timeout_s=self._patience_s())
                    await self._take_in(records, at=self._clock.now)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            await self.close()

    async def step(self, now: datetime) -> int:
        """Read to the log's end, decide every round due at ``now``, and again until all is quiet.

        Returns:
            How many rounds were decided.

        Raises:
            As ``run``.
        """
        reader = await self._start()
        rounds = 0
        while True:
            await self._read_to_end(reader, at=lambda: now)
            due = self.host.due(now)[: self._most_in_flight]
            if not due:
                break
            await asyncio.gather(*[self._decide(each, self._solve(each, now)) for each in due])
            rounds += len(due)
        if self._checkpoints and self._checkpoints.is_due:
            await self._checkpoints.save()
        return rounds

    async def close(self) -> None:
        """Save what changed and let go of threads and reader; the log stays open."""
        if self._reader is None:
            return
        reader, self._reader = self._reader, None
        self._solvers.shutdown(wait=False, cancel_futures=True)
        try:
            if self._checkpoints:
                await self._checkpoints.save()
        except OSError:
            log.exception("the last snapshots could not be written; the next start will take longer")
        finally:
            await reader.close()

    async def _start(self) -> Reader:
        if self._reader is None:
            start: dict[TopicPartition, int] = {}
            for partition in self._partitions:
                restored = await restore_partition(partition, log=self._log, host=self.host, store=self._snapshots)
                start |= {TopicPartition(topic, partition): offset for topic, offset in restored.positions.items()}
                if self._checkpoints:
                    self._checkpoints.adopt(partition, restored)
            await self._publisher.resume(self._partitions)
            self._reader = self._log.reader(start)
        return self._reader

    async def _read_to_end(self, reader: Reader, *, at: Callable[[], datetime]) -> None:
        """Take in everything that lies in the log now."""
        ends = await self._log.end_offsets(TOPICS)
        while any(offset < ends[place] for place, offset in reader.positions().items()):
            await self._take_in(await reader.poll(max_records=POLL_RECORDS, timeout_s=IDLE_S), at=at)

    async def _take_in(self, records: Sequence[Record], *, at: Callable[[], datetime]) -> None:
        async with self._still.lock:
            self._still.whole = False
            for first in range(0, len(records), SLICE):
                await self._take_slice(records[first : first + SLICE], at=at)
                await asyncio.sleep(0)
            self._still.whole = True

    async def _take_slice(self, records: Sequence[Record], *, at: Callable[[], datetime]) -> None:
        letters: list[Draft] = []
        counted: list[Counted] = []
        for record in records:
            refusal, decided = self.host.fold(record)
            if refusal is not None:
                letters.append(dead_letter(record, refusal, at=at()))
            elif decided is not None:
                counted.append(Counted(record.partition, record.offset, decided))
        if letters:
            await self._log.append(DEADLETTERS.name, letters)
        if counted:
            await self._publisher.publish(counted)

    def _begin_due(self, tasks: asyncio.TaskGroup) -> None:
        now = self._clock.now()
        room = self._most_in_flight - self.host.agenda.in_flight
        for due in self.host.due(now)[:room] if room > 0 else ():
            tasks.create_task(self._decide(due, self._solve(due, now)))

    def _solve(self, due: Due, now: datetime) -> Callable[[], RoundDecided]:
        try:
            return self.host.begin(due, now=now)
        except Exception:
            log.exception("a round could not begin", shard=due.shard, cause=due.cause)
            raise

    async def _decide(self, due: Due, solve: Callable[[], RoundDecided]) -> None:
        try:
            draft = await asyncio.get_running_loop().run_in_executor(self._solvers, lambda: round_draft(solve()))
            positions = await self._log.append(ROUNDS.name, [draft])
        except Exception:
            state = self.host.state(due.shard)
            log.exception("a round failed", shard=due.shard, cause=due.cause, after_round=state and state.round_no)
            raise
        self.host.appended(due.shard, offset=positions[0].offset)

    def _patience_s(self) -> float:
        """How long to wait for records: until the next round is due, or for the record of one in flight."""
        if self.host.agenda.in_flight >= self._most_in_flight:
            return IDLE_S
        now = self._clock.now()
        due = self.host.next_due(now)
        return IDLE_S if due is None else min(IDLE_S, max(SHORTEST_WAIT_S, (due - now).total_seconds()))


def round_draft(decided: RoundDecided) -> Draft:
    """Return the record of a round; its id is a function of the content."""
    digest = sha256(decided.model_dump_json().encode()).hexdigest()[:16]
    event_id = f"{decided.shard}-{decided.round_no}-{digest}"
    event = new_event(decided, id=event_id, source=SOURCE, key=decided.shard, time=decided.decided_at)
    key, headers, value = encode(event)
    return Draft(key=key, value=value, headers=headers)
