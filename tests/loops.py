"""An office: a round loop on a log, with words to put events there and to look at what came out."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import Any

from matcher.state.snapshot import dump
from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.deadletters import RecordRefused
from schemas.envelope import Event, decode, encode, new_event
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import Proposal, RoundDecided
from schemas.sharding import region_of, shard_of
from schemas.topics import ASSIGNMENTS, DEADLETTERS, ROUNDS, TOPIC_OF_MODEL
from streams.host import ShardHost
from streams.log import Draft, Log, Record, TopicPartition
from streams.round_loop import RoundLoop
from tests.builders import NOON, SHARD, SMALL_CATALOGUE

_ANSWERS = {
    "accepted": AssignmentAccepted,
    "declined": AssignmentDeclined,
    "done": AssignmentDone,
    "no_show": AssignmentNoShow,
}
_ids = count()


def host_on(log: Log, *, policy: Policy | None = None, catalogue: Catalogue = SMALL_CATALOGUE) -> ShardHost:
    """Return a host that owns nothing yet."""
    return ShardHost(catalogue=catalogue, policy=policy or Policy(), partition_of=log.partition_of)


def record_draft(fact: Fact, *, event_id: str | None = None, time: datetime = NOON) -> Draft:
    """Return the record of a fact under the key of its shard."""
    region = region_of(fact)
    shard = shard_of(region) if region else fact.shard  # type: ignore[attr-defined]
    sent = new_event(fact, id=event_id or f"t-{next(_ids)}", source="tests", key=shard, time=time)
    key, headers, value = encode(sent)
    return Draft(key=key, value=value, headers=headers)


async def tell(log: Log, *facts: Fact) -> None:
    """Append facts to their topics, in order."""
    for fact in facts:
        await log.append(TOPIC_OF_MODEL[type(fact)].name, [record_draft(fact)])


async def answer(log: Log, assignment: Proposal | str, word: str, *, shard: str = SHARD) -> None:
    """Append an answer to an assignment."""
    name = assignment if isinstance(assignment, str) else assignment.assignment_id
    await tell(log, _ANSWERS[word](assignment_id=name, shard=shard, at=NOON))


async def records(log: Log, topic: str) -> list[Record]:
    """Return all records of a topic, partition by partition."""
    ends = await log.end_offsets([topic])
    reader = log.reader(dict.fromkeys(ends, 0))
    found: list[Record] = []
    while len(found) < sum(ends.values()):
        found += await reader.poll(timeout_s=1)
    await reader.close()
    return sorted(found, key=lambda record: (record.partition, record.offset))


async def events(log: Log, topic: str) -> list[Event[Any]]:
    """Return all valid events of a topic, partition by partition."""
    found = []
    for record in await records(log, topic):
        with suppress(Refused):
            found.append(decode(topic=topic, key=record.key, headers=record.headers, value=record.value))
    return found


async def rounds(log: Log, shard: str = SHARD) -> list[RoundDecided]:
    """Return the rounds of a shard that count, in order."""
    decided: dict[int, RoundDecided] = {}
    for event in await events(log, ROUNDS.name):
        if event.key == shard:
            decided.setdefault(event.data.round_no, event.data)
    return list(decided.values())


async def proposals(log: Log, shard: str = SHARD) -> list[Proposal]:
    """Return every proposal of the shard's rounds that count."""
    return [proposal for decided in await rounds(log, shard) for proposal in decided.proposals]


async def published(log: Log) -> Counter[tuple[str, str]]:
    """Return how often each (event type, id) was published; types without prefix and version."""
    found = await events(log, ASSIGNMENTS.name)
    return Counter((event.type.split(".")[3], event.id) for event in found)


async def words(log: Log, proposal: Proposal) -> list[str]:
    """Return what the world read about one assignment, each word once, in order."""
    found = [
        event
        for event in await events(log, ASSIGNMENTS.name)
        if proposal.assignment_id in (getattr(event.data, "assignment_id", ""), event.id.rpartition("-")[0])
    ]
    return list(dict.fromkeys(event.type.split(".")[3] for event in found))


async def refusals(log: Log) -> list[tuple[str, str]]:
    """Return (topic, code) of every dead letter, each record once."""
    told = [event for event in await events(log, DEADLETTERS.name) if isinstance(event.data, RecordRefused)]
    found = {(event.id, event.data.topic, event.data.code) for event in told}
    return sorted((topic, code) for _, topic, code in found)


def dumps(host: ShardHost) -> dict[str, bytes]:
    """Return every shard's state as bytes: equal for hosts that know the same."""
    states = {shard: host.state(shard) for shard in host.shards()}
    return {shard: dump(state) for shard, state in states.items() if state is not None}


async def refolded(log: Log, *, policy: Policy | None = None) -> ShardHost:
    """Return a host that folded the whole log, topic after topic."""
    host = host_on(log, policy=policy)
    for partition in range(log.partitions):
        host.adopt(partition, positions={}, sleepers={})
    for place in list(host.positions):
        for record in await partition_records(log, place):
            host.fold(record)
    return host


async def partition_records(log: Log, place: TopicPartition) -> list[Record]:
    """Return the records of one partition."""
    return [record for record in await records(log, place.topic) if record.partition == place.partition]


def loop_on(log: Log, *, policy: Policy | None = None, **options: Any) -> RoundLoop:
    """Return a round loop that owns every partition of ``log``."""
    return RoundLoop(log=log, host=host_on(log, policy=policy), **options)


def held_seats(host: ShardHost) -> Sequence[tuple[str, str, int]]:
    """Return (shard, resource, seat) of every live assignment; invariant 1 forbids that one comes twice."""
    found = []
    for shard in host.shards():
        state = host.state(shard)
        if state is not None:
            live = state.rounds.live.rows
            ids = state.resources.ids
            found += [(shard, ids[int(row["resource"])], int(row["resource_seat"])) for row in live]
    return found
