"""An Idempotency-Key makes a repeat harmless, whatever happened to the first attempt."""

import asyncio
from pathlib import Path

import pytest

from schemas.demands import DemandPosted, DemandWithdrawn
from schemas.enrolment import MemberEnrolled
from schemas.resources import ResourceSuspended
from tests.apiworld import World, demand, matched, resource, world_in

MEMBER = {"member_class": "retired", "kind": "residence", "community": "310105001001"}


async def test_a_repeat_gets_the_first_answer_and_writes_nothing(world: World) -> None:
    first = await world.post("/v1/demands", demand(), Idempotency_Key="k-1")
    world.clock.pass_(hours=5)
    again = await world.post("/v1/demands", demand(), Idempotency_Key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["cobuild-position"] == first.headers["cobuild-position"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert len(world.sink.facts(DemandPosted)) == 1


async def test_another_key_is_another_demand(world: World) -> None:
    first = await world.post("/v1/demands", demand(), Idempotency_Key="k-1")
    other = await world.post("/v1/demands", demand(), Idempotency_Key="k-2")
    assert first.json()["id"] != other.json()["id"]


async def test_a_key_stands_for_one_content_and_one_address(world: World) -> None:
    await world.post("/v1/demands", demand(), Idempotency_Key="k-1")
    body = await world.post("/v1/demands", demand(title="another"), Idempotency_Key="k-1")
    address = await world.post("/v1/resources", demand(), Idempotency_Key="k-1")
    for answer in (body, address):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(world.sink.events) == 1


async def test_while_the_first_is_running_a_second_is_told_to_wait(world: World) -> None:
    world.sink.holds_back = True
    await world.post("/v1/demands", demand(demand_id="d-1"))
    slow = asyncio.create_task(world.post("/v1/demands/d-1:withdraw", Idempotency_Key="k-1"))
    await asyncio.sleep(0.05)
    second = await world.post("/v1/demands/d-1:withdraw", Idempotency_Key="k-1")
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_in_use")
    world.sink.holds_back = False
    world.sink.project()
    assert (await slow).status_code == 200
    assert (await world.post("/v1/demands/d-1:withdraw", Idempotency_Key="k-1")).status_code == 200
    assert len(world.sink.facts(DemandWithdrawn)) == 1


async def test_a_refused_request_frees_its_key(world: World) -> None:
    refused = await world.post("/v1/demands", demand(title=""), Idempotency_Key="k-1")
    assert refused.status_code == 422
    assert (await world.post("/v1/demands", demand(), Idempotency_Key="k-1")).status_code == 201


async def test_answers_outlive_the_process(tmp_path: Path) -> None:
    async with world_in(tmp_path) as before:
        first = await before.post("/v1/demands", demand(), Idempotency_Key="k-1")
    async with world_in(tmp_path) as after:
        again = await after.post("/v1/demands", demand(), Idempotency_Key="k-1")
        assert again.content == first.content
        assert after.sink.events == []


async def test_after_a_lost_answer_the_repeat_says_the_same_facts(tmp_path: Path) -> None:
    async with world_in(tmp_path) as before:
        before.sink.loses_the_answer = True
        assert (await before.post("/v1/demands", demand(), Idempotency_Key="k-1")).status_code == 500
        (first,) = before.sink.events
    async with world_in(tmp_path) as after:
        after.clock.pass_(hours=1)
        again = await after.post("/v1/demands", demand(), Idempotency_Key="k-1")
        assert again.status_code == 201
        (second,) = after.sink.events
        assert second == first
        assert len((await after.get("/v1/demands")).json()["rows"]) == 1


async def test_a_repeat_of_a_post_with_an_id_of_its_own_is_no_duplicate(tmp_path: Path) -> None:
    async with world_in(tmp_path) as before:
        before.sink.loses_the_answer = True
        await before.post("/v1/demands", demand(demand_id="d-1"), Idempotency_Key="k-1")
    async with world_in(tmp_path) as after:
        after.clock.pass_(minutes=1)
        await after.patch("/v1/demands/d-1", {"title": "changed since"}, If_Match='"1"')
        again = await after.post("/v1/demands", demand(demand_id="d-1"), Idempotency_Key="k-1")
        assert again.status_code == 201
        assert (await after.get("/v1/demands/d-1")).json()["view"]["demand"]["title"] == "changed since"


async def test_a_repeat_does_not_take_somebody_else_s_entry_for_its_own(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        world.sink.fails = True
        assert (await world.post("/v1/demands", demand(demand_id="d-1"), Idempotency_Key="k-1")).status_code == 503
        world.sink.fails = False
        world.clock.pass_(seconds=1)
        await world.post("/v1/demands", demand(demand_id="d-1", title="theirs"))
        again = await world.post("/v1/demands", demand(demand_id="d-1"), Idempotency_Key="k-1")
        assert (again.status_code, again.json()["code"]) == (409, "duplicate_id")


async def test_a_withdrawal_whose_answer_was_lost_can_be_repeated(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    world.sink.loses_the_answer = True
    assert (await world.post("/v1/demands/d-1:withdraw", Idempotency_Key="k-1")).status_code == 500
    world.sink.loses_the_answer = False
    again = await world.post("/v1/demands/d-1:withdraw", Idempotency_Key="k-1")
    assert (again.status_code, again.json()["version"]) == (200, 2)
    assert len(world.sink.facts(DemandWithdrawn)) == 1


async def test_a_repeat_that_meets_a_later_version_says_another_fact_under_another_id(world: World) -> None:
    await world.post("/v1/resources", resource(resource_id="r-1"))
    world.sink.loses_the_answer = True
    assert (await world.post("/v1/resources/r-1:suspend", Idempotency_Key="k-1")).status_code == 500
    world.sink.loses_the_answer = False
    revised = await world.client.patch("/v1/resources/r-1", json={"title": "back"}, headers={"If-Match": '"2"'})
    assert revised.status_code == 200
    assert (await world.post("/v1/resources/r-1:suspend", Idempotency_Key="k-1")).json()["version"] == 4
    suspensions = [event for event in world.sink.events if isinstance(event.data, ResourceSuspended)]
    assert [event.data.version for event in suspensions] == [2, 4]
    assert len({event.id for event in suspensions}) == 2


async def test_an_enrolment_whose_answer_was_lost_can_be_repeated(tmp_path: Path) -> None:
    async with world_in(tmp_path) as before:
        before.sink.loses_the_answer = True
        assert (await before.post("/v1/members", MEMBER, Idempotency_Key="k-1")).status_code == 500
        (first,) = before.sink.facts(MemberEnrolled)
    async with world_in(tmp_path) as after:
        again = await after.post("/v1/members", MEMBER, Idempotency_Key="k-1")
        assert (again.status_code, again.json()["id"]) == (201, first.member_ref)
        assert after.sink.facts(MemberEnrolled) == [first]


async def test_an_answer_to_an_assignment_can_be_repeated(world: World) -> None:
    assignment_id = await matched(world)
    world.sink.loses_the_answer = True
    assert (await world.post(f"/v1/assignments/{assignment_id}:accept", Idempotency_Key="k-1")).status_code == 500
    world.sink.loses_the_answer = False
    again = await world.post(f"/v1/assignments/{assignment_id}:accept", Idempotency_Key="k-1")
    assert (again.status_code, again.json()["state"]) == (200, "accepted")


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "键"])
async def test_a_key_that_is_no_word_is_refused(world: World, key: str) -> None:
    answer = await world.client.post("/v1/demands", json=demand(), headers={b"idempotency-key": key.encode()})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "header:Idempotency-Key")
    assert world.sink.events == []
