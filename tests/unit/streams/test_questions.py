"""A solved round is shared while nothing changed, and never answers for a state that has moved on."""

import asyncio
from datetime import timedelta

import pytest

from matcher.state.pool import Frozen, freeze
from schemas.policy import Policy
from streams.clock import FakeClock
from streams.explainer import Explainer
from streams.questions import SolvedRounds, version_of
from tests.builders import HAIR, NOON, SHARD, at, demand, line, offered, posted
from tests.fakes.log import FakeLog
from tests.loops import loop_on, tell
from tests.town import Town


class Counted:
    """A town whose copies are counted."""

    def __init__(self, town: Town) -> None:
        self.town, self.copies, self.fails = town, 0, False

    async def frozen(self) -> Frozen:
        self.copies += 1
        if self.fails:
            raise OSError("the disk is away")
        return freeze(self.town.state)

    async def ask(self, rounds: SolvedRounds, *, shard: str = SHARD, seconds: float = 0) -> int:
        moment = NOON + timedelta(seconds=seconds)
        found = await rounds.get(shard, version=version_of(self.town.state), at=moment, frozen=self.frozen)
        return found.matching.certificate.value


@pytest.fixture
def counted() -> Counted:
    return Counted(Town(offered(), posted("d1")))


async def test_typing_costs_one_solve(counted: Counted) -> None:
    rounds = SolvedRounds(policy=Policy())
    values = await asyncio.gather(*(counted.ask(rounds) for _ in range(20)))
    assert (set(values), counted.copies) == ({4_000}, 1)


async def test_what_was_folded_since_counts(counted: Counted) -> None:
    rounds = SolvedRounds(policy=Policy())
    await counted.ask(rounds)
    counted.town.tell(offered("r2"), posted("d2"))
    assert (await counted.ask(rounds), counted.copies) == (8_000, 2)


@pytest.mark.parametrize(("seconds", "copies"), [(9.9, 1), (10, 2), (-1, 2)])
async def test_an_answer_is_ten_seconds_old_at_most(counted: Counted, seconds: float, copies: int) -> None:
    rounds = SolvedRounds(policy=Policy())
    await counted.ask(rounds)
    await counted.ask(rounds, seconds=seconds)
    assert counted.copies == copies


async def test_of_many_shards_the_one_not_asked_for_longest_goes(counted: Counted) -> None:
    rounds = SolvedRounds(policy=Policy(), most=2)
    for shard in ("310105", "310106", "310105", "310107", "310105"):
        await counted.ask(rounds, shard=shard)
    assert counted.copies == 3
    await counted.ask(rounds, shard="310106")
    assert counted.copies == 4


async def test_a_failure_is_told_and_not_kept(counted: Counted) -> None:
    rounds = SolvedRounds(policy=Policy())
    counted.fails = True
    with pytest.raises(OSError, match="the disk"):
        await counted.ask(rounds)
    counted.fails = False
    assert await counted.ask(rounds) == 4_000


async def test_who_stops_waiting_does_not_stop_the_others(counted: Counted) -> None:
    rounds = SolvedRounds(policy=Policy())
    first = asyncio.create_task(counted.ask(rounds))
    await asyncio.sleep(0)
    first.cancel()
    assert await counted.ask(rounds) == 4_000
    assert counted.copies == 1


async def test_a_preview_of_a_live_shard_changes_nothing_and_a_new_shard_has_no_resources() -> None:
    log = FakeLog()
    loop = loop_on(log)
    await tell(log, offered("r1"), posted("d1", line(HAIR)))
    await loop.step(NOON)
    explainer = Explainer(loop.host, FakeClock(at(0.5)))
    state = loop.host.state(SHARD)
    assert state is not None
    before = version_of(state)
    taken = await explainer.preview_demand(demand("new"), SHARD)
    assert [(each.verdict, each.failing) for each in taken.lines] == [("no_candidate", {"seats": 1})]
    assert (taken.at, version_of(state)) == (at(0.5), before)
    nowhere = await explainer.preview_demand(demand("new", community="110101001001"), "110101")
    assert [(each.verdict, each.considered) for each in nowhere.lines] == [("no_candidate", 0)]
    assert loop.host.state("110101") is None
    await loop.close()
