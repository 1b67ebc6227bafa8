"""A process without shards explains a demand as its owner does: from snapshots, the log after them, and what comes."""

import asyncio
from collections import Counter
from collections.abc import Mapping

import pytest

from matcher.reasons import explain
from schemas.demands import Urgency
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.topics import DEMANDS, ROUNDS
from schemas.why import DemandWhy
from streams import follower, questions
from streams.clock import FakeClock
from streams.explainer import Explainer
from streams.follower import FollowingExplainer
from streams.log import Draft, LogError, Record, TopicPartition
from streams.snapshots import SnapshotStore
from tests.builders import (
    HAIR,
    MEAL,
    NOON,
    SAME_CITY,
    SHARD,
    SMALL_CATALOGUE,
    at,
    demand,
    demand_gone,
    line,
    offered,
    posted,
    window,
)
from tests.fakes.crashes import FakeSnapshots
from tests.fakes.log import FakeLog, FakeReader
from tests.land import LEVELS
from tests.loops import answer, loop_on, proposals, tell

CITY = [f"3101{district:02}" for district in range(5, 12)]
LATER = FakeClock(at(0.5))


class SlowReader(FakeReader):
    """Counts what is read of each place, and waits at the gate before each poll."""

    def __init__(self, log: "WatchedLog", start: Mapping[TopicPartition, int]) -> None:
        super().__init__(log, start)
        self._watched = log

    async def poll(self, *, max_records: int = 1000, timeout_s: float = 0.0) -> list[Record]:
        await self._watched.gate.wait()
        if self._watched.broken:
            raise LogError("no broker answers")
        records = await super().poll(max_records=max_records, timeout_s=timeout_s)
        self._watched.read.update(record.topic for record in records)
        return records

    async def close(self) -> None:
        self._watched.open -= 1
        await super().close()


class WatchedLog(FakeLog):
    """A log as a process without shards sees it."""

    def __init__(self, log: FakeLog) -> None:
        super().__init__(partitions=log.partitions, store=log._store)
        self.gate, self.broken, self.open = asyncio.Event(), False, 0
        self.gate.set()
        self.read: Counter[str] = Counter()

    def reader(self, start: Mapping[TopicPartition, int]) -> SlowReader:
        self.open += 1
        return SlowReader(self, start)


def following(log: FakeLog, store: SnapshotStore | None = None, *, patience_s: float = 20.0) -> FollowingExplainer:
    return FollowingExplainer(
        log=log, snapshots=store, catalogue=SMALL_CATALOGUE, policy=Policy(), clock=LATER, warm=2, patience_s=patience_s
    )


async def a_day(log: FakeLog, store: FakeSnapshots) -> Explainer:
    """One shard with demands in every state; saved in the middle. Return the owner's explainer."""
    loop = loop_on(log, snapshots=store)
    await tell(log, offered("r1"), posted("d1"), posted("d2"), posted("d3", line(MEAL)))
    await tell(log, offered("r2", item=MEAL, scope=("310106",)), posted("n1", community=SAME_CITY))
    await loop.step(NOON)
    await loop.close()
    await tell(log, posted("d4", line(HAIR, siblings=False)), demand_gone("d3"))
    first, *_ = await proposals(log)
    await answer(log, first, "declined")
    await log.append(DEMANDS.name, [Draft(SHARD.encode(), b"no event", ())])
    loop = loop_on(log, snapshots=store, checkpoint_events=10**9, checkpoint_every_s=10**9)
    await loop.step(at(0.1))
    await tell(log, posted("d5"))  # no round has seen it
    await loop.step(at(0.1))
    return Explainer(loop.host, LATER)


async def told(explainer: Explainer | FollowingExplainer, demand_id: str, shard: str = SHARD) -> DemandWhy | str:
    try:
        return await explainer.why_demand(demand_id=demand_id, shard=shard)
    except Refused as refusal:
        return refusal.code


@pytest.fixture
def log() -> FakeLog:
    return FakeLog(partitions=2)


