"""Foreign clients as ``docs/foreign-clients.md`` has them: every block of the page runs, as the story of a hotline."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4
from zlib import crc32

import pytest
from kafka import KafkaProducer

from schemas.topics import ASSIGNMENTS, DEMANDS, RESOURCES
from streams.deadletter_book import Wanted, read_book
from streams.kafka.connection import KafkaConnection
from streams.log import Log
from tests.kafka import kcat as client
from tests.kafka.cluster import RealKafka
from tests.kafka.documented import Shell, blocks
from tests.kafka.processes import wish
from tests.kafka.staff import PARTITIONS, PATIENCE_S, hired, log_on
from tests.loops import events

DEMAND: dict[str, Any] = wish("d-1") | {"posted_at": "2026-11-21T08:00:00+08:00"}
DISTRICTS = [f"3101{number:02}" for number in range(4, 30)]
pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.usefixtures("kcat")]


@pytest.fixture
def connection(kafka: RealKafka) -> KafkaConnection:
    return kafka.apply(f"f{uuid4().hex[:8]}.", partitions=PARTITIONS)


async def test_the_page_holds_from_the_first_block_to_the_last(connection: KafkaConnection, tmp_path: Path) -> None:
    shell = Shell(connection, tmp_path, partitions=PARTITIONS)
    with hired(connection, tmp_path / "worker") as hire:
        worker = hire("w-1")
        await worker.ready()
        async with log_on(connection) as log:
            await _posting(shell, log)
            await _reading(shell, log)
            await _mending(shell, log)
        assert await worker.end() == 0, worker.output
    assert shell.ran == set(blocks()), "a block of the page is not run by any test"


async def test_whatever_strangers_get_wrong_comes_out_and_the_worker_goes_on(
    connection: KafkaConnection, tmp_path: Path
) -> None:
    shell = Shell(connection, tmp_path, partitions=PARTITIONS)
    with hired(connection, tmp_path / "worker") as hire:
        worker = hire("w-1")
        await worker.ready()
        async with log_on(connection) as log:
            count = await asyncio.to_thread(_get_everything_wrong, connection, log.partition_of(b"310105"))
            await _run(shell, "post-resource")
            await _run(shell, "post-demand")
            await _served(log, {"d-hotline-12345": 2})
            book = await _until_so(
                lambda: read_book(log, Wanted()), lambda book: book.counts.total() >= count, f"{count} are refused"
            )
            assert await worker.end() == 0, worker.output
            again = hire("w-2", data_dir=tmp_path / "elsewhere")
            await again.ready()
            assert (await _run(shell, "post-python")).startswith(f"{DEMANDS.name}/")
            await _served(log, {"d-hotline-12345": 2, "d-hotline-12346": 1})
        assert await again.end() == 0, again.output
    assert book.counts == {
        (DEMANDS.name, "not_a_cloud_event"): 8,
        (DEMANDS.name, "unknown_event_type"): 1,
        (DEMANDS.name, "invalid_json"): 2,
        (DEMANDS.name, "invalid_value"): 1,
        (DEMANDS.name, "wrong_key"): 1,
    }


def _get_everything_wrong(connection: KafkaConnection, home: int) -> int:
    """Write what is no event of ours to the partition of the demands to come; return how many records that is."""
    topic = connection.topic(DEMANDS.name)
    kind = ("-H", "ce_id=1", "-H", "ce_source=x", "-H", "ce_type=cn.cobuild.demand.posted.v1")
    for words, content in (
        ((), b"good morning\nis anybody there?"),
        (("-z", "lz4"), b"packed " * 500),
        (("-H", b"ce_id\xff=x", "-H", "ce_type"), b"{}"),
        (("-H", "ce_type=\udcff".encode("utf-8", "surrogateescape"), "-k", b"\xff\xfe"), b"{}"),
        (("-K", ":", "-Z"), b"310105:\n"),
        (("-H", "ce_id=1", "-H", "ce_source=x", "-H", "ce_type=org.example.greeting"), b"{}"),
        ((*kind, "-k", "310105"), b"{"),
        ((*kind, "-K", ":", "-Z"), b"310105:\n"),
        ((*kind, "-k", "310105"), b'{"demand": 1}'),
        ((*kind, "-k", "310106"), json.dumps({"demand": DEMAND}).encode()),
    ):
        client.produce(connection.bootstrap[0], topic, "-p", str(home), *words, content=content)  # type: ignore[arg-type]
    _call_off(connection, topic, home)
    return 13


def _call_off(connection: KafkaConnection, topic: str, partition: int) -> None:
    """Write in two transactions, the second of which comes to nothing: the marks at their ends are no records."""
    producer = KafkaProducer(**connection.client_options(), transactional_id=uuid4().hex)
    producer.init_transactions()
    for end in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        producer.send(topic, value=b"{}", partition=partition).get(timeout=PATIENCE_S)
        end()
    producer.close()


async def test_a_client_with_a_partitioner_of_its_own_is_told_and_mended(
    connection: KafkaConnection, tmp_path: Path
) -> None:
    shell = Shell(connection, tmp_path, partitions=PARTITIONS)
    with hired(connection, tmp_path / "worker") as hire:
        worker = hire("w-1")
        await worker.ready()
        async with log_on(connection) as log:
            shard = next(s for s in DISTRICTS if crc32(s.encode()) % PARTITIONS != log.partition_of(s.encode()))
            await asyncio.to_thread(_post_as_librdkafka_likes, connection, shard)
            book = await _until_so(lambda: read_book(log, Wanted()), lambda book: book.letters, "the record is refused")
            assert book.letters[0].refused.code == "wrong_key"
            await _run(shell, "desk")
            await _served(log, {"d-1": 1})
        assert await worker.end() == 0, worker.output


def _post_as_librdkafka_likes(connection: KafkaConnection, shard: str) -> None:
    home = f"{shard}001001"
    demand = DEMAND | {"community": home, "requester": f"community:{home}"}
    offered = {
        "resource_id": "r-1", "provider": "team:a", "title": "可以帮忙", "item": DEMAND["lines"][0]["item"],
        "kind": "goods", "scope": [shard], "home": home, "offered_at": DEMAND["posted_at"],
    }  # fmt: skip
    for topic, kind, content, words in (
        (RESOURCES.name, "resource.offered", {"resource": offered}, ("-X", "partitioner=murmur2_random")),
        (DEMANDS.name, "demand.posted", {"demand": demand}, ()),
    ):
        headers = (f"ce_type=cn.cobuild.{kind}.v1", "ce_specversion=1.0", f"ce_id=x-{kind}", "ce_source=x")
        client.produce(
            connection.bootstrap[0], connection.topic(topic), "-k", shard, *words,
            *[word for header in headers for word in ("-H", header)], content=json.dumps(content).encode(),
        )  # fmt: skip


async def _posting(shell: Shell, log: Log) -> None:
    """What is posted straight to the topics gets its matches, and is found by the name of the demand."""
    await _run(shell, "post-resource")
    await _run(shell, "post-demand")
    assert (await _run(shell, "post-python")).startswith(f"{DEMANDS.name}/")
    await _served(log, {"d-hotline-12345": 2, "d-hotline-12346": 1})
    followed = [json.loads(line) for line in (await _run(shell, "follow")).splitlines()]
    assert [told["assignment"]["demand_id"] for told in followed] == ["d-hotline-12345"] * 2
    assert {told["assignment"]["resource_id"] for told in followed} == {"r-salon-1"}


async def _reading(shell: Shell, log: Log) -> None:
    """Every way of reading tells the same events, each a CloudEvent whose attributes are in its headers."""
    told = {event.id: event for event in await events(log, ASSIGNMENTS.name)}
    assert len(told) == 3
    for record in map(json.loads, (await _run(shell, "read-json")).splitlines()):
        headers = dict(zip(record["headers"][::2], record["headers"][1::2], strict=True))
        event = told[headers["ce_id"]]
        assert headers["ce_type"] == event.type == "cn.cobuild.assignment.proposed.v1"
        assert (headers["ce_specversion"], headers["content-type"]) == ("1.0", "application/json")
        assert headers["ce_roundoffset"].isdigit()
        assert record["key"] == event.key == "310105"
        assert json.loads(record["payload"]) == event.data.model_dump(mode="json")
    assert (await _run(shell, "read-all")).count("ce_type=cn.cobuild.assignment.proposed.v1") == 3
    assert (await _run(shell, "read-group")).startswith('310105 {"shard":"310105"')
    lines = [line.split() for line in (await _run(shell, "read-sdk")).splitlines()]
    assert {line[1] for line in lines} == told.keys()
    assert {(line[0], line[-1]) for line in lines} == {("cn.cobuild.assignment.proposed.v1", "310105")}


async def _mending(shell: Shell, log: Log) -> None:
    """What is wrong comes out among the dead letters, the worker goes on, and an operator mends it."""
    await _run(shell, "post-wrong")
    await _until_so(lambda: read_book(log, Wanted()), lambda book: bool(book.letters), "the record is refused")
    (letter,) = [json.loads(line) for line in (await _run(shell, "find-letter")).splitlines()]
    assert (letter["topic"], letter["code"]) == (DEMANDS.name, "wrong_key")
    said = await _run(shell, "desk")
    assert "wrong_key" in said
    assert "appended again, key 310105" in said
    await _served(log, {"d-hotline-12345": 2, "d-hotline-12346": 1, "d-hotline-12347": 2})


async def _run(shell: Shell, name: str) -> str:
    return await asyncio.to_thread(shell.run, name)


async def _served(log: Log, seats: dict[str, int]) -> None:
    """Wait until so many seats of each demand are given, and no others."""
    await _until_so(lambda: _given(log), lambda given: given == seats, f"{seats} are given")


async def _given(log: Log) -> dict[str, int]:
    proposed = {
        event.id: event.data.assignment.demand_id
        for event in await events(log, ASSIGNMENTS.name)
        if event.type == "cn.cobuild.assignment.proposed.v1"
    }
    demands = list(proposed.values())
    return {demand: demands.count(demand) for demand in demands}


async def _until_so(look: Any, is_so: Any, what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so(found := await look()):
        assert time.monotonic() < deadline, f"waited in vain until {what}: {found}"
        await asyncio.sleep(0.1)
    return found
