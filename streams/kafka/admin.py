"""Makes our topics on a cluster, and tells how they stand. By kafka-python's admin client; every call blocks."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import (
    RetriableError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from streams.kafka.client import UNKNOWN_TOPIC, admin_client
from streams.kafka.connection import KafkaConnection
from streams.kafka.faults import described, told_as_log_errors
from streams.kafka.topics import (
    Drift,
    Found,
    Remedy,
    Wanted,
    configs,
    drifts,
    refuse_to_move_keys,
    wanted_topics,
)
from streams.log import LogError

PATIENCE_S: Final = 15.0
_REQUEST_S: Final = 30.0
_PAUSE_S: Final = 0.2
_NO_ERROR: Final = 0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Applied:
    """What ``apply_topics`` did: names of topics, and differences that it set right or had to leave."""

    created: tuple[str, ...] = ()
    grown: tuple[str, ...] = ()
    altered: tuple[Drift, ...] = ()
    left: tuple[Drift, ...] = ()


def apply_topics(
    connection: KafkaConnection, *, partitions: int, replication: int = 0, patience_s: float = PATIENCE_S
) -> Applied:
    """Make the topics what the registry says: create, set, and give more partitions to what was never written to.

    Doing it again changes nothing; nothing is ever deleted. ``replication`` 0 means three, or as many as there are
    brokers; replicas of a topic that is there are left alone.

    Raises:
        TopicsRefusedError: another partition count is wanted of a topic that was written to, or a smaller one.
        LogError: no broker answers within ``patience_s``, or the cluster refuses.
    """
    return asking(connection, lambda admin: _apply(admin, connection, partitions, replication), patience_s=patience_s)


def check_topics(
    connection: KafkaConnection, *, partitions: int, replication: int = 0, patience_s: float = PATIENCE_S
) -> list[Drift]:
    """Return how the topics differ from the registry; empty where they do not. Raises LogError as ``apply_topics``."""
    return asking(connection, lambda admin: _check(admin, connection, partitions, replication), patience_s=patience_s)


def asking(connection: KafkaConnection, ask: Callable[[Any], Answer], *, patience_s: float = PATIENCE_S) -> Answer:
    """Return what ``ask`` gets from an admin client; it is called again after faults that may pass.

    One broker of several that is away is such a fault: the client asks whichever it likes. Raises LogError where
    nobody answers within ``patience_s``, or the cluster refuses.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            with admin_of(connection, patience_s=patience_s) as admin:
                return ask(admin)
        except LogError as error:
            if not isinstance(error.__cause__, RetriableError) or time.monotonic() > until:
                raise
            time.sleep(_PAUSE_S)


@contextmanager
def admin_of(connection: KafkaConnection, *, patience_s: float) -> Iterator[Any]:
    """Give an admin client. Raises LogError where no broker answers, or whatever is asked of it fails."""
    admin = admin_client(connection, client_id="cobuild-topics", patience_s=patience_s, request_s=_REQUEST_S)
    try:
        with told_as_log_errors(f"Kafka at {','.join(connection.bootstrap)} refused"):
            yield admin
    finally:
        admin.close()


def _apply(admin: Any, connection: KafkaConnection, partitions: int, replication: int) -> Applied:
    wanted = _wanted(admin, connection, partitions, replication)
    found = _found(admin, [one.name for one in wanted])
    refuse_to_move_keys(wanted, found, _written(admin, _other_count(wanted, found)))
    created = _create(admin, [one for one in wanted if one.name not in found])
    differences = drifts([one for one in wanted if one.name in found], found)
    grown = _grow(admin, wanted, {drift.topic for drift in differences if drift.remedy is Remedy.GROW})
    altered = [drift for drift in differences if drift.remedy is Remedy.ALTER]
    _alter(admin, altered)
    left = tuple(drift for drift in differences if drift.remedy is Remedy.NONE)
    return Applied(created=created, grown=grown, altered=tuple(altered), left=left)


def _check(admin: Any, connection: KafkaConnection, partitions: int, replication: int) -> list[Drift]:
    wanted = _wanted(admin, connection, partitions, replication)
    return drifts(wanted, _found(admin, [one.name for one in wanted]))


def _wanted(admin: Any, connection: KafkaConnection, partitions: int, replication: int) -> list[Wanted]:
    brokers = len(admin.describe_cluster()["brokers"])
    return wanted_topics(connection, partitions=partitions, replication=replication, brokers=brokers)