@pytest.mark.parametrize("saved", [True, False], ids=["from snapshots", "from the log alone"])
async def test_it_says_what_the_owner_says(log: FakeLog, saved: bool) -> None:
    store = FakeSnapshots()
    owner = await a_day(log, store)
    explainer = following(WatchedLog(log), store if saved else None)
    for demand_id in ("d1", "d2", "d3", "d4", "d5", "n1", "nobody"):
        for shard in (SHARD, SAME_CITY[:6], "110101", SAME_CITY):
            assert await told(explainer, demand_id, shard) == await told(owner, demand_id, shard), (demand_id, shard)
    for wished in (demand("new"), demand("new", line(MEAL, 3)), demand("new", community=SAME_CITY)):
        shard = wished.community[:6]
        assert await explainer.preview_demand(wished, shard) == await owner.preview_demand(wished, shard)
    answers = [await told(explainer, demand_id) for demand_id in ("d1", "d2", "d4", "d5")]
    assert len({each.lines[0].verdict for each in answers if isinstance(each, DemandWhy)}) > 1
    await explainer.close()


@pytest.mark.parametrize("saved", [True, False], ids=["from snapshots", "from the log alone"])
async def test_a_city_and_an_alliance_are_followed_as_districts_are(log: FakeLog, saved: bool) -> None:
    store = FakeSnapshots()
    loop = loop_on(log, policy=LEVELS, snapshots=store)
    await tell(log, posted("d1", urgency=Urgency.WHISTLE, window=window(1, 200)))
    await loop.step(NOON)
    owner = Explainer(loop.host, LATER)
    explainer = FollowingExplainer(
        log=log, snapshots=store if saved else None, catalogue=SMALL_CATALOGUE, policy=LEVELS, clock=LATER
    )
    for shard, verdict in ((SHARD, "elsewhere"), ("3101", "elsewhere"), ("delta", "no_candidate")):
        found = await told(explainer, "d1", shard)
        assert isinstance(found, DemandWhy)
        assert (found.shard, found.lines[0].verdict) == (shard, verdict)
        assert found == await told(owner, "d1", shard)
    await explainer.close()
    await loop.close()


async def test_with_snapshots_only_the_rest_of_the_log_is_read(log: FakeLog) -> None:
    store = FakeSnapshots()
    await a_day(log, store)
    with_snapshots, without = WatchedLog(log), WatchedLog(log)
    for watched, known in ((with_snapshots, store), (without, None)):
        explainer = following(watched, known)
        await told(explainer, "d1")
        await explainer.close()
        assert watched.open == 0
    assert with_snapshots.read.total() < without.read.total()
    assert with_snapshots.read["cobuild.resources.v1"] == 1  # the record by which the log is known again


async def test_a_warm_shard_reads_only_what_came_since(log: FakeLog) -> None:
    owner = await a_day(log, FakeSnapshots())
    watched = WatchedLog(log)
    explainer = following(watched)
    await told(explainer, "d1")
    watched.read.clear()
    assert isinstance(await told(explainer, "d1"), DemandWhy)
    assert watched.read.total() == 0
    await tell(log, posted("d6"))
    assert isinstance(await told(explainer, "d6"), DemandWhy)
    assert watched.read == {DEMANDS.name: 1}
    assert await told(owner, "d6") == "not_found"  # the owner has not read on
    await explainer.close()


async def test_questions_that_come_together_share_the_reading(log: FakeLog) -> None:
    await a_day(log, FakeSnapshots())
    watched = WatchedLog(log)
    explainer = following(watched)
    watched.gate.clear()
    asked = [asyncio.create_task(told(explainer, demand_id)) for demand_id in ("d1", "d2", "d4", "d5") * 5]
    await asyncio.sleep(0)
    watched.gate.set()
    answers = await asyncio.gather(*asked)
    assert all(isinstance(each, DemandWhy) for each in answers)
    ends = await log.end_offsets([ROUNDS.name])
    assert watched.read[ROUNDS.name] <= sum(ends.values())
    assert watched.open == 1
    await explainer.close()


