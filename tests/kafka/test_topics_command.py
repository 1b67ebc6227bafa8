"""``cobuild topics``, as somebody at a terminal has it."""

import json
from uuid import uuid4

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata
from typer.testing import CliRunner, Result

from deploy.command import app
from schemas.topics import ALL_TOPICS, DEMANDS
from streams.kafka.snapshots import KafkaSnapshots
from streams.manifest import Manifest, saved_shard, write_manifest
from streams.pace import Pace
from streams.partitioner import partition_of
from tests.kafka.cluster import RealKafka

pytestmark = pytest.mark.kafka
PARTITIONS = 3


@pytest.fixture
def prefix(kafka: RealKafka, monkeypatch: pytest.MonkeyPatch) -> str:
    prefix = f"c{uuid4().hex[:8]}."
    monkeypatch.setenv("COBUILD_KAFKA", kafka.bootstrap)
    monkeypatch.setenv("COBUILD_KAFKA_PREFIX", prefix)
    monkeypatch.setenv("COBUILD_PARTITIONS", str(PARTITIONS))
    return prefix


def topics(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["topics", *arguments], env={"COLUMNS": "200"})


def test_check_fails_until_apply_was_run(prefix: str) -> None:
    before = topics("check")
    assert before.exit_code == 1
    assert before.output.count("missing") == len(ALL_TOPICS)
    applied = topics("apply")
    assert applied.exit_code == 0
    assert all(f"created  {prefix}{topic.name}" in applied.output for topic in ALL_TOPICS)
    assert topics("check").exit_code == 0
    assert "Nothing to do" in topics("apply").output


def test_check_tells_programs_what_differs(prefix: str) -> None:
    topics("apply")
    told = topics("check", "--partitions", "5", "--json")
    assert told.exit_code == 1
    assert {
        "topic": f"{prefix}{DEMANDS.name}",
        "what": "partitions",
        "wanted": "5",
        "found": "3",
        "remedy": "grow",
    } in (json.loads(told.output))


def test_describe_shows_how_far_each_group_is_behind(prefix: str, kafka: RealKafka) -> None:
    topics("apply")
    topic, shard = f"{prefix}{DEMANDS.name}", b"310105"
    partition = partition_of(shard, PARTITIONS)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    for _ in range(5):
        producer.send(topic, key=shard, value=b"{}").get(timeout=30)
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap, group_id=f"{prefix}cobuild-matcher")
    consumer.assign([place := TopicPartition(topic, partition)])
    consumer.commit({place: OffsetAndMetadata(2, "", -1)})
    consumer.close()
    shown = topics("describe", "--shard", "310105").output
    assert "shards" not in shown
    (row,) = [line.split() for line in shown.splitlines() if DEMANDS.name in line]
    assert row == [DEMANDS.name, str(partition), "0", "5", "3"]
    assert "Group cobuild-matcher is empty and behind by 3; members: nobody" in shown
    (group,) = json.loads(topics("describe", "--json").output)["groups"]
    assert {"topic": DEMANDS.name, "partition": partition, "lag": 3} in group["lags"]


def test_describe_names_the_shards_of_a_partition_once_there_are_snapshots(prefix: str, kafka: RealKafka) -> None:
    topics("apply")
    store = KafkaSnapshots(kafka.connection(prefix), partitions=PARTITIONS)
    pace = Pace(news={}, whistled={}, inputs={}, round_at_ms=0, paced_at_ms=0, alarm_ms=0)
    for partition, shards in ((0, ("310105", "310104")), (2, ("310106",))):
        saved = {shard: saved_shard(f"p{partition}/{shard}-0", size=0, offsets={}, pace=pace) for shard in shards}
        write_manifest(
            store,
            Manifest(state_format=1, catalogue="", partition=partition, positions={}, witnesses={}, shards=saved),
        )
    store.close()
    assert json.loads(topics("describe", "--json").output)["shards"] == {"0": ["310104", "310105"], "2": ["310106"]}
    shown = [line.split() for line in topics("describe").output.splitlines()]
    assert ["0", "310104,", "310105"] in shown
    assert ["2", "310106"] in shown


def test_describe_says_where_there_is_nothing(prefix: str) -> None:
    told = topics("describe")
    assert told.exit_code == 1
    assert "cobuild topics apply" in told.output


def test_brokers_have_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COBUILD_KAFKA", raising=False)
    told = topics("check")
    assert told.exit_code == 1
    assert "--kafka HOST:PORT or COBUILD_KAFKA" in told.output
