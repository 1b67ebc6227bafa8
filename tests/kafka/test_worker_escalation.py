"""Escalation on real brokers: a district, its city and the helper's district lie with different workers."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.base import Window
from schemas.catalogue import load_catalogue
from schemas.demands import Urgency
from schemas.policy import Escalation, Pace, Policy
from schemas.rounds import PolicyRef
from schemas.topics import ASSIGNMENTS, ROUNDS
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.replay import replay
from streams.snapshots import FileSnapshots
from tests.builders import line, offered, posted
from tests.kafka.crowd import DISTRICTS, ITEM
from tests.kafka.staff import until, working
from tests.loops import answer, dumps, events, proposals, refusals, rounds, tell

pytestmark = pytest.mark.kafka

CITY = "3101"
AT_ONCE = Policy(pace=Pace(interval_ms=20), escalation=Escalation(whistle=True))
WHISTLES = 12


def known(ref: PolicyRef) -> Policy:
    assert ref == AT_ONCE.ref
    return AT_ONCE


def apart(log: KafkaLog) -> tuple[str, str]:
    """Return two districts that lie neither in the city's partition nor in each other's."""
    taken = {log.partition_of(CITY.encode())}
    found: list[str] = []
    for district in DISTRICTS:
        place = log.partition_of(district.encode())
        if place not in taken:
            taken.add(place)
            found.append(district)
    return found[0], found[1]


async def whistle(log: KafkaLog, number: int, *, community: str) -> None:
    now = datetime.now(UTC)
    window = Window(start=now + timedelta(hours=1), end=now + timedelta(hours=9))
    await tell(
        log,
        posted(f"d{number}", line(ITEM), community=community, window=window, posted_at=now, urgency=Urgency.WHISTLE),
    )


async def test_seats_pass_between_workers_and_everything_replays(
    connection: KafkaConnection, log: KafkaLog, tmp_path: Path
) -> None:
    here, there = apart(log)
    await tell(log, offered("r1", item=ITEM, home=f"{there}001001", scope=(CITY,), capacity=WHISTLES, auto_accept=True))

    async def served() -> bool:
        return {p.demand_id for p in await proposals(log, there)} >= {f"d{number}" for number in range(asked)}

    async with AsyncExitStack() as stack:
        for instance in ("w-1", "w-2"):
            files = FileSnapshots(tmp_path / instance)
            await stack.enter_async_context(
                working(connection, log, instance=instance, snapshots=files, policy=AT_ONCE)
            )
        for number in range(WHISTLES - 1):
            await whistle(log, number, community=f"{here}001001")
        asked = WHISTLES - 1
        await until(served, "the next district serves the whistles")
    async with working(connection, log, instance="w-3", policy=AT_ONCE) as heir:
        await whistle(log, WHISTLES - 1, community=f"{here}001001")
        asked = WHISTLES
        await until(served, "an heir of all partitions goes on")
        first, *_ = await proposals(log, there)
        await answer(log, first, "done", shard=there)
        ended = f"{first.assignment_id}-fulfilled"
        await until(lambda: _told(log, ended), "the end of an assignment is published")
        known_by_heir = dumps(heir.rounds.host)
    found = await proposals(log, there)
    assert len({p.resource_seat for p in found}) == len(found) == WHISTLES
    assert not [p for shard in (here, CITY) for p in await proposals(log, shard)]
    assert {here, CITY, there} <= known_by_heir.keys()
    assert await refusals(log) == []
    report = await replay(log, load_catalogue(), known)
    assert (report.differences, report.unchecked, report.unreadable) == ((), 0, 0)
    assert report.equal == len({(e.key, e.data.round_no) for e in await events(log, ROUNDS.name)})
    assert len(await rounds(log, CITY)) >= 2, "the city decided on its own"


async def _told(log: KafkaLog, event_id: str) -> bool:
    return any(event.id == event_id for event in await events(log, ASSIGNMENTS.name))
