"""What waits to be written: flushed means durable, cut off means still there, failed means nobody goes on."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from schemas.deadletters import RecordRefused
from schemas.refusals import Refused
from schemas.topics import DEADLETTERS
from streams.log import LogError, Record
from streams.outbox import MOST_WAITING, MOST_WAITING_BYTES, Outbox
from streams.publisher import Publisher
from tests.builders import NOON
from tests.fakes.log import FakeLog
from tests.loops import records

REFUSAL = Refused("invalid_json", "no")


class SlowLog(FakeLog):
    """Appends when it is let, or fails."""

    def __init__(self) -> None:
        super().__init__(partitions=1)
        self.let = asyncio.Event()
        self.begun = asyncio.Event()
        self.error: LogError | None = None
        self.appends = 0

    async def append(self, topic: str, drafts: Any) -> Any:
        self.begun.set()
        await self.let.wait()
        if self.error:
            raise self.error
        self.appends += 1
        return await super().append(topic, drafts)


def record(offset: int, *, value: bytes = b"?") -> Record:
    return Record("cobuild.demands.v1", 0, offset, None, value, (), 0)


@pytest.fixture
def log() -> SlowLog:
    return SlowLog()


@pytest.fixture
def outbox(log: SlowLog) -> Outbox:
    return Outbox(log, Publisher(log))


async def test_flushed_is_durable_in_the_order_of_folding(log: SlowLog, outbox: Outbox) -> None:
    for offset in range(3):
        outbox.refuse(record(offset), REFUSAL, at=NOON)
    log.let.set()
    await outbox.flush()
    assert [b'"offset":%d' % offset in (each.value or b"") for offset, each in enumerate(await letters(log))] == [
        True
    ] * 3


async def test_a_flush_waits_for_what_another_is_writing(log: SlowLog, outbox: Outbox) -> None:
    outbox.refuse(record(0), REFUSAL, at=NOON)
    first = asyncio.create_task(outbox.flush())
    await log.begun.wait()
    second = asyncio.create_task(outbox.flush())
    await asyncio.sleep(0.01)
    assert not second.done()
    log.let.set()
    await asyncio.gather(first, second)
    assert len(await letters(log)) == 1


async def test_what_was_cut_off_is_written_by_the_next_flush(log: SlowLog, outbox: Outbox) -> None:
    outbox.refuse(record(0), REFUSAL, at=NOON)
    cut = asyncio.create_task(outbox.flush())
    await log.begun.wait()
    outbox.refuse(record(1), REFUSAL, at=NOON)
    cut.cancel()
    with suppress(asyncio.CancelledError):
        await cut
    log.let.set()
    await outbox.flush()
    assert len(await letters(log)) == 2


async def test_after_a_failure_nobody_is_told_that_anything_is_durable(log: SlowLog, outbox: Outbox) -> None:
    outbox.refuse(record(0), REFUSAL, at=NOON)
    log.error = LogError("no room")
    log.let.set()
    with pytest.raises(LogError, match="no room"):
        await outbox.flush()
    log.error = None
    with pytest.raises(LogError, match="no room"):
        await outbox.flush()


async def test_it_is_full_before_it_holds_too_much(outbox: Outbox) -> None:
    for offset in range(MOST_WAITING):
        outbox.refuse(record(offset), REFUSAL, at=NOON)
    assert not outbox.is_full
    outbox.refuse(record(MOST_WAITING), REFUSAL, at=NOON)
    assert outbox.is_full


async def test_it_is_full_of_large_records_long_before(log: SlowLog, outbox: Outbox) -> None:
    large = b"x" * (MOST_WAITING_BYTES // 8)
    for offset in range(9):
        assert not outbox.is_full
        outbox.refuse(record(offset, value=large), REFUSAL, at=NOON)
    assert outbox.is_full
    log.let.set()
    await outbox.flush()
    assert not outbox.is_full


async def test_large_letters_go_in_several_appends_and_all_in_order(log: SlowLog, outbox: Outbox) -> None:
    value = b"needle " * (1024 * 1024 // 7)
    for offset in range(20):
        outbox.refuse(record(offset, value=value if offset % 2 else b"?"), REFUSAL, at=NOON)
    log.let.set()
    await outbox.flush()
    told = [RecordRefused.model_validate_json(each.value or b"") for each in await letters(log)]
    assert [letter.offset for letter in told] == list(range(20))
    assert [letter.value == value for letter in told] == [bool(offset % 2) for offset in range(20)]
    assert 1 < log.appends < 20


async def letters(log: SlowLog) -> list[Record]:
    return await records(log, DEADLETTERS.name)
