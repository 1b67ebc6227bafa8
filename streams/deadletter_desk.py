"""The desk where refused records are appended to their topics again.

1. What is appended is the record as it lies in the log, not its dead letter: key, headers and value as they came,
   and one header more, ``cobuild_replay_of``, with the place of the refused one.
2. Whoever reads the topic judges it anew. What would be refused again for certain is not appended.
3. Only inputs are appended again: what the matcher says, it says by itself.
4. A record that holds personal data never is (invariant 7).
5. Each replay is told by a ``RecordReplayed``, and nothing is replayed twice unless that is asked for. Between the
   two appends a kill can hide a replay; a second one then changes nothing, since folds know versions and ids.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal, NamedTuple

from schemas.deadletters import RecordReplayed
from schemas.envelope import REPLAY_OF, encode, new_event
from schemas.refusals import Refused
from schemas.sharding import DISTRICT
from schemas.topics import DEADLETTERS, INPUTS
from streams.deadletter_book import Book, Letter, spelt
from streams.deadletters import digest_of, holds_personal_data
from streams.log import Draft, Log, LogError, Position, Reader, Record, TopicPartition
from streams.reading import shard_of_record

SOURCE: Final = "cobuild/operators"
CHUNK: Final = 100
"""So many records are read and appended together."""
READ_OVER: Final = 500
"""A gap of fewer records is read over: looking for a new place costs a broker's round trip and more."""
RECORD_WAIT_S: Final = 30.0

Outcome = Literal[
    "ready",  # it would be appended
    "replayed",
    "replayed_before",
    "personal_data",
    "no_input",
    "gone",
    "another_record",
    "wrong_key",
    "refused_still",
]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one letter at the desk."""

    letter: Letter
    outcome: Outcome
    detail: str = ""
    new_key: str | None = None
    """The shard, where the record was given another key."""
    position: Position | None = None
    """Where the record lies again."""


class _Step(NamedTuple):
    report: Report
    draft: Draft | None = None


class DeadLetterDesk:
    """See the module's rules."""

    def __init__(self, log: Log, book: Book, *, now: Callable[[], datetime], shard_width: int = DISTRICT) -> None:
        self._log, self._book, self._now, self._width = log, book, now, shard_width

    async def look(
        self, letters: Sequence[Letter], *, rekey: bool = False, again: bool = False
    ) -> AsyncIterator[Report]:
        """Yield what ``replay`` would do, in the order in which it would; nothing is appended.

        Raises:
            LogError: the log could not be read.
        """
        async for steps in self._steps(letters, rekey=rekey, again=again):
            for step in steps:
                yield step.report

    async def replay(
        self, letters: Sequence[Letter], *, rekey: bool = False, again: bool = False
    ) -> AsyncIterator[Report]:
        """Append the records of ``letters`` again, in the order in which they lay; yield what became of each.

        Args:
            letters: as the book has them.
            rekey: give a record whose key is not its shard the right key.
            again: also what was replayed before.

        Raises:
            LogError: the log failed; of the records not yielded so far, the next ``CHUNK`` may have been appended.
        """
        async for steps in self._steps(letters, rekey=rekey, again=again):
            for report in await self._append(steps):
                yield report

    async def _steps(self, letters: Sequence[Letter], *, rekey: bool, again: bool) -> AsyncIterator[list[_Step]]:
        ordered = sorted({letter.place: letter for letter in letters}.values(), key=lambda letter: letter.place)
        topics = [topic.name for topic in INPUTS]
        first, ends = await self._log.beginning_offsets(topics), await self._log.end_offsets(topics)
        originals = _Originals(self._log, {place: range(first[place], ends[place]) for place in ends})
        try:
            for start in range(0, len(ordered), CHUNK):
                yield [
                    await self._step(letter, originals, rekey=rekey, again=again)
                    for letter in ordered[start : start + CHUNK]
                ]
        finally:
            await originals.close()

    async def _step(self, letter: Letter, originals: "_Originals", *, rekey: bool, again: bool) -> _Step:
        barred = self._barred(letter, again=again)
        if barred:
            return _Step(barred)
        record = await originals.read(letter.place)
        if record is None:
            return _Step(Report(letter, "gone", "the log does not keep it any more"))
        return self._judged(letter, record, rekey=rekey)

    def _judged(self, letter: Letter, record: Record, *, rekey: bool) -> _Step:
        """Return what is to be done with a record as it lies in the log."""
        if digest_of(record.value) != letter.refused.value_sha256:
            return _Step(Report(letter, "another_record", "another record lies there: the letter is of another log"))
        if holds_personal_data(record):
            return _Step(Report(letter, "personal_data"))
        try:
            shard = shard_of_record(record, width=self._width)
        except Refused as refused:
            return _Step(Report(letter, "refused_still", f"{refused.code}: {refused.detail}"))
        fits = record.key == shard.encode()
        if not fits and not rekey:
            return _Step(Report(letter, "wrong_key", f"its shard is {shard}"))
        return _Step(Report(letter, "ready", new_key=None if fits else shard), _draft(record, shard))

    def _barred(self, letter: Letter, *, again: bool) -> Report | None:
        """Return the report of a letter that is not replayed, whatever its record is like."""
        refused = letter.refused
        if refused.topic not in {topic.name for topic in INPUTS}:
            return Report(letter, "no_input", f"{refused.topic} is not written by hand")
        if refused.code == "personal_data" or any(part.reason == "personal_data" for part in refused.left_out):
            return Report(letter, "personal_data")
        replays = self._book.replays_of(letter.place)
        if replays and not again:
            return Report(letter, "replayed_before", position=replays[-1].place)
        return None

    async def _append(self, steps: Sequence[_Step]) -> list[Report]:
        drafts: defaultdict[str, list[Draft]] = defaultdict(list)
        for report, draft in steps:
            if draft is not None:
                drafts[report.letter.place.topic].append(draft)
        positions = {topic: iter(await self._log.append(topic, batch)) for topic, batch in drafts.items()}
        reports = [
            report
            if draft is None
            else changed(report, outcome="replayed", position=next(positions[report.letter.place.topic]))
            for report, draft in steps
        ]
        await self._log.append(DEADLETTERS.name, [mark for report in reports for mark in self._marks(report)])
        return reports

    def _marks(self, report: Report) -> list[Draft]:
        if report.outcome != "replayed" or report.position is None:
            return []
        place, now = report.letter.place, self._now()
        told = RecordReplayed(
            topic=place.topic,
            partition=place.partition,
            offset=place.offset,
            new_partition=report.position.partition,
            new_offset=report.position.offset,
            new_key=report.new_key,
            replayed_at=now,
        )
        name = sha256(f"{spelt(place)} {spelt(report.position)}".encode()).hexdigest()[:32]
        key, headers, value = encode(new_event(told, id=name, source=SOURCE, key=place.topic, time=now))
        return [Draft(key=key, value=value, headers=headers)]


