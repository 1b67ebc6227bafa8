"""The manifest of a partition: which snapshots, read together with the log from ``positions`` on, give its states.

1. Every event of a listed shard below ``positions`` is in the shard's snapshot; a shard not listed has none there.
2. A shard's pace is the one it had when its snapshot was taken.
3. ``witnesses`` name one record per topic, the last one below the position: a log in which they do not lie is not
   the log that the snapshots were taken of.
"""

from hashlib import blake2b
from typing import Annotated, Final

from pydantic import Field, ValidationError

from schemas.base import Fact, ShardKey
from streams.log import Record
from streams.pace import NEVER_MS, Pace
from streams.snapshots import SnapshotStore

FORMAT: Final = 1
KEPT: Final = 2
"""So many manifests are kept, with every snapshot that they name."""


class SavedShard(Fact):
    """One shard's snapshot."""

    name: str
    size: Annotated[int, Field(description="Bytes.")]
    offsets: dict[str, int]
    news: dict[str, int]
    whistled: dict[str, int]
    inputs: dict[str, int]
    round_at_ms: int
    alarm_ms: int

    @property
    def pace(self) -> Pace:
        """The pace as it was."""
        return Pace(
            news=dict(self.news),
            whistled=dict(self.whistled),
            inputs=dict(self.inputs),
            round_at_ms=self.round_at_ms,
            paced_at_ms=self.round_at_ms,
            alarm_ms=self.alarm_ms,
        )


class Witness(Fact):
    """One record of the log, by its digest."""

    offset: int
    digest: str


class Manifest(Fact):
    """See the module's rules."""

    format: Annotated[int, Field(ge=FORMAT, le=FORMAT)] = FORMAT
    state_format: int
    catalogue: str
    partition: int
    positions: dict[str, int]
    witnesses: dict[str, Witness]
    shards: dict[ShardKey, SavedShard]


def saved_shard(name: str, *, size: int, offsets: dict[str, int], pace: Pace) -> SavedShard:
    """Return the entry of a snapshot taken of a state with these offsets and this pace."""
    return SavedShard(
        name=name,
        size=size,
        offsets=dict(offsets),
        news=dict(pace.news),
        whistled=dict(pace.whistled),
        inputs=dict(pace.inputs),
        round_at_ms=pace.round_at_ms,
        alarm_ms=min(pace.alarm_ms, NEVER_MS),
    )


def witness_of(record: Record) -> Witness:
    """Return what to know ``record`` by."""
    content = repr((record.timestamp_ms, record.key, record.value)).encode()
    return Witness(offset=record.offset, digest=blake2b(content, digest_size=16).hexdigest())


def snapshot_name(partition: int, shard: str, data: bytes) -> str:
    """Return a name that no other content of the shard has: two workers cannot overwrite each other's."""
    return f"p{partition}/{shard}-{blake2b(data, digest_size=8).hexdigest()}"


def read_manifests(store: SnapshotStore, partition: int) -> list[tuple[int, Manifest]]:
    """Return the numbered manifests of a partition that can be read, newest first."""
    found = []
    for name in reversed(store.names(_manifest_name(partition, ""))):
        data = store.read(name)
        try:
            manifest = Manifest.model_validate_json(data) if data else None
        except ValidationError:
            manifest = None  # of another version: as good as none
        if manifest and manifest.partition == partition:
            found.append((int(name.rpartition("-")[2]), manifest))
    return found


def write_manifest(store: SnapshotStore, manifest: Manifest) -> None:
    """Write ``manifest`` as the newest of its partition and delete what no kept manifest names. Raises OSError."""
    partition = manifest.partition
    names = store.names(_manifest_name(partition, ""))
    number = int(names[-1].rpartition("-")[2]) + 1 if names else 1
    store.write(_manifest_name(partition, f"{number:012}"), manifest.model_dump_json().encode())
    kept = read_manifests(store, partition)[:KEPT]
    needed = {saved.name for _, held in kept for saved in held.shards.values()}
    needed |= {_manifest_name(partition, f"{held:012}") for held, _ in kept}
    for name in store.names(f"p{partition}/"):
        if name not in needed:
            store.delete(name)


def is_manifest(name: str) -> bool:
    """Tell whether a blob of this name is a manifest."""
    return "/manifest-" in name


def _manifest_name(partition: int, number: str) -> str:
    return f"p{partition}/manifest-{number}"