async def test_few_shards_stay_warm_and_the_one_not_asked_for_longest_goes(log: FakeLog) -> None:
    await tell(log, *[posted(f"d-{shard}", community=f"{shard}001001") for shard in CITY])
    watched = WatchedLog(log)
    explainer = following(watched)
    for shard in CITY:
        assert isinstance(await told(explainer, f"d-{shard}", shard), DemandWhy)
        assert watched.open <= 2
    watched.read.clear()
    await told(explainer, f"d-{CITY[-2]}", CITY[-2])
    assert watched.read.total() == 0
    await told(explainer, f"d-{CITY[0]}", CITY[0])
    assert watched.read.total() > 0
    watched.read.clear()
    await told(explainer, f"d-{CITY[-2]}", CITY[-2])  # asked for after the last one
    assert watched.read.total() == 0
    await explainer.close()
    assert watched.open == 0


async def test_many_shards_asked_for_at_once_all_get_their_answer(log: FakeLog) -> None:
    await tell(log, *[posted(f"d-{shard}", community=f"{shard}001001") for shard in CITY])
    watched = WatchedLog(log)
    explainer = following(watched)
    answers = await asyncio.gather(*[told(explainer, f"d-{shard}", shard) for shard in CITY * 3])
    assert [each.shard for each in answers if isinstance(each, DemandWhy)] == CITY * 3
    assert watched.open <= 2
    await explainer.close()


async def test_who_waited_long_enough_is_told_so_and_the_reading_goes_on(log: FakeLog) -> None:
    await a_day(log, FakeSnapshots())
    watched = WatchedLog(log)
    explainer = following(watched, patience_s=0.05)
    watched.gate.clear()
    assert await told(explainer, "d1") == "unavailable"
    watched.gate.set()
    async with asyncio.timeout(20):
        while await told(explainer, "d1") == "unavailable":  # noqa: ASYNC110 - nobody tells when it is there
            await asyncio.sleep(0.01)
    assert watched.open == 1
    await explainer.close()


async def test_a_log_that_fails_makes_it_unavailable_and_it_comes_back(log: FakeLog) -> None:
    await a_day(log, FakeSnapshots())
    watched = WatchedLog(log)
    explainer = following(watched)
    watched.broken = True
    assert await told(explainer, "d1") == "unavailable"
    assert watched.open == 0
    watched.broken = False
    assert isinstance(await told(explainer, "d1"), DemandWhy)
    await explainer.close()


async def test_a_shard_far_behind_goes_on_from_newer_snapshots(log: FakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "FAR", 10)
    store, watched = FakeSnapshots(), WatchedLog(log)
    explainer = following(watched, store)
    await tell(log, offered("r1", capacity=3), posted("d1"))
    assert isinstance(await told(explainer, "d1"), DemandWhy)
    loop = loop_on(log, snapshots=store)
    await tell(log, *[posted(f"e{number}") for number in range(30)])
    await loop.step(NOON)
    await loop.close()
    watched.read.clear()
    await tell(log, posted("d2"))
    assert await told(explainer, "e29") == await told(Explainer(loop.host, LATER), "e29")
    assert watched.read[DEMANDS.name] == 2  # the one after the snapshots, and one to know the log by
    assert watched.open == 1
    await explainer.close()


async def test_a_snapshot_that_goes_while_it_is_read_costs_time_only(log: FakeLog) -> None:
    class Busy(FakeSnapshots):
        """Its owner saves again, each time, between the manifest and the snapshot."""

        def read(self, name: str) -> bytes | None:
            return None if "manifest" not in name else super().read(name)

    store = Busy()
    owner = await a_day(log, store)
    explainer = following(WatchedLog(log), store)
    assert await told(explainer, "d1") == await told(owner, "d1")
    await explainer.close()


async def test_explaining_does_not_disturb_reading(log: FakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one answer is being computed, the next question is answered."""
    await a_day(log, FakeSnapshots())
    explainer, began, go_on = following(WatchedLog(log)), asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(*args: object, demand_id: str, **options: object) -> DemandWhy:
        if demand_id == "d1":
            loop.call_soon_threadsafe(began.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(timeout=20)
        return explain.why_in(*args, demand_id=demand_id, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(questions, "why_in", slow)
    first = asyncio.create_task(told(explainer, "d1"))
    await began.wait()
    await tell(log, posted("d6"))
    assert isinstance(await told(explainer, "d6"), DemandWhy)
    go_on.set()
    assert isinstance(await first, DemandWhy)
    await explainer.close()
