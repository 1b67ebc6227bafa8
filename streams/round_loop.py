"""The engine driven by one reader, for the embedded log: reads, folds, begins the rounds that are due.

Any failure ends the loop with its cause; the log holds all that counts, so a new loop carries on from there.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import Final

from streams.checkpoints import EVENTS, EVERY_S, Checkpoints
from streams.clock import Clock, FakeClock, SystemClock
from streams.host import TOPICS, ShardHost
from streams.limits import RefusalLimits
from streams.log import Log, Reader, TopicPartition
from streams.rounds import Rounds, partitions_of
from streams.snapshots import SnapshotStore

POLL_RECORDS: Final = 1000
IDLE_S: Final = 1.0
SHORTEST_WAIT_S: Final = 0.002


class RoundLoop:
    """See the module. Either ``run`` it, or ``step`` it; then ``close`` it."""

    def __init__(
        self,
        *,
        log: Log,
        host: ShardHost,
        snapshots: SnapshotStore | None = None,
        partitions: Collection[int] | None = None,
        clock: Clock | None = None,
        solvers: int = 2,
        limits: RefusalLimits | None = None,
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
            limits: how many refused records stop the loop; None: never.
            checkpoint_events: after how many events to save, at least.
            checkpoint_every_s: after how many seconds to save what changed.
        """
        self.host = host
        self.ready = asyncio.Event()
        """Set when the log has been read to where it ended at the start."""
        self._log, self._clock = log, clock or SystemClock()
        self._partitions = partitions_of(log, partitions)
        self._rounds = Rounds(
            log=log, host=host, snapshots=snapshots, clock=self._clock, solvers=solvers, limits=limits,
            checkpoint_events=checkpoint_events, checkpoint_every_s=checkpoint_every_s,
        )  # fmt: skip
        self._reader: Reader | None = None

    async def run(self) -> None:
        """Go on in real time until cancelled; then save snapshots and let go.

        Raises:
            ShardHostBrokenError: the log holds what cannot be.
            TooManyRefusedError: too much of a topic is refused.
            LogError: the log failed.
            Exception: a solve failed; it was logged with its shard and round.
        """
        try:
            reader = await self._start()
            await self._read_to_end(reader)
            self.ready.set()
            async with asyncio.TaskGroup() as tasks:
                if self._checkpoints:
                    tasks.create_task(self._checkpoints.run())
                tasks.create_task(self._rounds.outbox.run())
                while True:
                    now = self._clock.now()
                    for due in self._rounds.due(now):
                        tasks.create_task(self._rounds.begin(due, now=now))
                    records = await reader.poll(max_records=POLL_RECORDS, timeout_s=self._patience_s())
                    await self._rounds.take_in(records)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            await self.close()

    async def step(self, now: datetime) -> int:
        """Read to the log's end, decide every round due at ``now``, and again until all is quiet.

        Returns:
            How many rounds were decided; what follows from them is published.

        Raises:
            As ``run``.
        """
        reader = await self._start()
        self._rounds.clock = FakeClock(now)
        rounds = 0
        while True:
            await self._read_to_end(reader)
            await self._rounds.outbox.flush()
            await self._read_to_end(reader)  # what shards let go to one another
            due = self._rounds.due(now)
            if not due:
                break
            await asyncio.gather(*[self._rounds.begin(each, now=now) for each in due])
            rounds += len(due)
        if self._checkpoints and self._checkpoints.is_due:
            await self._checkpoints.save()
        return rounds

    async def close(self) -> None:
        """Save what changed and let go of threads and reader; the log stays open."""
        if self._reader is None:
            return
        reader, self._reader = self._reader, None
        try:
            await self._rounds.close()
        finally:
            await reader.close()

    @property
    def _checkpoints(self) -> Checkpoints | None:
        return self._rounds.checkpoints

    async def _start(self) -> Reader:
        if self._reader is None:
            start: dict[TopicPartition, int] = {}
            for partition in self._partitions:
                restored = await self._rounds.adopt(partition)
                start |= {TopicPartition(topic, partition): offset for topic, offset in restored.positions.items()}
            self._reader = self._log.reader(start)
        return self._reader

    async def _read_to_end(self, reader: Reader) -> None:
        """Take in everything that lies in the log now."""
        ends = await self._log.end_offsets(TOPICS)
        while any(offset < ends[place] for place, offset in reader.positions().items()):
            await self._rounds.take_in(await reader.poll(max_records=POLL_RECORDS, timeout_s=IDLE_S))

    def _patience_s(self) -> float:
        """How long to wait for records: until the next round is due, or for the record of one in flight."""
        if self.host.agenda.in_flight >= self._rounds.most_in_flight:
            return IDLE_S
        now = self._clock.now()
        due = self.host.next_due(now)
        return IDLE_S if due is None else min(IDLE_S, max(SHORTEST_WAIT_S, (due - now).total_seconds()))
