"""Calendars: what was matched, as a calendar program reads it, at addresses that nobody can guess."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar, Event
from sqlalchemy import text

from schemas.assignments import AssignmentConfirmed, AssignmentFulfilled, AssignmentProposed, AssignmentRevoked
from schemas.envelope import new_event
from schemas.rounds import Proposal
from tests.apiworld import COMMUNITY, NOW, World, demand, ended, resource, world_in

OURS = f"/v1/calendars/community/{COMMUNITY}.ics"
START = NOW + timedelta(days=4)


async def match(
    world: World,
    *,
    number: int = 1,
    demand_id: str = "d-1",
    seat: int = 0,
    provider: str = "member:m-7f3a",
    starts_at: datetime = START,
    title: str = "给楼里的老人理发",
    community: str = COMMUNITY,
) -> str:
    """Let a round give a seat to a provider; what is not on the lists yet is put there."""
    asked = demand(demand_id=demand_id, title=title, community=community, requester=f"community:{community}")
    await world.post("/v1/demands", asked)
    await world.post("/v1/resources", resource(resource_id=f"r-{number}", provider=provider))
    proposal = Proposal(
        assignment_id=f"{number:032x}",
        demand_id=demand_id,
        line=0,
        seat=seat,
        demand_version=1,
        resource_id=f"r-{number}",
        resource_seat=0,
        resource_version=1,
        requester=f"community:{community}",
        provider=provider,
        item="elder_care.hair_cut",
        offered_item="elder_care.hair_cut",
        community=community,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        value=4_000,
        terms={"service": 4_000},
        margin=0,
        auto_accepted=False,
        answer_by=NOW + timedelta(days=1),
    )
    at, shard = world.clock.now(), community[:6]
    fact = AssignmentProposed(shard=shard, round_no=number, at=at, assignment=proposal)
    said = new_event(fact, id=f"p-{number}", source="/cobuild/matcher", key=shard, time=at)
    await world.sink.publish([said])
    return proposal.assignment_id


async def address(world: World, party: str, **more: Any) -> str:
    answer = await world.post("/v1/calendars", {"party": party} | more)
    assert answer.status_code == 200, answer.text
    path: str = answer.json()["path"]
    return path


async def events(world: World, path: str = OURS) -> list[Event]:
    answer = await world.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8"), answer.text
    return list(Calendar.from_ical(answer.content).events)


def told(event: Event) -> tuple[str, int]:
    return str(event["status"]), int(event["sequence"])


async def test_a_match_is_an_event_with_all_that_one_needs_to_go_there(world: World) -> None:
    await match(world)
    (event,) = await events(world)
    assert (event.start, event.end) == (START, START + timedelta(hours=1))
    assert str(event["summary"]) == "给楼里的老人理发"
    assert str(event["location"]).startswith("上海市") and "长宁区" in str(event["location"])
    assert "服务项目：上门理发\n资源：周末上门理发\n状态：待答复" in str(event["description"])
    assert told(event) == ("TENTATIVE", 0)
    assert event["last-modified"].dt == event["dtstamp"].dt == NOW
    calendar = Calendar.from_ical((await world.get(OURS)).content)
    assert (str(calendar["version"]), calendar["refresh-interval"].dt) == ("2.0", timedelta(hours=1))
    assert "共建" in str(calendar["x-wr-calname"])


async def test_an_answer_a_round_and_the_end_move_the_same_event_on(world: World) -> None:
    assignment = await match(world)
    first, said = (await events(world))[0], []
    for step in ("accepted", AssignmentConfirmed, AssignmentFulfilled):
        world.clock.pass_(minutes=5)
        if step == "accepted":
            assert (await world.post(f"/v1/assignments/{assignment}:accept", {})).status_code == 202
        else:
            await ended(world, assignment, step, "accepted" if step is AssignmentConfirmed else "done")
        (event,) = await events(world)
        assert event["uid"] == first["uid"]
        assert event["last-modified"].dt == world.clock.now()
        said.append(told(event))
    assert said == [("CONFIRMED", 1), ("CONFIRMED", 2), ("CONFIRMED", 3)]


async def test_a_job_that_moves_is_the_same_event_at_another_time(world: World) -> None:
    mine = await address(world, "member:m-7f3a")
    off = await match(world, number=1)
    (before,) = await events(world, mine)
    world.clock.pass_(hours=1)
    await ended(world, off, AssignmentRevoked, "no_longer_allowed")
    (cancelled,) = await events(world, mine)
    await match(world, number=2, starts_at=START + timedelta(days=1))
    (after,) = await events(world, mine)
    assert before["uid"] == cancelled["uid"] == after["uid"]
    assert [told(event) for event in (before, cancelled, after)] == [
        ("TENTATIVE", 0), ("CANCELLED", 3), ("TENTATIVE", 4)
    ]  # fmt: skip
    assert after.start == before.start + timedelta(days=1)


async def test_a_job_that_others_take_over_is_cancelled_for_one_and_new_for_the_other(world: World) -> None:
    mine, yours = await address(world, "member:m-1"), await address(world, "member:m-2")
    await ended(world, await match(world, number=1, provider="member:m-1"), AssignmentRevoked, "declined")
    await match(world, number=2, provider="member:m-2")
    (lost,), (won,), (ours,) = await events(world, mine), await events(world, yours), await events(world)
    assert (told(lost), told(won), told(ours)) == (("CANCELLED", 3), ("TENTATIVE", 0), ("TENTATIVE", 4))
    assert lost["uid"] == won["uid"] == ours["uid"]


async def test_what_is_off_goes_after_a_week_and_what_is_over_after_a_month(world: World) -> None:
    await ended(world, await match(world, number=1, seat=0), AssignmentRevoked, "demand_gone")
    await match(world, number=2, seat=1)
    assert len(await events(world)) == 2
    world.clock.pass_(days=7)
    assert [told(event) for event in await events(world)] == [("TENTATIVE", 0)]
    world.clock.pass_(days=28)
    assert await events(world) == []


async def test_a_member_sees_their_own_and_nothing_else(world: World) -> None:
    await match(world, number=1, demand_id="mine", provider="member:m-1", title="我的")
    await match(world, number=2, demand_id="yours", provider="member:m-2", title="你的")
    await match(world, number=3, demand_id="far", provider="member:m-2", title="远处", community="310106001001")

    async def titles(party: str) -> set[str]:
        return {str(event["summary"]) for event in await events(world, await address(world, party))}

    assert await titles("member:m-1") == {"我的"}
    assert await titles("member:m-2") == {"你的", "远处"}
    assert await titles("member:m-3") == set()
    assert await titles(f"community:{COMMUNITY}") == {"我的", "你的"}
    for event in await events(world):
        assert "m-1" not in event.to_ical().decode() and "m-2" not in event.to_ical().decode()


async def test_a_unit_sees_what_it_does_and_what_is_done_for_it(world: World) -> None:
    unit = "unit:91310105MA1FW0008T"
    await match(world, number=1, demand_id="served", provider=unit, title="出场地")
    await match(world, number=2, demand_id="other", provider="member:m-1", title="别人的")
    assert [str(event["summary"]) for event in await events(world, await address(world, unit))] == ["出场地"]


async def test_who_has_the_calendar_already_gets_no_copy(world: World) -> None:
    assignment = await match(world)
    tag = (await world.get(OURS)).headers["etag"]
    world.clock.pass_(minutes=10)
    for known in (tag, f'W/{tag}, "other"'):
        again = await world.get(OURS, If_None_Match=known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    await ended(world, assignment, AssignmentConfirmed, "accepted")
    changed = await world.get(OURS, If_None_Match=tag)
    assert (changed.status_code, changed.headers["etag"] != tag) == (200, True)


async def test_an_address_says_nothing_stays_the_same_and_ends_for_good(world: World, tmp_path: Path) -> None:
    party = "member:m-7f3a"
    first = await address(world, party)
    assert "7f3a" not in first and first == await address(world, party)
    name = first.rpartition("/")[2]
    assert (await world.get(first)).status_code == 200
    assert (await world.get(f"/v1/calendars/unit/{name}")).status_code == 404
    assert (await world.get(f"/v1/calendars/community/{name}")).status_code == 404
    second = await address(world, party, anew=True)
    assert (second != first, (await world.get(first)).status_code, (await world.get(second)).status_code) == (
        1,
        404,
        200,
    )
    assert (await world.post("/v1/calendars:revoke", {"party": party})).status_code == 204
    assert (await world.post("/v1/calendars:revoke", {"party": party})).json()["code"] == "not_found"
    assert (await world.get(second)).status_code == 404
    third = await address(world, party)
    assert third not in (first, second)
    with world.app.state.services.ports.store.connect() as store:
        kept = repr(store.execute(text("SELECT * FROM calendars")).all())
    assert third.rpartition("/")[2].removesuffix(".ics") not in kept
    async with world_in(tmp_path) as later:
        assert await address(later, party) == third


async def test_a_repeated_request_gets_the_same_address_of_which_no_copy_is_kept(world: World) -> None:
    body = {"party": "member:m-7f3a", "anew": True}
    first, again = [(await world.post("/v1/calendars", body, Idempotency_Key="k")).json()["path"] for _ in range(2)]
    assert first == again
    with world.app.state.services.ports.store.connect() as store:
        assert store.execute(text("SELECT body FROM idempotency")).scalars().all() == [None]


async def test_who_is_forgotten_has_no_calendar_any_more(world: World) -> None:
    member = {"member_ref": "m-9", "member_class": "in_service", "kind": "unit_link", "community": COMMUNITY}
    await world.post("/v1/members", member | {"contact": {"name": "张三", "phone": "13912345678"}})
    path = await address(world, "member:m-9")
    assert (await world.client.delete("/v1/members/m-9/identity")).status_code == 204
    assert (await world.get(path)).status_code == 404


@pytest.mark.parametrize("party", ["", "m-7f3a", "team:a", "community:31", "unit:1"])
async def test_only_members_units_and_communities_have_calendars(world: World, party: str) -> None:
    assert (await world.post("/v1/calendars", {"party": party})).status_code == 422


async def test_a_feed_holds_what_a_calendar_cannot_say_plainly(world: World) -> None:
    """Commas, semicolons, line breaks and long lines are the standard's to escape and fold."""
    title = "理发，剪发; 带\\工具, " + "长" * 90
    await match(world, title=title)
    answer = await world.get(OURS)
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    (event,) = Calendar.from_ical(answer.content).events
    assert str(event["summary"]) == title
    assert event.start.tzinfo == UTC or event.start.utcoffset() == timedelta(0)
