"""Emergency mode 战时, told over HTTP: declared for a region, served at home, one order for every community."""

from typing import Any

import pytest

from matcher.round.decide import decide
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.demands import DemandPosted
from schemas.enrolment import EnrolmentKind, MemberClass, MemberEnrolled
from schemas.envelope import new_event
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.resources import ResourceOffered
from tests.apiworld import CATALOGUE, NOW, World
from tests.integration.stories.words import begins, goes, is_refused, now, rows

HERE, THERE, FAR = "310105001001", "310105001002", "310104003001"
STREET, DISTRICT = "office:310105001000", "office:310105000000"
ORDER: dict[str, Any] = {
    "by": STREET,
    "community": "310105001000",
    "title": "台风期间临时救助",
    "item": "relief.temp_relief",
    "quantity": 3,
    "window": {"start": "2026-11-22T08:00:00+08:00", "end": "2026-11-22T20:00:00+08:00"},
    "duration_minutes": 240,
}


async def enrolled(world: World, name: str, kind: str, community: str, **changes: Any) -> None:
    said = {"member_class": "in_service", "kind": kind, "community": community, "member_ref": name} | changes
    await begins(world, "/v1/members", **said, home_unit="unit:91310105MA1FW0008T")


async def emergency(world: World, by: str = DISTRICT, region: str = "310105000000", **said: Any) -> str:
    return await begins(world, "/v1/modes", by=by, community=region, reason="台风橙色预警", **said)


async def mode_in(world: World, region: str) -> str:
    mode: str = (await world.get(f"/v1/modes:current?region={region}")).json()["mode"]
    return mode


async def serving(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = (await world.get(f"/v1/members/{name}/serving")).json()
    return found


async def test_an_emergency_covers_what_lies_below_until_it_is_lifted_or_its_day_has_come(world: World) -> None:
    at = await emergency(world, due="2026-11-23T00:00:00Z")
    assert [await mode_in(world, region) for region in (HERE, "310105", FAR, "3101")] == [
        "emergency", "emergency", "peacetime", "peacetime",
    ]  # fmt: skip
    again = await is_refused(world, "/v1/modes", by=DISTRICT, community="310105000000", reason="再次")
    assert again["code"] == "already_held"
    narrower = await emergency(world, by=STREET, region="310105001000")
    found = (await world.get(f"/v1/modes:current?region={HERE}")).json()
    assert (found["declared_for"], found["mode_id"]) == ("310105001", narrower.rpartition("/")[2])
    await goes(world, narrower, "lift", by=STREET)
    world.clock.pass_(days=2)
    assert await mode_in(world, HERE) == "peacetime", "its day has come"
    await goes(world, at, "extend", by=DISTRICT, due="2026-12-01T00:00:00Z")
    assert await mode_in(world, HERE) == "emergency"
    await goes(world, at, "lift", by=DISTRICT, reason="预警解除")
    assert await mode_in(world, HERE) == "peacetime"


async def test_only_an_office_that_stands_above_may_declare_or_lift(world: World) -> None:
    said = {"community": "310105000000", "reason": "演练"}
    for by in (STREET, "office:310104000000", f"community:{HERE}"):
        assert (await is_refused(world, "/v1/modes", by=by, **said))["code"] == "not_yours"
    at = await emergency(world)
    assert (await is_refused(world, f"{at}:lift", by=STREET))["code"] == "not_yours"


async def test_a_member_serves_at_work_in_peacetime_and_at_home_in_an_emergency(world: World) -> None:
    await enrolled(world, "a", "unit_link", FAR)
    await enrolled(world, "a", "residence", HERE)
    peace = await serving(world, "a")
    assert (peace["mode"], peace["community"]) == ("peacetime", FAR)
    await emergency(world)
    war = await serving(world, "a")
    assert (war["mode"], war["kind"], war["community"]) == ("emergency", "residence", HERE)
    assert war["home_unit"] == peace["home_unit"] == "unit:91310105MA1FW0008T"
    assert (await world.get("/v1/members/nobody/serving")).status_code == 404


async def test_one_order_calls_up_who_lives_there_first(world: World) -> None:
    for number in range(4):
        await enrolled(world, f"home-{number}", "residence", HERE)
    await enrolled(world, "work-1", "unit_link", HERE)
    await enrolled(world, "work-2", "unit_link", THERE)
    await enrolled(world, "home-0", "unit_link", THERE)
    assert (await is_refused(world, "/v1/dispatches", **ORDER))["code"] == "not_in_emergency"
    await emergency(world)
    at = await begins(world, "/v1/dispatches", **ORDER)
    demands = await rows(world, "/v1/demands?region=310105001")
    assert {(row["demand"]["community"], row["demand"]["urgency"], row["asked"]) for row in demands} == {
        (HERE, "emergency", 3), (THERE, "emergency", 3),
    }  # fmt: skip
    called = {row["resource"]["provider"]: row["resource"] for row in await rows(world, "/v1/resources")}
    assert called.keys() == {"member:work-2", *(f"member:home-{number}" for number in range(4))}
    assert called["member:home-0"]["home"] == HERE, "once, and at home"
    progress = (await world.get(f"{at}/progress")).json()
    assert (progress["communities"], progress["posted"], progress["asked"], progress["called_up"]) == (2, 2, 6, 5)
    assert [row["called_up"] for row in progress["rows"]] == [None, None], "small numbers of people are not shown"

    await goes(world, at, "stand_down", by=STREET, reason="台风转向")
    assert {row["state"] for row in await rows(world, "/v1/demands")} == {"withdrawn"}
    assert {row["state"] for row in await rows(world, "/v1/resources")} == {"withdrawn"}
    assert (await now(world, at))["life"]["state"] == "stood_down"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"by": "office:310104000000"}, "not_yours"),
        ({"item": "no.thing"}, "unknown_item"),
        ({"duration_minutes": 1440}, "impossible_window"),
        ({"window": {"start": "2026-11-20T08:00:00+08:00", "end": "2026-11-20T20:00:00+08:00"}}, "window_passed"),
        ({"community": "310105009000"}, "invalid_value"),
    ],
)
async def test_an_order_that_cannot_be_is_refused(world: World, said: dict[str, Any], code: str) -> None:
    await enrolled(world, "a", "residence", HERE)
    await emergency(world)
    assert (await is_refused(world, "/v1/dispatches", **ORDER | said))["code"] == code
    assert world.sink.facts(DemandPosted) == []


