"""Virtual time through the log: a tick is answered when all that is due at its moment is decided and published."""

from contextlib import AsyncExitStack
from datetime import datetime

import pytest

from schemas.topics import TICKS
from streams.host import TOPICS
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.log import Draft
from streams.worker.tick import DoneTick, DueTick, read_tick
from tests.builders import NOON, SAME_CITY, at, line, offered, posted
from tests.kafka.crowd import ITEM
from tests.kafka.staff import PARTITIONS, until, working
from tests.loops import proposals, published, records, rounds, tell

pytestmark = pytest.mark.kafka


async def send(log: KafkaLog, name: str, now: datetime) -> None:
    """Tell every partition which moment it is."""
    ends = await log.end_offsets(TOPICS)
    for partition in range(PARTITIONS):
        upto = {place.topic: end for place, end in ends.items() if place.partition == partition}
        tick = DueTick(id=name, partition=partition, now=now, upto=upto)
        await log.append_to(TICKS.name, partition, [Draft(key=None, value=tick.model_dump_json().encode())])


async def answers(log: KafkaLog, name: str, *, count: int = PARTITIONS) -> list[DoneTick]:
    """Wait for so many answers to a tick."""

    async def done() -> list[DoneTick]:
        ticks = [read_tick(record.value) for record in await records(log, TICKS.name) if record.value != b"?"]
        found = [tick for tick in ticks if isinstance(tick, DoneTick) and tick.id == name]
        return found if len(found) >= count else []

    found: list[DoneTick] = await until(done, f"{name} is answered")
    return found


async def ask(log: KafkaLog, number: int, community: str) -> None:
    district = community[:6]
    await tell(log, offered(f"r{number}", item=ITEM, home=community, scope=(district,)))
    await tell(log, posted(f"d{number}", line(ITEM), community=community))


async def test_two_workers_answer_for_their_partitions(connection: KafkaConnection, log: KafkaLog) -> None:
    async with AsyncExitStack() as stack:
        for instance in ("w-1", "w-2"):
            await stack.enter_async_context(working(connection, log, instance=instance, virtual_time=True))
        await ask(log, 1, "310105001001")
        await ask(log, 2, SAME_CITY)
        await send(log, "first", NOON)
        done = await answers(log, "first")
        assert sum(each.rounds for each in done) == 2
        assert {each.instance for each in done} <= {"w-1", "w-2"}
        assert sum((await published(log)).values()) == 2, "what is answered is published"
        decided = [*await rounds(log, "310105"), *await rounds(log, SAME_CITY[:6])]
        assert [each.decided_at for each in decided] == [NOON, NOON]


async def test_wall_time_starts_no_round_and_a_tick_that_comes_twice_none_either(
    connection: KafkaConnection, log: KafkaLog
) -> None:
    async with working(connection, log, virtual_time=True) as worker:
        await ask(log, 1, "310105001001")
        await until(lambda: sum(worker.rounds.host.positions.values()) == 2, "both records are folded")
        assert worker.rounds.host.due(at(1)), "it would be due"
        assert await rounds(log) == []
        await send(log, "first", NOON)
        await answers(log, "first")
        await send(log, "first", NOON)
        again = await answers(log, "first", count=2 * PARTITIONS)
        assert sum(each.rounds for each in again) == 1
        assert len(await proposals(log)) == 1


async def test_what_is_no_tick_is_passed_over(connection: KafkaConnection, log: KafkaLog) -> None:
    async with working(connection, log, virtual_time=True):
        for partition in range(PARTITIONS):
            await log.append_to(TICKS.name, partition, [Draft(key=None, value=b"?")])
        await send(log, "first", NOON)
        await answers(log, "first")


async def test_a_tick_that_nobody_answered_is_answered_by_who_takes_over(
    connection: KafkaConnection, log: KafkaLog
) -> None:
    await ask(log, 1, "310105001001")
    await send(log, "first", NOON)
    async with working(connection, log, virtual_time=True):
        assert sum(each.rounds for each in await answers(log, "first")) == 1
