"""Publishing the assignments of rounds that count: at least once, in the order of the decision log.

1. Every event carries, in the CloudEvents extension ``roundoffset``, the lowest offset in the decision log of the
   rounds of its partition that were appended together: below it all have been published whole.
2. So the last event of a partition tells how far its rounds have been published. Those from its mark on are
   published again, since an append may have been cut in the middle.
3. What rounds let go to other shards is appended first: whatever has been published, they have heard of it.
4. Ids are functions of the round: what is published twice is the same fact.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from matcher.round.publication import events_of, transfers_of
from schemas.base import Fact
from schemas.envelope import ROUND_OFFSET, Event, encode
from schemas.rounds import RoundDecided
from schemas.topics import ASSIGNMENTS, TRANSFERS
from streams.log import Draft, Log, TopicPartition
from streams.restore import read_one

BATCH: Final = 200
"""So many events are encoded before other tasks get their turn."""


class Counted(NamedTuple):
    """A round that counts, and where it lies in the decision log."""

    partition: int
    offset: int
    decided: RoundDecided


class Publisher:
    """Knows, per partition, below which offset of the decision log everything has been published."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._published: dict[int, int] = {}

    async def resume(self, partitions: Iterable[int]) -> None:
        """Find out how far the rounds of ``partitions`` have been published.

        Raises:
            LogError: the log could not be read.
        """
        ends = await self._log.end_offsets([ASSIGNMENTS.name])
        for partition in partitions:
            place = TopicPartition(ASSIGNMENTS.name, partition)
            last = await read_one(self._log, place, ends[place] - 1) if ends[place] else None
            self._published[partition] = _round_offset(last.headers) if last else 0

    def drop(self, partition: int) -> None:
        """Forget a partition."""
        self._published.pop(partition, None)

    async def publish(self, rounds: Sequence[Counted]) -> None:
        """Publish ``rounds``, given in the order of the decision log; return when they are durable.

        Raises:
            LogError: it is not known what was published.
        """
        drafts: list[Draft] = []
        new = [counted for counted in rounds if counted.offset >= self._published.get(counted.partition, 0)]
        marks = _marks(new)
        passed = [_draft(event) for counted in new for event in transfers_of(counted.decided)]
        if passed:
            await self._log.append(TRANSFERS.name, passed)
        for counted in new:
            for number, draft in enumerate(_drafts(counted, marks[counted.partition]), start=1):
                drafts.append(draft)
                if number % BATCH == 0:
                    await asyncio.sleep(0)
        if drafts:
            await self._log.append(ASSIGNMENTS.name, drafts)


def _marks(rounds: Sequence[Counted]) -> dict[int, int]:
    """Return the lowest offset of each partition."""
    marks: dict[int, int] = {}
    for counted in rounds:
        marks[counted.partition] = min(counted.offset, marks.get(counted.partition, counted.offset))
    return marks


def _drafts(counted: Counted, mark: int) -> Iterator[Draft]:
    header = (ROUND_OFFSET, str(mark).encode())
    for event in events_of(counted.decided):
        yield _draft(event, header)


def _draft(event: Event[Fact], *marks: tuple[str, bytes]) -> Draft:
    key, headers, value = encode(event)
    return Draft(key=key, value=value, headers=[*headers, *marks])


def _round_offset(headers: Iterable[tuple[str, bytes]]) -> int:
    text = dict(headers).get(ROUND_OFFSET, b"")
    return int(text) if text.isdigit() else 0
