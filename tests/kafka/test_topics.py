"""Our topics on a real broker: made, made again, set right, and never harmed."""

import time
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from schemas.topics import ALL_TOPICS, DEMANDS, SNAPSHOTS
from streams.kafka.admin import Applied, apply_topics, check_topics
from streams.kafka.connection import KafkaConnection
from streams.kafka.topics import Drift, Remedy, TopicsRefusedError
from streams.log import LogError
from tests.kafka.cluster import RealKafka

pytestmark = pytest.mark.kafka


def prefix() -> str:
    return f"t{uuid4().hex[:8]}."


@pytest.fixture
def connection(kafka: RealKafka) -> KafkaConnection:
    return kafka.connection(prefix())


def names(connection: KafkaConnection) -> tuple[str, ...]:
    return tuple(connection.topic(topic.name) for topic in ALL_TOPICS)


def write_one(connection: KafkaConnection, name: str) -> None:
    producer = KafkaProducer(**connection.client_options())
    producer.send(connection.topic(name), value=b"{}").get(timeout=30)
    producer.close()


def partition_count(connection: KafkaConnection, name: str) -> int:
    with KafkaAdminClient(**connection.client_options()) as admin:
        return len(admin.describe_topics([connection.topic(name)])[0]["partitions"])


def first_drift(connection: KafkaConnection, *, partitions: int) -> Drift:
    """Brokers learn of a change a little after it was made."""
    deadline = time.monotonic() + 30
    while not (found := check_topics(connection, partitions=partitions)):
        assert time.monotonic() < deadline, "the change did not arrive"
    assert len(found) == 1
    return found[0]


def test_applying_makes_every_topic_and_again_changes_nothing(connection: KafkaConnection) -> None:
    assert {drift.remedy for drift in check_topics(connection, partitions=3)} == {Remedy.CREATE}
    assert apply_topics(connection, partitions=3) == Applied(created=names(connection))
    assert check_topics(connection, partitions=3) == []
    assert apply_topics(connection, partitions=3) == Applied()


def test_a_changed_setting_is_drift_and_is_set_right(connection: KafkaConnection) -> None:
    apply_topics(connection, partitions=2)
    name = connection.topic(DEMANDS.name)
    with KafkaAdminClient(**connection.client_options()) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"retention.ms": "1000"})])
    drift = first_drift(connection, partitions=2)
    assert (drift.topic, drift.what, drift.wanted, drift.found) == (name, "retention.ms", "-1", "1000")
    assert apply_topics(connection, partitions=2).altered == (drift,)
    assert check_topics(connection, partitions=2) == []


def test_more_partitions_are_given_while_nothing_was_written(connection: KafkaConnection) -> None:
    apply_topics(connection, partitions=2)
    assert apply_topics(connection, partitions=5) == Applied(grown=names(connection))
    assert partition_count(connection, SNAPSHOTS.name) == 5


def test_a_topic_with_records_keeps_its_partitions_and_so_do_all(connection: KafkaConnection) -> None:
    apply_topics(connection, partitions=2)
    write_one(connection, DEMANDS.name)
    with pytest.raises(TopicsRefusedError, match="COBUILD_PARTITIONS=2"):
        apply_topics(connection, partitions=4)
    assert {partition_count(connection, topic.name) for topic in ALL_TOPICS} == {2}
    assert {drift.what for drift in check_topics(connection, partitions=4)} == {"partitions"}


def test_no_topic_is_made_smaller(connection: KafkaConnection) -> None:
    apply_topics(connection, partitions=3)
    with pytest.raises(TopicsRefusedError, match="cannot be made smaller"):
        apply_topics(connection, partitions=1)


def test_a_missing_topic_is_made_beside_those_with_records(connection: KafkaConnection) -> None:
    apply_topics(connection, partitions=2)
    write_one(connection, DEMANDS.name)
    with KafkaAdminClient(**connection.client_options()) as admin:
        admin.delete_topics([connection.topic(SNAPSHOTS.name)])
    assert first_drift(connection, partitions=2).remedy is Remedy.CREATE
    assert apply_topics(connection, partitions=2) == Applied(created=(connection.topic(SNAPSHOTS.name),))


def test_more_replicas_than_brokers_are_refused_in_words(connection: KafkaConnection) -> None:
    with pytest.raises(LogError, match="cannot be created"):
        apply_topics(connection, partitions=1, replication=3)


def test_a_topic_of_one_replica_among_three_brokers_is_told_but_stays_writable(kafka3: RealKafka) -> None:
    connection = kafka3.connection(prefix())
    apply_topics(connection, partitions=1, replication=1)
    left = apply_topics(connection, partitions=1).left
    assert {(drift.what, drift.wanted, drift.found) for drift in left} == {("replication", "3", "1")}
    assert len(left) == len(ALL_TOPICS)
    write_one(connection, DEMANDS.name)


def test_three_brokers_keep_three_replicas_of_which_two_must_have_a_record(kafka3: RealKafka) -> None:
    connection = kafka3.apply(prefix(), partitions=1)
    assert check_topics(connection, partitions=1, replication=3) == []
    name = connection.topic(DEMANDS.name)
    with KafkaAdminClient(**connection.client_options()) as admin:
        told = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    assert told["topic"][name]["min.insync.replicas"]["value"] == "2"


def test_one_broker_of_three_that_is_away_keeps_nobody_from_asking(kafka3: RealKafka) -> None:
    connection = kafka3.apply(prefix(), partitions=1)
    kafka3.brokers[0].kill()
    try:
        for _ in range(5):  # the client asks now one, now another, and one of them may have heard of the topics last
            assert settled(connection) == []
    finally:
        kafka3.brokers[0].start()
        kafka3.wait_until_ready()


def settled(connection: KafkaConnection) -> list[Drift]:
    """Return what differs once every broker that is asked has had time to hear of the topics."""
    deadline = time.monotonic() + 20
    while (found := check_topics(connection, partitions=1)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def test_nobody_there_is_said_with_the_address() -> None:
    with pytest.raises(LogError, match=r"127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED"):
        check_topics(KafkaConnection(bootstrap=("127.0.0.1:1",)), partitions=1, patience_s=1)