async def test_five_hundred_of_one_community_are_called_in_one_order_and_the_next_round_matches_them(
    world: World,
) -> None:
    at = await _called(world, members=600, quantity=500)
    posted, offered = world.sink.facts(DemandPosted), world.sink.facts(ResourceOffered)
    assert (len(posted), len(offered)) == (1, 600)
    state = ShardState("310105", CATALOGUE)
    for event in world.sink.events:
        if event.topic.name != "cobuild.projects.v1":
            state.fold(event, topic=event.topic.name, offset=state.offsets.get(event.topic.name, 0))
    decided = decide(freeze(state), now=world.clock.now(), policy=Policy(), cause="interval", inputs=())
    assert len(decided.proposals) == 500
    assert (await world.get(f"{at}/progress")).json()["rows"][0]["called_up"] == 600


async def test_an_order_that_broke_off_goes_on_where_it_stopped(world: World) -> None:
    publish, calls = world.sink.publish, []

    async def breaks(events: Any) -> Any:
        calls.append(len(events))
        if len(calls) == 4:  # the order, its demand, 500 resources, the rest
            raise Refused("unavailable", "the log is away")
        return await publish(events)

    await _prepared(world, members=600)
    world.sink.publish = breaks  # type: ignore[method-assign]
    order = ORDER | {"quantity": 500}
    assert (await world.post("/v1/dispatches", order, Idempotency_Key="k")).status_code == 503
    half = len(world.sink.facts(ResourceOffered))
    assert 0 < half < 600
    world.sink.publish = publish  # type: ignore[method-assign]
    assert (await world.post("/v1/dispatches", order, Idempotency_Key="k")).status_code == 201
    offered = [fact.resource.resource_id for fact in world.sink.facts(ResourceOffered)]
    assert len(offered) == len(set(offered)) == 600, "nobody is called twice"


async def _prepared(world: World, *, members: int) -> None:
    """Let members report, without a request for each, and declare an emergency."""
    entries = [
        MemberEnrolled(
            member_ref=f"m-{number}",
            member_class=MemberClass.RETIRED,
            kind=EnrolmentKind.RESIDENCE,
            community=HERE,
            enrolled_at=NOW,
        )
        for number in range(members)
    ]
    await world.sink.publish(
        [new_event(fact, id=fact.member_ref, source="tests", key="310105", time=NOW) for fact in entries]
    )
    await emergency(world)


async def _called(world: World, *, members: int, quantity: int) -> str:
    await _prepared(world, members=members)
    return await begins(world, "/v1/dispatches", **ORDER | {"quantity": quantity})
