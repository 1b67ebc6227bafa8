"""The engine beside what it writes: no manifest before what it covers is durable, limits that hold over a restart."""

import asyncio
from typing import Any

import pytest

from schemas.topics import ASSIGNMENTS, DEADLETTERS, DEMANDS, ROUNDS
from streams.limits import RefusalLimits, TooManyRefusedError
from streams.log import Draft
from streams.rounds import Rounds
from tests.builders import NOON, SHARD, at, offered, posted
from tests.fakes.crashes import FakeSnapshots
from tests.fakes.log import FakeLog
from tests.loops import dumps, events, host_on, loop_on, published, records, refolded, refusals, tell


class SlowLog(FakeLog):
    """Publishes when it is let."""

    def __init__(self) -> None:
        super().__init__(partitions=1)
        self.let = asyncio.Event()

    async def append(self, topic: str, drafts: Any) -> Any:
        if topic in (ASSIGNMENTS.name, DEADLETTERS.name):
            await self.let.wait()
        return await super().append(topic, drafts)


async def everything(log: FakeLog, rounds: Rounds) -> None:
    """Have an engine take in what lies in the log."""
    for topic in (DEMANDS.name, "cobuild.resources.v1", ROUNDS.name):
        await rounds.take_in(await records(log, topic))


async def decided(log: FakeLog) -> None:
    """One pair, decided; whoever decided it published nothing."""
    other = FakeLog(partitions=1)
    await tell(log, offered("r1"), posted("d1"))
    await tell(other, offered("r1"), posted("d1"))
    loop = loop_on(other)
    await loop.step(NOON)
    await loop.close()
    for record in await records(other, ROUNDS.name):
        await log.append(ROUNDS.name, [Draft(record.key, record.value, record.headers)])


async def test_a_manifest_waits_until_all_that_it_covers_is_written() -> None:
    log, store = SlowLog(), FakeSnapshots()
    await decided(log)
    await log.append(DEMANDS.name, [Draft(key=SHARD.encode(), value=b"?")])
    rounds = Rounds(log=log, host=host_on(log), snapshots=store)
    await rounds.adopt(0)
    await everything(log, rounds)
    saving = asyncio.create_task(rounds.save())
    await asyncio.sleep(0.05)
    assert not [name for name in store.blobs if "manifest" in name]
    log.let.set()
    await saving
    assert [name for name in store.blobs if "manifest" in name]
    assert sum((await published(log)).values()) == 1
    assert await refusals(log) == [(DEMANDS.name, "not_a_cloud_event")]
    await rounds.close()


async def test_a_worker_that_dies_before_it_published_has_its_heir_publish() -> None:
    log, store = SlowLog(), FakeSnapshots()
    await decided(log)
    dying = Rounds(log=log, host=host_on(log), snapshots=store)
    await dying.adopt(0)
    await everything(log, dying)
    cut = asyncio.create_task(dying.save())
    await asyncio.sleep(0.05)
    cut.cancel()
    log.let.set()
    heir = Rounds(log=log, host=host_on(log), snapshots=FakeSnapshots(store.blobs))
    await heir.adopt(0)
    await everything(log, heir)
    await heir.close()
    assert sum((await published(log)).values()) == 1


async def test_a_partition_that_went_while_it_was_saved_gets_no_manifest() -> None:
    log, store = SlowLog(), FakeSnapshots()
    await decided(log)
    rounds = Rounds(log=log, host=host_on(log), snapshots=store)
    await rounds.adopt(0)
    await everything(log, rounds)
    saving = asyncio.create_task(rounds.save())
    await asyncio.sleep(0.05)
    rounds.drop(0)
    await rounds.adopt(0)
    log.let.set()
    await saving
    assert not [name for name in store.blobs if "manifest" in name]
    await everything(log, rounds)
    assert dumps(rounds.host) == dumps(await refolded(log))
    await rounds.close()


async def test_a_round_of_a_partition_that_went_is_not_appended() -> None:
    log = FakeLog(partitions=1)
    await tell(log, offered("r1"), posted("d1"))
    rounds = Rounds(log=log, host=host_on(log))
    await rounds.adopt(0)
    await everything(log, rounds)
    (due,) = rounds.due(NOON)
    deciding = asyncio.create_task(rounds.begin(due, now=NOON))
    rounds.drop(0)
    await deciding
    assert await records(log, ROUNDS.name) == []
    await rounds.close()


async def test_only_the_shards_of_some_partitions_are_due() -> None:
    log = FakeLog(partitions=1)
    await tell(log, offered("r1"), posted("d1"))
    rounds = Rounds(log=log, host=host_on(log))
    await rounds.adopt(0)
    await everything(log, rounds)
    assert rounds.due(NOON, partitions=[1]) == []
    assert [due.shard for due in rounds.due(NOON, partitions=[0])] == [SHARD]
    await rounds.close()


@pytest.mark.parametrize("before", [0, 3, 6, 9])
async def test_a_loop_that_starts_anew_stops_at_the_same_refused_record(before: int) -> None:
    """However much of it a first worker had seen and saved."""
    log, store = FakeLog(partitions=1), FakeSnapshots()
    await tell(log, offered("r1"))
    await log.append(DEMANDS.name, [Draft(key=None, value=b"?") for _ in range(before)])
    first = loop_on(log, snapshots=store, limits=RefusalLimits(in_a_row=10, ratio=1))
    await first.step(NOON)
    await first.close()
    await log.append(DEMANDS.name, [Draft(key=None, value=b"?") for _ in range(40)])
    stops = []
    for hour in range(1, 4):
        loop = loop_on(log, snapshots=store, limits=RefusalLimits(in_a_row=10, ratio=1))
        with pytest.raises(TooManyRefusedError) as caught:
            await loop.step(at(hour))
        await loop.close()
        stops.append(str(caught.value))
    assert len(set(stops)) == 1, "it is the same record each time"
    letters = {event.data.offset for event in await events(log, DEADLETTERS.name)}
    assert letters <= set(range(16)), "at most half of what is allowed passes once more"
