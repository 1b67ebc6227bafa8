"""The round loop on a log: what is posted comes out as assignments, what changes is answered in the next round."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.base import Window
from schemas.demands import Urgency
from schemas.policy import Pace, Policy, Rules
from schemas.topics import ASSIGNMENTS, DEADLETTERS, DEMANDS, RESOURCES, RESPONSES, ROUNDS
from streams.clock import SystemClock
from streams.embedded import EmbeddedLog
from streams.host import ShardHostBrokenError
from streams.log import Draft, LogError
from streams.round_loop import RoundLoop
from tests.builders import HAIR, MEAL, NOON, SAME_CITY, SHARD, at, demand_gone, line, offered, posted, resource_gone
from tests.builders import window as hours
from tests.fakes.log import FakeLog
from tests.loops import (
    answer,
    held_seats,
    loop_on,
    proposals,
    published,
    record_draft,
    records,
    refusals,
    rounds,
    tell,
    words,
)

SLOW = Policy(pace=Pace(interval_ms=3_600_000))
SOON = timedelta(milliseconds=1)


@pytest.fixture
def log() -> FakeLog:
    return FakeLog()


@pytest.fixture
async def loop(log: FakeLog) -> AsyncIterator[RoundLoop]:
    loop = loop_on(log)
    yield loop
    await loop.close()


async def test_a_demand_is_given_to_a_resource_and_the_world_reads_it(log: FakeLog, loop: RoundLoop) -> None:
    await tell(log, offered("r1"), posted("d1"))
    assert await loop.step(NOON) == 1
    (proposal,) = await proposals(log)
    assert (proposal.demand_id, proposal.resource_id) == ("d1", "r1")
    assert await published(log) == {("proposed", f"{proposal.assignment_id}-proposed"): 1}


async def test_nothing_new_needs_no_round(log: FakeLog, loop: RoundLoop) -> None:
    await tell(log, offered("r1"), posted("d1"))
    await loop.step(NOON)
    assert await loop.step(at(0.5)) == 0
    assert len(await rounds(log)) == 1


async def test_each_shard_decides_for_itself(log: FakeLog, loop: RoundLoop) -> None:
    await tell(log, offered("r1"), posted("d1"))
    await tell(log, offered("r2", home=SAME_CITY, scope=("310106",)), posted("d2", community=SAME_CITY))
    assert await loop.step(NOON) == 2
    assert [each.demand_id for each in await proposals(log, "310105")] == ["d1"]
    assert [each.demand_id for each in await proposals(log, "310106")] == ["d2"]


async def test_withdrawn_before_the_round_is_never_assigned(log: FakeLog, loop: RoundLoop) -> None:
    await tell(log, offered("r1"), posted("d1"), posted("d2"), demand_gone("d1"))
    await loop.step(NOON)
    assert [each.demand_id for each in await proposals(log)] == ["d2"]


async def test_withdrawn_after_the_round_is_revoked_and_the_partner_goes_to_the_next_at_once(
    log: FakeLog, loop: RoundLoop
) -> None:
    await tell(log, offered("r1"), posted("d1", urgency=Urgency.URGENT), posted("d2"))
    await loop.step(NOON)
    (first,) = await proposals(log)
    await tell(log, demand_gone("d1"))
    await loop.step(at(minutes=1))
    second = (await rounds(log))[1]
    assert [(moved.assignment_id, moved.reason) for moved in second.transitions] == [
        (first.assignment_id, "demand_gone")
    ]
    assert [(each.demand_id, each.resource_id) for each in second.proposals] == [("d2", "r1")]
    assert await words(log, first) == ["proposed", "revoked"]


async def test_a_withdrawn_resource_gives_its_demand_back_to_the_pool(log: FakeLog, loop: RoundLoop) -> None:
    await tell(log, offered("r1", auto_accept=True), offered("r2", item=MEAL), posted("d1"))
    await loop.step(NOON)
    await tell(log, resource_gone("r1"))
    await loop.step(at(minutes=1))
    second = (await rounds(log))[1]
    assert second.transitions[0].reason == "resource_gone"
    assert [each.resource_id for each in second.proposals] == ["r2"]


async def test_a_declined_pair_is_never_proposed_again(log: FakeLog, loop: RoundLoop) -> None:
    await tell(log, offered("r1"), posted("d1"))
    await loop.step(NOON)
    (first,) = await proposals(log)
    await answer(log, first, "declined")
    await loop.step(at(minutes=1))
    await tell(log, posted("d2", line(MEAL)), offered("r3", item=MEAL))
    await loop.step(at(minutes=2))
    pairs = {(each.demand_id, each.resource_id) for each in (await proposals(log))[1:]}
    assert pairs
    assert ("d1", "r1") not in pairs
    assert await words(log, first) == ["proposed", "revoked"]


async def test_an_accepted_assignment_is_confirmed_and_then_done(log: FakeLog, loop: RoundLoop) -> None:
    await tell(log, offered("r1"), posted("d1"))
    await loop.step(NOON)
    (first,) = await proposals(log)
    await answer(log, first, "accepted")
    await loop.step(at(minutes=1))
    await answer(log, first, "done")
    await loop.step(at(minutes=2))
    assert await words(log, first) == ["proposed", "confirmed", "fulfilled"]


async def test_no_answer_in_time_expires_without_any_event(log: FakeLog) -> None:
    loop = loop_on(log, policy=Policy(rules=Rules(answer_hours=2)))
    await tell(log, offered("r1"), posted("d1", window=hours(1, 9)))
    await loop.step(NOON)
    assert await loop.step(at(1.9)) == 0
    assert await loop.step(at(2)) == 1
    (first, *_) = await proposals(log)
    assert await words(log, first) == ["proposed", "expired"]
    assert (await rounds(log))[1].cause == "alarm"
    await loop.close()


async def test_a_change_within_the_interval_waits_for_its_end(log: FakeLog) -> None:
    loop = loop_on(log, policy=SLOW)
    await tell(log, offered("r1"), posted("d1"))
    assert await loop.step(NOON) == 1
    await tell(log, offered("r2"), posted("d2"))
    assert await loop.step(at(0.5)) == 0
    assert await loop.step(at(1)) == 1
    await loop.close()


@pytest.mark.parametrize("urgency", [Urgency.WHISTLE, Urgency.EMERGENCY])
async def test_a_whistle_gets_its_round_at_once(log: FakeLog, urgency: Urgency) -> None:
    loop = loop_on(log, policy=SLOW)
    await tell(log, offered("r1"))
    await loop.step(NOON)
    await tell(log, posted("d1", urgency=urgency))
    assert await loop.step(NOON + SOON) == 1
    assert (await rounds(log))[1].cause == "whistle"
    assert await loop.step(NOON + 2 * SOON) == 0
    await loop.close()


async def test_moments_of_decision_grow_when_the_clock_goes_back(log: FakeLog, loop: RoundLoop) -> None:
    await tell(log, offered("r1"))
    await loop.step(NOON)
    await tell(log, posted("d1"))
    assert await loop.step(at(-5)) == 1
    first, second = await rounds(log)
    assert second.decided_at == first.decided_at + SOON
    await tell(log, posted("d2"))
    assert await loop.step(at(-5)) == 0, "the interval holds by the clock as it goes now"
    assert await loop.step(at(-4)) == 1


async def test_bad_records_become_dead_letters_and_the_rest_goes_on(log: FakeLog, loop: RoundLoop) -> None:
    good = record_draft(posted("d1"))
    key = SHARD.encode()
    await log.append(DEMANDS.name, [Draft(key=key, value=b"\xff\x00garbage", headers=good.headers)])
    await log.append(DEMANDS.name, [Draft(key=None, value=b"{}", headers=[])])
    await log.append(DEMANDS.name, [Draft(key=b"310106", value=good.value, headers=good.headers)])
    await log.append(DEMANDS.name, [record_draft(posted("d9", line("no.such")))])
    await log.append(RESOURCES.name, [Draft(key=key, value=good.value, headers=good.headers)])
    await log.append(RESPONSES.name, [Draft(key=key, value=None, headers=good.headers)])
    await log.append(ROUNDS.name, [Draft(key=key, value=b"[]", headers=record_draft(posted("d1")).headers)])
    await tell(log, posted("d2"), posted("d2", title="changed"))
    await log.append(DEMANDS.name, [good])
    await tell(log, offered("r1", capacity=2))
    await loop.step(NOON)
    assert sorted(each.demand_id for each in await proposals(log)) == ["d1", "d2"]
    assert sorted(await refusals(log)) == sorted(
        [
            (DEMANDS.name, "invalid_json"),
            (DEMANDS.name, "not_a_cloud_event"),
            (DEMANDS.name, "stale_version"),
            (DEMANDS.name, "unknown_item"),
            (DEMANDS.name, "wrong_key"),
            (RESOURCES.name, "unknown_event_type"),
            (RESPONSES.name, "unknown_event_type"),
            (ROUNDS.name, "unknown_event_type"),
        ]
    )


async def test_a_round_that_skips_a_number_stops_the_loop_and_names_the_record(log: FakeLog, loop: RoundLoop) -> None:
    await tell(log, offered("r1"), posted("d1"))
    await loop.step(NOON)
    (first,) = await rounds(log)
    await tell(log, first.model_copy(update={"round_no": 7}))
    with pytest.raises(ShardHostBrokenError, match=rf"{ROUNDS.name} partition \d offset 1: .*round 7"):
        await loop.step(at(1))


async def test_two_loops_on_the_same_shards_agree_and_promise_nothing_twice(log: FakeLog) -> None:
    one, other = loop_on(log), loop_on(log)
    for number in range(6):
        await tell(log, offered(f"r{number}"), posted(f"d{number}"), posted(f"e{number}"))
        await asyncio.gather(one.step(at(number)), other.step(at(number)))
    await one.step(at(7))
    await other.step(at(7))
    counted = await rounds(log)
    assert [each.round_no for each in counted] == list(range(1, len(counted) + 1))
    assert len(await records(log, ROUNDS.name)) > len(counted), "they did get in each other's way"
    seats = held_seats(one.host)
    assert len(seats) == len(set(seats)) == 6
    for shard in one.host.shards():
        state, same = one.host.state(shard), other.host.state(shard)
        assert state is not None
        assert same is not None
        assert sorted(state.rounds.ids) == sorted(same.rounds.ids)
    await one.close()
    await other.close()


async def test_a_worker_that_was_paused_carries_on_without_harm(log: FakeLog, loop: RoundLoop) -> None:
    zombie = loop_on(log)
    await tell(log, offered("r1"), posted("d1"))
    await zombie.step(NOON)
    await tell(log, posted("d2"))
    await loop.step(at(minutes=1))
    stale = (await rounds(log))[0]
    await tell(log, stale, stale.model_copy(update={"round_no": 1, "proposals": ()}))
    await tell(log, offered("r2"))
    await zombie.step(at(minutes=2))
    await loop.step(at(minutes=2))
    assert sorted((each.demand_id, each.resource_id) for each in await proposals(log)) == [("d1", "r1"), ("d2", "r2")]


async def test_in_real_time_a_post_becomes_an_assignment(tmp_path: Path) -> None:
    log = EmbeddedLog(tmp_path / "log.sqlite3", partitions=2)
    loop = loop_on(log, policy=Policy(pace=Pace(interval_ms=20)))
    running = asyncio.create_task(loop.run())
    await loop.ready.wait()
    now = SystemClock().now()
    await tell(log, offered("r1", capacity=3, offered_at=now))
    for number in range(3):
        await tell(
            log,
            posted(
                f"d{number}", window=Window(start=now + timedelta(hours=1), end=now + timedelta(hours=9)), posted_at=now
            ),
        )
    async with asyncio.timeout(20):
        end = dict.fromkeys(await log.end_offsets([ASSIGNMENTS.name]), 0)
        reader, seen = log.reader(end), 0
        while seen < 3:
            seen += len(await reader.poll(timeout_s=1))
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert sorted(each.demand_id for each in await proposals(log)) == ["d0", "d1", "d2"]
    await log.close()


async def test_a_failing_log_ends_the_loop_with_its_error(log: FakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = loop_on(log)
    running = asyncio.create_task(loop.run())
    await loop.ready.wait()
    tell_log = log.append

    async def fail(topic: str, drafts: list[Draft]) -> object:
        if topic == ROUNDS.name:
            raise LogError("the disk is full")
        return await tell_log(topic, drafts)

    monkeypatch.setattr(log, "append", fail)
    await tell(log, offered("r1"), posted("d1", line(HAIR)))
    with pytest.raises(LogError, match="the disk is full"):
        await asyncio.wait_for(running, 20)


async def test_a_solve_that_fails_ends_the_loop(log: FakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> None:
        raise ZeroDivisionError("a bug in the solver")

    monkeypatch.setattr("streams.host.decide", broken)
    loop = loop_on(log)
    running = asyncio.create_task(loop.run())
    await loop.ready.wait()
    await tell(log, offered("r1"), posted("d1"))
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(running, 20)


async def test_dead_letters_are_written_before_anything_later_is_published(
    log: FakeLog, loop: RoundLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = log.append

    async def fail(topic: str, drafts: list[Draft]) -> object:
        if topic == DEADLETTERS.name:
            raise LogError("no room")
        return await write(topic, drafts)

    await log.append(DEMANDS.name, [Draft(key=None, value=b"{}")])
    monkeypatch.setattr(log, "append", fail)
    with pytest.raises(LogError, match="no room"):
        await loop.step(NOON)
