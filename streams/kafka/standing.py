"""How far the log goes and how far each group has read it, as the brokers know it. Every call blocks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import TopicPartition as KafkaPartition
from kafka.admin import OffsetSpec
from kafka.errors import GroupIdNotFoundError

from schemas.topics import ALL_TOPICS
from streams.kafka.admin import PATIENCE_S, asking, partition_counts
from streams.kafka.connection import KafkaConnection
from streams.log import TopicPartition
from streams.manifest import read_manifests
from streams.snapshots import SnapshotStore


@dataclass(frozen=True, slots=True)
class Extent:
    """From where to where a partition is kept."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group that reads our topics: its state, its members by instance (or client) id, its next offsets."""

    name: str
    state: str
    members: tuple[str, ...]
    committed: Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is there, with our own topic names."""

    extents: Mapping[TopicPartition, Extent]
    groups: Sequence[Group]

    def lag(self, group: Group, place: TopicPartition) -> int | None:
        """Return how many records ``group`` has still to read of a partition; None where it does not read the topic.

        Of a partition it has stored nothing about, that is all there is.
        """
        if place not in self.extents or all(place.topic != known.topic for known in group.committed):
            return None
        extent = self.extents[place]
        return max(0, extent.end - max(extent.begin, group.committed.get(place, 0)))

    def behind(self, group: Group, *, partition: int | None = None) -> int:
        """Return how many records ``group`` has still to read in all topics, or in ``partition`` of all topics."""
        places = (place for place in self.extents if partition in (None, place.partition))
        return sum(self.lag(group, place) or 0 for place in places)


def describe_topics(connection: KafkaConnection, *, patience_s: float = PATIENCE_S) -> Standing:
    """Return how our topics stand, those that are there. Raises LogError where no broker answers or one refuses."""
    return asking(connection, lambda admin: _standing(admin, connection), patience_s=patience_s)


def _standing(admin: Any, connection: KafkaConnection) -> Standing:
    """Ask for groups before ends: an end asked for later is never behind what was committed."""
    groups = _groups(admin, connection)
    counts = partition_counts(admin, [connection.topic(topic.name) for topic in ALL_TOPICS])
    places = [KafkaPartition(name, number) for name, count in counts.items() for number in range(count)]
    begins = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST)) if places else {}
    ends = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST)) if places else {}
    extents = {_ours(connection, place): Extent(begins[place].offset, ends[place].offset) for place in places}
    return Standing(extents=extents, groups=groups)


def _groups(admin: Any, connection: KafkaConnection) -> list[Group]:
    """Return the groups that read our topics, by name: ours, and foreign ones that stored an offset."""
    states = {group["group_id"]: group["group_state"] for group in admin.list_groups()}
    told = admin.describe_groups(sorted(states)) if states else {}
    groups = [
        Group(connection.name(name), states[name], _members(told[name]), _committed(admin, connection, name))
        for name in sorted(states)
    ]
    ours = connection.topic("cobuild")
    return [group for group in groups if group.committed or connection.topic(group.name).startswith(ours)]


def _members(told: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(member.get("group_instance_id") or member["client_id"] for member in told["members"]))


def _committed(admin: Any, connection: KafkaConnection, group: str) -> dict[TopicPartition, int]:
    try:
        stored = admin.list_group_offsets({group: None})[group]
    except GroupIdNotFoundError:  # it ended between two questions
        return {}
    ours = {connection.topic(topic.name) for topic in ALL_TOPICS}
    return {
        _ours(connection, place): told.offset
        for place, told in stored.items()
        if place.topic in ours and told.offset >= 0
    }


def _ours(connection: KafkaConnection, place: Any) -> TopicPartition:
    return TopicPartition(connection.name(place.topic), place.partition)


def shards_of(store: SnapshotStore, partitions: Iterable[int]) -> dict[int, list[str]]:
    """Return the shards of each partition, as its newest snapshots name them. Raises OSError where none can be read."""
    manifests = {partition: read_manifests(store, partition) for partition in partitions}
    return {partition: sorted(found[0][1].shards) for partition, found in manifests.items() if found}