class _Originals:
    """Reads refused records where they lie, one after the other; best in the order in which they lie."""

    def __init__(self, log: Log, kept: Mapping[TopicPartition, range]) -> None:
        self._log, self._kept = log, kept
        self._reader: Reader | None = None

    async def read(self, place: Position) -> Record | None:
        """Return the record at ``place``, or None where the log does not keep it."""
        partition = TopicPartition(place.topic, place.partition)
        if place.offset not in self._kept.get(partition, ()):
            return None
        reader = self._reader_at(partition, place.offset)
        while (left := place.offset - reader.positions()[partition]) >= 0:
            records = await reader.poll(max_records=min(left + 1, CHUNK), timeout_s=RECORD_WAIT_S)
            if not records:
                raise LogError(f"the record at {spelt(place)} does not come")
            found = [record for record in records if record.offset == place.offset]
            if found:
                return found[0]
        return None

    async def close(self) -> None:
        if self._reader is not None:
            await self._reader.close()

    def _reader_at(self, partition: TopicPartition, offset: int) -> Reader:
        """Return a reader from which the record comes soon: what lies just before it is read over."""
        if self._reader is None:
            self._reader = self._log.reader({partition: offset})
        position = self._reader.positions().get(partition)
        if position is None or not position <= offset < position + READ_OVER:
            for other in self._reader.positions():
                if other != partition:
                    self._reader.seek(other, -1)
            self._reader.seek(partition, offset)
        return self._reader


def _draft(record: Record, shard: str) -> Draft:
    headers = [(name, value) for name, value in record.headers if name != REPLAY_OF]
    place = spelt(Position(record.topic, record.partition, record.offset))
    return Draft(key=shard.encode(), value=record.value, headers=[*headers, (REPLAY_OF, place.encode())])
