"""The book of dead letters: read whole from the log, each refused record once, with what became of its replays.

1. A record refused twice is one letter: its id is a function of where the record lies.
2. A replay is known by its ``RecordReplayed``. It was refused again where a letter lies for its new place; it was
   taken where a round of its partition had read past that place; else no round has come to it yet. Letters are
   written beside the folding: for a moment a record can seem taken whose letter is on its way.
3. What lies among the dead letters and is none is counted, never hidden.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappush, heappushpop
from typing import Final, Literal

from schemas.base import Fact
from schemas.deadletters import RecordRefused, RecordReplayed
from schemas.envelope import Event, decode
from schemas.refusals import Refused
from schemas.rounds import RoundDecided
from schemas.topics import DEADLETTERS, ROUNDS
from streams.log import Log, LogError, Position, Record, TopicPartition
from streams.restore import read_one

RECORD_WAIT_S: Final = 30.0
ROUNDS_BACK: Final = 20
"""So many records of the decision log are looked through for one that is a round."""

Fate = Literal["refused_again", "taken", "waiting"]


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter: its id, where it lies itself, and what it says."""

    id: str
    position: Position
    refused: RecordRefused

    @property
    def place(self) -> Position:
        """Where the refused record lies."""
        return Position(self.refused.topic, self.refused.partition, self.refused.offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which letters are asked for; what is None or empty does not narrow."""

    topic: str | None = None
    code: str | None = None
    since: datetime | None = None
    names: tuple[str, ...] = ()
    """Beginnings of ids, or places as ``topic/partition/offset``, of the refused record or of the letter."""

    def fits(self, letter: Letter) -> bool:
        """Tell whether ``letter`` is asked for."""
        refused = letter.refused
        return (
            self.topic in (None, refused.topic)
            and self.code in (None, refused.code)
            and (self.since is None or refused.refused_at >= self.since)
            and (not self.names or any(named(letter, name) for name in self.names))
        )


@dataclass(frozen=True, slots=True)
class Replay:
    """One replay of a letter's record."""

    told: RecordReplayed
    fate: Fate
    code: str | None = None
    """Why it was refused again."""

    @property
    def place(self) -> Position:
        """Where the record lies again."""
        return Position(self.told.topic, self.told.new_partition, self.told.new_offset)


@dataclass(slots=True)
class Book:
    """What one reading of the dead letters found."""

    letters: list[Letter] = field(default_factory=list)
    """Those asked for, the newest first, at most as many as asked for."""
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many of those asked for there are, by topic and code."""
    codes: dict[Position, str] = field(default_factory=dict)
    """Of every letter, asked for or not, by the place of the refused record."""
    replays: dict[Position, list[RecordReplayed]] = field(default_factory=lambda: defaultdict(list))
    seen: dict[TopicPartition, int] = field(default_factory=dict)
    """Up to which offset the newest round of a partition had read; only of partitions that hold replays."""
    unreadable: int = 0

    def replays_of(self, place: Position) -> list[Replay]:
        """Return what became of each replay of the record at ``place``, the oldest first."""
        return [self._replay(told) for told in self.replays.get(place, ())]

    def _replay(self, told: RecordReplayed) -> Replay:
        code = self.codes.get(Position(told.topic, told.new_partition, told.new_offset))
        if code is not None:
            return Replay(told, "refused_again", code)
        seen = self.seen.get(TopicPartition(told.topic, told.new_partition), 0)
        return Replay(told, "taken" if seen > told.new_offset else "waiting")


def named(letter: Letter, name: str) -> bool:
    """Tell whether ``name`` means ``letter``: the beginning of its id, or a place."""
    if "/" not in name:
        return letter.id.startswith(name)
    return name in (spelt(letter.place), spelt(letter.position))


def spelt(place: Position) -> str:
    """Return ``topic/partition/offset``."""
    return f"{place.topic}/{place.partition}/{place.offset}"


async def read_book(
    log: Log,
    wanted: Wanted,
    *,
    most: int | None = None,
    whole: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Book:
    """Read the dead letters from the beginning to the end of now.

    Args:
        log: where they lie.
        wanted: which to return.
        most: how many to return, the newest; None: all.
        whole: return them with keys, headers and values; a letter may hold a MiB.
        progress: told how many records of how many are read.

    Raises:
        LogError: the log could not be read.
    """
    book, shelf = Book(), _Shelf(most)
    async for record in _all_of(log, progress):
        event = _event(record)
        if event is None:
            book.unreadable += 1
        elif isinstance(event.data, RecordReplayed):
            told = event.data
            book.replays[Position(told.topic, told.partition, told.offset)].append(told)
        elif isinstance(event.data, RecordRefused):
            letter = Letter(event.id, Position(record.topic, record.partition, record.offset), event.data)
            if letter.place not in book.codes and wanted.fits(letter):
                book.counts[letter.refused.topic, letter.refused.code] += 1
                shelf.put(letter if whole else _slim(letter))
            book.codes.setdefault(letter.place, letter.refused.code)
    book.letters = shelf.newest_first()
    book.seen = await _seen(log, (told for replays in book.replays.values() for told in replays))
    return book


class _Shelf:
    """Keeps the newest letters."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._letters: list[tuple[datetime, Position, Letter]] = []

    def put(self, letter: Letter) -> None:
        entry = (letter.refused.refused_at, letter.position, letter)
        if self._most is None or len(self._letters) < self._most:
            heappush(self._letters, entry)
        elif self._most:
            heappushpop(self._letters, entry)

    def newest_first(self) -> list[Letter]:
        return [letter for _, _, letter in sorted(self._letters, reverse=True)]


def _slim(letter: Letter) -> Letter:
    slim = letter.refused.model_copy(update={"key": None, "headers": (), "value": None})
    return Letter(letter.id, letter.position, slim)


async def _all_of(log: Log, progress: Callable[[int, int], None]) -> AsyncIterator[Record]:
    start = await log.beginning_offsets([DEADLETTERS.name])
    ends = await log.end_offsets([DEADLETTERS.name])
    total, done = sum(ends.values()) - sum(start.values()), 0
    reader = log.reader(start)
    try:
        while any(offset < ends[place] for place, offset in reader.positions().items()):
            records = await reader.poll(timeout_s=RECORD_WAIT_S)
            if not records:
                raise LogError(f"the dead letters cannot be read to their end: no record came in {RECORD_WAIT_S:.0f} s")
            for record in records:
                if record.offset < ends[TopicPartition(record.topic, record.partition)]:
                    yield record
            done += len(records)
            progress(min(done, total), total)
    finally:
        await reader.close()


def _event(record: Record) -> Event[Fact] | None:
    try:
        return decode(topic=record.topic, key=record.key, headers=record.headers, value=record.value)
    except Refused:
        return None


async def _seen(log: Log, replays: Iterable[RecordReplayed]) -> dict[TopicPartition, int]:
    """Return, for each partition that holds a replay, up to where its newest round had read each topic."""
    seen: dict[TopicPartition, int] = {}
    for partition in sorted({told.new_partition for told in replays}):
        newest = await _newest_round(log, partition)
        if newest is not None:
            seen |= {TopicPartition(entry.topic, entry.partition): entry.offset for entry in newest.inputs}
    return seen


async def _newest_round(log: Log, partition: int) -> RoundDecided | None:
    """Return the newest round of a partition; what strangers put after it is passed over, within bounds."""
    place = TopicPartition(ROUNDS.name, partition)
    first, end = (await log.beginning_offsets([ROUNDS.name]))[place], (await log.end_offsets([ROUNDS.name]))[place]
    for offset in range(end - 1, max(first, end - ROUNDS_BACK) - 1, -1):
        record = await read_one(log, place, offset)
        event = _event(record) if record else None
        if event is not None and isinstance(event.data, RoundDecided):
            return event.data
    return None
