"""Kill the worker at every operation on log and snapshots in turn: the next one carries on as if nothing had been."""

from collections import Counter
from datetime import datetime

import pytest

from matcher.round.publication import events_of
from schemas.base import Fact
from schemas.demands import Urgency
from schemas.topics import DEMANDS
from streams.host import ShardHost
from streams.log import Draft
from streams.replay import replay
from streams.round_loop import RoundLoop
from tests.builders import (
    HAIR,
    MEAL,
    SAME_CITY,
    SMALL_CATALOGUE,
    at,
    demand_gone,
    line,
    offered,
    posted,
    resource_gone,
    whistled,
)
from tests.fakes.crashes import CrashError, CrashingLog, FakeSnapshots, Fuse
from tests.fakes.log import FakeLog
from tests.loops import answer, dumps, held_seats, loop_on, published, refolded, refusals, rounds, tell

SHARDS = ("310105", "310106")
SCRIPT: list[list[Fact]] = [
    [offered("r1", auto_accept=True), offered("r2", item=MEAL), posted("d1"), posted("d2", line(MEAL, 2))],
    [offered("r3", home=SAME_CITY, scope=("310106",)), posted("d3", community=SAME_CITY), whistled("d2")],
    [demand_gone("d1"), posted("d4", urgency=Urgency.WHISTLE), posted("d4", urgency=Urgency.URGENT)],
    [resource_gone("r2"), offered("r5", capacity=3), posted("d5", line(HAIR, 2))],
]


class Worker:
    """A process that may die: what outlives it are ``log`` and ``blobs``."""

    def __init__(self) -> None:
        self.log = FakeLog(partitions=2)
        self.blobs: dict[str, bytes] = {}
        self.deaths = 0
        self.start(Fuse())

    def start(self, fuse: Fuse) -> None:
        self.fuse = fuse
        self.loop: RoundLoop = loop_on(
            CrashingLog(self.log, fuse), snapshots=FakeSnapshots(self.blobs, fuse), checkpoint_events=2
        )

    async def step(self, now: datetime) -> None:
        """Step; whenever that kills the worker, start another one that lives."""
        try:
            await self.loop.step(now)
        except CrashError:
            self.deaths += 1
            self.start(Fuse())
            await self.loop.step(now)

    @property
    def host(self) -> ShardHost:
        return self.loop.host


async def play(fuse: Fuse) -> Worker:
    """Play the script, with answers to what was proposed; the fuse is the first worker's."""
    worker = Worker()
    worker.start(fuse)
    for hour, facts in enumerate(SCRIPT):
        await tell(worker.log, *facts)
        if hour == 2:
            await worker.log.append(DEMANDS.name, [Draft(key=b"310105", value=b"garbage")])
        await worker.step(at(hour / 10))
        if hour == 1:
            first = (await rounds(worker.log))[0].proposals
            await answer(worker.log, first[1], "declined")
            await answer(worker.log, first[0], "accepted")
    await worker.step(at(4))
    return worker


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_any_operation_it_ends_in_the_same_state_with_every_round_published(after: bool) -> None:
    undisturbed = await play(Fuse())
    expected = {shard: await rounds(undisturbed.log, shard) for shard in SHARDS}
    assert {shard: len(decided) for shard, decided in expected.items()} == {"310105": 4, "310106": 1}
    for operation in range(1, undisturbed.fuse.count):
        worker = await play(Fuse(operation, after=after))
        assert worker.deaths == 1, operation
        for shard in SHARDS:
            assert await rounds(worker.log, shard) == expected[shard], (operation, worker.deaths)
        assert dumps(worker.host) == dumps(await refolded(worker.log)), operation
        facts = Counter(
            (event.type.split(".")[3], event.id)
            for decided in [*expected["310105"], *expected["310106"]]
            for event in events_of(decided)
        )
        assert (await published(worker.log)).keys() == facts.keys(), operation
        assert await refusals(worker.log) == await refusals(undisturbed.log), operation
        seats = held_seats(worker.host)
        assert len(seats) == len(set(seats)), operation


async def test_what_crashed_replays_equal() -> None:
    worker = await play(Fuse(40, after=True))
    assert worker.deaths == 1
    report = await replay(worker.log, SMALL_CATALOGUE, lambda ref: worker.host.policy)
    assert report.all_equal, [str(each) for each in report.differences]
    assert report.equal == sum([len(await rounds(worker.log, shard)) for shard in SHARDS])
