"""Whatever is told, in whatever order topics are read, whenever it is saved or killed: one log, one state."""

import asyncio
from collections import defaultdict
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Fact
from schemas.demands import Urgency
from schemas.policy import Policy, Rules
from schemas.topics import DEMANDS
from streams.host import ShardHost
from streams.log import Draft, TopicPartition
from streams.replay import replay
from streams.round_loop import RoundLoop
from tests.builders import (
    HAIR,
    MEAL,
    SAME_CITY,
    SHARD,
    SMALL_CATALOGUE,
    at,
    demand,
    demand_gone,
    line,
    offered,
    posted,
    resource,
    resource_gone,
    revised,
    suspended,
    whistled,
)
from tests.builders import changed as resource_revised
from tests.fakes.crashes import FakeSnapshots
from tests.fakes.log import FakeLog
from tests.loops import answer, dumps, held_seats, host_on, loop_on, partition_records, proposals, refolded, tell

POLICY = Policy(rules=Rules(answer_hours=1, expiry_pause_hours=1))
ITEMS = st.sampled_from([HAIR, MEAL])
NAMES = st.sampled_from(["x0", "x1", "x2", "x3"])
VERSIONS = st.integers(2, 4)


def before(version: int) -> dict[str, int]:
    return {"version": version - 1}


FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(lambda name, item, cap, auto: offered(name, item=item, capacity=cap, auto_accept=auto),
              NAMES, ITEMS, st.integers(1, 3), st.booleans()),
    st.builds(lambda name: offered(f"{name}-city", home=SAME_CITY, scope=("3101",)), NAMES),
    st.builds(lambda name, v, cap: resource_revised(resource(name, **before(v)), capacity=cap),
              NAMES, VERSIONS, st.integers(1, 3)),
    st.builds(lambda name, v: suspended(name, version=v), NAMES, VERSIONS),
    st.builds(lambda name, v: resource_gone(name, version=v), NAMES, VERSIONS),
    st.builds(lambda name, item, seats, urgency: posted(name, line(item, seats), urgency=urgency),
              NAMES, ITEMS, st.integers(1, 3), st.sampled_from(Urgency)),
    st.builds(lambda name: posted(f"{name}-city", community=SAME_CITY), NAMES),
    st.builds(lambda name, v, seats: revised(demand(name, **before(v)), line(HAIR, seats)),
              NAMES, VERSIONS, st.integers(1, 3)),
    st.builds(lambda name, v: whistled(name, version=v), NAMES, VERSIONS),
    st.builds(lambda name, v: demand_gone(name, version=v), NAMES, VERSIONS),
    st.builds(lambda name: posted(name, line("no.such")), NAMES),
)  # fmt: skip
ANSWERS = st.tuples(st.sampled_from(["accepted", "accepted", "declined", "done", "no_show"]), st.integers(0, 30))
ACCIDENTS = st.sampled_from(["garbage", "save", "kill", "stop", "damage"])
DEEDS = st.sampled_from([FACTS, FACTS, ANSWERS, ANSWERS, ACCIDENTS, st.just("step"), st.just("step")]).flatmap(
    lambda x: x
)
MORNING: list[Any] = [
    *[offered(f"x{number}", item=item, capacity=2) for number, item in enumerate([HAIR, HAIR, MEAL])],
    *[posted(f"x{number}", line(item, 2)) for number, item in enumerate([HAIR, MEAL, HAIR])],
    "step",
]
DAYS = st.lists(DEEDS, min_size=4, max_size=25).map(lambda deeds: [*MORNING, *deeds])


class Day:
    """A worker that is told things, saved, killed and started again; log and snapshots stay."""

    def __init__(self, seed: int) -> None:
        self.log = FakeLog(partitions=1)
        self.store = FakeSnapshots()
        self.random = Random(seed)
        self.minutes = 0
        self.loop: RoundLoop = self.start()

    def start(self) -> RoundLoop:
        return loop_on(self.log, policy=POLICY, snapshots=self.store, checkpoint_events=10**9)

    async def step(self) -> None:
        """A snapshot that went away under a running worker stops it, loudly; its supervisor starts it again."""
        try:
            await self.loop.step(at(minutes=self.minutes))
        except OSError as error:
            assert "was there at the start" in str(error)
            self.loop = self.start()
            await self.loop.step(at(minutes=self.minutes))

    async def do(self, deed: Any) -> None:
        match deed:
            case "step":
                self.minutes += 20
                await self.step()
            case "garbage":
                await self.log.append(DEMANDS.name, [Draft(key=SHARD.encode(), value=b"garbage")])
            case "save" if self.loop._checkpoints:
                await self.loop._checkpoints.save()
            case "kill":
                self.loop = self.start()
            case "stop":
                await self.loop.close()
                self.loop = self.start()
            case "damage" if self.store.blobs:
                del self.store.blobs[self.random.choice(sorted(self.store.blobs))]
            case (word, number):
                known = [each for shard in ("310105", "310106") for each in await proposals(self.log, shard)]
                if known:
                    chosen = known[number % len(known)]
                    await answer(self.log, chosen, word, shard=chosen.community[:6])
            case Fact():
                await tell(self.log, deed)


async def lived(deeds: list[Any], seed: int) -> Day:
    day = Day(seed)
    for deed in [*deeds, "step"]:
        await day.do(deed)
    return day


@given(deeds=DAYS, seed=st.integers(0, 99))
def test_saved_and_killed_at_any_moment_it_knows_what_the_log_tells(deeds: list[Any], seed: int) -> None:
    async def check() -> None:
        day = await lived(deeds, seed)
        assert dumps(day.loop.host) == dumps(await refolded(day.log, policy=POLICY))
        seats = held_seats(day.loop.host)
        assert len(seats) == len(set(seats))
        report = await replay(day.log, SMALL_CATALOGUE, lambda ref: POLICY)
        assert report.all_equal, [str(each) for each in report.differences]

    asyncio.run(check())


@given(deeds=DAYS, seed=st.integers(0, 2**32))
def test_however_the_topics_interleave_the_state_is_the_same(deeds: list[Any], seed: int) -> None:
    async def check() -> None:
        told = [deed for deed in deeds if deed not in ("save", "kill", "stop", "damage")]
        day = await lived(told, seed)
        host = host_on(day.log, policy=POLICY)
        host.adopt(0, positions={}, sleepers={})
        refused = await fold_shuffled(day.log, host, Random(seed))
        straight = host_on(day.log, policy=POLICY)
        straight.adopt(0, positions={}, sleepers={})
        assert dumps(host) == dumps(day.loop.host)
        assert refused == await fold_shuffled(day.log, straight, None)

    asyncio.run(check())


async def fold_shuffled(log: FakeLog, host: ShardHost, random: Random | None) -> set[tuple[str, int, str]]:
    """Fold each topic in its order, the topics shuffled into each other; return what was refused."""
    places = list(host.positions)
    waiting: dict[TopicPartition, list[Any]] = defaultdict(list)
    for place in places:
        waiting[place] = (await partition_records(log, place))[::-1]
    refused = set()
    while any(waiting.values()):
        open_ = [place for place in places if waiting[place]]
        record = waiting[random.choice(open_) if random else open_[0]].pop()
        refusal = host.fold(record).refusal
        if refusal:
            refused.add((record.topic, record.offset, refusal.code))
    return refused
