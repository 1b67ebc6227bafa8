"""Writing snapshots beside the round loop: shard by shard what changed, then one manifest per partition.

1. A state is dumped only between batches: what it has folded is published and dead-lettered by then. The owner
   holds ``still`` while it takes a batch in, and marks it not whole where it could not finish.
2. While a state is dumped, in a thread, no batch is taken in; while it is written, all goes on.
3. A manifest's position lies below the first event of every shard that its snapshot does not hold.
"""

import asyncio
import time
from typing import Final

import structlog

from matcher.pool import next_alarm_ms
from matcher.snapshot import FORMAT, dump
from matcher.state import ShardState
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
    """``lock`` is held while states change; ``whole`` is False where a change could not be finished."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.whole = True


class Checkpoints:
    """Saves the shards of a host to a store."""

    def __init__(
        self,
        *,
        log: Log,
        host: ShardHost,
        store: SnapshotStore,
        still: Stillness,
        events: int = EVENTS,
        every_s: float = EVERY_S,
    ) -> None:
        self._log, self._host, self._store, self._still = log, host, store, still
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
        del self._saved[partition]

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
            LogError: the log could not be read.
        """
        async with self._saving:
            self._last = time.monotonic()
            touched = set()
            for shard in sorted(self._host.unsaved.keys() | self._pending.keys()):
                partition = await self._save_shard(shard)
                if partition is not None:
                    touched.add(partition)
            for partition in sorted(touched & self._saved.keys()):
                await self._write_manifest(partition)

    async def _save_shard(self, shard: str) -> int | None:
        """Save one shard; return its partition, or None where it cannot be saved now."""
        async with self._still.lock:
            if not self._still.whole:
                return None
            state = self._host.state(shard)
            if state is None:  # its partition was dropped meanwhile
                self._pending.pop(shard, None)
                return None
            self._pending[shard] = _joined(self._pending.get(shard), self._host.unsaved.pop(shard, None))
            partition, pace = self._host.partition(shard), self._host.agenda.paces[shard].copy()
            offsets = dict(state.offsets)
            data, pace.alarm_ms = await asyncio.to_thread(_dumped, state)
        name = snapshot_name(partition, shard, data)
        entry = saved_shard(name, size=len(data), offsets=offsets, pace=pace)
        await asyncio.to_thread(self._store.write, entry.name, data)
        if partition in self._saved:
            self._saved[partition][shard] = entry
        del self._pending[shard]
        return partition

    async def _write_manifest(self, partition: int) -> None:
        async with self._still.lock:
            if not self._still.whole:
                return
            positions = self._covered(partition)
            shards = dict(self._saved[partition])
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
        positions = {topic: self._host.positions[TopicPartition(topic, partition)] for topic in TOPICS}
        mine = set(self._host.shards(partition))
        for shard, unsaved in [*self._host.unsaved.items(), *self._pending.items()]:
            if shard in mine:
                for topic, offset in unsaved.first.items():
                    positions[topic] = min(positions[topic], offset)
        return positions

    async def _witnesses(self, partition: int, positions: dict[str, int]) -> dict[str, Witness]:
        found = {}
        for topic, position in positions.items():
            record = await read_one(self._log, TopicPartition(topic, partition), position - 1) if position else None
            if record is not None:
                found[topic] = witness_of(record)
        return found


def _dumped(state: ShardState) -> tuple[bytes, int]:
    return dump(state), next_alarm_ms(state)


def _joined(one: Unsaved | None, other: Unsaved | None) -> Unsaved:
    both = [unsaved for unsaved in (one, other) if unsaved]
    first: dict[str, int] = {}
    for unsaved in both:
        for topic, offset in unsaved.first.items():
            first[topic] = min(offset, first.get(topic, offset))
    return Unsaved(sum(unsaved.events for unsaved in both), first)
