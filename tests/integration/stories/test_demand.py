"""A need from the first word to the end, through HTTP alone; rounds are told to the house."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from schemas.assignments import AssignmentConfirmed, AssignmentFulfilled
from schemas.base import Fact
from schemas.demands import Channel, DemandPosted, DemandRevised, DemandWithdrawn
from schemas.envelope import Event, new_event
from schemas.lives.demand import DemandCancelled, DemandJoined, DemandMerged
from tests.apiworld import COMMUNITY, World, demand, ended, paired, resource
from tests.stories.house import House

HALL = f"community:{COMMUNITY}"
STREET = "office:310105001000"
UNIT = "unit:91310105MA1FW0008T"
HELPER = "member:m-7f3a"
"""Who offers what rounds find."""
WINDOW = demand()["window"]
LATER = {"start": "2026-12-02T09:00:00+08:00", "end": "2026-12-02T12:00:00+08:00"}
TWO_HAIRCUTS = [{"item": "elder_care.hair_cut", "quantity": 2}]
ONE_HAIRCUT = [{"item": "elder_care.hair_cut", "quantity": 1}]


async def collected(house: House, **said: Any) -> str:
    """Take down a need by telephone; return where it is."""
    need = {"title": "老人需要上门理发", "channel": "telephone", "community": COMMUNITY, "by": HALL}
    return f"/v1/needs/{(await house.post('/v1/needs', need | said))['id']}"


async def published(house: House, **said: Any) -> str:
    need = await collected(house, **{"lines": TWO_HAIRCUTS, "window": WINDOW} | said)
    await house.post(f"{need}:verify", {"by": HALL})
    await house.post(f"{need}:publish", {"by": HALL})
    return need


async def served(world: World, entry: str, *, seats: Sequence[int] = (0, 1), first_round: int = 1) -> None:
    """Let rounds find somebody for seats of an entry, who then does the job."""
    for number, seat in enumerate(seats):
        offered = (await world.post("/v1/resources", resource())).json()["id"]
        found = await paired(world, entry, offered, seat=seat, round_no=first_round + 3 * number)
        world.clock.pass_(hours=1)
        await ended(world, found, AssignmentConfirmed, "accepted", round_no=first_round + 3 * number + 1)
        world.clock.pass_(hours=1)
        await ended(world, found, AssignmentFulfilled, "done", round_no=first_round + 3 * number + 2)


async def stage(house: House, need: str) -> str:
    found: str = (await house.get(need))["beside"]["stage"]
    return found


async def states(house: House, entry: str) -> str:
    found: str = (await house.get(f"/v1/demands/{entry}"))["view"]["state"]
    return found


async def test_from_a_telephone_call_to_a_thank_you(world: World, house: House) -> None:
    need = await collected(house)
    early = await house.refused(f"{need}:publish", {"by": HALL})
    assert (early["code"], early["state"]) == ("not_possible_now", "collected")
    assert "verify" in early["possible"] and "verify" in early["detail"]
    assert "join" not in early["possible"] and "join" not in early["detail"], "that is the house's to do"
    assert "verify" in early["possible"]

    world.clock.pass_(hours=3)
    await house.post(f"{need}:verify", {"by": HALL, "lines": TWO_HAIRCUTS, "beneficiary": "elderly", "grid": "G03"})
    unfinished = await house.refused(f"{need}:publish", {"by": HALL})
    assert [error["pointer"] for error in unfinished["errors"]] == ["#/window"]
    await house.post(f"{need}:publish", {"by": HALL, "window": WINDOW})
    entry = (await house.get(need))["beside"]["entry"]["demand"]
    assert entry["demand_id"] == need.rpartition("/")[2]
    assert (entry["channel"], entry["beneficiary"], entry["grid"]) == ("telephone", "elderly", "G03")
    assert (await house.refused(f"{need}:confirm", {"by": HALL}))["code"] == "not_delivered"

    offered = (await world.post("/v1/resources", resource())).json()["id"]
    world.clock.pass_(hours=1)
    found = await paired(world, entry["demand_id"], offered)
    assert await stage(house, need) == "matched"
    await ended(world, found, AssignmentConfirmed, "accepted")
    assert await stage(house, need) == "accepted"
    world.clock.pass_(days=4)
    assert await stage(house, need) == "in_progress"
    await ended(world, found, AssignmentFulfilled, "done", round_no=3)
    await served(world, entry["demand_id"], seats=[1], first_round=4)
    assert await stage(house, need) == "delivered"

    await house.post(f"{need}:confirm", {"by": HALL, "outcome": "solved", "satisfaction": 5, "remark": "谢谢"})
    await house.post(f"{need}:close", {"by": HALL})
    told = await house.get(need)
    assert (told["life"]["state"], told["life"]["outcome"], told["life"]["satisfaction"]) == ("closed", "solved", 5)
    assert not told["is_open"]
    assert await states(house, entry["demand_id"]) == "fulfilled", "nothing is taken off the list that was done"


async def test_how_long_it_was_in_each_stage_can_be_read(world: World, house: House) -> None:
    need = await collected(house, lines=ONE_HAIRCUT, window=WINDOW)
    world.clock.pass_(hours=2)
    await house.post(f"{need}:verify", {"by": HALL})
    world.clock.pass_(hours=5)
    await house.post(f"{need}:publish", {"by": HALL})
    offered = (await world.post("/v1/resources", resource())).json()["id"]
    found = await paired(world, need.rpartition("/")[2], offered)
    world.clock.pass_(hours=7)
    await ended(world, found, AssignmentConfirmed, "accepted")
    stages = {each["stage"]: each for each in (await house.get(need))["beside"]["stages"]}
    assert stages["collected"]["seconds"] == 2 * 3600
    assert stages["verified"]["seconds"] == 5 * 3600
    assert stages["accepted"]["until"] is None
    began = [each["since"] for each in (await house.get(need))["beside"]["stages"]]
    assert began == sorted(began)


@pytest.mark.parametrize("channel", list(Channel))
async def test_a_need_is_a_need_through_whichever_channel_it_came(house: House, channel: str) -> None:
    need = await collected(house, channel=channel)
    assert (await house.get(need))["life"]["channel"] == channel


async def test_what_a_unit_needs_is_a_need_like_any_other(world: World, house: House) -> None:
    need = await published(house, by=UNIT, channel="unit", title="会议室两位讲解员")
    entry = (await house.get(need))["beside"]["entry"]["demand"]
    assert entry["requester"] == UNIT
    await served(world, entry["demand_id"])
    await house.post(f"{need}:confirm", {"by": UNIT})
    assert [row["life"]["id"] for row in (await house.get("/v1/needs", party=UNIT))["rows"]] == [entry["demand_id"]]


async def test_a_need_that_cannot_be_served_is_declined_with_a_reason_and_may_be_looked_at_again(house: House) -> None:
    need = await collected(house, title="加装电梯", channel="paper")
    assert (await house.refused(f"{need}:decline", {"by": HALL}))["code"] == "invalid_value"
    assert (await house.refused(f"{need}:decline", {"by": UNIT, "reason": "不办"}))["code"] == "not_yours"
    await house.post(f"{need}:decline", {"by": HALL, "reason": "属于专项工程"})
    told = await house.get(need)
    assert (told["life"]["state"], told["life"]["reason"]) == ("declined", "属于专项工程")
    await house.post(f"{need}:reconsider", {"by": STREET, "reason": "先征求意见"})
    assert await stage(house, need) == "collected"


async def test_what_is_returned_comes_back_completed(house: House) -> None:
    need = await collected(house)
    await house.post(f"{need}:return", {"by": STREET, "reason": "请补充时间"})
    await house.post(f"{need}:resubmit", {"by": HALL, "window": WINDOW})
    await house.post(f"{need}:defer", {"by": HALL, "until": "2026-11-23T09:00:00+08:00", "reason": "等门诊开放"})
    assert (await house.get(need))["due_at"] == "2026-11-23T01:00:00Z"
    await house.post(f"{need}:resume", {"by": HALL})
    told = (await house.get(need))["life"]
    assert (told["state"], told["window"]["end"]) == ("collected", "2026-11-25T04:00:00Z")


async def test_what_was_not_served_in_time_rolls_over_ahead_of_later_ones(world: World, house: House) -> None:
    need = await published(house)
    entry = need.rpartition("/")[2]
    posted_at = (await house.get(need))["beside"]["entry"]["demand"]["posted_at"]
    await served(world, entry, seats=[0])
    world.clock.pass_(days=5)
    late = [row["id"] for row in (await house.get("/v1/overdue"))["rows"]]
    assert late == [entry]
    past = await house.refused(f"{need}:roll_over", {"by": HALL, "window": WINDOW})
    assert past["code"] == "window_passed"

    await house.post(f"{need}:roll_over", {"by": HALL, "window": LATER})
    [revised] = [fact.demand for fact in world.sink.facts(DemandRevised)]
    assert revised.posted_at.isoformat() == posted_at.replace("Z", "+00:00"), "waiting counts from the first posting"
    assert (await house.get(need))["life"]["rolled_over"] == 1
    assert (await house.get("/v1/overdue"))["rows"] == []
    assert await states(house, entry) == "partly_matched", "the seat that was done stays done"
    await served(world, entry, seats=[1], first_round=10)
    nothing_left = await house.refused(f"{need}:roll_over", {"by": HALL, "window": LATER})
    assert nothing_left["code"] == "not_possible_now"


async def test_the_same_need_told_twice_goes_on_in_one(world: World, house: House) -> None:
    survivor, twin = await published(house), await published(house, by=UNIT, channel="hotline")
    names = [need.rpartition("/")[2] for need in (survivor, twin)]
    assert (await house.refused(f"{twin}:merge", {"by": HALL, "into": names[1]}))["code"] == "not_found"
    three = [{"item": "elder_care.hair_cut", "quantity": 3}]
    await house.post(f"{twin}:merge", {"by": HALL, "into": names[0], "lines": three, "reason": "同一幢楼"})

    gone = await house.get(twin)
    assert (gone["life"]["state"], gone["life"]["into"]) == ("merged", names[0]), "who asked sees where it went"
    assert await states(house, names[1]) == "withdrawn"
    told = await house.get(survivor)
    assert told["life"]["joined"] == [names[1]]
    assert told["beside"]["entry"]["asked"] == 3
    assert told["history"][-1]["action"] == "join"
    assert (await house.refused(f"{survivor}:merge", {"by": HALL, "into": names[1]}))["code"] == "not_found"
    assert (await house.refused(f"{survivor}:join", {"by": HALL, "other": "x"}))["status"] == 405

    await house.post(f"{twin}:reconsider", {"by": HALL, "reason": "原来是两户"})
    assert (await house.get(twin))["life"]["into"] is None


@pytest.mark.parametrize("other", ["merge", "cancel"])
async def test_a_need_is_never_merged_into_one_that_is_gone(
    world: World, house: House, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin, survivor = await collected(house), await collected(house)
    publish = world.sink.publish

    async def slowly(events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        await asyncio.sleep(0.02)  # so that both have looked before either has written
        return await publish(events)

    monkeypatch.setattr(world.sink, "publish", slowly)
    into = {survivor: twin.rpartition("/")[2], twin: survivor.rpartition("/")[2]}
    against = {"merge": {"by": HALL, "into": into[survivor]}, "cancel": {"by": HALL, "reason": "不需要了"}}[other]
    answers = await asyncio.gather(
        world.post(f"{twin}:merge", {"by": HALL, "into": into[twin]}), world.post(f"{survivor}:{other}", against)
    )
    lives = {need: (await house.get(need))["life"] for need in (twin, survivor)}
    for need, answer in zip((twin, survivor), answers, strict=True):
        if answer.status_code != 200:
            assert lives[need]["state"] == "collected", "whoever was refused changed nothing"
    gone = [life for life in lives.values() if life["state"] == "merged"]
    assert [answer.status_code for answer in answers].count(200) == len(gone) + (
        lives[survivor]["state"] == "cancelled"
    )
    for life in gone:
        assert lives[f"/v1/needs/{life['into']}"]["state"] == "collected", "it goes on there"
        assert lives[f"/v1/needs/{life['into']}"]["joined"] == [life["id"]]


async def test_a_need_stays_where_another_process_cancelled_what_it_was_to_be_merged_into(
    world: World, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    survivor, twin = await published(house), await published(house)
    publish, into = world.sink.publish, survivor.rpartition("/")[2]

    async def first_the_other(events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        for event in events:
            if isinstance(event.data, DemandJoined):
                said = {name: getattr(event.data, name) for name in ("id", "step", "community", "by", "at")}
                cancelled = DemandCancelled(reason="不需要了", **said)
                await publish([new_event(cancelled, id="elsewhere", source="/other", key=event.key, time=event.time)])
        return await publish(events)

    monkeypatch.setattr(world.sink, "publish", first_the_other)
    lost = await house.refused(f"{twin}:merge", {"by": HALL, "into": into})
    assert (lost["code"], lost["action"]) == ("overtaken", "cancel")
    assert (await house.get(twin))["life"]["state"] == "published"
    assert await states(house, twin.rpartition("/")[2]) == "open", "it is still on the list"
    assert (await house.get(survivor))["life"]["state"] == "cancelled"


async def test_a_merger_that_was_cut_off_half_way_is_finished_by_its_repeat(
    world: World, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    survivor, twin = await published(house), await published(house)
    publish, into = world.sink.publish, survivor.rpartition("/")[2]

    async def cut_off(events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        if any(isinstance(event.data, DemandMerged) for event in events):
            raise ConnectionError("the log went away")
        return await publish(events)

    monkeypatch.setattr(world.sink, "publish", cut_off)
    said = {"by": HALL, "into": into}
    assert (await world.post(f"{twin}:merge", said, Idempotency_Key="k-1")).status_code == 500
    monkeypatch.setattr(world.sink, "publish", publish)
    assert (await world.post(f"{twin}:merge", said, Idempotency_Key="k-1")).status_code == 200
    assert (await house.get(twin))["life"]["state"] == "merged"
    assert (await house.get(survivor))["life"]["joined"] == [twin.rpartition("/")[2]]


async def test_what_was_not_solved_after_all_is_posted_anew(world: World, house: House) -> None:
    need = await published(house)
    entry = need.rpartition("/")[2]
    await served(world, entry, seats=[0])
    await house.post(f"{need}:confirm", {"by": HALL, "outcome": "partly", "satisfaction": 3})
    await house.post(f"{need}:close", {"by": HALL})
    assert await states(house, entry) == "withdrawn", "of the other seat nothing is left on the list"
    await house.post(f"{need}:reopen", {"by": STREET, "reason": "还有一位没有轮到"})
    await house.post(f"{need}:publish", {"by": HALL, "window": LATER, "lines": ONE_HAIRCUT})
    assert (await house.get(need))["beside"]["entry"]["demand"]["demand_id"] == f"{entry}.2"
    assert await states(house, f"{entry}.2") == "open"
    assert (await house.refused(f"{need}:confirm", {"by": HALL}))["code"] == "not_delivered"
    await served(world, f"{entry}.2", seats=[0], first_round=10)
    await house.post(f"{need}:confirm", {"by": HALL})
    assert (await house.get(need))["life"]["outcome"] == "solved"


async def test_what_is_not_needed_any_more_leaves_the_list(world: World, house: House) -> None:
    need = await published(house)
    await house.post(f"{need}:cancel", {"by": HALL, "reason": "家人已帮忙"})
    [withdrawn] = world.sink.facts(DemandWithdrawn)
    assert (withdrawn.demand_id, withdrawn.reason) == (need.rpartition("/")[2], "家人已帮忙")


async def test_what_was_posted_directly_is_lived_on_from_there(world: World, house: House) -> None:
    await house.post("/v1/demands", demand(demand_id="d-direct"))
    assert (await house.refused("/v1/needs/d-nowhere:roll_over", {"by": HALL, "window": LATER}))["code"] == "not_found"
    await house.post("/v1/needs/d-direct:amend", {"by": HALL, "detail": "三楼，没有电梯。"})
    told = await house.get("/v1/needs/d-direct")
    assert [step["action"] for step in told["history"]] == ["adopt", "amend"]
    assert told["beside"]["entry"]["demand"]["detail"] == "三楼，没有电梯。"
    await served(world, "d-direct")
    await house.post("/v1/needs/d-direct:confirm", {"by": HALL})
    taken = await house.refused("/v1/needs", {"id": "d-direct", "title": "理发", "community": COMMUNITY, "by": HALL})
    assert taken["code"] == "duplicate_id"


async def test_what_others_changed_on_the_list_meanwhile_stays_changed(world: World, house: House) -> None:
    need = await published(house)
    entry = need.rpartition("/")[2]
    await world.patch(f"/v1/demands/{entry}", {"risky": True}, If_Match='"1"')
    await house.post(f"{need}:roll_over", {"by": HALL, "window": LATER})
    view = (await house.get(f"/v1/demands/{entry}"))["view"]
    assert (view["demand"]["risky"], view["demand"]["window"]["start"]) == (True, "2026-12-02T01:00:00Z")
    await house.post(f"/v1/demands/{entry}:withdraw")
    assert await stage(house, need) == "off_list"
    assert (await house.refused(f"{need}:roll_over", {"by": HALL, "window": LATER}))["code"] == "already_withdrawn"


async def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(world: World, house: House) -> None:
    need = await collected(house)
    both = await asyncio.gather(
        world.post(f"{need}:verify", {"by": HALL}, If_Match='"1"'),
        world.post(f"{need}:decline", {"by": STREET, "reason": "重复"}, If_Match='"1"'),
    )
    assert sorted(answer.status_code for answer in both) == [200, 412]
    [told] = [answer.json() for answer in both if answer.status_code == 412]
    assert (told["code"], told["version"]) == ("stale_version", 2)


async def test_a_repeated_request_posts_once(world: World, house: House) -> None:
    need = await collected(house, lines=TWO_HAIRCUTS, window=WINDOW)
    await house.post(f"{need}:verify", {"by": HALL})
    first = await house.post(f"{need}:publish", {"by": HALL}, Idempotency_Key="publish-1")
    again = await house.post(f"{need}:publish", {"by": HALL}, Idempotency_Key="publish-1")
    assert again == first
    assert len(world.sink.facts(DemandPosted)) == 1


async def test_a_publication_that_got_stuck_half_way_is_finished_by_its_repeat(world: World, house: House) -> None:
    need = await collected(house, lines=TWO_HAIRCUTS, window=WINDOW)
    await house.post(f"{need}:verify", {"by": HALL})
    world.sink.loses_the_answer = True
    answer = await world.post(f"{need}:publish", {"by": HALL}, Idempotency_Key="publish-1")
    assert answer.status_code == 500
    assert world.sink.facts(DemandPosted) == []
    world.sink.loses_the_answer = False
    await house.post(f"{need}:publish", {"by": HALL}, Idempotency_Key="publish-1")
    assert len(world.sink.facts(DemandPosted)) == 1
    assert await stage(house, need) == "published"


async def test_who_provided_it_does_not_say_what_came_of_it(world: World, house: House) -> None:
    need = await published(house, by=HELPER, requester=HELPER, lines=ONE_HAIRCUT)
    await served(world, need.rpartition("/")[2], seats=[0])
    told = await house.refused(f"{need}:confirm", {"by": HELPER, "outcome": "solved", "satisfaction": 5})
    assert told["code"] == "not_yours"
    assert await stage(house, need) == "delivered"
    await house.post(f"{need}:confirm", {"by": STREET, "outcome": "partly"})


async def test_names_and_numbers_of_people_do_not_belong_in_a_need(house: House) -> None:
    told = await house.refused(
        "/v1/needs", {"title": "请打 13812345678", "community": COMMUNITY, "by": HALL, "channel": "telephone"}
    )
    assert told["code"] == "personal_data"


async def test_a_micro_wish_is_small(world: World, house: House) -> None:
    need = await collected(
        house, lines=[{"item": "elder_care.hair_cut", "quantity": 6}], window=WINDOW, micro_wish=True
    )
    await house.post(f"{need}:verify", {"by": HALL})
    assert (await house.refused(f"{need}:publish", {"by": HALL}))["code"] == "wish_too_large"
    await house.post(f"{need}:publish", {"by": HALL, "lines": ONE_HAIRCUT})
    [posted] = [fact.demand for fact in world.sink.facts(DemandPosted)]
    assert (posted.micro_wish, posted.cost_cap) == (True, 500)