def _found(admin: Any, names: Sequence[str]) -> dict[str, Found]:
    """Return those of the topics that are there."""
    told = _described(admin, names)
    settings = _settings(admin, told)
    return {
        name: Found(
            partitions=len(topic["partitions"]),
            replication=min(len(partition["replica_nodes"]) for partition in topic["partitions"]),
            configs=settings[name],
        )
        for name, topic in told.items()
    }


def partition_counts(admin: Any, names: Sequence[str]) -> dict[str, int]:
    """Return how many partitions each of the topics has that are there."""
    return {name: len(topic["partitions"]) for name, topic in _described(admin, names).items()}


def _described(admin: Any, names: Sequence[str]) -> dict[str, Any]:
    told = {topic["name"]: topic for topic in admin.describe_topics(list(names))}
    for name, topic in told.items():
        if topic["error_code"] not in (_NO_ERROR, UNKNOWN_TOPIC):
            raise LogError(f"{name} cannot be described: {described(for_code(topic['error_code'])())}")
    return {name: told[name] for name in names if name in told and told[name]["error_code"] == _NO_ERROR}


def _settings(admin: Any, names: Iterable[str]) -> Mapping[str, dict[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    if not asked:
        return {}
    told = admin.describe_configs(asked, config_filter="all")["topic"]
    for name, values in told.items():
        if not values:  # the client keeps the reason to itself: deleted meanwhile, which passes, or not allowed
            trouble = f"the settings of {name} are not told; is DescribeConfigs allowed?"
            raise LogError(trouble) from UnknownTopicOrPartitionError()
    return {name: {key: each["value"] for key, each in values.items()} for name, values in told.items()}


def _other_count(wanted: Sequence[Wanted], found: Mapping[str, Found]) -> dict[str, int]:
    """Return the topics that have another number of partitions than wanted, with that number."""
    return {
        one.name: found[one.name].partitions
        for one in wanted
        if one.name in found and found[one.name].partitions != one.partitions
    }


def _written(admin: Any, counts: Mapping[str, int]) -> frozenset[str]:
    """Return the topics of ``counts`` (name to partitions) that ever had a record."""
    asked = {TopicPartition(name, i): OffsetSpec.LATEST for name, count in counts.items() for i in range(count)}
    ends = admin.list_partition_offsets(asked) if asked else {}
    return frozenset(place.topic for place, end in ends.items() if end.offset > 0)


def _create(admin: Any, wanted: Sequence[Wanted]) -> tuple[str, ...]:
    """Create topics and wait until all partitions have leaders; return those that nobody else created meanwhile."""
    if not wanted:
        return ()
    drafts = {
        one.name: {
            "num_partitions": one.partitions,
            "replication_factor": one.replication,
            "configs": configs(one.topic, replication=one.replication),
        }
        for one in wanted
    }
    told = admin.create_topics(drafts, raise_errors=False)["topics"]
    for topic in told:
        if topic["error_code"] not in (_NO_ERROR, TopicAlreadyExistsError.errno):
            raise LogError(f"{topic['name']} cannot be created: {_reason(topic)}")
    admin.wait_for_topics(list(drafts))
    return tuple(one.name for one in wanted if one.name in {t["name"] for t in told if t["error_code"] == _NO_ERROR})


def _grow(admin: Any, wanted: Sequence[Wanted], names: set[str]) -> tuple[str, ...]:
    counts = {one.name: one.partitions for one in wanted if one.name in names}
    if counts:
        admin.create_partitions(counts)
        admin.wait_for_topics(list(counts))
    return tuple(counts)


def _alter(admin: Any, differences: Sequence[Drift]) -> None:
    values: dict[str, dict[str, str]] = {}
    for drift in differences:
        values.setdefault(drift.topic, {})[drift.what] = drift.wanted
    if not values:
        return
    told = admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, of) for name, of in values.items()])
    for name, result in told["topic"].items():
        if result != "OK":
            raise LogError(f"{name} cannot be set: {result}")
    _wait_until_set(admin, values)


def _wait_until_set(admin: Any, values: Mapping[str, Mapping[str, str]]) -> None:
    """Wait until the brokers tell what was set: they learn it a little later. Raises LogError where they do not."""
    until = time.monotonic() + PATIENCE_S
    while True:
        told = _settings(admin, values)
        if all(told[name][key] == value for name, of in values.items() for key, value in of.items()):
            return
        if time.monotonic() > until:
            raise LogError(f"what was set on {', '.join(values)} has not taken effect within {PATIENCE_S:g} s")
        time.sleep(_PAUSE_S)


def _reason(topic: Mapping[str, Any]) -> str:
    return topic.get("error_message") or described(for_code(topic["error_code"])())
