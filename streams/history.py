"""A log as a story told round by round: what each round had newly seen, and what it decided. Reads and nothing else."""

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from schemas.base import Fact
from schemas.envelope import Event
from schemas.rounds import RoundDecided
from schemas.sharding import DISTRICT
from schemas.topics import INPUTS, ROUNDS
from streams.log import Reader, Record, TopicPartition
from streams.reading import event_of
from streams.tape import Tape


class ReadableLog(Protocol):
    """As much of a log as can be had without writing."""

    @property
    def partitions(self) -> int:
        """The one partition count of all topics."""
        ...

    def partition_of(self, key: bytes) -> int:
        """Return the partition of ``key``."""
        ...

    def reader(self, start: Mapping[TopicPartition, int]) -> Reader:
        """Return a reader that starts at the given offsets."""
        ...

    async def end_offsets(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """Return the offset that the next record of each partition will get."""
        ...

    async def close(self) -> None:
        """Let go."""
        ...


class HistoryBrokenError(Exception):
    """The decision log does not hang together; ``cobuild replay`` says where."""


@dataclass(frozen=True, slots=True)
class Step:
    """One round that counts: ``inputs`` are what it had seen and the round before it had not, topic by topic."""

    shard: str
    inputs: tuple[Event[Fact], ...]
    decided: RoundDecided


async def count_rounds(log: ReadableLog, *, shard: str | None = None) -> int:
    """Return how many records the decision log holds that ``steps`` will go through."""
    ends = await log.end_offsets([ROUNDS.name])
    return sum(ends[TopicPartition(ROUNDS.name, partition)] for partition in _partitions(log, shard))


async def steps(log: ReadableLog, *, shard: str | None = None, shard_width: int = DISTRICT) -> AsyncIterator[Step]:
    """Yield the rounds of the log, partition by partition in their order; of one shard only where it is named.

    Raises:
        LogError: the log could not be read.
        HistoryBrokenError: a round number is missing.
    """
    ends = await log.end_offsets((*(topic.name for topic in INPUTS), ROUNDS.name))
    for partition in _partitions(log, shard):
        story = _Story(log, partition, ends, shard=shard, width=shard_width)
        try:
            async for step in story.steps():
                yield step
        finally:
            await story.close()


def _partitions(log: ReadableLog, shard: str | None) -> Iterable[int]:
    return range(log.partitions) if shard is None else [log.partition_of(shard.encode())]


class _Story:
    """The steps of one partition."""

    def __init__(
        self, log: ReadableLog, partition: int, ends: Mapping[TopicPartition, int], *, shard: str | None, width: int
    ) -> None:
        def tape(topic: str) -> Tape:
            place = TopicPartition(topic, partition)
            return Tape(log, place, ends[place])

        self._inputs = {topic.name: tape(topic.name) for topic in INPUTS}
        self._rounds = tape(ROUNDS.name)
        self._partition_of, self._shard, self._width = log.partition_of, shard, width
        self._waiting: dict[tuple[str, str], deque[tuple[int, Event[Fact]]]] = defaultdict(deque)
        self._last: dict[str, int] = defaultdict(int)

    async def steps(self) -> AsyncIterator[Step]:
        async for record in self._rounds.up_to(self._rounds.end):
            event = self._event(record)
            if event is None or not isinstance(event.data, RoundDecided):
                continue
            decided = event.data
            if decided.round_no <= self._last[decided.shard]:
                continue  # void: the number was taken
            if decided.round_no != self._last[decided.shard] + 1:
                raise HistoryBrokenError(
                    f"round {decided.round_no} of {decided.shard} follows on round {self._last[decided.shard]}"
                )
            self._last[decided.shard] = decided.round_no
            yield Step(decided.shard, tuple([event async for event in self._seen(decided)]), decided)

    async def close(self) -> None:
        for tape in (*self._inputs.values(), self._rounds):
            await tape.close()

    async def _seen(self, decided: RoundDecided) -> AsyncIterator[Event[Fact]]:
        for entry in decided.inputs:
            if entry.topic not in self._inputs:
                continue
            async for record in self._inputs[entry.topic].up_to(entry.offset):
                event = self._event(record)
                if event is not None:
                    self._waiting[entry.topic, event.key].append((record.offset, event))
            waiting = self._waiting[entry.topic, decided.shard]
            while waiting and waiting[0][0] < entry.offset:
                yield waiting.popleft()[1]

    def _event(self, record: Record) -> Event[Fact] | None:
        return event_of(record, width=self._width, partition_of=self._partition_of, shard=self._shard)
