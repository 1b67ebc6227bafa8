"""One round recomputed on demand: what it says, and what it refuses."""

import asyncio
from pathlib import Path

import httpx
import pytest

from deploy.settings import CobuildSettings
from deploy.wiring import open_house
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.rounds import PolicyRef, RoundDecided
from streams.log import LogError
from streams.replay import Policies
from streams.replayer import Replayer
from tests.apiworld import NOW, demand, resource
from tests.builders import SHARD, SMALL_CATALOGUE
from tests.fakes.log import FakeLog
from tests.integration.test_replay import history, known, tampered
from tests.loops import rounds


@pytest.fixture
async def log() -> FakeLog:
    log = FakeLog(partitions=2)
    await history(log)
    return log


def replayer(log: FakeLog, policies: Policies = known, **options: float) -> Replayer:
    return Replayer(log=log, catalogue=SMALL_CATALOGUE, policies=policies, **options)


async def recorded(log: FakeLog, number: int) -> RoundDecided:
    return (await rounds(log, SHARD))[number - 1]


async def test_a_round_comes_out_equal(log: FakeLog) -> None:
    one = await recorded(log, 2)
    told = await replayer(log).replay(one)
    assert (told.shard, told.round_no, told.outcome) == (SHARD, 2, "equal")
    assert (told.policy, told.solver, told.other_solver) == (one.policy, one.solver, False)
    assert (told.where, told.recorded, told.recomputed) == (None, None, None)


async def test_one_that_does_not_is_told_with_the_place(log: FakeLog) -> None:
    one = await recorded(log, 1)
    proposals = [one.proposals[0].model_copy(update={"value": 1}), *one.proposals[1:]]
    other = await tampered(log, 1, proposals=tuple(proposals))
    told = await replayer(other).replay(await recorded(other, 1))
    assert (told.outcome, told.where, told.recorded) == ("different", "proposals[0].value", "1")
    assert told.recomputed == str(one.proposals[0].value)


async def test_another_solver_is_told(log: FakeLog) -> None:
    other = await tampered(log, 1, solver="cobuild 0 / by hand")
    told = await replayer(other).replay(await recorded(other, 1))
    assert (told.outcome, told.solver, told.other_solver) == ("equal", "cobuild 0 / by hand", True)


async def test_a_policy_that_is_not_kept_is_told(log: FakeLog) -> None:
    def none(ref: PolicyRef) -> Policy:
        raise LookupError(ref.name)

    told = await replayer(log, none).replay(await recorded(log, 1))
    assert (told.outcome, told.where) == ("policy_unknown", "policy")


async def test_a_round_after_one_that_cannot_follow_is_unchecked(log: FakeLog) -> None:
    last = await recorded(log, 5)
    other = await tampered(log, 3, round_no=9)
    assert (await replayer(other).replay(last)).outcome == "unchecked"


async def test_a_round_that_the_log_does_not_have_is_not_found(log: FakeLog) -> None:
    one = await recorded(log, 1)
    with pytest.raises(Refused, match="not_found"):
        await replayer(log).replay(one.model_copy(update={"round_no": 99}))


async def test_one_goes_at_a_time(log: FakeLog) -> None:
    one, desk = await recorded(log, 1), replayer(log)
    first = asyncio.create_task(desk.replay(one))
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="unavailable"):
        await desk.replay(one)
    assert (await first).outcome == "equal"
    assert (await desk.replay(one)).outcome == "equal"


async def test_it_takes_so_long_and_no_longer(log: FakeLog) -> None:
    desk = replayer(log, patience_s=0.0)
    with pytest.raises(Refused, match="cobuild replay"):
        await desk.replay(await recorded(log, 4))


async def test_a_log_that_is_away_is_unavailable(log: FakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(topics: object) -> dict[object, int]:
        raise LogError("the brokers are away")

    one = await recorded(log, 1)
    monkeypatch.setattr(log, "end_offsets", away)
    with pytest.raises(Refused, match="away"):
        await replayer(log).replay(one)


async def test_over_http_a_house_recomputes_its_own_rounds(tmp_path: Path) -> None:
    async with open_house(CobuildSettings(data_dir=tmp_path, log_sync="normal")) as house:
        transport = httpx.ASGITransport(app=house.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
            await client.post("/v1/resources", json=resource())
            await client.post("/v1/demands", json=demand())
            await house.rounds.step(NOW)
            await house.projector.catch_up()
            told = await client.post("/v1/rounds/310105/1:replay")
    assert (told.status_code, told.json()["outcome"]) == (200, "equal")
    assert told.json()["policy"]["name"] == "default"
