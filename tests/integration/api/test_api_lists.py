"""The life of an entry of either list, as a client sees it."""

import asyncio
from typing import Any

import pytest

from schemas.demands import DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn
from schemas.resources import ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn
from tests.apiworld import COMMUNITY, World, demand, resource


async def test_a_posted_demand_can_be_read_where_its_receipt_points(world: World) -> None:
    posted = await world.post("/v1/demands", demand())
    assert posted.status_code == 201
    assert posted.headers["etag"] == '"1"'
    read = await world.get(posted.headers["location"], Cobuild_At_Least=posted.headers["cobuild-position"])
    assert read.status_code == 200
    assert read.headers["etag"] == '"1"'
    assert read.json()["view"]["demand"]["title"] == demand()["title"]
    assert read.json()["view"]["state"] == "open"
    assert [line["quantity"] for line in read.json()["lines"]] == [2]


async def test_the_event_carries_what_was_posted_under_the_key_of_its_district(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    (event,) = world.sink.events
    assert event.type == "cn.cobuild.demand.posted.v1"
    assert event.key == COMMUNITY[:6]
    assert (event.data.demand.demand_id, event.data.demand.version) == ("d-1", 1)
    assert event.data.demand.posted_at == world.clock.now()


async def test_a_caller_may_choose_the_id_once(world: World) -> None:
    assert (await world.post("/v1/demands", demand(demand_id="d-1"))).status_code == 201
    again = await world.post("/v1/demands", demand(demand_id="d-1", title="another"))
    assert (again.status_code, again.json()["code"]) == (409, "duplicate_id")
    assert len(world.sink.facts(DemandPosted)) == 1


async def test_an_id_is_taken_even_before_the_lists_have_seen_it(world: World) -> None:
    world.sink.holds_back = True
    assert (await world.post("/v1/resources", resource(resource_id="r-1"))).status_code == 201
    again = await world.post("/v1/resources", resource(resource_id="r-1"))
    assert (again.status_code, again.json()["code"]) == (409, "duplicate_id")
    assert len(world.sink.facts(ResourceOffered)) == 1


async def test_of_many_posts_of_one_id_at_once_exactly_one_is_taken(world: World) -> None:
    answers = await asyncio.gather(*(world.post("/v1/demands", demand(demand_id="d-1")) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert len(world.sink.events) == 1


async def test_a_demand_and_a_resource_may_share_an_id(world: World) -> None:
    assert (await world.post("/v1/demands", demand(demand_id="x-1"))).status_code == 201
    assert (await world.post("/v1/resources", resource(resource_id="x-1"))).status_code == 201


async def test_a_revision_changes_what_it_names_and_nothing_else(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1", deadline="2026-11-24T00:00:00Z", detail="二楼"))
    changed = await world.patch(
        "/v1/demands/d-1",
        {"urgency": "urgent", "deadline": None, "window": {"end": "2026-11-25T15:00:00+08:00"}},
        If_Match='"1"',
    )
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    (revised,) = world.sink.facts(DemandRevised)
    assert (revised.demand.version, revised.demand.urgency, revised.demand.deadline) == (2, "urgent", None)
    assert revised.demand.detail == "二楼"
    assert revised.demand.window.start.isoformat() == "2026-11-25T01:00:00+00:00"
    assert revised.demand.window.end.isoformat() == "2026-11-25T07:00:00+00:00"


async def test_a_revision_for_an_older_version_is_refused_with_the_present_one(world: World) -> None:
    await world.post("/v1/resources", resource(resource_id="r-1"))
    await world.patch("/v1/resources/r-1", {"title": "first"}, If_Match='"1"')
    late = await world.patch("/v1/resources/r-1", {"title": "second"}, If_Match='"1"')
    assert (late.status_code, late.json()["code"], late.json()["version"]) == (412, "stale_version", 2)
    assert [fact.resource.title for fact in world.sink.facts(ResourceRevised)] == ["first"]


async def test_of_two_revisions_for_one_version_only_one_is_taken(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    answers = await asyncio.gather(
        *(world.patch("/v1/demands/d-1", {"title": f"title {n}"}, If_Match='"1"') for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_a_revision_says_for_which_version_it_was_made(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    blind = await world.patch("/v1/demands/d-1", {"title": "x"})
    assert (blind.status_code, blind.json()["code"]) == (428, "version_required")
    odd = await world.patch("/v1/demands/d-1", {"title": "x"}, If_Match="yesterday's")
    assert (odd.status_code, odd.json()["errors"][0]["pointer"]) == (422, "header:If-Match")
    assert (await world.patch("/v1/demands/d-1", {"title": "x"}, If_Match="*")).status_code == 200


async def test_a_revision_right_after_the_post_waits_for_the_lists(world: World) -> None:
    world.sink.holds_back = True
    await world.post("/v1/demands", demand(demand_id="d-1"))
    waiting = asyncio.create_task(world.patch("/v1/demands/d-1", {"title": "x"}, If_Match='"1"'))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    world.sink.project()
    world.sink.holds_back = False
    assert (await waiting).status_code == 200


async def test_where_the_lists_do_not_come_the_revision_is_refused_for_now(world: World) -> None:
    world.sink.holds_back = True
    await world.post("/v1/demands", demand(demand_id="d-1"))
    refused = await world.patch("/v1/demands/d-1", {"title": "x"}, If_Match='"1"')
    assert (refused.status_code, refused.json()["code"]) == (503, "read_model_behind")
    assert refused.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("patch", "code", "pointer"),
    [
        ({"version": 7}, "field_is_fixed", "#/version"),
        ({"requester": "community:310105001002"}, "field_is_fixed", "#/requester"),
        ({"lines": None}, "invalid_value", "#/lines"),
        ({"lines": [{"item": "no.thing"}]}, "unknown_item", "#/lines/0/item"),
        ({"window": {"end": "2026-11-25T09:10:00+08:00"}}, "impossible_window", "#"),
        ({"title": "call 13800138000"}, "personal_data", "#/title"),
    ],
)
async def test_a_revision_is_held_to_what_a_post_is(world: World, patch: Any, code: str, pointer: str) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    refused = await world.patch("/v1/demands/d-1", patch, If_Match='"1"')
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert world.sink.facts(DemandRevised) == []


async def test_an_entry_stays_in_its_shard(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    moved = await world.patch("/v1/demands/d-1", {"community": "310106001001"}, If_Match='"1"')
    assert (moved.status_code, moved.json()["code"]) == (422, "shard_is_fixed")
    assert (await world.patch("/v1/demands/d-1", {"community": "310105002001"}, If_Match='"1"')).status_code == 200


async def test_what_was_withdrawn_takes_no_change(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    gone = await world.post("/v1/demands/d-1:withdraw", {"reason": "已经解决"})
    assert (gone.status_code, gone.json()["version"]) == (200, 2)
    (fact,) = world.sink.facts(DemandWithdrawn)
    assert (fact.version, fact.reason, fact.community) == (2, "已经解决", COMMUNITY)
    assert (await world.get("/v1/demands/d-1")).json()["view"]["state"] == "withdrawn"
    for attempt in (
        await world.post("/v1/demands/d-1:withdraw"),
        await world.post("/v1/demands/d-1:whistle"),
        await world.patch("/v1/demands/d-1", {"title": "x"}, If_Match='"2"'),
    ):
        assert (attempt.status_code, attempt.json()["code"]) == (409, "already_withdrawn")
    assert (await world.post("/v1/demands", demand(demand_id="d-1"))).json()["code"] == "duplicate_id"


async def test_a_withdrawal_may_say_for_which_version_it_was_made(world: World) -> None:
    await world.post("/v1/resources", resource(resource_id="r-1"))
    stale = await world.post("/v1/resources/r-1:withdraw", If_Match='"4"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert (await world.post("/v1/resources/r-1:withdraw", If_Match='"1"')).status_code == 200
    assert len(world.sink.facts(ResourceWithdrawn)) == 1


async def test_a_whistle_is_heard_once(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    first = await world.post("/v1/demands/d-1:whistle", {"reason": "管道爆裂"})
    again = await world.post("/v1/demands/d-1:whistle")
    assert (first.json()["version"], again.json()["version"], again.json()["position"]) == (2, 2, None)
    assert [fact.reason for fact in world.sink.facts(DemandWhistled)] == ["管道爆裂"]
    assert (await world.get("/v1/demands/d-1")).json()["view"]["demand"]["urgency"] == "whistle"


async def test_a_suspended_resource_rests_until_it_is_revised(world: World) -> None:
    await world.post("/v1/resources", resource(resource_id="r-1"))
    assert (await world.post("/v1/resources/r-1:suspend")).json()["version"] == 2
    assert (await world.post("/v1/resources/r-1:suspend")).json()["version"] == 2
    assert len(world.sink.facts(ResourceSuspended)) == 1
    assert (await world.get("/v1/resources/r-1")).json()["state"] == "suspended"
    assert (await world.patch("/v1/resources/r-1", {"title": "again"}, If_Match='"2"')).status_code == 200
    assert (await world.get("/v1/resources/r-1")).json()["state"] == "published"


async def test_lists_are_narrowed_and_paged(world: World) -> None:
    for place in range(5):
        world.clock.pass_(minutes=1)
        await world.post("/v1/demands", demand(demand_id=f"d-{place}"))
    await world.post("/v1/demands", demand(demand_id="elsewhere", community="320102002001"))
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await world.get(f"/v1/demands?region=310105&limit=2&cursor={cursor}")).json()
        seen += [row["demand"]["demand_id"] for row in page["rows"]]
        cursor = page["next_cursor"]
    assert seen == ["d-4", "d-3", "d-2", "d-1", "d-0"]
    since = (await world.get("/v1/demands?since=2026-11-21T14:04:00%2B08:00&region=31")).json()["rows"]
    assert [row["demand"]["demand_id"] for row in since] == ["d-4", "d-3"]
    for query in ("category=elder_care", "item=elder_care.hair_cut", "state=open", "party=community:310105001001"):
        assert len((await world.get(f"/v1/demands?{query}")).json()["rows"]) >= 5, query
    assert (await world.get("/v1/demands?category=health")).json()["rows"] == []


async def test_what_is_not_there_is_not_found(world: World) -> None:
    for path in ("/v1/demands/d-9", "/v1/resources/r-9", "/v1/assignments/" + "0" * 32, "/v1/rounds/310105/1"):
        answer = await world.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert (await world.post("/v1/demands/d-9:withdraw")).status_code == 404
    assert (await world.patch("/v1/resources/r-9", {}, If_Match="*")).status_code == 404
