"""Replay: recompute every round from the log and compare it with its record, byte for byte.

1. One pass per partition. The decision log leads; of each input topic a shard folds exactly what its round had seen.
2. The record counts, whatever the recomputation says: one difference does not make the later rounds differ.
3. A record with a number that was taken is void, as it was for the host, and is not recomputed.
4. After a record that cannot follow, the rest of its shard cannot be checked.
5. A record's id is a function of its bytes, so these are checked first. Then the decisions are compared, field by
   field: a field that the record's time did not know must come out as its default, which means "as before".
6. A round that another solver decided is told apart: it must be worth as much, and may have broken ties otherwise.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from matcher.round.decide import decide
from matcher.state.fold import Fold, StateBrokenError
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.envelope import Event
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.rounds import PolicyRef, RoundDecided
from schemas.sharding import DISTRICT
from schemas.topics import ROUNDS
from streams.host import TOPICS
from streams.log import Log, Record, TopicPartition
from streams.reading import event_of
from streams.replay_report import Difference, ReplayReport, first_difference, judge
from streams.rounds import round_id
from streams.tape import Tape

Policies = Callable[[PolicyRef], Policy]
"""Finds the policy that decided; raises LookupError where it is not to be had."""
Progress = Callable[[int, int], None]
"""Told how many records of how many are done."""


async def replay(
    log: Log,
    catalogue: Catalogue,
    policies: Policies,
    *,
    shard: str | None = None,
    round_no: int | None = None,
    shard_width: int = DISTRICT,
    progress: Progress = lambda done, total: None,
) -> ReplayReport:
    """Recompute the rounds of the log, of one shard only, or of it one round only.

    Raises:
        LogError: the log could not be read.
    """
    ends = await log.end_offsets(TOPICS)
    partitions = range(log.partitions) if shard is None else [log.partition_of(shard.encode())]
    total = sum(ends[TopicPartition(ROUNDS.name, partition)] for partition in partitions)
    done, report = 0, ReplayReport()
    for partition in partitions:
        one = _Partition(log, partition, ends, catalogue=catalogue, policies=policies, width=shard_width)
        async with aclosing(one.results(shard=shard, round_no=round_no)) as results:
            async for result in results:
                done, report = done + 1, report + result
                progress(done, total)
                if None not in (shard, round_no) and report.checked:
                    break  # the one that was asked for
    return report


class _Shard:
    """A shard's state, and its inputs that were read but not yet seen by a round."""

    def __init__(self, name: str, catalogue: Catalogue) -> None:
        self.state = ShardState(name, catalogue)
        self.waiting: dict[str, deque[tuple[int, Event[Fact]]]] = defaultdict(deque)
        self.seen: dict[str, int] = {}
        self.broken = False

    def fold_up_to(self, topic: str, offset: int) -> None:
        """Fold the inputs before ``offset``."""
        waiting = self.waiting[topic]
        while waiting and waiting[0][0] < offset:
            place, event = waiting.popleft()
            try:
                self.state.fold(event, topic=topic, offset=place)
            except Refused:
                continue  # a dead letter then, and no part of the state
        self.seen[topic] = offset


class _Partition:
    """The pass over one partition."""

    def __init__(
        self,
        log: Log,
        partition: int,
        ends: Mapping[TopicPartition, int],
        *,
        catalogue: Catalogue,
        policies: Policies,
        width: int,
    ) -> None:
        places = {topic: TopicPartition(topic, partition) for topic in TOPICS}
        self._tapes = {topic: Tape(log, place, ends[place]) for topic, place in places.items()}
        self._rounds_end = ends[places[ROUNDS.name]]
        self._partition_of = log.partition_of
        self._catalogue, self._policies, self._width = catalogue, policies, width
        self._shards: dict[str, _Shard] = {}

    async def results(self, *, shard: str | None, round_no: int | None) -> AsyncGenerator[ReplayReport, None]:
        """Yield what each record of the decision log comes to."""
        try:
            async for record in self._tapes[ROUNDS.name].up_to(self._rounds_end):
                event = self._event(record, shard)
                if event is None:
                    yield ReplayReport(unreadable=int(shard is None))
                elif isinstance(event.data, RoundDecided):
                    yield await self._result(record, event, event.data, only=round_no, shard=shard)
        finally:
            for tape in self._tapes.values():
                await tape.close()

    def _event(self, record: Record, shard: str | None) -> Event[Fact] | None:
        return event_of(record, width=self._width, partition_of=self._partition_of, shard=shard)

    async def _result(
        self, record: Record, event: Event[Fact], decided: RoundDecided, *, only: int | None, shard: str | None
    ) -> ReplayReport:
        held = self._shard(decided.shard)
        if held.broken:
            return ReplayReport(unchecked=1)
        found = ReplayReport()
        counts = decided.round_no > held.state.round_no
        if counts:
            for entry in decided.inputs:
                if entry.topic in self._tapes and entry.topic != ROUNDS.name:
                    await self._read(entry.topic, entry.offset, shard)
            if only in (None, decided.round_no):
                found = await self._compare(held, record, event, decided)
        try:
            fold = held.state.fold(event, topic=record.topic, offset=record.offset)
        except StateBrokenError as error:
            held.broken = True
            return ReplayReport(differences=(_difference(record, decided, "round", None, str(error)),))
        if fold is not Fold.APPLIED:
            return ReplayReport(void=1)
        return found

    async def _compare(self, held: _Shard, record: Record, event: Event[Fact], decided: RoundDecided) -> ReplayReport:
        def differs(where: str, recorded: Any, recomputed: Any) -> ReplayReport:
            return ReplayReport(differences=(_difference(record, decided, where, recorded, recomputed),))

        for entry in decided.inputs:
            if entry.topic == ROUNDS.name:
                continue
            if entry.offset < held.seen.get(entry.topic, 0):
                return differs("inputs", entry.offset, f"at least {held.seen[entry.topic]}")
            held.fold_up_to(entry.topic, entry.offset)
        try:
            policy = self._policies(decided.policy)
        except LookupError:
            return differs("policy", decided.policy.model_dump(), "not to be had")
        fitting = round_id(decided.shard, decided.round_no, record.value or b"")
        if event.id != fitting:
            return differs("bytes", f"id {event.id}", f"id {fitting}")
        again = await asyncio.to_thread(
            decide, freeze(held.state), now=decided.decided_at, policy=policy, cause=decided.cause,
            inputs=decided.inputs,
        )  # fmt: skip
        verdict = judge(decided, again)
        if verdict is not None:
            return verdict
        same_solver = again.model_copy(update={"solver": decided.solver})
        return differs(*first_difference(decided.model_dump(mode="json"), same_solver.model_dump(mode="json")))

    def _shard(self, name: str) -> _Shard:
        if name not in self._shards:
            self._shards[name] = _Shard(name, self._catalogue)
        return self._shards[name]

    async def _read(self, topic: str, offset: int, shard: str | None) -> None:
        """Read an input topic up to ``offset`` and hand each event to its shard."""
        async for record in self._tapes[topic].up_to(offset):
            event = self._event(record, shard)
            if event is not None:
                self._shard(event.key).waiting[topic].append((record.offset, event))


def _difference(record: Record, decided: RoundDecided, where: str, recorded: Any, recomputed: Any) -> Difference:
    return Difference(
        shard=decided.shard,
        round_no=decided.round_no,
        partition=record.partition,
        offset=record.offset,
        where=where,
        recorded=recorded,
        recomputed=recomputed,
    )
