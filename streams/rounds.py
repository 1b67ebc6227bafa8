"""The engine of a worker, on any log: restores partitions, folds what it is given, decides rounds, publishes, saves.

1. Who reads the log gives it every record of its partitions in order; it never reads ahead by itself.
2. A round is decided in a thread and appended to the decision log; it counts when it is read back, not before.
3. While a round is in flight its shard goes on folding: the solve works on a frozen copy.
4. What is refused and what is to be published goes to the outbox, which writes beside the folding; a manifest is
   written when everything below it has been written.
5. Any failure ends the owner with its cause; the log holds all that counts, so a new one carries on from there.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import structlog

from matcher.round.publication import SOURCE
from matcher.state.shard import ShardState
from schemas.envelope import encode, new_event
from schemas.rounds import RoundDecided
from schemas.topics import ROUNDS
from streams.checkpoints import EVENTS, EVERY_S, Checkpoints, Stillness
from streams.clock import Clock, SystemClock
from streams.host import ShardHost
from streams.limits import RefusalLimits
from streams.log import Draft, Log, LogError, Record
from streams.outbox import Outbox
from streams.pace import Due
from streams.publisher import Counted, Publisher
from streams.restore import Restored, restore_partition
from streams.snapshots import SnapshotStore

log = structlog.get_logger(__name__)

SLICE: Final = 200
"""So many records are folded before other tasks get their turn."""


class Rounds:
    """See the module's rules. Belongs to one event loop."""

    def __init__(
        self,
        *,
        log: Log,
        host: ShardHost,
        snapshots: SnapshotStore | None = None,
        clock: Clock | None = None,
        solvers: int = 2,
        limits: RefusalLimits | None = None,
        checkpoint_events: int = EVENTS,
        checkpoint_every_s: float = EVERY_S,
    ) -> None:
        """Prepare an engine.

        Args:
            log: where everything is written, and restored from.
            host: holds the states; this engine alone feeds it.
            snapshots: where states are saved and restored from; None: always from the log alone.
            clock: when a record is refused; by default the machine's.
            solvers: how many threads decide.
            limits: how many refused records stop the owner; None: never.
            checkpoint_events: after how many events to save, at least.
            checkpoint_every_s: after how many seconds to save what changed.
        """
        self.host = host
        self.clock = clock or SystemClock()
        self.publisher = Publisher(log)
        self.outbox = Outbox(log, self.publisher)
        self.still = Stillness()
        self.checkpoints: Checkpoints | None = None
        self.most_in_flight = 2 * solvers
        self._log, self._snapshots = log, snapshots
        self._limits = limits or RefusalLimits(in_a_row=0, ratio=1)
        self._solvers = ThreadPoolExecutor(solvers, thread_name_prefix="solver")
        if snapshots is not None:
            self.checkpoints = Checkpoints(
                log=log, host=host, store=snapshots, still=self.still, flush=self.outbox.flush,
                oldest=self._limits.oldest, events=checkpoint_events, every_s=checkpoint_every_s,
            )  # fmt: skip

    async def adopt(self, partition: int) -> Restored:
        """Own a partition from now on, as its newest snapshots have it; return from where to read on.

        Raises:
            LogError: the log could not be read.
        """
        await self.publisher.resume([partition])
        restored = await restore_partition(partition, log=self._log, host=self.host, store=self._snapshots)
        if self.checkpoints:
            self.checkpoints.adopt(partition, restored)
        return restored

    def drop(self, partition: int) -> None:
        """Own a partition no more; its rounds in flight are not appended."""
        if self.checkpoints:
            self.checkpoints.drop(partition)
        self.host.drop(partition)
        self.publisher.drop(partition)
        self._limits.drop(partition)

    @property
    def must_wait(self) -> bool:
        """Whether ``ready_to_fold`` is to be awaited before the next record."""
        return self.still.holds or self.outbox.is_full

    async def ready_to_fold(self) -> None:
        """Wait while a state is dumped, or too much waits to be written. Raises LogError."""
        while self.must_wait:
            await self.still.over()
            if self.outbox.is_full:
                await self.outbox.flush()

    def fold(self, record: Record) -> None:
        """Fold one record, at the position of its partition.

        Raises:
            ShardHostBrokenError: the record holds what cannot be.
            TooManyRefusedError: too many are refused; this one has not been passed.
        """
        try:
            refusal, decided = self.host.fold(record)
            if refusal is not None:
                self._limits.refuse(record, refusal)
                self.outbox.refuse(record, refusal, at=self.clock.now())
            elif decided is not None:
                self.outbox.publish(Counted(record.partition, record.offset, decided))
        except Exception:
            self.still.whole = False
            raise

    async def take_in(self, records: Sequence[Record]) -> None:
        """Fold a batch; other tasks get their turns. Raises as ``fold``, and LogError."""
        for first in range(0, len(records), SLICE):
            if self.must_wait:
                await self.ready_to_fold()
            for record in records[first : first + SLICE]:
                self.fold(record)
            await asyncio.sleep(0)

    def due(self, now: datetime, *, partitions: Collection[int] | None = None) -> list[Due]:
        """Return as many of the due shards as there is room for, the most pressing first; of all or some partitions."""
        room = self.most_in_flight - self.host.agenda.in_flight
        if room <= 0:
            return []
        due = self.host.due(now)
        if partitions is not None:
            due = [each for each in due if self.host.partition(each.shard) in partitions]
        return due[:room]

    def begin(self, due: Due, *, now: datetime) -> Coroutine[Any, Any, None]:
        """Freeze a due shard now; return what decides its round and appends it, to be run as a task."""
        try:
            solve = self.host.begin(due, now=now)
        except Exception:
            log.exception("a round could not begin", shard=due.shard, cause=due.cause)
            raise
        return self._decide(due, solve, self.host.state(due.shard))

    async def save(self) -> None:
        """Save what changed. Raises as ``Checkpoints.save``."""
        if self.checkpoints:
            await self.checkpoints.save()

    async def close(self) -> None:
        """Write what waits, save what changed, let go of the threads; never raises for want of log or disk."""
        self._solvers.shutdown(wait=False, cancel_futures=True)
        try:
            if self.outbox.failure is None:
                await self.outbox.flush()
                await self.save()
        except (OSError, LogError):
            log.exception("the last snapshots could not be written; the next start will take longer")

    async def _decide(self, due: Due, solve: Callable[[], RoundDecided], state: ShardState | None) -> None:
        """Decide, and append unless the shard's ``state`` is not hosted any more: its partition was dropped."""
        try:
            draft = await asyncio.get_running_loop().run_in_executor(self._solvers, lambda: round_draft(solve()))
            if self.host.state(due.shard) is not state:
                return
            positions = await self._log.append(ROUNDS.name, [draft])
        except Exception:
            log.exception("a round failed", shard=due.shard, cause=due.cause, after_round=state and state.round_no)
            raise
        if self.host.state(due.shard) is state:
            self.host.appended(due.shard, offset=positions[0].offset)


def partitions_of(log: Log, partitions: Iterable[int] | None) -> list[int]:
    """Return ``partitions`` in order, by default all."""
    return sorted(range(log.partitions) if partitions is None else partitions)


def round_draft(decided: RoundDecided) -> Draft:
    """Return the record of a round; its id is a function of the content."""
    event_id = round_id(decided.shard, decided.round_no, decided.model_dump_json().encode())
    event = new_event(decided, id=event_id, source=SOURCE, key=decided.shard, time=decided.decided_at)
    key, headers, value = encode(event)
    return Draft(key=key, value=value, headers=headers)


def round_id(shard: str, round_no: int, value: bytes) -> str:
    """Return the id of the record that holds ``value``."""
    return f"{shard}-{round_no}-{sha256(value).hexdigest()[:16]}"
