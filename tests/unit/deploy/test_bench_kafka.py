"""The parts of ``cobuild bench kafka`` that need no broker."""

import json

import pytest
from typer.testing import CliRunner

from deploy.bench.kafka.broker import PARTITIONS
from deploy.bench.kafka.feed import records
from deploy.bench.kafka.member import Meter
from deploy.bench.kafka.rebalance import one_shard_each
from deploy.commands.bench import app
from schemas.envelope import decode
from schemas.topics import DEMANDS, RESOURCES
from streams.partitioner import partition_of


def test_the_load_of_a_rebalance_reaches_every_partition_once() -> None:
    shards = one_shard_each()
    assert sorted(partition_of(shard.encode(), PARTITIONS) for shard in shards) == list(range(PARTITIONS))


def test_a_meter_speaks_once_when_all_is_through(capsys: pytest.CaptureFixture[str]) -> None:
    meter = Meter(10)
    for count in range(1, 13):
        meter.at(count)
        assert meter.done is (count >= 10)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [sorted(each) for each in said] == [["cpu_us", "rate"]]
    assert said[0]["rate"] > 0


def test_what_is_fed_are_events_that_a_worker_takes() -> None:
    waiting = records(200)
    found = [decode(topic=topic, key=one.key, headers=one.headers, value=one.value) for topic, one in waiting]
    assert len(found) == 200
    assert {topic for topic, _ in waiting} <= {RESOURCES.name, DEMANDS.name}


def test_a_part_that_there_is_not_is_refused() -> None:
    outcome = CliRunner().invoke(app, ["kafka", "--only", "agents,nonsense"])
    assert outcome.exit_code == 2
    assert "nonsense is none of agents, log" in " ".join(outcome.output.replace("│", " ").split())
