"""What is to be done about topics that differ, without a broker."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from schemas.topics import ALL_TOPICS, DEMANDS, SNAPSHOTS
from streams.kafka.connection import KafkaConnection
from streams.kafka.standing import Extent, Group, Standing
from streams.kafka.topics import (
    Drift,
    Found,
    Remedy,
    TopicsRefusedError,
    Wanted,
    configs,
    drifts,
    refuse_to_move_keys,
    topics_page,
    wanted_topics,
)
from streams.log import TopicPartition

CONNECTION = KafkaConnection(bootstrap=("127.0.0.1:1",), prefix="staging.")


def wanted(partitions: int = 4, replication: int = 0, brokers: int = 1) -> list[Wanted]:
    return wanted_topics(CONNECTION, partitions=partitions, replication=replication, brokers=brokers)


def as_wanted(these: list[Wanted]) -> dict[str, Found]:
    return {
        one.name: Found(one.partitions, one.replication, configs(one.topic, replication=one.replication))
        for one in these
    }


def changed(found: Mapping[str, Found], name: str, **fields: object) -> dict[str, Found]:
    return {**found, name: replace(found[name], **fields)}  # type: ignore[arg-type]


NAME = CONNECTION.topic(DEMANDS.name)


@pytest.mark.parametrize(
    ("replication", "brokers", "replicas", "in_sync"), [(0, 1, 1, 1), (0, 2, 2, 1), (0, 5, 3, 2), (5, 5, 5, 4)]
)
def test_replicas_follow_the_brokers_and_all_but_one_must_have_a_record(
    replication: int, brokers: int, replicas: int, in_sync: int
) -> None:
    for one in wanted(replication=replication, brokers=brokers):
        assert one.replication == replicas
        assert configs(one.topic, replication=one.replication)["min.insync.replicas"] == str(in_sync)


def test_everything_is_kept_under_the_prefix_with_the_time_of_the_log() -> None:
    assert [one.name for one in wanted()] == [f"staging.{topic.name}" for topic in ALL_TOPICS]
    for topic in ALL_TOPICS:
        values = configs(topic, replication=1)
        assert values["message.timestamp.type"] == "LogAppendTime"
        assert values["max.message.bytes"] == str(topic.max_message_bytes)
    assert configs(DEMANDS, replication=1)["retention.ms"] == "-1"
    assert configs(SNAPSHOTS, replication=1)["cleanup.policy"] == "compact"


def test_what_is_as_wanted_does_not_differ() -> None:
    assert drifts(wanted(), as_wanted(wanted())) == []


def test_a_missing_topic_is_created() -> None:
    found = as_wanted(wanted())
    del found[NAME]
    assert [(drift.topic, drift.remedy) for drift in drifts(wanted(), found)] == [(NAME, Remedy.CREATE)]


@pytest.mark.parametrize(
    ("fields", "what", "remedy"),
    [
        ({"partitions": 3}, "partitions", Remedy.GROW),
        ({"partitions": 5}, "partitions", Remedy.NONE),
        ({"replication": 1}, "replication", Remedy.NONE),
    ],
)
def test_counts_that_differ(fields: dict[str, int], what: str, remedy: Remedy) -> None:
    three = wanted(brokers=3)
    found = changed(as_wanted(three), NAME, **fields)
    assert (what, remedy) in {(drift.what, drift.remedy) for drift in drifts(three, found)}


def test_a_setting_that_differs_is_set() -> None:
    found = as_wanted(wanted())
    found = changed(found, NAME, configs={**found[NAME].configs, "retention.ms": "1000"})
    assert drifts(wanted(), found) == [Drift(NAME, "retention.ms", "-1", "1000", Remedy.ALTER)]


def test_fewer_replicas_than_wanted_never_demand_more_in_sync_than_there_are() -> None:
    three = wanted(brokers=3)
    found = changed(as_wanted(three), NAME, replication=1, configs=configs(DEMANDS, replication=1))
    assert [drift.what for drift in drifts(three, found)] == ["replication"]


def test_keys_never_move() -> None:
    found = as_wanted(wanted(partitions=4))
    refuse_to_move_keys(wanted(partitions=8), found, frozenset())
    with pytest.raises(TopicsRefusedError, match=r"staging\.cobuild\.demands\.v1 has 4 .* COBUILD_PARTITIONS=4"):
        refuse_to_move_keys(wanted(partitions=8), found, frozenset([NAME]))
    with pytest.raises(TopicsRefusedError, match="cannot be made smaller"):
        refuse_to_move_keys(wanted(partitions=2), found, frozenset())
    refuse_to_move_keys(wanted(partitions=4), found, frozenset([NAME]))


def test_the_page_has_a_row_for_every_topic() -> None:
    rows = [line for line in topics_page(partitions=8).splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [topic.name for topic in ALL_TOPICS]


def test_lag_counts_what_is_still_to_be_read() -> None:
    here, there, elsewhere = (TopicPartition(DEMANDS.name, 0), TopicPartition(DEMANDS.name, 1), TopicPartition("x", 0))
    group = Group("cobuild-matcher", "Stable", ("w-1",), {here: 4})
    standing = Standing({here: Extent(0, 10), there: Extent(3, 8), elsewhere: Extent(0, 5)}, [group])
    assert standing.lag(group, here) == 6
    assert standing.lag(group, there) == 5, "nothing stored: all that is there"
    assert standing.lag(group, elsewhere) is None
    assert standing.behind(group) == 11
