"""The shard host: owns the states of its partitions' shards, folds records, begins rounds. Synchronous, no I/O.

1. Every record moves its partition's position, whatever becomes of it.
2. A record that does not validate, lies under a wrong key or cannot be folded is returned as a refusal.
3. A round counts when it is read back; the host says so once, then its assignments are published.
4. A round is decided of a frozen copy, with the positions of that moment as its inputs; folding goes on meanwhile.
5. Moments of decision never go back within a shard.
6. What cannot be, and any error of our own, stops the worker and names the record (ShardHostBrokenError).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from matcher.round.decide import decide
from matcher.state.alarms import next_alarm_ms
from matcher.state.fold import Fold, from_ms, to_ms
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.demands import DemandPosted, DemandRevised, DemandWhistled, Urgency
from schemas.envelope import Event
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.rounds import InputOffset, RoundDecided
from schemas.sharding import DISTRICT
from schemas.topics import INPUTS, ROUNDS
from schemas.transfers import DemandCarried, DemandEscalated, HoldAsked
from streams.log import Record, TopicPartition
from streams.pace import NEVER_MS, Agenda, Due, Pace
from streams.reading import PartitionOf, check_partition, read_event

TOPICS: Final = (*(topic.name for topic in INPUTS), ROUNDS.name)
"""What a host reads of each of its partitions, in the order of a round's ``inputs``."""

_AT_ONCE: Final = frozenset({Urgency.WHISTLE, Urgency.EMERGENCY})


class ShardHostBrokenError(Exception):
    """Something that cannot be was read; the worker must stop. The message names topic, partition and offset."""


class Folded(NamedTuple):
    """What became of a record: at most one of a refusal to be dead-lettered and a round to be published."""

    refusal: Refused | None = None
    decided: RoundDecided | None = None


@dataclass(frozen=True, slots=True)
class Sleeper:
    """A shard known by its snapshot, not yet loaded: what it had folded, its pace, and how to wake it."""

    offsets: Mapping[str, int]
    pace: Pace
    wake: Callable[[], ShardState]


@dataclass(slots=True)
class Unsaved:
    """What a shard folded since its last snapshot: how many events, and the first offset of each topic."""

    events: int = 0
    first: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Hosted:
    """One shard. ``offsets`` are those of the state, or of the sleeper while there is no state."""

    shard: str
    partition: int
    offsets: Mapping[str, int]
    state: ShardState | None
    sleeper: Sleeper | None


_NOTHING: Final = Folded()


