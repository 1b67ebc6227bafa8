"""How a partition's states come back: the newest snapshots that can be read, then the log from where they end.

1. A shard whose newest snapshot is damaged is taken from the manifest before; failing that, from the log alone.
2. Reading starts at the lowest position of the manifests used; each shard passes over what it has folded already.
3. Snapshots of another log, catalogue or format are left aside.
4. Every snapshot is read and checked now, but turned into a state only when its shard is needed.

The same on every log.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from matcher.state.shard import ShardState
from matcher.state.snapshot import FORMAT, load
from schemas.catalogue import Catalogue
from streams.host import TOPICS, ShardHost, Sleeper
from streams.log import Log, Record, TopicPartition
from streams.manifest import Manifest, SavedShard, read_manifests, witness_of
from streams.snapshots import SnapshotStore

log = structlog.get_logger(__name__)

RECORD_WAIT_S = 10.0
"""How long to wait for a record that lies in the log."""
TRIES = 3
"""While somebody reads, the owner may write newer snapshots and delete these: so the manifests are read again."""


@dataclass(frozen=True, slots=True)
class Restored:
    """From where to read each topic of a partition, and the snapshots that its shards were taken from."""

    positions: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(TOPICS, 0))
    saved: Mapping[str, SavedShard] = field(default_factory=dict)


async def restore_partition(
    partition: int, *, log: Log, host: ShardHost, store: SnapshotStore | None = None
) -> Restored:
    """Have ``host`` adopt a partition as the store knows it; return how.

    Raises:
        LogError: the log could not be read.
    """
    restored = Restored()
    if store is not None:
        manifests = await asyncio.to_thread(usable_manifests, store, partition, host.catalogue)
        if manifests and await _lies_in(log, manifests[0]):
            restored = await asyncio.to_thread(choose, store, manifests)
        host.adopt(partition, positions=restored.positions, sleepers=_sleepers(store, restored, host.catalogue))
    else:
        host.adopt(partition, positions=restored.positions, sleepers={})
    return restored


def usable_manifests(store: SnapshotStore, partition: int, catalogue: Catalogue) -> list[Manifest]:
    """Return the manifests of a partition that are of this catalogue and format, newest first."""
    usable = []
    for _, manifest in read_manifests(store, partition):
        if (manifest.catalogue, manifest.state_format) == (catalogue.digest, FORMAT):
            usable.append(manifest)
        else:
            log.warning("snapshots of another catalogue or format are left aside", partition=partition)
    return usable


def choose(store: SnapshotStore, manifests: list[Manifest]) -> Restored:
    """Return, for each shard of the newest manifest, the newest snapshot that can be read, and where to read from."""
    saved: dict[str, SavedShard] = {}
    starts = [manifests[0].positions]
    for shard in manifests[0].shards:
        for manifest in manifests:
            entry = manifest.shards.get(shard)
            if entry is None or store.read(entry.name) is not None:
                starts.append(manifest.positions)
                if entry is not None:
                    saved[shard] = entry
                break
        else:
            starts.append({})
    return Restored({topic: min(start.get(topic, 0) for start in starts) for topic in TOPICS}, saved)


async def restore_shard(
    shard: str, *, log: Log, store: SnapshotStore | None, catalogue: Catalogue
) -> tuple[ShardState, dict[str, int]]:
    """Return the state of one shard as the store knows it, and from where to read each topic of its partition on.

    Raises:
        LogError: the log could not be read.
    """
    partition, nothing = log.partition_of(shard.encode()), (ShardState(shard, catalogue), dict.fromkeys(TOPICS, 0))
    if store is None:
        return nothing
    for _ in range(TRIES):
        manifests = await asyncio.to_thread(usable_manifests, store, partition, catalogue)
        if not manifests or not await _lies_in(log, manifests[0]):
            break
        found = await asyncio.to_thread(_newest, store, manifests, shard, catalogue)
        if found is not None:
            return found
    return nothing


async def read_one(log: Log, partition: TopicPartition, offset: int) -> Record | None:
    """Return the record at ``offset``, or None where it does not come.

    Raises:
        LogError: the log could not be read.
    """
    reader = log.reader({partition: offset})
    try:
        records = await reader.poll(max_records=1, timeout_s=RECORD_WAIT_S)
    finally:
        await reader.close()
    return records[0] if records and records[0].offset == offset else None


def _newest(
    store: SnapshotStore, manifests: Sequence[Manifest], shard: str, catalogue: Catalogue
) -> tuple[ShardState, dict[str, int]] | None:
    """Return the newest state of a shard that can be read, and what it has folded; None where none can."""
    for manifest in manifests:
        entry = manifest.shards.get(shard)
        if entry is None:
            return ShardState(shard, catalogue), dict(manifest.positions)
        data = store.read(entry.name)
        if data is not None:
            state = load(data, catalogue)
            return state, {topic: max(at, state.offsets.get(topic, 0)) for topic, at in manifest.positions.items()}
    return None


def _sleepers(store: SnapshotStore, restored: Restored, catalogue: Catalogue) -> dict[str, Sleeper]:
    return {
        shard: Sleeper(entry.offsets, entry.pace, partial(_wake, store, entry.name, catalogue))
        for shard, entry in restored.saved.items()
    }


def _wake(store: SnapshotStore, name: str, catalogue: Catalogue) -> ShardState:
    data = store.read(name)
    if data is None:
        raise OSError(f"the snapshot {name} was there at the start and is gone or damaged now")
    return load(data, catalogue)


async def _lies_in(source: Log, manifest: Manifest) -> bool:
    """Tell whether the snapshots were taken of this log, by the records just below their positions."""
    beginnings, ends = await source.beginning_offsets(TOPICS), await source.end_offsets(TOPICS)
    for topic, position in manifest.positions.items():
        place = TopicPartition(topic, manifest.partition)
        witness = manifest.witnesses.get(topic)
        gone = witness is None or witness.offset < beginnings[place]
        found = None if gone or position > ends[place] else await read_one(source, place, position - 1)
        if position > ends[place] or not (gone or (found is not None and witness_of(found) == witness)):
            log.warning("snapshots of another log are left aside", topic=topic, partition=manifest.partition)
            return False
    return True
