"""A whistle through HTTP alone: who is called comes, or the district is; it is handled, scored and closed."""

import asyncio

import pytest

from schemas.demands import DemandWhistled
from tests.apiworld import COMMUNITY, World, demand
from tests.stories.house import House

STREET = "office:310105001000"
DISTRICT = "office:310105000000"
WATER = "unit:91310105MA1FW0008T"
POWER = "unit:52310105MJ47000120"


async def blown(house: House, **said: object) -> str:
    """Whistle for water within half an hour and power within two; return where it is."""
    called = [{"party": WATER, "minutes": 30}, {"party": POWER, "minutes": 120}]
    whistle = {"title": "水管爆裂", "community": COMMUNITY, "by": STREET, "called": called}
    return f"/v1/whistles/{(await house.post('/v1/whistles', whistle | said))['id']}"


async def scored(house: House, whistle: str, **scores: int) -> None:
    for party, score in ((WATER, scores["water"]), (POWER, scores["power"])):
        await house.post(f"{whistle}:score", {"by": STREET, "party": party, "score": score})
    await house.post(f"{whistle}:close", {"by": STREET})


async def test_both_come_handle_it_together_and_are_scored(world: World, house: House) -> None:
    whistle = await blown(house)
    assert (await house.get(whistle))["due_at"] == "2026-11-21T06:30:00Z"
    await house.post(f"{whistle}:answer", {"by": WATER, "answer": "已出发"})
    world.clock.pass_(minutes=20)
    await house.post(f"{whistle}:arrive", {"by": WATER})
    assert (await house.get(whistle))["due_at"] == "2026-11-21T08:00:00Z", "the other clock runs on"
    world.clock.pass_(minutes=40)
    await house.post(f"{whistle}:arrive", {"by": POWER})
    await house.post(f"{whistle}:note", {"by": POWER, "note": "先断电，再换管。"})
    world.clock.pass_(minutes=90)
    await house.post(f"{whistle}:handle", {"by": STREET, "outcome": "已换管"})
    unscored = await house.refused(f"{whistle}:close", {"by": STREET})
    assert (unscored["code"], unscored["detail"]) == ("not_possible_now", "every response is to be scored")
    await scored(house, whistle, water=5, power=4)

    told = await house.get(whistle)
    assert told["life"]["state"] == "closed"
    assert [(each["party"], each["score"]) for each in told["life"]["responses"]] == [(WATER, 5), (POWER, 4)]
    stages = [(each["stage"], each["seconds"]) for each in told["beside"]["stages"]]
    assert stages == [("blown", 20 * 60), ("handling", 130 * 60), ("handled", 0), ("closed", 0)]
    arrivals = [(each["seconds"], each["late"]) for each in told["beside"]["arrivals"]]
    assert arrivals == [(20 * 60, False), (60 * 60, False)]


async def test_when_nobody_comes_in_time_it_is_overdue_and_the_district_is_called(world: World, house: House) -> None:
    whistle = await blown(house)
    early = await house.refused(f"{whistle}:escalate", {"by": STREET, "to": DISTRICT})
    assert early["code"] == "too_early"
    world.clock.pass_(minutes=31)
    assert [row["title"] for row in (await house.get("/v1/overdue", region="310105001"))["rows"]] == ["水管爆裂"]
    await house.post(f"{whistle}:escalate", {"by": STREET, "to": DISTRICT, "minutes": 15})
    told = await house.get(whistle)
    assert (told["life"]["state"], told["due_at"]) == ("escalated", "2026-11-21T06:46:00Z")
    assert (await house.get("/v1/whistles", party=DISTRICT))["rows"], "it is on the district's list"
    await house.post(f"{whistle}:arrive", {"by": DISTRICT})
    world.clock.pass_(minutes=60)
    [water, power, district] = (await house.get(whistle))["beside"]["arrivals"]
    assert (water["arrived"], water["late"]) == (False, True)
    assert (power["arrived"], power["late"]) == (False, True)
    assert (district["arrived"], district["late"]) == (True, False)


async def test_its_demand_jumps_the_queue_once(world: World, house: House) -> None:
    await house.post("/v1/demands", demand(demand_id="d-1"))
    await blown(house, about="d-1")
    await blown(house, about="d-1")
    [whistled] = world.sink.facts(DemandWhistled)
    assert (whistled.demand_id, whistled.version) == ("d-1", 2)
    assert (await house.get("/v1/demands/d-1"))["view"]["demand"]["urgency"] == "whistle"
    nowhere = {"title": "x", "community": COMMUNITY, "by": STREET, "called": [{"party": WATER}], "about": "d-2"}
    assert (await house.refused("/v1/whistles", nowhere))["code"] == "not_found"
    await house.post("/v1/demands/d-1:withdraw")
    assert (await house.refused("/v1/whistles", nowhere | {"about": "d-1"}))["code"] == "already_withdrawn"


async def test_only_who_was_called_arrives_and_once(house: House) -> None:
    whistle = await blown(house, called=[{"party": WATER}, {"party": WATER, "minutes": 5}])
    assert [each["due"] for each in (await house.get(whistle))["life"]["responses"]] == ["2026-11-21T07:00:00Z"]
    assert (await house.refused(f"{whistle}:arrive", {"by": POWER}))["code"] == "not_yours"
    await house.post(f"{whistle}:call", {"by": STREET, "party": POWER})
    assert (await house.refused(f"{whistle}:call", {"by": STREET, "party": POWER}))["code"] == "not_possible_now"
    await house.post(f"{whistle}:arrive", {"by": POWER})
    again = await house.refused(f"{whistle}:arrive", {"by": POWER})
    assert (again["code"], again["state"]) == ("not_possible_now", "handling")


async def test_of_two_outcomes_at_once_one_stands_and_the_other_is_told(world: World, house: House) -> None:
    whistle = await blown(house)
    both = await asyncio.gather(
        world.post(f"{whistle}:arrive", {"by": WATER}, If_Match='"1"'),
        world.post(f"{whistle}:cancel", {"by": STREET, "reason": "已自行修好"}, If_Match='"1"'),
    )
    assert sorted(answer.status_code for answer in both) == [200, 412]


async def test_times_are_summed_by_region_and_nobody_is_ranked(world: World, house: House) -> None:
    for minutes in (10, 30):
        whistle = await blown(house)
        world.clock.pass_(minutes=minutes)
        await house.post(f"{whistle}:arrive", {"by": WATER})
    await blown(house, community="310101002001", by="office:310101002000")
    times = await house.get("/v1/whistles:times", region="310105")
    assert times["states"] == [{"state": "blown", "left": 2, "mean_s": 20 * 60, "longest_s": 30 * 60}]
    assert (await house.get("/v1/whistles:times", region="310101"))["states"] == []

    own = await house.get("/v1/whistles:own", party=WATER)
    assert own == {"party": WATER, "called": 3, "arrived": 2, "in_time": 2, "arrival_s": 20 * 60, "score": None}
    assert (await house.get("/v1/whistles:own", party=WATER, region="310105"))["called"] == 2


@pytest.mark.parametrize("score", [0, 6])
async def test_a_score_is_from_one_to_five(house: House, score: int) -> None:
    whistle = await blown(house)
    answer = await house.refused(f"{whistle}:score", {"by": STREET, "party": WATER, "score": score})
    assert answer["code"] == "invalid_value"
