"""Micro-wishes where no round decides by itself: what is claimed, offered, answered and taken back on the lists.

The whole procedure, with rounds that match, is ``tests.stories.wish``.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from schemas.assignments import AssignmentConfirmed
from schemas.base import Fact
from schemas.claims import ClaimDropped, ClaimMade
from schemas.demands import DemandRevised, DemandWithdrawn
from schemas.envelope import Event
from schemas.lives.wish import DemandClaimed
from schemas.resources import ResourceOffered, ResourceWithdrawn
from schemas.responses import AssignmentDeclined, AssignmentDone
from tests.apiworld import COMMUNITY, World, demand, ended, paired, resource
from tests.stories.house import House

HALL = f"community:{COMMUNITY}"
MEMBER = "member:m-7f3a"
UNIT = "unit:91310105MA1FW0008T"
GLASSES = [{"item": "relief.micro_wish_goods", "quantity": 1}]


async def wish(house: House, **said: Any) -> str:
    """Hang a wish on the wall; return where it is."""
    told = {"title": "想要一副老花镜", "community": COMMUNITY, "by": HALL, "micro_wish": True, "lines": GLASSES}
    need = f"/v1/needs/{(await house.post('/v1/needs', told | said))['id']}"
    await house.post(f"{need}:verify", {"by": HALL})
    await house.post(f"{need}:publish", {"by": HALL, "window": demand()["window"]})
    return need


def entry(need: str) -> str:
    return need.rpartition("/")[2]


async def test_who_takes_it_on_claims_it_with_a_resource_that_nobody_else_can_get(world: World, house: House) -> None:
    need = await wish(house)
    await house.post(f"{need}:claim", {"by": MEMBER})
    kinds = [type(event.data) for event in world.sink.events]
    assert kinds[-2:] == [ClaimMade, ResourceOffered], "a round that reads one waits for the other"
    [made], [offered] = world.sink.facts(ClaimMade), world.sink.facts(ResourceOffered)
    assert (made.by, made.demand_id, made.resource_id) == ("provider", entry(need), offered.resource.resource_id)
    assert (offered.resource.provider, offered.resource.admits, offered.resource.capacity) == (MEMBER, (HALL,), 1)
    told = await house.get(need)
    assert (told["beside"]["stage"], told["life"]["claimant"]) == ("claimed", MEMBER)
    assert told["due_at"] == "2026-11-28T06:00:00Z"
    world.clock.pass_(days=8)
    assert [row["id"] for row in (await house.get("/v1/overdue"))["rows"]] == [entry(need)]


async def test_of_two_who_take_it_on_at_once_one_has_it_and_the_other_is_told(world: World, house: House) -> None:
    need = await wish(house)
    both = await asyncio.gather(*(world.post(f"{need}:claim", {"by": who}) for who in (MEMBER, UNIT)))
    assert sorted(answer.status_code for answer in both) == [200, 409]
    [late] = [answer.json() for answer in both if answer.status_code == 409]
    assert (late["code"], late["state"]) == ("not_possible_now", "claimed")
    assert len(world.sink.facts(ClaimMade)) == 1


async def test_what_a_round_has_promised_already_cannot_be_taken_on(world: World, house: House) -> None:
    need = await wish(house)
    offered = (await world.post("/v1/resources", resource())).json()["id"]
    await paired(world, entry(need), offered)
    assert (await house.refused(f"{need}:claim", {"by": MEMBER}))["code"] == "already_held"


async def test_a_round_that_comes_between_has_it_and_the_wish_is_on_the_wall_again(
    world: World, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the step and its claim a round gives the wish to what is on the list."""
    need, publish = await wish(house), world.sink.publish
    offered = (await world.post("/v1/resources", resource())).json()["id"]

    async def and_then_a_round(events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        placed = await publish(events)
        if isinstance(events[0].data, DemandClaimed):
            await paired(world, entry(need), offered)
        return placed

    monkeypatch.setattr(world.sink, "publish", and_then_a_round)
    late = await house.refused(f"{need}:claim", {"by": MEMBER}, Idempotency_Key="late-1")
    assert (late["status"], late["code"]) == (409, "already_held")
    assert world.sink.facts(ClaimMade) == world.sink.facts(ResourceOffered)[1:] == []
    told = await house.get(need)
    assert (told["life"]["state"], told["life"]["claimant"]) == ("published", None)
    assert [step["action"] for step in told["history"]][-2:] == ["claim", "release"]
    assert (await house.refused(f"{need}:claim", {"by": UNIT}))["code"] == "already_held"


async def test_only_a_wish_is_taken_on_whole_and_only_with_what_is_ones_own(world: World, house: House) -> None:
    need = await wish(house, micro_wish=False)
    assert (await house.refused(f"{need}:claim", {"by": MEMBER}))["code"] == "not_possible_now"
    need = await wish(house)
    theirs = (await world.post("/v1/resources", resource())).json()["id"]
    assert (await house.refused(f"{need}:claim", {"by": UNIT, "resource": theirs}))["code"] == "not_yours"
    assert (await house.refused(f"{need}:claim", {"by": UNIT, "resource": "r-none"}))["code"] == "not_found"
    await house.post(f"{need}:claim", {"by": MEMBER, "resource": theirs})
    [made] = world.sink.facts(ClaimMade)
    assert made.resource_id == theirs


async def test_what_came_true_is_answered_as_done(world: World, house: House) -> None:
    need = await wish(house)
    await house.post(f"{need}:claim", {"by": MEMBER})
    [made] = world.sink.facts(ClaimMade)
    found = await paired(world, entry(need), made.resource_id, auto_accepted=True)
    await ended(world, found, AssignmentConfirmed, "auto_accepted")
    await house.post(f"{need}:realise", {"by": MEMBER}, Idempotency_Key="true-1")
    await house.post(f"{need}:realise", {"by": MEMBER}, Idempotency_Key="true-1")
    assert [fact.assignment_id for fact in world.sink.facts(AssignmentDone)] == [found]
    await house.post(f"{need}:confirm", {"by": HALL, "satisfaction": 5})
    await house.post(f"{need}:close", {"by": HALL})
    assert world.sink.facts(DemandWithdrawn) == [], "a round that is still to say so finds it on the list"


async def test_what_came_true_before_any_round_leaves_the_wall(world: World, house: House) -> None:
    need = await wish(house)
    await house.post(f"{need}:claim", {"by": MEMBER})
    await house.post(f"{need}:realise", {"by": HALL})
    [gone], [unmade] = world.sink.facts(DemandWithdrawn), world.sink.facts(ResourceWithdrawn)
    assert (gone.demand_id, unmade.resource_id) == (entry(need), f"{entry(need)}.r1")
    await house.post(f"{need}:confirm", {"by": HALL})
    assert (await house.get(need))["life"]["outcome"] == "solved"


async def test_who_realised_a_wish_does_not_thank_himself(house: House) -> None:
    need = await wish(house, requester=MEMBER)
    await house.post(f"{need}:claim", {"by": MEMBER})
    await house.post(f"{need}:realise", {"by": MEMBER})
    assert (await house.refused(f"{need}:confirm", {"by": MEMBER, "satisfaction": 5}))["code"] == "not_yours"
    await house.post(f"{need}:confirm", {"by": HALL})


async def test_who_gives_it_back_takes_everything_back(world: World, house: House) -> None:
    need = await wish(house)
    await house.post(f"{need}:claim", {"by": MEMBER})
    await house.post(f"{need}:release", {"by": MEMBER, "reason": "出差"})
    assert [fact.claim_id for fact in world.sink.facts(ClaimDropped)] == [f"{entry(need)}.c1"]
    assert [fact.resource_id for fact in world.sink.facts(ResourceWithdrawn)] == [f"{entry(need)}.r1"]
    assert (await house.get(need))["beside"]["stage"] == "published"

    own = (await world.post("/v1/resources", resource())).json()["id"]
    await house.post(f"{need}:claim", {"by": MEMBER, "resource": own})
    found = await paired(world, entry(need), own)
    await house.post(f"{need}:release", {"by": MEMBER, "reason": "又出差"})
    assert [fact.assignment_id for fact in world.sink.facts(AssignmentDeclined)] == [found]
    assert len(world.sink.facts(ResourceWithdrawn)) == 1, "what is on the list for others, too, stays there"


async def test_what_nobody_takes_goes_up_to_units_and_is_urgent(world: World, house: House) -> None:
    need = await wish(house)
    await house.post(f"{need}:raise", {"by": HALL, "to": [UNIT]})
    assert [row["life"]["id"] for row in (await house.get("/v1/needs", party=UNIT))["rows"]] == [entry(need)]
    assert [fact.demand.urgency for fact in world.sink.facts(DemandRevised)] == ["urgent"]
    await house.post(f"{need}:raise", {"by": HALL, "to": [UNIT, "office:310105001000"]})
    assert (await house.get(need))["life"]["raised_to"] == [UNIT, "office:310105001000"]
    assert len(world.sink.facts(DemandRevised)) == 1


async def test_a_wish_that_is_cancelled_frees_who_took_it_on(world: World, house: House) -> None:
    need = await wish(house)
    await house.post(f"{need}:claim", {"by": UNIT})
    await house.post(f"{need}:cancel", {"by": HALL, "reason": "家人买了"})
    [gone], [unmade] = world.sink.facts(DemandWithdrawn), world.sink.facts(ResourceWithdrawn)
    assert (gone.demand_id, unmade.resource_id) == (entry(need), f"{entry(need)}.r1")
