"""Escalation as a client sees it: the list, the levels, a demand's way, rounds of cities and alliances."""

from datetime import timedelta

import pytest

from schemas.base import Fact
from schemas.demands import Demand, Urgency
from schemas.envelope import new_event
from schemas.transfers import Asked, CarriedDemand, DemandEscalated, Escalated, HoldAsked, SeatRef
from tests.apiworld import NOW, World, demand

FROM, CITY, DELTA = "310105", "3101", "delta"


def carried(posted: Demand) -> CarriedDemand:
    return CarriedDemand(
        demand_id=posted.demand_id,
        version=posted.version,
        requester=posted.requester,
        lines=posted.lines,
        community=posted.community,
        window=posted.window,
        duration_minutes=posted.duration_minutes,
        lapses_at=posted.lapses_at,
        urgency=posted.urgency,
        beneficiary=posted.beneficiary,
        posted_at=posted.posted_at,
    )


async def said(world: World, fact: Fact, *, to: str) -> None:
    name = f"{fact.shard}-{fact.round_no}-{fact.number}"  # type: ignore[attr-defined]
    await world.sink.publish([new_event(fact, id=name, source="cobuild/matcher", key=to, time=NOW)])


async def escalated(world: World, demand_id: str, *, seats: int = 1, shard: str = FROM, to: str = CITY) -> None:
    """Let a round of ``shard`` escalate the first seats of a demand."""
    found = Demand.model_validate((await world.get(f"/v1/demands/{demand_id}")).json()["view"]["demand"])
    refs = tuple(SeatRef(line=0, seat=seat) for seat in range(seats))
    passed = Escalated(to=to, demand=carried(found), seats=refs, cause="time", waited_minutes=90)
    at = world.clock.now()
    await said(
        world, DemandEscalated(shard=shard, round_no=len(world.sink.events), number=0, at=at, passed=passed), to=to
    )


async def asked(world: World, demand_id: str, *, resource_id: str, shard: str = CITY, to: str = "310106") -> None:
    """Let ``shard`` ask for a hold for the first seat of a demand."""
    found = Demand.model_validate((await world.get(f"/v1/demands/{demand_id}")).json()["view"]["demand"])
    passed = Asked(
        to=to,
        demand=carried(found),
        seat=SeatRef(line=0, seat=0),
        resource_id=resource_id,
        resource_version=1,
        starts_at=found.window.start,
        value=1,
    )
    at = world.clock.now()
    await said(world, HoldAsked(shard=shard, round_no=len(world.sink.events), number=0, at=at, passed=passed), to=to)


async def test_the_list_says_what_went_up_and_a_demand_its_way(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    await escalated(world, "d-1", seats=2)
    world.clock.pass_(hours=2)
    await asked(world, "d-1", resource_id="r-9")
    [row] = (await world.get("/v1/escalations")).json()["rows"]
    assert (row["from_shard"], row["to_shard"], row["to_level"]) == (FROM, CITY, "city")
    assert (row["demand_id"], row["demand_title"]) == ("d-1", demand()["title"])
    assert (row["cause"], row["waited_minutes"], row["state"]) == ("time", 90, "waiting")
    assert row["lines"] == [{"line": 0, "seats": [0, 1]}]
    detail = (await world.get("/v1/demands/d-1")).json()
    assert [(sit["shard"], sit["level"], sit["seats"]) for sit in detail["view"]["sits_in"]] == [
        ("3101", "3101", 1),
        ("310106", "3101", 1),
    ]
    assert [(step["kind"], step["from_shard"], step["to_shard"]) for step in detail["way"]] == [
        ("escalated", FROM, CITY),
        ("asked", CITY, "310106"),
    ]
    assert [seat["state"] for seat in detail["whereabouts"]] == ["held", "waiting"]
    [listed] = (await world.get("/v1/demands")).json()["rows"]
    assert listed["sits_in"] == detail["view"]["sits_in"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("to=3101", 1),
        ("to=delta", 1),
        ("from=310105", 1),
        ("from=delta", 0),
        ("region=310105001", 2),
        ("region=3102", 0),
        ("category=elder_care", 2),
        ("category=culture", 0),
        ("cause=time", 2),
        ("cause=whistle", 0),
        ("state=waiting", 1),
        ("state=passed_on", 1),
        ("since=2026-11-21T06:00:00Z", 2),
        ("until=2026-11-21T06:00:00Z", 0),
    ],
)
async def test_the_list_narrows(world: World, query: str, count: int) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    await escalated(world, "d-1")
    await escalated(world, "d-1", shard=CITY, to=DELTA)
    assert len((await world.get(f"/v1/escalations?{query}")).json()["rows"]) == count


async def test_the_list_is_paged_and_a_cursor_of_another_list_is_refused(world: World) -> None:
    for name in ("d-1", "d-2", "d-3"):
        await world.post("/v1/demands", demand(demand_id=name))
        await escalated(world, name)
        world.clock.pass_(minutes=1)
    first = (await world.get("/v1/escalations?limit=2")).json()
    rest = (await world.get(f"/v1/escalations?limit=2&cursor={first['next_cursor']}")).json()
    assert [row["demand_id"] for row in [*first["rows"], *rest["rows"]]] == ["d-3", "d-2", "d-1"]
    assert rest["next_cursor"] is None
    other = (await world.get("/v1/demands?limit=1")).json()["next_cursor"]
    refused = await world.get(f"/v1/escalations?cursor={other}")
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize("query", ["to=Delta", "from=31010", "state=lost", "cause=weather", "region=delta"])
async def test_what_cannot_be_narrowed_by_is_refused(world: World, query: str) -> None:
    assert (await world.get(f"/v1/escalations?{query}")).status_code == 422


async def test_levels_say_how_much_waits_and_for_how_long(world: World) -> None:
    for name in ("d-1", "d-2"):
        await world.post("/v1/demands", demand(demand_id=name))
        await escalated(world, name)
        world.clock.pass_(hours=2)
    await escalated(world, "d-1", shard=CITY, to=DELTA)
    found = (await world.get("/v1/escalations/levels")).json()
    told = [(row["shard"], row["level"], row["demands"], row["waiting"], row["held"]) for row in found["levels"]]
    assert told == [("delta", "alliance", 1, [0, 1, 0, 0], 0), ("3101", "city", 1, [0, 1, 0, 0], 0)]
    assert [row["reached"] for row in found["levels"]] == [{"waiting": 1}, {"passed_on": 1, "waiting": 1}]
    assert found["levels"][1]["posted_at"] == (NOW + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    assert (await world.get("/v1/escalations/levels?region=310106")).json()["levels"] == []


async def test_withdrawn_demands_wait_no_more(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1", urgency=Urgency.WHISTLE))
    await escalated(world, "d-1")
    await world.post("/v1/demands/d-1:withdraw")
    [row] = (await world.get("/v1/escalations")).json()["rows"]
    assert row["state"] == "gone"
    [level] = (await world.get("/v1/escalations/levels")).json()["levels"]
    assert (level["waiting"], level["posted_at"], level["reached"]) == ([0, 0, 0, 0], None, {"gone": 1})
