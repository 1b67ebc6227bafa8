"""Dead letters are found by what they say, and what they speak of can be appended again, once, and judged anew.

``tests/kafka/test_deadletter_desk.py`` runs the same on a real broker.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.envelope import REPLAY_OF
from schemas.topics import DEADLETTERS, DEMANDS, RESOURCES, ROUNDS
from streams.deadletter_book import Book, Letter, Wanted, read_book
from streams.deadletter_desk import DeadLetterDesk, Report
from streams.embedded import EmbeddedLog
from streams.log import Draft, Log, Position, TopicPartition
from streams.round_loop import RoundLoop
from tests.builders import NOON, SHARD, line, offered, posted
from tests.fakes.log import FakeLog
from tests.loops import loop_on, proposals, record_draft, records, tell

ELSEWHERE = b"310106"
LATER = NOON + timedelta(hours=2)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    log = EmbeddedLog(tmp_path / "log.sqlite3", partitions=4)
    yield log
    await log.close()


@pytest.fixture
async def loop(log: Log) -> AsyncIterator[RoundLoop]:
    loop = loop_on(log)
    yield loop
    await loop.close()


def stranger(draft: Draft, **change: object) -> Draft:
    """The record as a stranger would send it who gets something wrong."""
    return Draft(**{"key": draft.key, "value": draft.value, "headers": draft.headers} | change)  # type: ignore[arg-type]


def misdirected(demand_id: str = "d1") -> Draft:
    return stranger(record_draft(posted(demand_id)), key=ELSEWHERE)


async def book_of(log: Log, **wanted: object) -> Book:
    return await read_book(log, Wanted(**wanted))  # type: ignore[arg-type]


async def letter_of(log: Log, **wanted: object) -> Letter:
    (letter,) = (await book_of(log, **wanted)).letters
    return letter


async def replay(log: Log, *, rekey: bool = False, again: bool = False, **wanted: object) -> list[Report]:
    book = await book_of(log, **wanted)
    desk = DeadLetterDesk(log, book, now=lambda: LATER)
    looked = [report async for report in desk.look(book.letters, rekey=rekey, again=again)]
    done = [report async for report in desk.replay(book.letters, rekey=rekey, again=again)]
    told = [("replayed" if report.outcome == "ready" else report.outcome) for report in looked]
    assert told == [report.outcome for report in done]  # a look foretells what happens
    return done


async def test_letters_are_found_by_topic_code_time_and_name(log: Log, loop: RoundLoop) -> None:
    (first,) = await log.append(DEMANDS.name, [Draft(key=b"310105", value=b"{")])
    await log.append(RESOURCES.name, [Draft(key=b"310105", value=b"{}"), Draft(key=None, value=None)])
    await loop.step(NOON)
    (last,) = await log.append(DEMANDS.name, [misdirected()])
    await loop.step(LATER)
    book = await book_of(log)
    assert len(book.letters) == 4
    assert book.letters[0].place == last
    assert book.counts == {
        (DEMANDS.name, "not_a_cloud_event"): 1,
        (DEMANDS.name, "wrong_key"): 1,
        (RESOURCES.name, "not_a_cloud_event"): 2,
    }
    assert {letter.place for letter in (await book_of(log, topic=DEMANDS.name)).letters} == {first, last}
    assert [letter.place for letter in (await book_of(log, code="wrong_key")).letters] == [last]
    assert [letter.place for letter in (await book_of(log, since=LATER)).letters] == [last]
    letter = await letter_of(log, names=(f"{DEMANDS.name}/{last.partition}/{last.offset}",))
    assert letter == await letter_of(log, names=(letter.id[:8],))
    own = letter.position
    assert letter == await letter_of(log, names=(f"{own.topic}/{own.partition}/{own.offset}",))
    assert (await book_of(log, names=("no such",))).letters == []


async def test_the_newest_are_returned_and_all_are_counted(log: Log, loop: RoundLoop) -> None:
    for minute in range(6):
        await log.append(DEMANDS.name, [Draft(key=b"310105", value=b"{")])
        await loop.step(NOON + timedelta(minutes=minute))
    book = await read_book(log, Wanted(), most=2)
    assert [letter.refused.refused_at for letter in book.letters] == [NOON + timedelta(minutes=m) for m in (5, 4)]
    assert book.counts.total() == 6
    assert (await read_book(log, Wanted(), most=0)).letters == []


async def test_a_record_refused_by_two_readers_is_one_letter(log: Log, loop: RoundLoop) -> None:
    await log.append(DEMANDS.name, [misdirected()])
    await loop.step(NOON)
    other = loop_on(log)
    await other.step(LATER)
    await other.close()
    assert len(await records(log, DEADLETTERS.name)) == 2
    book = await book_of(log)
    assert [letter.refused.refused_at for letter in book.letters] == [NOON]
    assert book.counts.total() == 1


async def test_what_lies_among_the_letters_and_is_none_is_counted(log: Log) -> None:
    await log.append(DEADLETTERS.name, [Draft(key=b"x", value=b"{"), Draft(key=None, value=None)])
    book = await book_of(log)
    assert (book.letters, book.unreadable) == ([], 2)


async def test_parts_come_only_when_asked_for(log: Log, loop: RoundLoop) -> None:
    draft = misdirected()
    await log.append(DEMANDS.name, [draft])
    await loop.step(NOON)
    assert (await letter_of(log)).refused.value is None
    (whole,) = (await read_book(log, Wanted(), whole=True)).letters
    assert (whole.refused.key, whole.refused.value) == (ELSEWHERE, draft.value)
    assert list(whole.refused.headers) == list(draft.headers)


async def test_a_misdirected_record_finds_its_shard_and_is_matched(log: Log, loop: RoundLoop) -> None:
    draft = misdirected()
    await tell(log, offered("r1"))
    (lost,) = await log.append(DEMANDS.name, [draft])
    await loop.step(NOON)
    assert await proposals(log) == []
    (kept,) = await replay(log)
    assert (kept.outcome, kept.position) == ("wrong_key", None)
    assert SHARD in kept.detail
    (report,) = await replay(log, rekey=True)
    assert (report.outcome, report.new_key) == ("replayed", SHARD)
    (fate,) = (await book_of(log)).replays_of(lost)
    assert (fate.fate, fate.place, fate.told.new_key) == ("waiting", report.position, SHARD)
    assert await loop.step(LATER) == 1
    assert [proposal.demand_id for proposal in await proposals(log)] == ["d1"]
    (fate,) = (await book_of(log)).replays_of(lost)
    assert fate.fate == "taken"


async def test_what_is_appended_again_is_the_record_as_it_came(log: Log, loop: RoundLoop) -> None:
    draft = misdirected()
    headers = [("Trace ", b"\xff\x00"), *draft.headers, ("Trace ", b""), (REPLAY_OF, b"elsewhere/0/0")]
    (lost,) = await log.append(DEMANDS.name, [stranger(draft, headers=headers)])
    await loop.step(NOON)
    (report,) = await replay(log, rekey=True)
    (again,) = [record for record in await records(log, DEMANDS.name) if record.key == SHARD.encode()]
    assert (DEMANDS.name, again.partition, again.offset) == report.position
    assert again.value == draft.value
    assert list(again.headers) == [
        *headers[:-1],
        (REPLAY_OF, f"{DEMANDS.name}/{lost.partition}/{lost.offset}".encode()),
    ]


async def test_nothing_is_replayed_twice_unless_asked_for(log: Log, loop: RoundLoop) -> None:
    await log.append(DEMANDS.name, [misdirected()])
    await loop.step(NOON)
    (first,) = await replay(log, rekey=True)
    (second,) = await replay(log, rekey=True)
    assert (second.outcome, second.position) == ("replayed_before", first.position)
    (third,) = await replay(log, rekey=True, again=True)
    assert third.outcome == "replayed"
    assert third.position != first.position
    assert len(await records(log, DEMANDS.name)) == 3
    assert len((await book_of(log)).replays_of(third.letter.place)) == 2
    await loop.step(LATER)
    assert (await book_of(log)).counts.total() == 1  # the same version twice is no offence


async def test_what_is_refused_again_gets_a_letter_of_its_own(log: Log, loop: RoundLoop) -> None:
    (lost,) = await log.append(DEMANDS.name, [record_draft(posted("d1", line("care.unheard_of")))])
    await loop.step(NOON)
    (report,) = await replay(log, code="unknown_item")
    assert report.outcome == "replayed"
    await loop.step(LATER)
    book = await book_of(log)
    (fate,) = book.replays_of(lost)
    assert (fate.fate, fate.code) == ("refused_again", "unknown_item")
    assert [letter.place for letter in book.letters] == [report.position, lost]
    outcomes = {report.letter.place: report.outcome for report in await replay(log)}
    assert outcomes == {lost: "replayed_before", report.position: "replayed"}


@pytest.mark.parametrize(
    "draft",
    [
        Draft(key=b"310105", value=b"{"),
        Draft(key=b"\xff\xfe", value=b"\x00\xff", headers=[("ce_id", b"\xff"), ("empty", b"")]),
        Draft(key=None, value=None),
        stranger(record_draft(posted("d1")), value=None),
        stranger(record_draft(posted("d1")), value=b"x" * 3_000_000),
    ],
    ids=["not-json", "not-text", "nothing", "tombstone", "huge"],
)
async def test_what_would_be_refused_for_certain_is_not_appended(log: Log, loop: RoundLoop, draft: Draft) -> None:
    (lost,) = await log.append(DEMANDS.name, [draft])
    await loop.step(NOON)
    (report,) = await replay(log, rekey=True)
    assert (report.letter.place, report.outcome) == (lost, "refused_still")
    assert report.detail.startswith(report.letter.refused.code)
    assert len(await records(log, DEMANDS.name)) == 1


async def test_personal_data_stays_where_it_is(log: Log, loop: RoundLoop) -> None:
    draft = record_draft(posted("d1"))
    named = stranger(draft, value=(draft.value or b"").replace(b'"title":"', '"title":"电话 13812345678 '.encode()))
    traced = stranger(misdirected(), headers=[*draft.headers, ("caller", b"13812345678")])
    await log.append(DEMANDS.name, [named, traced])
    await loop.step(NOON)
    reports = await replay(log, rekey=True)
    assert {report.letter.refused.code for report in reports} == {"personal_data", "wrong_key"}
    assert {report.outcome for report in reports} == {"personal_data"}
    assert len(await records(log, DEMANDS.name)) == 2


async def test_the_decision_log_is_not_written_by_hand(log: Log, loop: RoundLoop) -> None:
    await log.append(ROUNDS.name, [Draft(key=b"310105", value=b"{}")])
    await loop.step(NOON)
    (report,) = await replay(log, rekey=True)
    assert (report.letter.refused.topic, report.outcome) == (ROUNDS.name, "no_input")


async def test_many_go_back_in_the_order_in_which_they_lay(log: Log, loop: RoundLoop) -> None:
    await tell(log, *[offered(f"r{number}") for number in range(3)])
    await log.append(DEMANDS.name, [misdirected(f"d{number}") for number in range(250)])
    await loop.step(NOON)
    reports = await replay(log, rekey=True, topic=DEMANDS.name)
    assert [report.outcome for report in reports] == ["replayed"] * 250
    assert [report.letter.place.offset for report in reports] == list(range(250))
    offsets = [report.position.offset for report in reports if report.position]
    assert offsets == sorted(offsets)
    await loop.step(LATER)
    assert {proposal.demand_id for proposal in await proposals(log)} <= {f"d{number}" for number in range(250)}
    assert len(await proposals(log)) == 3


class ForgetfulLog(FakeLog):
    """Keeps of each partition only what comes after ``kept_from``."""

    kept_from = 0

    async def beginning_offsets(self, topics: object) -> dict[TopicPartition, int]:
        ends = await self.end_offsets(topics)  # type: ignore[arg-type]
        return {place: self.kept_from if place.topic == DEMANDS.name else 0 for place in ends}


async def test_a_record_gone_by_retention_says_so() -> None:
    log = ForgetfulLog()
    loop = loop_on(log)
    await log.append(DEMANDS.name, [misdirected()])
    await loop.step(NOON)
    log.kept_from = 1
    (report,) = await replay(log, rekey=True)
    assert report.outcome == "gone"
    await loop.close()


async def test_a_letter_of_another_log_moves_nothing() -> None:
    log, other = FakeLog(), FakeLog()
    loop = loop_on(log)
    await log.append(DEMANDS.name, [misdirected("d1"), misdirected("d2")])
    await loop.step(NOON)
    await loop.close()
    await other.append(DEMANDS.name, [misdirected("d3")])
    for record in await records(log, DEADLETTERS.name):
        await other.append(DEADLETTERS.name, [Draft(key=record.key, value=record.value, headers=record.headers)])
    reports = await replay(other, rekey=True)
    assert sorted(report.outcome for report in reports) == ["another_record", "gone"]
    assert len(await records(other, DEMANDS.name)) == 1


async def test_rounds_of_strangers_do_not_hide_that_a_replay_was_taken() -> None:
    log = FakeLog()
    loop = loop_on(log)
    (lost,) = await log.append(DEMANDS.name, [misdirected()])
    await loop.step(NOON)
    await replay(log, rekey=True)
    await loop.step(LATER)
    await loop.close()
    await log.append(ROUNDS.name, [Draft(key=SHARD.encode(), value=b"no round") for _ in range(3)])
    (fate,) = (await book_of(log)).replays_of(lost)
    assert fate.fate == "taken"


async def test_an_empty_log_has_an_empty_book(log: Log) -> None:
    book = await book_of(log)
    assert (book.letters, book.counts, book.unreadable) == ([], {}, 0)
    assert await replay(log) == []
    assert book.replays_of(Position(DEMANDS.name, 0, 0)) == []
