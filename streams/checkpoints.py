"""Writing snapshots beside the round loop: shard by shard what changed, then one manifest per partition.

1. While a state is dumped, in a thread, nothing is folded; while it is written, all goes on.
2. What could not be folded to its end leaves a state that is not ``whole``: then nothing is saved any more.
3. A manifest is written when all that was folded before is published and dead-lettered: the owner's ``flush``.
4. A manifest's position lies below the first event of every shard that its snapshot does not hold, and below
   what the owner wants to be read again (``oldest``).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from matcher.state.alarms import next_alarm_ms
from matcher.state.shard import ShardState
from matcher.state.snapshot import FORMAT, dump
from schemas.policy import Escalation
from streams.host import TOPICS, ShardHost, Unsaved
from streams.log import Log, TopicPartition
from streams.manifest import Manifest, SavedShard, Witness, saved_shard, snapshot_name, witness_of, write_manifest
from streams.restore import Restored, read_one
from streams.snapshots import SnapshotStore

EVENTS: Final = 5_000
"""A checkpoint is due after so many events, or more where the states are large."""
BYTES_PER_EVENT: Final = 2_000
"""At most so many bytes are written per event folded, so that writing stays a small part of the work."""
EVERY_S: Final = 60.0
LOOK_EVERY_S: Final = 0.5


log = structlog.get_logger(__name__)


class Stillness:
    """Whoever folds looks at ``holds`` first and waits; ``whole`` is False where a fold could not be finished."""

    def __init__(self) -> None:
        self.whole = True
        self.holds = False
        self._over = asyncio.Event()

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Let nothing be folded meanwhile. One holds at a time."""
        self._over.clear()
        self.holds = True
        try:
            yield
        finally:
            self.holds = False
            self._over.set()

    async def over(self) -> None:
        """Wait until nobody holds."""
        while self.holds:
            await self._over.wait()


async def _at_once() -> None:
    return


class Checkpoints:
    """Saves the shards of a host to a store."""

    def __init__(
        self,
        *,
        log: Log,
        host: ShardHost,
        store: SnapshotStore,
        still: Stillness,
        flush: Callable[[], Awaitable[None]] = _at_once,
        oldest: Callable[[TopicPartition], int | None] = lambda _: None,
        events: int = EVENTS,
        every_s: float = EVERY_S,
    ) -> None:
        self._log, self._host, self._store, self._still = log, host, store, still
        self._flush, self._oldest = flush, oldest
        self._events, self._every_s = events, every_s
        self._saved: dict[int, dict[str, SavedShard]] = {}
        self._pending: dict[str, Unsaved] = {}
        """What is dumped and not yet written counts as unsaved still."""
        self._saving = asyncio.Lock()
        self._last = time.monotonic()

    def adopt(self, partition: int, restored: Restored) -> None:
        """Start from the snapshots that ``partition`` was restored from."""
        self._saved[partition] = dict(restored.saved)

    def drop(self, partition: int) -> None:
        """Write nothing about ``partition`` any more."""
        self._saved.pop(partition, None)

    @property
    def is_due(self) -> bool:
        """Whether enough changed, or something changed long enough ago."""
        events = sum(unsaved.events for unsaved in [*self._host.unsaved.values(), *self._pending.values()])
        size = sum(entry.size for saved in self._saved.values() for entry in saved.values())
        enough = max(self._events, size // BYTES_PER_EVENT)
        return events >= enough or (events > 0 and time.monotonic() - self._last >= self._every_s)

    async def run(self) -> None:
        """Save whenever it is due, until cancelled. What cannot be written is tried again the next time."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self.is_due:
                try:
                    await self.save()
                except OSError:
                    log.exception("snapshots could not be written; a restart would take longer")

    async def save(self) -> None:
        """Save every shard that changed, then the manifests of their partitions.

        Raises:
            OSError: the store could not be written; what it held before still stands.
            LogError: the log could not be read, or not take what was folded.
        """
        async with self._saving:
            self._last = time.monotonic()
            touched = set()
            for shard in sorted(self._host.unsaved.keys() | self._pending.keys()):
                partition = await self._save_shard(shard)
                if partition is not None:
                    touched.add(partition)
            for partition in sorted(touched):
                if partition in self._saved:
                    await self._write_manifest(partition)

    async def _save_shard(self, shard: str) -> int | None:
        """Save one shard; return its partition, or None where it cannot be saved now."""
        if not self._still.whole:
            return None
        state = self._host.state(shard)
        if state is None:  # its partition was dropped meanwhile
            self._pending.pop(shard, None)
            return None
        self._pending[shard] = _joined(self._pending.get(shard), self._host.unsaved.pop(shard, None))
        partition, pace = self._host.partition(shard), self._host.agenda.paces[shard].copy()
        saved, offsets = self._saved.get(partition), dict(state.offsets)
        async with self._still.hold():
            data, pace.alarm_ms = await asyncio.to_thread(_dumped, state, self._host.policy.escalation)
        name = snapshot_name(partition, shard, data)
        entry = saved_shard(name, size=len(data), offsets=offsets, pace=pace)
        await asyncio.to_thread(self._store.write, entry.name, data)
        if saved is not None:  # forgotten with it where the partition was dropped meanwhile
            saved[shard] = entry
        self._pending.pop(shard, None)
        return partition

    async def _write_manifest(self, partition: int) -> None:
        if not self._still.whole:
            return
        saved = self._saved[partition]
        positions, shards = self._covered(partition), dict(saved)
        await self._flush()
        if self._saved.get(partition) is not saved:  # dropped meanwhile: another worker writes its manifests
            return
        manifest = Manifest(
            state_format=FORMAT,
            catalogue=self._host.catalogue.digest,
            partition=partition,
            positions=positions,
            witnesses=await self._witnesses(partition, positions),
            shards=shards,
        )
        await asyncio.to_thread(write_manifest, self._store, manifest)

    def _covered(self, partition: int) -> dict[str, int]:
        """Return, per topic, up to where the partition's snapshots hold every event."""
        positions = {topic: self._position(TopicPartition(topic, partition)) for topic in TOPICS}
        mine = set(self._host.shards(partition))
        for shard, unsaved in [*self._host.unsaved.items(), *self._pending.items()]:
            if shard in mine:
                for topic, offset in unsaved.first.items():
                    positions[topic] = min(positions[topic], offset)
        return positions

    def _position(self, place: TopicPartition) -> int:
        oldest = self._oldest(place)
        return self._host.positions[place] if oldest is None else min(oldest, self._host.positions[place])

    async def _witnesses(self, partition: int, positions: dict[str, int]) -> dict[str, Witness]:
        found = {}
        for topic, position in positions.items():
            record = await read_one(self._log, TopicPartition(topic, partition), position - 1) if position else None
            if record is not None:
                found[topic] = witness_of(record)
        return found


def _dumped(state: ShardState, escalation: Escalation) -> tuple[bytes, int]:
    return dump(state), next_alarm_ms(state, escalation)


def _joined(one: Unsaved | None, other: Unsaved | None) -> Unsaved:
    both = [unsaved for unsaved in (one, other) if unsaved]
    first: dict[str, int] = {}
    for unsaved in both:
        for topic, offset in unsaved.first.items():
            first[topic] = min(offset, first.get(topic, offset))
    return Unsaved(sum(unsaved.events for unsaved in both), first)
