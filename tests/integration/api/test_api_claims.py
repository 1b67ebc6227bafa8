"""Claims over HTTP: made by either side, taken back, refused where they cannot be, told with their outcome."""

from collections.abc import Mapping
from typing import Any

import pytest

from matcher.round.decide import decide
from matcher.round.publication import events_of
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.claims import ClaimDropped, ClaimMade
from schemas.envelope import new_event
from schemas.policy import Policy
from schemas.refusals import Refused
from tests.apiworld import World, demand, resource

LATER = {"start": "2026-11-25T09:00:00+08:00", "end": "2026-11-25T12:00:00+08:00"}
PAPERS = {"qualifications": ["vetted_home_visit"]}


async def lists(world: World) -> None:
    """Put two demands and a resource on the lists."""
    for name in ("d-1", "d-2"):
        await world.post("/v1/demands", demand(demand_id=name, lines=[{"item": "elder_care.hair_cut", "quantity": 1}]))
    await world.post("/v1/resources", resource(resource_id="r-1", **PAPERS))


async def decided(world: World) -> None:
    """Let the matcher read the log, hold a round, and publish it."""
    state = ShardState("310105", world.sink.model._catalogue)
    for event in world.sink.events:
        try:
            state.fold(event, topic=event.topic.name, offset=state.offsets.get(event.topic.name, 0))
        except Refused:
            continue
    record = decide(freeze(state), now=world.clock.now(), policy=Policy(), cause="interval", inputs=())
    name = f"round-{record.round_no}"
    told = new_event(record, id=name, source="tests", key="310105", time=record.decided_at)
    await world.sink.publish([told, *events_of(record)])


async def claim(world: World, path: str, body: Mapping[str, Any]) -> str:
    answer = await world.post(f"/v1/{path}:claim", dict(body))
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "open"
    assert answer.headers["location"] == f"/v1/claims/{answer.json()['claim_id']}"
    return str(answer.json()["claim_id"])


async def test_a_provider_claims_a_demand_and_a_requester_a_resource(world: World) -> None:
    await lists(world)
    first = await claim(world, "demands/d-1", {"resource_id": "r-1"})
    second = await claim(world, "resources/r-1", {"demand_id": "d-2", "line": 0})
    made = world.sink.facts(ClaimMade)
    assert [(fact.claim_id, fact.by, fact.demand_id, fact.line, fact.resource_id, fact.shard) for fact in made] == [
        (first, "provider", "d-1", 0, "r-1", "310105"),
        (second, "requester", "d-2", 0, "r-1", "310105"),
    ]
    rows = (await world.get("/v1/claims?resource_id=r-1")).json()["rows"]
    assert {row["claim_id"]: row["state"] for row in rows} == {first: "open", second: "open"}
    assert [row["claim_id"] for row in (await world.get("/v1/claims?demand_id=d-2")).json()["rows"]] == [second]


async def test_the_first_is_honoured_and_the_other_side_is_told_why_it_was_not(world: World) -> None:
    await lists(world)
    late, early = await claim(world, "demands/d-2", {"resource_id": "r-1"}), ""
    early = await claim(world, "resources/r-1", {"demand_id": "d-1"})
    await decided(world)
    told = {row["claim_id"]: row for row in (await world.get("/v1/claims?region=310105")).json()["rows"]}
    assert told[late]["state"] == "honoured"
    assert (told[early]["state"], told[early]["round_no"]) == ("claimed_before", 1)
    english = (await world.get(f"/v1/claims/{early}", Accept_Language="en")).json()
    assert english["text"] == "Somebody else claimed it before."
    assert english["messages"]["zh"] == "已有人先认领。"
    (assignment,) = (await world.get("/v1/assignments")).json()["rows"]
    assert (assignment["demand_id"], assignment["state"]) == ("d-2", "confirmed")
    why = (await world.get(f"/v1/assignments/{assignment['assignment_id']}/why", Accept_Language="en")).json()
    assert "claimed by hand +5,000" in why["text"]
    reasons = (await world.get("/v1/demands/d-1/why", Accept_Language="en")).json()
    assert [said["text"] for said in reasons["claims"]] == ["Somebody else claimed it before."]


async def test_a_rule_that_fails_is_named_in_the_sentence(world: World) -> None:
    await lists(world)
    await world.post("/v1/resources", resource(resource_id="r-2"))
    name = await claim(world, "demands/d-1", {"resource_id": "r-2"})
    await decided(world)
    found = (await world.get(f"/v1/claims/{name}", Accept_Language="en")).json()
    assert (found["claim"]["state"], found["claim"]["rule"]) == ("not_allowed", "gate")
    assert found["text"] == "The claim was not allowed: qualification missing."


async def test_a_claim_is_taken_back_once_and_not_after_a_round_settled_it(world: World) -> None:
    await lists(world)
    first = await claim(world, "demands/d-1", {"resource_id": "r-1"})
    back = await world.post(f"/v1/claims/{first}:withdraw")
    again = await world.post(f"/v1/claims/{first}:withdraw")
    assert (back.status_code, again.status_code) == (200, 200)
    assert (back.json()["state"], again.json()["position"]) == ("dropped", None)
    assert len(world.sink.facts(ClaimDropped)) == 1
    second = await claim(world, "demands/d-1", {"resource_id": "r-1"})
    await decided(world)
    assert (await world.get(f"/v1/claims/{first}")).json()["claim"]["state"] == "dropped"
    refused = await world.post(f"/v1/claims/{second}:withdraw")
    assert (refused.status_code, refused.json()["code"], refused.json()["state"]) == (409, "not_answerable", "honoured")
    assert (await world.post("/v1/claims/nobody:withdraw")).status_code == 404


async def test_the_same_key_makes_one_claim(world: World) -> None:
    await lists(world)
    answers = [await world.post("/v1/demands/d-1:claim", {"resource_id": "r-1"}, Idempotency_Key="k") for _ in "ab"]
    assert answers[0].json() == answers[1].json()
    assert len(world.sink.facts(ClaimMade)) == 1


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("demands/d-9", {"resource_id": "r-1"}, 404, "not_found"),
        ("demands/d-1", {"resource_id": "r-9"}, 404, "not_found"),
        ("demands/d-1", {"resource_id": "r-1", "line": 1}, 422, "invalid_value"),
        ("demands/d-1", {"resource_id": "r-1", "line": -1}, 422, "invalid_value"),
        ("demands/d-1", {}, 422, "invalid_value"),
        ("demands/d-1", {"resource_id": "r-1", "who": "me"}, 422, "invalid_value"),
        ("resources/r-far", {"demand_id": "d-1"}, 422, "other_shard"),
        ("resources/r-gone", {"demand_id": "d-1"}, 409, "already_withdrawn"),
        ("demands/d-gone", {"resource_id": "r-1"}, 409, "already_withdrawn"),
    ],
)
async def test_what_cannot_be_claimed_is_refused_at_once(
    world: World, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    await lists(world)
    await world.post("/v1/resources", resource(resource_id="r-far", home="310106001001"))
    await world.post("/v1/resources", resource(resource_id="r-gone"))
    await world.post("/v1/resources/r-gone:withdraw")
    await world.post("/v1/demands", demand(demand_id="d-gone"))
    await world.post("/v1/demands/d-gone:withdraw")
    refused = await world.post(f"/v1/{path}:claim", body)
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert not world.sink.facts(ClaimMade)
