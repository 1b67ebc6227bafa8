"""What the embedded log promises beyond the port: one file, bad files, failing writes, fairness, scans."""

import asyncio
import contextlib
import inspect
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from streams.embedded import EmbeddedLog
from streams.embedded.file import open_writer
from streams.log import Draft, LogError, TopicPartition
from tests.contract.reading import LONG_S, content, drafts_of, read_all, take, whole

TOPIC = "cobuild.demands.v1"
KEY = b"310105"
FULL = 2
"""SQLite's number for ``synchronous=FULL``."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "log.sqlite3"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[EmbeddedLog]:
    log = EmbeddedLog(path, partitions=4, patience_ms=100)
    yield log
    await log.close()


@contextlib.contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


@pytest.mark.parametrize(
    "content", [b"?", b"not a database, only some text " * 50, b"\x00" * 8192, bytes(range(256)) * 64]
)
def test_a_garbage_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.sqlite3"
    path.write_bytes(content)
    with pytest.raises(LogError, match="cannot be opened as a log"):
        EmbeddedLog(path, partitions=4)
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "readmodel.sqlite3"
    with database(path) as connection:
        connection.execute("CREATE TABLE records (id INTEGER PRIMARY KEY, body BLOB)")
    before = path.read_bytes()
    with pytest.raises(LogError, match="something else"):
        EmbeddedLog(path, partitions=4)
    assert path.read_bytes() == before


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="cannot be opened as a log"):
        EmbeddedLog(tmp_path, partitions=4)


async def test_another_partition_count_is_refused(log: EmbeddedLog, path: Path) -> None:
    with pytest.raises(LogError, match="made with 4 partitions, not 8"):
        EmbeddedLog(path, partitions=8)


def test_a_log_without_partitions_is_refused(path: Path) -> None:
    with pytest.raises(LogError, match="at least one"):
        EmbeddedLog(path, partitions=0)


async def test_a_file_of_a_later_format_is_refused(path: Path) -> None:
    await EmbeddedLog(path, partitions=4).close()
    with database(path) as connection:
        connection.execute("PRAGMA user_version=2")
    with pytest.raises(LogError, match="format 2"):
        EmbeddedLog(path, partitions=4)


async def test_a_file_cut_short_is_refused_when_read(path: Path) -> None:
    log = EmbeddedLog(path, partitions=4)
    await log.append(TOPIC, drafts_of([b"x" * 5000] * 200))
    await log.close()
    os.truncate(path, os.stat(path).st_size // 2)  # noqa: PTH116
    with pytest.raises(LogError):
        list(EmbeddedLog(path, partitions=4).scan(TopicPartition(TOPIC, log.partition_of(KEY))))


@pytest.mark.parametrize(
    "damage", ["DELETE FROM records WHERE id = {id}", "UPDATE records SET body = x'00' WHERE id = {id}"]
)
async def test_a_missing_or_damaged_record_is_told_not_skipped(log: EmbeddedLog, path: Path, damage: str) -> None:
    await log.append(TOPIC, drafts_of([b"%d" % number for number in range(5)]))
    with database(path) as connection:
        first = connection.execute("SELECT min(id) FROM records").fetchone()[0]
        connection.execute(damage.format(id=first + 2))
    reader = log.reader(whole(log, TOPIC))
    with pytest.raises(LogError, match="offset 2 is missing or damaged"):
        await reader.poll()
    assert [record.offset for record in await reader.poll(max_records=2)] == [0, 1]


async def test_full_sync_is_the_default_and_waits_for_the_disk(path: Path) -> None:
    await EmbeddedLog(path, partitions=4).close()
    with contextlib.closing(open_writer(path, sync="full", patience_ms=100)) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == FULL
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert inspect.signature(EmbeddedLog).parameters["sync"].default == "full"


async def test_a_failing_transaction_fails_its_callers_and_no_others(log: EmbeddedLog, path: Path) -> None:
    await log.append(TOPIC, drafts_of([b"before"]))
    with database(path) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    outcomes = await asyncio.gather(
        *(log.append(TOPIC, drafts_of([b"lost", b"lost"])) for _ in range(5)),
        log.commit("group", {TopicPartition(TOPIC, 0): 1}),
        return_exceptions=True,
    )
    for outcome in outcomes[:5]:
        assert isinstance(outcome, LogError)
        assert "the disk is full" in str(outcome)
    with database(path) as connection:
        connection.execute("DROP TRIGGER full")
    assert [position.offset for position in await log.append(TOPIC, drafts_of([b"after"]))] == [1]
    assert [record.value for record in await read_all(log, TOPIC, 2)] == [b"before", b"after"]


async def test_offsets_stay_dense_after_a_failure(log: EmbeddedLog, path: Path) -> None:
    with database(path) as connection:
        connection.execute(
            "CREATE TRIGGER quota BEFORE INSERT ON records WHEN length(NEW.body) > 1000"
            " BEGIN SELECT RAISE(ABORT, 'over quota'); END"
        )
    await log.append(TOPIC, drafts_of([b"0"]))
    with pytest.raises(LogError, match="over quota"):
        await log.append(TOPIC, drafts_of([b"small", b"x" * 2000]))
    with pytest.raises(LogError, match="over quota"):
        await log.append("new.topic", drafts_of([b"x" * 2000]))
    assert [position.offset for position in await log.append(TOPIC, drafts_of([b"1", b"2"]))] == [1, 2]
    assert [position.offset for position in await log.append("other.topic", drafts_of([b"0"]))] == [0]
    assert [record.value for record in await read_all(log, TOPIC, 3)] == [b"0", b"1", b"2"]
    assert set((await log.end_offsets(["new.topic"])).values()) == {0}


async def test_a_file_kept_busy_by_others_is_an_error_in_the_end_and_then_passes(log: EmbeddedLog, path: Path) -> None:
    with database(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogError, match="locked"):
            await log.append(TOPIC, drafts_of([b"refused"]))
        append = asyncio.create_task(log.append(TOPIC, drafts_of([b"taken"])))
        await asyncio.sleep(0.02)
        other.execute("COMMIT")
        assert (await append)[0].offset == 0
    assert [record.value for record in await read_all(log, TOPIC, 1)] == [b"taken"]


async def test_a_draft_that_cannot_be_written_fails_its_own_caller_only(log: EmbeddedLog) -> None:
    bad = [
        Draft(key=KEY, value=b"", headers=[("\ud800", b"lone surrogate")]),
        Draft(key=KEY, value=b"", headers=[("n" * 70_000, b"")]),
        Draft(key=KEY, value=b"", headers=[("n", b"")] * 70_000),
        Draft(key=b"k" * 9_000_000, value=b""),
    ]
    outcomes = await asyncio.gather(
        *(log.append(TOPIC, [draft]) for draft in bad), log.append(TOPIC, drafts_of([b"good"])), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [LogError] * 4 + [list]
    assert [record.value for record in await read_all(log, TOPIC, 1)] == [b"good"]


async def test_cancelled_callers_do_not_stop_the_writer(log: EmbeddedLog) -> None:
    appends = [asyncio.create_task(log.append(TOPIC, drafts_of([b"%d" % number]))) for number in range(50)]
    await asyncio.sleep(0)
    for append in appends[::2]:
        append.cancel()
    await asyncio.gather(*appends, return_exceptions=True)
    await log.append(TOPIC, drafts_of([b"last"]))
    values = [record.value for record in log.scan(TopicPartition(TOPIC, log.partition_of(KEY)))]
    assert {b"%d" % number for number in range(1, 50, 2)} | {b"last"} <= set(values)


def test_a_log_outlives_the_event_loops_that_use_it(path: Path) -> None:
    log = EmbeddedLog(path, partitions=4)

    async def leave_in_the_middle() -> None:
        reader = log.reader(whole(log, TOPIC))
        assert await reader.poll() == []
        task = asyncio.create_task(log.append(TOPIC, drafts_of([b"a"])))
        await asyncio.sleep(0)
        task.cancel()

    async def go_on() -> None:
        assert await log.append(TOPIC, drafts_of([b"b"])) != []
        await log.close()

    asyncio.run(leave_in_the_middle())
    asyncio.run(go_on())


async def test_closing_finishes_what_was_asked_for(path: Path) -> None:
    log = EmbeddedLog(path, partitions=4)
    appends = [asyncio.create_task(log.append(TOPIC, drafts_of([b"%d" % number]))) for number in range(100)]
    await asyncio.sleep(0)
    await log.close()
    assert [(await append)[0].offset for append in appends] == list(range(100))


async def test_records_are_stamped_with_the_clock(path: Path) -> None:
    log = EmbeddedLog(path, partitions=4, clock_ms=iter([1_700_000_000_000, 1_700_000_000_500]).__next__)
    await log.append(TOPIC, drafts_of([b"a", b"b"]))
    await log.append(TOPIC, drafts_of([b"c"]))
    stamps = [record.timestamp_ms for record in await read_all(log, TOPIC, 3)]
    assert stamps == [1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_500]
    await log.close()


async def test_a_long_partition_does_not_starve_a_short_one(log: EmbeddedLog) -> None:
    short = next(key for key in (b"a", b"b", b"c", b"d") if log.partition_of(key) != log.partition_of(KEY))
    await log.append(TOPIC, drafts_of([b"long"] * 5000))
    reader = log.reader(whole(log, TOPIC))
    await reader.poll(max_records=10)
    await log.append(TOPIC, drafts_of([b"short"], key=short))
    assert b"short" in [record.value for record in await reader.poll(max_records=10)]


async def test_each_partition_has_its_turn_when_a_poll_takes_one_record(log: EmbeddedLog) -> None:
    keys = {log.partition_of(b"%d" % number): b"%d" % number for number in range(50)}
    for key in keys.values():
        await log.append(TOPIC, drafts_of([b"x"] * 20, key=key))
    reader = log.reader(whole(log, TOPIC))
    first = [(await reader.poll(max_records=1, timeout_s=LONG_S))[0].partition for _ in range(8)]
    assert sorted(first) == [0, 0, 1, 1, 2, 2, 3, 3]


async def test_a_scan_yields_one_partition_without_an_event_loop(log: EmbeddedLog) -> None:
    drafts = [Draft(key=KEY, value=b"%d" % number, headers=[("ce_id", b"%d" % number)]) for number in range(4500)]
    await log.append(TOPIC, drafts)
    partition = TopicPartition(TOPIC, log.partition_of(KEY))
    assert content(list(log.scan(partition))) == content(drafts)
    assert [record.offset for record in log.scan(partition, 4498)] == [4498, 4499]
    assert list(log.scan(TopicPartition("never.written", 0))) == []
    with pytest.raises(LogError, match="no offset -1"):
        next(log.scan(partition, -1))
    with pytest.raises(LogError, match="no offset 0"):
        next(log.scan(TopicPartition(TOPIC, 4)))


async def test_many_large_records_come_in_several_polls(log: EmbeddedLog) -> None:
    values = [bytes([number]) * 8_000_000 for number in range(9)]
    for value in values:
        await log.append(TOPIC, drafts_of([value]))
    reader = log.reader(whole(log, TOPIC))
    first = await reader.poll()
    assert 0 < len(first) < 9
    rest = await take(reader, 9 - len(first))
    assert [record.value for record in first + rest] == values
