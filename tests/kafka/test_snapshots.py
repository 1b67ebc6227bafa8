"""Snapshots on a real broker: written, read by others, damaged, deleted, compacted, and fought over."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from schemas.topics import DEMANDS, MANIFESTS, SNAPSHOTS
from streams.kafka.connection import KafkaConnection
from streams.kafka.index import Blob
from streams.kafka.log import KafkaLog
from streams.kafka.offsets import Offsets
from streams.kafka.snapshots import CHUNK_BYTES, KafkaSnapshots
from streams.log import Draft, TopicPartition
from streams.mirror import MirroredSnapshots
from streams.snapshots import FileSnapshots
from tests.builders import NOON, at, offered, posted
from tests.contract.reading import LONG_S
from tests.kafka.cluster import RealKafka
from tests.loops import dumps, loop_on, refolded, tell

PARTITIONS = 2
NOISE = random.Random(7)
"""Bytes that cannot be packed."""


@pytest.fixture
def connection(kafka: RealKafka) -> KafkaConnection:
    return kafka.apply(f"snapshots-{uuid4().hex[:12]}.", partitions=PARTITIONS)


@pytest.fixture
def open_store(connection: KafkaConnection) -> Iterator[Callable[..., KafkaSnapshots]]:
    """Return what makes stores that know nothing but what lies on Kafka, as on another machine."""
    stores: list[KafkaSnapshots] = []

    def make(writer: str = "w-1") -> KafkaSnapshots:
        stores.append(KafkaSnapshots(connection, partitions=PARTITIONS, writer=writer))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


Open = Callable[..., KafkaSnapshots]


def write_all(store: KafkaSnapshots | MirroredSnapshots, manifest: int, **blobs: bytes) -> None:
    """Write blobs, and a manifest so that others find them."""
    for name, data in blobs.items():
        store.write(f"p1/{name}-{manifest:04}", data)
    store.write(f"p1/manifest-{manifest:012}", b"manifest %d" % manifest)


def overwrite(connection: KafkaConnection, key: bytes, value: bytes | None) -> None:
    """Write a chunk as a damaged disk or another writer would leave it."""
    producer = KafkaProducer(**connection.client_options())
    producer.send(connection.topic(SNAPSHOTS.name), key=key, value=value, partition=1).get(timeout=LONG_S)
    producer.close()


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 3 * CHUNK_BYTES + 17])
def test_another_machine_reads_what_one_has_written(open_store: Open, size: int) -> None:
    data = NOISE.randbytes(size)
    write_all(open_store(), 1, shard=data, other=b"other")
    there = open_store("w-2")
    assert there.names("p1/") == ["p1/manifest-000000000001", "p1/other-0001", "p1/shard-0001"]
    assert there.names("p1/manifest-") == ["p1/manifest-000000000001"]
    assert there.names("p0/") == []
    assert there.read("p1/shard-0001") == data
    assert there.read("p1/other-0001") == b"other"
    assert there.read("p1/manifest-000000000001") == b"manifest 1"
    assert there.read("p1/never-0001") is None
    assert there.read("p1/manifest-000000000002") is None


def test_blobs_of_many_megabytes_come_back_whole(open_store: Open) -> None:
    data = NOISE.randbytes(24_000_000)
    write_all(open_store(), 1, shard=data, small=b"small")
    there = open_store("w-2")
    assert there.read("p1/shard-0001") == data
    assert there.read("p1/small-0001") == b"small"


def test_the_writer_reads_its_own_before_a_manifest_names_it(open_store: Open) -> None:
    store = open_store()
    store.write("p1/shard-0001", b"data")
    assert store.read("p1/shard-0001") == b"data"
    assert store.names("p1/") == ["p1/shard-0001"]
    assert open_store("w-2").names("p1/") == []


def test_what_is_deleted_is_gone_for_everybody_once_the_next_manifest_is_written(open_store: Open) -> None:
    store = open_store()
    write_all(store, 1, shard=b"old")
    store.delete("p1/shard-0001")
    store.delete("p1/manifest-000000000001")
    store.delete("p1/never-0001")
    write_all(store, 2, shard=b"new")
    for each in (store, open_store("w-2")):
        assert each.names("p1/") == ["p1/manifest-000000000002", "p1/shard-0002"]
        assert each.read("p1/shard-0001") is None
        assert each.read("p1/shard-0002") == b"new"


def test_only_the_last_records_of_the_manifests_are_looked_at(open_store: Open) -> None:
    store = open_store()
    for number in range(1, 60):
        write_all(store, number, shard=b"%d" % number)
        if number > 2:
            store.delete(f"p1/shard-{number - 2:04}")
            store.delete(f"p1/manifest-{number - 2:012}")
    write_all(store, 60, shard=b"60")  # whatever was deleted before a manifest is gone by then
    manifests = [f"p1/manifest-{number:012}" for number in (58, 59, 60)]
    there = open_store("w-2")
    assert store.names("p1/") == [*manifests, "p1/shard-0058", "p1/shard-0059", "p1/shard-0060"]
    assert there.names("p1/manifest-") == manifests
    assert there.read("p1/shard-0059") == b"59"


@pytest.mark.parametrize("value", [b"something else", None], ids=["written over", "deleted"])
def test_a_chunk_that_compaction_replaced_makes_its_blob_none(
    open_store: Open, connection: KafkaConnection, value: bytes | None
) -> None:
    data = NOISE.randbytes(3 * CHUNK_BYTES)
    write_all(open_store(), 1, shard=data, other=b"other")
    _compact_eagerly(connection)
    overwrite(connection, b"p1/shard#w-1#0#1", value)
    _until_compacted(connection, open_store)
    there = open_store("w-2")
    assert there.read("p1/shard-0001") is None
    assert there.read("p1/other-0001") == b"other"


def test_a_chunk_with_other_bytes_makes_its_blob_none(open_store: Open, connection: KafkaConnection) -> None:
    """The offsets say where to look; the digest says whether it is still what was written."""
    write_all(open_store(), 1, shard=b"data")
    place = TopicPartition(SNAPSHOTS.name, 1)
    offsets = Offsets(connection, client_id="test", patience_s=LONG_S)
    end = offsets.ends([place])[place]
    offsets.close()
    store = open_store()
    blob = _known(store)["p1/shard-0001"]
    overwrite(connection, blob.keys()[0], b"not packed at all")
    store._written[1] = {"p1/shard-0001": blob.model_copy(update={"offsets": (end,)})}
    assert store.read("p1/shard-0001") == b"data", "the place that the manifest names is as good"
    store._written[1] |= {"p1/lost-0001": blob.model_copy(update={"offsets": (end,)})}
    assert store.read("p1/lost-0001") is None


def test_two_who_write_at_once_leave_each_other_whole(open_store: Open) -> None:
    """A zombie goes on writing beside the owner, and tidies up as if it were alone."""
    owner, zombie = open_store("w-2"), open_store("w-1")
    write_all(zombie, 1, quiet=b"same", busy=b"busy 1")
    assert owner.read("p1/quiet-0001") == b"same"
    write_all(owner, 2, busy=b"owner's")
    zombie.write("p1/busy-0003", b"zombie's")
    zombie.write("p1/manifest-000000000002", b"zombie's")
    for name in ("quiet-0001", "busy-0001", "busy-0002"):
        zombie.delete(f"p1/{name}")
    write_all(zombie, 3)
    there = open_store("w-3")
    assert there.read("p1/quiet-0001") == b"same"
    assert there.read("p1/busy-0002") == b"owner's"
    assert there.read("p1/busy-0003") == b"zombie's"
    assert there.read("p1/manifest-000000000002") == b"zombie's"


def test_a_blob_that_no_manifest_came_to_name_is_written_over(open_store: Open) -> None:
    """Else every crash would leave chunks that nobody ever deletes."""
    for _ in range(3):
        open_store().write("p1/shard-0001", b"lost in a crash")
    store = open_store()
    write_all(store, 1, shard=b"kept")
    assert _known(store)["p1/shard-0001"].slot == 0
    write_all(store, 2, shard=b"kept too")
    assert _known(store)["p1/shard-0002"].slot == 1
    assert open_store("w-2").read("p1/shard-0001") == b"kept"


def test_a_name_of_no_partition_is_refused(open_store: Open) -> None:
    for name in ("p2/shard-1", "shard-1", "p/shard", "px/shard"):
        with pytest.raises(ValueError, match="names no partition"):
            open_store().write(name, b"")


def test_brokers_that_are_away_are_told_as_os_errors(tmp_path: Path) -> None:
    nobody = KafkaConnection(bootstrap=("127.0.0.1:1",))
    store = KafkaSnapshots(nobody, partitions=1, patience_s=0.5)
    with pytest.raises(OSError, match=r"Kafka.* cannot be reached"):
        store.names("p0/")
    both = MirroredSnapshots(FileSnapshots(tmp_path), store)
    both.write("p0/shard-1", b"data")
    both.write("p0/manifest-000000000001", b"manifest")
    assert both.names("p0/") == ["p0/manifest-000000000001", "p0/shard-1"]
    assert both.read("p0/shard-1") == b"data"


async def test_a_worker_elsewhere_goes_on_from_what_lies_on_kafka_alone(
    connection: KafkaConnection, open_store: Open, tmp_path: Path
) -> None:
    log = await KafkaLog.open(connection, partitions=PARTITIONS, client_id="test")
    here = MirroredSnapshots(FileSnapshots(tmp_path / "here"), open_store("w-1"))
    loop = loop_on(log, snapshots=here)
    await tell(log, offered("r1"), posted("d1"), posted("d2"))
    await loop.step(NOON)
    await loop.close()
    await tell(log, posted("d3"))
    await log.append(DEMANDS.name, [Draft(key=None, value=b"{}")])

    there = MirroredSnapshots(FileSnapshots(tmp_path / "there"), open_store("w-2"))
    loop = loop_on(log, snapshots=there)
    reader = await loop._start()
    ends = await log.end_offsets([DEMANDS.name])
    starts = [ends[place] - offset for place, offset in reader.positions().items() if place in ends]
    assert sum(starts) == 2, "only what the snapshots lack is read"
    await loop.step(at(0.1))
    assert dumps(loop.host) == dumps(await refolded(log))
    await loop.close()
    kept = [FileSnapshots(tmp_path / "there").names(f"p{number}/310105") for number in range(PARTITIONS)]
    assert any(kept), "what was read remotely is kept here"
    await log.close()


def _known(store: KafkaSnapshots) -> dict[str, Blob]:
    store.names("p1/")
    return store._blobs(1)


def _compact_eagerly(connection: KafkaConnection) -> None:
    admin = KafkaAdminClient(**connection.client_options())
    eager = {
        "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.01",
        "max.compaction.lag.ms": "100",
        "delete.retention.ms": "100",
    }
    for topic in (SNAPSHOTS, MANIFESTS):
        resource = ConfigResource(ConfigResourceType.TOPIC, connection.topic(topic.name), configs=eager)
        admin.alter_configs([resource])
    admin.close()


def _until_compacted(connection: KafkaConnection, open_store: Open) -> None:
    """The cleaner comes by every 15 s, and leaves the segment that is being written alone."""
    until = time.monotonic() + 120
    while open_store("w-2").read("p1/shard-0001") is not None:
        assert time.monotonic() < until, "the broker compacted nothing"
        overwrite(connection, b"p1/filler#w-1#0#0", b"so that the segments roll")
        time.sleep(1)
