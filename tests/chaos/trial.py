"""Goes through the log as it lies there, shard by shard and round by round, and judges every record by the book."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from schemas.base import Fact
from schemas.catalogue import Catalogue, load_catalogue
from schemas.demands import Demand, DemandPosted, DemandRevised, DemandWhistled, Urgency
from schemas.envelope import Event, decode
from schemas.refusals import Refused
from schemas.rounds import RoundDecided
from schemas.sharding import region_of
from schemas.topics import INPUTS, ROUNDS
from streams.log import Record
from tests.chaos.book import Book
from tests.chaos.evidence import Evidence, Place
from tests.chaos.process import PARTITIONS

DISTRICT = 6
INPUT_NAMES = tuple(topic.name for topic in INPUTS)
LOUD = (Urgency.WHISTLE, Urgency.EMERGENCY)


@dataclass(frozen=True, slots=True)
class Round:
    """A round that counts, and where it lies."""

    decided: RoundDecided
    record: Record


@dataclass(slots=True)
class Input:
    """One record of an input topic: its event or why it has none, what the book makes of it, the round that saw it."""

    record: Record
    event: Event[Any] | None
    verdict: str | None = None
    before: Any = None
    round: Round | None = None

    @property
    def place(self) -> Place:
        return self.record.topic, self.record.partition, self.record.offset

    @property
    def is_refused(self) -> bool:
        return self.verdict not in ("applied", "seen", "aside")

    @property
    def is_whistle(self) -> bool:
        match self.event.data if self.event else None:
            case DemandWhistled():
                return True
            case DemandPosted(demand=demand) | DemandRevised(demand=demand):
                return demand.urgency in LOUD
        return False


@dataclass
class Trial:
    """The whole log, judged. ``faults`` says in words what is wrong."""

    evidence: Evidence
    catalogue: Catalogue = field(default_factory=load_catalogue)
    books: dict[str, Book] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    void: int = 0
    inputs: dict[Place, Input] = field(default_factory=dict)
    refused: dict[Place, str] = field(default_factory=dict)
    """Every record that no reader may take, with the code."""
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for partition in range(PARTITIONS):
            _Partition(self, partition).go()
        for found in self.inputs.values():
            if found.is_refused:
                self.refused[found.place] = found.verdict or "?"

    @cached_property
    def by_shard(self) -> dict[str, list[Round]]:
        """The rounds that count of each shard, in order."""
        rounds: dict[str, list[Round]] = defaultdict(list)
        for found in self.rounds:
            rounds[found.decided.shard].append(found)
        return rounds

    def book(self, shard: str) -> Book:
        """Return a shard's book, made when it is first mentioned."""
        if shard not in self.books:
            self.books[shard] = Book(self.catalogue, self.evidence.policy)
        return self.books[shard]

    def read(self, record: Record) -> Event[Fact] | str:
        """Return the event that a record carries, or the code with which every reader must refuse it."""
        try:
            event = decode(topic=record.topic, key=record.key, headers=record.headers, value=record.value)
        except Refused as refused:
            return refused.code
        data = event.data
        shard = str(region_of(data) or getattr(data, "shard", ""))[:DISTRICT]
        home = self.evidence.partition_of.get(shard)
        return event if event.key == shard and home == record.partition else "wrong_key"


class _Partition:
    """One partition: its rounds in order, and before each the inputs that it has seen."""

    def __init__(self, trial: Trial, partition: int) -> None:
        self.trial, self.partition = trial, partition
        self.shards: dict[str, dict[str, list[Input]]] = defaultdict(lambda: {name: [] for name in INPUT_NAMES})
        self.cursor: dict[tuple[str, str], int] = defaultdict(int)
        self.last: dict[str, Round] = {}

    def go(self) -> None:
        self._sort_inputs()
        for record in self.trial.evidence.records[ROUNDS.name, self.partition]:
            event = self.trial.read(record)
            if isinstance(event, str):
                self.trial.refused[record.topic, record.partition, record.offset] = event
            elif isinstance(event.data, RoundDecided):
                self._round(Round(event.data, record))
        for shard in sorted(self.shards):
            for topic in INPUT_NAMES:
                self._fold(shard, topic, up_to=2**62, seen_by=None)

    def _sort_inputs(self) -> None:
        for topic in INPUT_NAMES:
            for place, record in enumerate(self.trial.evidence.records[topic, self.partition]):
                if record.offset != place:
                    self._fault(f"{topic}/{self.partition} has {record.offset} in the place of {place}")
                event = self.trial.read(record)
                found = Input(record, None, event) if isinstance(event, str) else Input(record, event)
                self.trial.inputs[found.place] = found
                if not isinstance(event, str):
                    self.shards[event.key][topic].append(found)

    def _round(self, found: Round) -> None:
        decided = found.decided
        book = self.trial.book(decided.shard)
        if decided.round_no <= book.round_no:
            self.trial.void += 1
            return
        where = f"round {decided.round_no} of {decided.shard}"
        for fault in self._judge_inputs(found):
            self._fault(f"{where}: {fault}")
        for entry in decided.inputs:
            if entry.topic in INPUT_NAMES:
                self._fold(decided.shard, entry.topic, up_to=entry.offset, seen_by=found)
        for fault in book.judge(decided):
            self._fault(f"{where}: {fault}")
        self.trial.rounds.append(found)
        self.last[decided.shard] = found

    def _judge_inputs(self, found: Round) -> Iterator[str]:
        seen = {entry.topic: entry.offset for entry in found.decided.inputs}
        before = self.last.get(found.decided.shard)
        if set(seen) != {*INPUT_NAMES, ROUNDS.name} or any(e.partition != self.partition for e in found.decided.inputs):
            yield f"its inputs are {found.decided.inputs}"
        for topic, offset in seen.items():
            if offset > len(self.trial.evidence.records[topic, self.partition]):
                yield f"it has seen {topic} up to {offset}, which does not exist"
        for entry in before.decided.inputs if before else ():
            if seen.get(entry.topic, 0) < entry.offset:
                yield f"it has seen less of {entry.topic} than the round before"
        if before and not before.record.offset < seen.get(ROUNDS.name, 0) <= found.record.offset:
            yield "it was decided before the round before was read back"

    def _fold(self, shard: str, topic: str, *, up_to: int, seen_by: Round | None) -> None:
        inputs, book = self.shards[shard][topic], self.trial.book(shard)
        at = self.cursor[shard, topic]
        while at < len(inputs) and inputs[at].record.offset < up_to:
            found = inputs[at]
            assert found.event is not None
            found.before = _before(book, found.event.data)
            found.verdict, found.round = book.take(found.event), seen_by
            at += 1
        self.cursor[shard, topic] = at

    def _fault(self, text: str) -> None:
        self.trial.faults.append(text)


def _before(book: Book, data: Fact) -> Any:
    """Return the entry that a revision is about to change, as a client saw it."""
    name = getattr(getattr(data, "demand", None) or getattr(data, "resource", None), "demand_id", None)
    entry = book.demands.get(name) if name else None
    if name is None and (resource := getattr(data, "resource", None)):
        entry = book.resources.get(resource.resource_id)
    if entry is None or entry.body is None:
        return None
    return entry.body.model_copy(update={"urgency": entry.urgency}) if isinstance(entry.body, Demand) else entry.body
