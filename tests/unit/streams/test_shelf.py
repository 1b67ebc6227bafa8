"""The shelf between a reader and the thread that fetches for it, both sides played by hand."""

from collections.abc import Callable

import pytest

from streams.kafka.shelf import MOST_BYTES, MOST_RECORDS, Chunk, Shelf, Work
from streams.log import LogError, Record, TopicPartition

ONE, TWO = TopicPartition("topic", 1), TopicPartition("topic", 2)
LONG_S = 60.0


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.seek(ONE, 0)
    shelf.seek(TWO, 5)
    return shelf


def chunk(partition: TopicPartition, first: int, count: int, *, epoch: int = 1, size: int = 10) -> Chunk:
    records = [
        Record(*partition, offset=offset, key=None, value=b"", headers=(), timestamp_ms=0)
        for offset in range(first, first + count)
    ]
    return Chunk(partition, epoch, records, size, first + count)


def offsets(records: list[Record]) -> list[int]:
    return [record.offset for record in records]


def work_of(shelf: Shelf) -> Work:
    """What the thread gets to do; there must be something."""
    assert shelf._is_busy()
    work = shelf.wait()
    assert work is not None
    return work


def heard(shelf: Shelf, *, question: int = 0) -> Callable[[], bool]:
    """Wait for news; the result tells whether they have come."""
    calls: list[bool] = []
    shelf.await_news(lambda: calls.append(True), seconds=LONG_S, question=question)
    return lambda: bool(calls)


def test_positions_move_when_records_are_taken_not_when_they_are_fetched(shelf: Shelf) -> None:
    shelf.put([chunk(ONE, 0, 5)])
    assert shelf.positions() == {ONE: 0, TWO: 5}
    assert offsets(shelf.take(3)) == [0, 1, 2]
    assert shelf.positions() == {ONE: 3, TWO: 5}
    assert offsets(shelf.take(3)) == [3, 4]
    assert shelf.take(3) == []
    assert shelf.positions() == {ONE: 5, TWO: 5}


def test_what_is_no_record_is_passed_when_the_last_before_it_is_taken(shelf: Shelf) -> None:
    shelf.put([chunk(ONE, 0, 2)._replace(next_offset=9)])
    shelf.take(1)
    assert shelf.positions()[ONE] == 1
    shelf.take(1)
    assert shelf.positions()[ONE] == 9


def test_what_was_fetched_before_a_seek_is_thrown_away(shelf: Shelf) -> None:
    shelf.put([chunk(ONE, 0, 5), chunk(TWO, 5, 1)])
    shelf.seek(ONE, 3)
    shelf.put([chunk(ONE, 5, 5)])
    assert offsets(shelf.take(100)) == [5]
    assert work_of(shelf).seeks == {ONE: (3, 2), TWO: (5, 1)}
    shelf.put([chunk(ONE, 3, 2, epoch=2)])
    assert offsets(shelf.take(100)) == [3, 4]


def test_a_partition_that_is_left_is_not_read_any_more(shelf: Shelf) -> None:
    shelf.put([chunk(ONE, 0, 5)])
    shelf.seek(ONE, -1)
    shelf.put([chunk(ONE, 5, 5)])
    assert shelf.take(100) == []
    assert shelf.positions() == {TWO: 5}


def test_the_thread_rests_unless_somebody_waits_or_records_flow(shelf: Shelf) -> None:
    work_of(shelf)
    assert not shelf._is_busy()
    news = heard(shelf)
    assert work_of(shelf).wait_s > LONG_S / 2
    shelf.put([chunk(ONE, 0, 5)])
    assert news()
    assert work_of(shelf).wait_s == 0, "the next ones are fetched ahead"
    shelf.put([])
    assert not shelf._is_busy()


@pytest.mark.parametrize(("count", "size"), [(MOST_RECORDS, 1), (1, MOST_BYTES)], ids=["records", "bytes"])
def test_the_thread_rests_while_the_shelf_is_full(shelf: Shelf, count: int, size: int) -> None:
    work_of(shelf)
    shelf.put([chunk(ONE, 0, count, size=size)])
    assert not shelf._is_busy()
    shelf.take(count)
    assert shelf._is_busy()


def test_half_taken_chunks_leave_the_room_they_took(shelf: Shelf) -> None:
    work_of(shelf)
    for first in range(0, 3000, 1000):
        shelf.put([chunk(ONE, first, 1000, size=MOST_BYTES // 3)])
        while shelf.take(7):
            pass
    assert (shelf._records, shelf._bytes) == (0, 0)


def test_a_question_is_answered_once_and_wakes_who_waits(shelf: Shelf) -> None:
    work_of(shelf)
    question = shelf.ask()
    news = heard(shelf, question=question)
    assert work_of(shelf).question == question
    assert not news()
    shelf.answer(question)
    assert news()
    assert shelf.looked == question
    assert heard(shelf, question=question)(), "the answer may come before anybody waits for it"


def test_a_failure_of_a_partition_lasts_until_it_is_sought_again(shelf: Shelf) -> None:
    shelf.fail(LogError("gone"), partition=ONE, epoch=1)
    shelf.put([chunk(TWO, 5, 1)])
    for _ in range(2):
        with pytest.raises(LogError, match="gone"):
            shelf.take(1)
    shelf.seek(ONE, 7)
    shelf.fail(LogError("of before the seek"), partition=ONE, epoch=1)
    assert offsets(shelf.take(1)) == [5]


def test_a_failure_that_may_pass_is_told_once(shelf: Shelf) -> None:
    shelf.fail(LogError("nobody answers"), once=True)
    assert heard(shelf)()
    with pytest.raises(LogError, match="nobody answers"):
        shelf.take(1)
    assert shelf.take(1) == []


def test_a_closed_shelf_refuses_and_lets_everybody_go(shelf: Shelf) -> None:
    news = heard(shelf)
    shelf.close()
    assert news()
    assert shelf.wait() is None
    with pytest.raises(LogError, match="closed"):
        shelf.take(1)
