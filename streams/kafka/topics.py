"""What our topics are to be on a cluster, and how what is there differs. Nothing here talks to a broker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from schemas.topics import ALL_TOPICS, DAY_MS, Topic
from streams.kafka.connection import KafkaConnection
from streams.log import LogError

_USUAL_REPLICAS: Final = 3
_COMPACT_SEGMENT_BYTES: Final = 64 * 1024 * 1024
"""Only closed segments are compacted; a segment of Kafka's usual GiB would keep every old snapshot for long."""


class Remedy(Enum):
    """What ``cobuild topics apply`` does about a difference."""

    CREATE = "creates it"
    GROW = "grows it, if never written to"
    ALTER = "sets it"
    NONE = "leaves it"


class TopicsRefusedError(LogError):
    """The topics cannot be made as wanted without harm; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic as it is to be; ``name`` is what it is called on the cluster."""

    topic: Topic
    name: str
    partitions: int
    replication: int


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as it is; ``replication`` is that of its least replicated partition."""

    partitions: int
    replication: int
    configs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference between a topic as wanted and as found."""

    topic: str
    what: str
    wanted: str
    found: str
    remedy: Remedy


def wanted_topics(connection: KafkaConnection, *, partitions: int, replication: int, brokers: int) -> list[Wanted]:
    """Return all topics of ours as they are to be; ``replication`` 0 means three, or as many as there are brokers."""
    replicas = replication or min(_USUAL_REPLICAS, brokers)
    return [Wanted(topic, connection.topic(topic.name), partitions, replicas) for topic in ALL_TOPICS]


def configs(topic: Topic, *, replication: int) -> dict[str, str]:
    """Return what is set on a topic of so many replicas; all but one must have what is acknowledged."""
    values: dict[str, object] = {
        "cleanup.policy": topic.cleanup_policy,
        "retention.ms": topic.retention_ms,
        "retention.bytes": -1,
        "min.insync.replicas": max(1, replication - 1),
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": topic.max_message_bytes,
        "unclean.leader.election.enable": "false",
        # The broker unpacks what strangers pack: a reader without the library for lz4, snappy or zstd stands still.
        "compression.type": "uncompressed",
    }
    if topic.cleanup_policy == "compact":
        values["segment.bytes"] = _COMPACT_SEGMENT_BYTES
    return {name: str(value) for name, value in values.items()}


def drifts(wanted: Sequence[Wanted], found: Mapping[str, Found]) -> list[Drift]:
    """Return every difference, in the order of ``wanted``; ``found`` has what is there by its name there."""
    return [drift for one in wanted for drift in _drifts(one, found.get(one.name))]


def _drifts(wanted: Wanted, found: Found | None) -> list[Drift]:
    if found is None:
        return [Drift(wanted.name, "topic", f"{wanted.partitions} partitions", "missing", Remedy.CREATE)]
    return [*_counts(wanted, found), *_settings(wanted, found)]


def _counts(wanted: Wanted, found: Found) -> list[Drift]:
    differences = []
    if wanted.partitions != found.partitions:
        remedy = Remedy.GROW if wanted.partitions > found.partitions else Remedy.NONE
        counts = str(wanted.partitions), str(found.partitions)
        differences.append(Drift(wanted.name, "partitions", *counts, remedy))
    if wanted.replication != found.replication:
        counts = str(wanted.replication), str(found.replication)
        differences.append(Drift(wanted.name, "replication", *counts, Remedy.NONE))
    return differences


def _settings(wanted: Wanted, found: Found) -> list[Drift]:
    """Compare settings; how many replicas must be in sync follows from the replicas that there are."""
    return [
        Drift(wanted.name, name, value, found.configs.get(name, "?"), Remedy.ALTER)
        for name, value in configs(wanted.topic, replication=found.replication).items()
        if found.configs.get(name) != value
    ]


def refuse_to_move_keys(wanted: Sequence[Wanted], found: Mapping[str, Found], written: frozenset[str]) -> None:
    """Raise TopicsRefusedError where another partition count is wanted and cannot be had.

    ``written`` names the topics that ever had a record. A key's partition follows from the count, so a topic that
    was written to keeps its own; and none shrinks.
    """
    for one in wanted:
        count = found[one.name].partitions if one.name in found else one.partitions
        if count == one.partitions:
            continue
        if count > one.partitions:
            why = "a topic cannot be made smaller"
        elif one.name in written:
            why = "it has been written to, and its keys would move"
        else:
            continue
        raise TopicsRefusedError(
            f"{one.name} has {count} partitions, not {one.partitions}: {why}. Set COBUILD_PARTITIONS={count}"
        )


def topics_page(*, partitions: int) -> str:
    """Return the topic table in Markdown; ``partitions`` is the default of the settings."""
    lines = [
        "# Topics on Kafka",
        "",
        "Made by `cobuild topics apply`, compared by `cobuild topics check`. Generated from `schemas/topics.py` by",
        "`cobuild topics docs`; do not edit. What the records are: [events.md](events.md).",
        "",
        f"Every topic has `COBUILD_PARTITIONS` partitions ({partitions} by default) and `COBUILD_KAFKA_REPLICATION`",
        "replicas (three, or as many as there are brokers); all replicas but one must have a record before it is",
        "acknowledged (`min.insync.replicas`). The key is the shard. `COBUILD_KAFKA_PREFIX` goes before every name.",
        "",
        "| topic | holds | written by | read by | cleanup | kept | largest batch |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_row(topic) for topic in ALL_TOPICS]
    lines += ["", "On all of them:", ""]
    shared = set.intersection(*(set(configs(topic, replication=1).items()) for topic in ALL_TOPICS))
    lines += [f"- `{name}={value}`" for name, value in sorted(shared) if name != "min.insync.replicas"]
    return "\n".join([*lines, ""])


def _row(topic: Topic) -> str:
    if topic.cleanup_policy == "compact":
        kept = "the newest of every key"
    else:
        kept = "for ever" if topic.retention_ms < 0 else f"{topic.retention_ms // DAY_MS} d"
    cells = (
        f"`{topic.name}`",
        topic.title,
        ", ".join(topic.written_by),
        ", ".join(topic.read_by),
        f"`{topic.cleanup_policy}`",
        kept,
        f"{topic.max_message_bytes // 2**20} MiB",
    )
    return f"| {' | '.join(cells)} |"