class ShardHost:
    """See the module's rules. Belongs to one task; only what ``begin`` returns may run in another thread."""

    def __init__(
        self, *, catalogue: Catalogue, policy: Policy, partition_of: PartitionOf, shard_width: int = DISTRICT
    ) -> None:
        self.catalogue = catalogue
        self.policy = policy
        self.positions: dict[TopicPartition, int] = {}
        self.agenda = Agenda()
        self.unsaved: dict[str, Unsaved] = {}
        """Shards that changed since their last snapshot; whoever takes one removes its entry."""
        self._partition_of = partition_of
        self._width = shard_width
        self._hosted: dict[bytes, _Hosted] = {}

    def adopt(self, partition: int, *, positions: Mapping[str, int], sleepers: Mapping[str, Sleeper]) -> None:
        """Own ``partition`` from now on: read it from ``positions``, its shards as they sleep."""
        for topic in TOPICS:
            self.positions[TopicPartition(topic, partition)] = positions.get(topic, 0)
        for shard, sleeper in sleepers.items():
            self._hosted[shard.encode()] = _Hosted(shard, partition, sleeper.offsets, None, sleeper)
            self.agenda.adopt(shard, sleeper.pace)

    def drop(self, partition: int) -> None:
        """Own ``partition`` no more."""
        for topic in TOPICS:
            self.positions.pop(TopicPartition(topic, partition), None)
        for shard in self.shards(partition):
            del self._hosted[shard.encode()]
            self.agenda.drop(shard)
            self.unsaved.pop(shard, None)

    def shards(self, partition: int | None = None) -> list[str]:
        """Return the shards hosted, of one partition or of all, sorted."""
        return sorted(hosted.shard for hosted in self._hosted.values() if partition in (None, hosted.partition))

    def partition(self, shard: str) -> int:
        """Return the partition of a hosted shard."""
        return self._hosted[shard.encode()].partition

    def state(self, shard: str) -> ShardState | None:
        """Return the live state of a shard, woken from its snapshot where need be; None where there is none."""
        hosted = self._hosted.get(shard.encode())
        return None if hosted is None else self._awake(hosted)

    def fold(self, record: Record) -> Folded:
        """Fold one record of an owned partition.

        Raises:
            ShardHostBrokenError: the record, or our handling of it, is beyond repair.
        """
        self.positions[TopicPartition(record.topic, record.partition)] = record.offset + 1
        hosted = self._hosted.get(record.key or b"")
        if hosted and hosted.partition == record.partition and record.offset < hosted.offsets.get(record.topic, 0):
            return _NOTHING
        try:
            return self._fold(record, hosted)
        except Refused as refusal:
            return Folded(refusal=refusal)
        except Exception as error:
            place = f"{record.topic} partition {record.partition} offset {record.offset}"
            raise ShardHostBrokenError(f"cannot go past {place}: {type(error).__name__}: {error}") from error

    def due(self, now: datetime) -> list[Due]:
        """Return the shards whose round is due, the most pressing first."""
        self._ask_alarms()
        found = self.agenda.due(now_ms=to_ms(now), interval_ms=self.policy.pace.interval_ms)
        return [due for due in found if self._has_read_inputs(due.shard)]

    def next_due(self, now: datetime) -> datetime | None:
        """Return when the next round of a shard without one in flight will be due if nothing more is read."""
        self._ask_alarms()
        found_ms = self.agenda.next_due_ms(now_ms=to_ms(now), interval_ms=self.policy.pace.interval_ms)
        return None if found_ms >= NEVER_MS else from_ms(found_ms)

    def begin(self, due: Due, *, now: datetime) -> Callable[[], RoundDecided]:
        """Freeze the shard and return the solve, to be run in any thread; its round is in flight from now on."""
        state = self.state(due.shard)
        if state is None:
            raise KeyError(due.shard)
        now_ms = to_ms(now)
        moment_ms = max(now_ms, state.round_at_ms + 1) if state.round_no else now_ms
        partition = self.partition(due.shard)
        # A whistle may have been folded since the shard was found due.
        cause = "whistle" if self.agenda.paces[due.shard].is_whistled else due.cause
        inputs = tuple(
            InputOffset(topic=topic, partition=partition, offset=self.positions[TopicPartition(topic, partition)])
            for topic in TOPICS
        )
        self.agenda.begun(due.shard, now_ms=now_ms)
        return partial(decide, freeze(state), now=from_ms(moment_ms), policy=self.policy, cause=cause, inputs=inputs)

    def appended(self, shard: str, *, offset: int) -> None:
        """The record of the shard's round in flight lies at ``offset`` of the decision log."""
        read_up_to = self.positions[TopicPartition(ROUNDS.name, self.partition(shard))]
        self.agenda.appended(shard, offset=offset, read_up_to=read_up_to)

    def _fold(self, record: Record, hosted: _Hosted | None) -> Folded:
        event = read_event(record, width=self._width)
        if hosted is None or hosted.partition != record.partition:
            check_partition(record, self._partition_of)
            hosted = self._found(event.key, record.partition)
        state = self._awake(hosted)
        self._count_unsaved(event.key, record)
        result = state.fold(event, topic=record.topic, offset=record.offset)
        if record.topic == ROUNDS.name:
            return self._read_back(event.data, result, record)
        if result is Fold.APPLIED:
            self.agenda.note(event.key, topic=record.topic, offset=record.offset, whistle=_is_whistle(event))
        return _NOTHING

    def _read_back(self, data: Fact, result: Fold, record: Record) -> Folded:
        if not isinstance(data, RoundDecided):
            raise TypeError(f"{type(data).__name__} is no round")
        counts = result is Fold.APPLIED
        if counts:
            inputs = {entry.topic: entry.offset for entry in data.inputs}
            self.agenda.counted(data.shard, inputs=inputs, round_at_ms=to_ms(data.decided_at))
        self.agenda.passed(data.shard, offset=record.offset)
        return Folded(decided=data) if counts else _NOTHING

    def _found(self, shard: str, partition: int) -> _Hosted:
        state = ShardState(shard, self.catalogue)
        hosted = _Hosted(shard, partition, state.offsets, state, None)
        self._hosted[shard.encode()] = hosted
        self.agenda.adopt(shard, Pace())
        return hosted

    def _awake(self, hosted: _Hosted) -> ShardState:
        if hosted.state is None:
            if hosted.sleeper is None:
                raise TypeError(f"{hosted.shard} has neither state nor snapshot")
            hosted.state = hosted.sleeper.wake()
            hosted.offsets, hosted.sleeper = hosted.state.offsets, None
        return hosted.state

    def _count_unsaved(self, shard: str, record: Record) -> None:
        unsaved = self.unsaved.get(shard)
        if unsaved is None:
            unsaved = self.unsaved[shard] = Unsaved()
        unsaved.events += 1
        unsaved.first.setdefault(record.topic, record.offset)

    def _ask_alarms(self) -> None:
        for shard in self.agenda.stale():
            self.agenda.set_alarm(shard, self._alarm_ms(shard))

    def _alarm_ms(self, shard: str) -> int:
        state = self.state(shard)
        return NEVER_MS if state is None else next_alarm_ms(state, self.policy.escalation)

    def _has_read_inputs(self, shard: str) -> bool:
        partition = self.partition(shard)
        inputs: Iterable[tuple[str, int]] = self.agenda.paces[shard].inputs.items()
        return all(self.positions.get(TopicPartition(topic, partition), 0) >= offset for topic, offset in inputs)


def _is_whistle(event: Event[Fact]) -> bool:
    match event.data:
        case DemandWhistled():
            return True
        case DemandPosted(demand=demand) | DemandRevised(demand=demand):
            return demand.urgency in _AT_ONCE
        case DemandEscalated(passed=passed) | HoldAsked(passed=passed) | DemandCarried(passed=passed):
            return passed.demand.urgency in _AT_ONCE
        case _:
            return False
