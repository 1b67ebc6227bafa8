"""Assignments: read, answered, explained."""

import asyncio

import pytest

from schemas.assignments import AssignmentConfirmed, AssignmentExpired, AssignmentFulfilled, AssignmentRevoked
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.why import DemandWhy, LineWhy
from tests.apiworld import NOW, World, demand, ended, matched


async def test_a_proposal_is_listed_for_both_sides(world: World) -> None:
    assignment_id = await matched(world)
    for query in ("party=member:m-7f3a", "party=community:310105001001", "state=proposed", "region=310105"):
        rows = (await world.get(f"/v1/assignments?{query}")).json()["rows"]
        assert [row["assignment_id"] for row in rows] == [assignment_id], query
    found = (await world.get(f"/v1/assignments/{assignment_id}")).json()
    assert (found["state"], found["demand_title"], found["value"]) == ("proposed", demand()["title"], 4000)


async def test_a_yes_is_taken_once(world: World) -> None:
    assignment_id = await matched(world)
    first = await world.post(f"/v1/assignments/{assignment_id}:accept")
    again = await world.post(f"/v1/assignments/{assignment_id}:accept")
    assert (first.status_code, again.status_code) == (202, 200)
    (said,) = world.sink.facts(AssignmentAccepted)
    assert (said.assignment_id, said.shard, said.by) == (assignment_id, "310105", "provider")
    read = await world.get(f"/v1/assignments/{assignment_id}", Cobuild_At_Least=first.headers["cobuild-position"])
    assert read.json()["state"] == "accepted"


async def test_of_many_answers_at_once_one_is_taken(world: World) -> None:
    assignment_id = await matched(world)
    answers = await asyncio.gather(
        *(world.post(f"/v1/assignments/{assignment_id}:{word}") for word in ["accept"] * 5 + ["decline"] * 5)
    )
    assert [answer.status_code for answer in answers].count(202) == len(world.sink.facts(AssignmentAccepted)) + len(
        world.sink.facts(AssignmentDeclined)
    )
    assert len(world.sink.facts(AssignmentAccepted)) <= 1
    assert len(world.sink.facts(AssignmentDeclined)) == 1


async def test_a_no_may_give_a_reason_and_ends_the_talk(world: World) -> None:
    assignment_id = await matched(world)
    said = await world.post(f"/v1/assignments/{assignment_id}:decline", {"by": "requester", "reason": "已找到人"})
    assert said.status_code == 202
    assert [(fact.by, fact.reason) for fact in world.sink.facts(AssignmentDeclined)] == [("requester", "已找到人")]
    assert (await world.post(f"/v1/assignments/{assignment_id}:decline")).status_code == 200
    for word in ("accept", "done", "no-show"):
        refused = await world.post(f"/v1/assignments/{assignment_id}:{word}")
        assert (refused.status_code, refused.json()["code"]) == (409, "not_answerable")


@pytest.mark.parametrize(("word", "kind"), [("done", AssignmentDone), ("no-show", AssignmentNoShow)])
async def test_what_was_confirmed_can_be_done_or_missed(world: World, word: str, kind: type) -> None:
    assignment_id = await matched(world)
    early = await world.post(f"/v1/assignments/{assignment_id}:{word}")
    assert (early.status_code, early.json()["state"]) == (409, "proposed")
    await world.post(f"/v1/assignments/{assignment_id}:accept")
    await ended(world, assignment_id, AssignmentConfirmed, "accepted")
    assert (await world.post(f"/v1/assignments/{assignment_id}:accept")).status_code == 200
    assert (await world.post(f"/v1/assignments/{assignment_id}:{word}")).status_code == 202
    assert len(world.sink.facts(kind)) == 1
    assert (await world.post(f"/v1/assignments/{assignment_id}:decline")).json()["code"] == "not_answerable"


async def test_what_was_accepted_beforehand_needs_no_yes(world: World) -> None:
    assignment_id = await matched(world, auto_accepted=True)
    await ended(world, assignment_id, AssignmentConfirmed, "auto_accepted", round_no=1)
    assert (await world.post(f"/v1/assignments/{assignment_id}:accept")).status_code == 200
    assert world.sink.facts(AssignmentAccepted) == []
    assert (await world.post(f"/v1/assignments/{assignment_id}:done")).status_code == 202


@pytest.mark.parametrize(
    ("ending", "reason", "state"),
    [
        (AssignmentExpired, "no_answer", "expired"),
        (AssignmentRevoked, "demand_gone", "revoked"),
        (AssignmentFulfilled, "done", "fulfilled"),
    ],
)
async def test_what_is_over_takes_no_answer(world: World, ending: type, reason: str, state: str) -> None:
    assignment_id = await matched(world)
    await ended(world, assignment_id, ending, reason)
    refused = await world.post(f"/v1/assignments/{assignment_id}:accept")
    assert (refused.status_code, refused.json()["code"], refused.json()["state"]) == (409, "not_answerable", state)


async def test_an_answer_holds_no_phone_number(world: World) -> None:
    assignment_id = await matched(world)
    refused = await world.post(f"/v1/assignments/{assignment_id}:decline", {"reason": "打 13912345678"})
    assert (refused.status_code, refused.json()["code"]) == (422, "personal_data")


async def test_a_pair_is_explained_for_machines_and_for_people(world: World) -> None:
    assignment_id = await matched(world)
    zh = (await world.get(f"/v1/assignments/{assignment_id}/why", Accept_Language="zh-CN")).json()
    en = (await world.get(f"/v1/assignments/{assignment_id}/why", Accept_Language="en")).json()
    assert zh["why"]["assignment"]["terms"] == {"service": 2000, "nearness": 1500, "fit": 500}
    assert (zh["why"]["line_price"], zh["why"]["resource_price"]) == (3000, 1000)
    assert zh["text"] == zh["messages"]["zh"]
    for part in ("周末上门理发", "给楼里的老人理发", "4,000", "距离 +1,500", "300", "最优"):
        assert part in zh["text"]
    assert en["text"] == en["messages"]["en"]
    for part in ("nearness +1,500", "300 points ahead", "best possible", "waiting for an answer"):
        assert part in en["text"]


async def test_a_round_without_proof_is_not_called_the_best(world: World) -> None:
    assignment_id = await matched(world, holds=False)
    told = (await world.get(f"/v1/assignments/{assignment_id}/why", Accept_Language="en")).json()["text"]
    assert "could not be proven" in told


async def test_a_demand_is_explained_line_by_line(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    line = LineWhy(
        line=0, item="elder_care.hair_cut", asked=2, filled=0, verdict="no_candidate", considered=7,
        failing={"scope": 4, "window": 3}, eligible=0,
    )  # fmt: skip
    world.explainer.reasons["d-1"] = DemandWhy(demand_id="d-1", shard="310105", round_no=3, at=NOW, lines=(line,))
    zh = (await world.get("/v1/demands/d-1/why")).json()
    en = (await world.get("/v1/demands/d-1/why", Accept_Language="en")).json()
    assert zh["why"]["lines"][0]["failing"] == {"scope": 4, "window": 3}
    assert zh["lines"][0]["text"] == "“上门理发”（0/2）：同类资源 7 项，都不符合：4 项不服务该地、3 项时间不合。"
    assert "7 resources of the category, none of which will do (place not served: 4, no time then: 3)" in en["text"]


async def test_a_demand_that_no_shard_holds_is_explained_from_the_lists(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    assert "next round" in (await world.get("/v1/demands/d-1/why", Accept_Language="en")).json()["text"]
    await world.post("/v1/demands/d-1:withdraw")
    told = (await world.get("/v1/demands/d-1/why", Accept_Language="en")).json()
    assert (told["why"]["lines"][0]["verdict"], "withdrawn" in told["text"]) == ("withdrawn", True)
    assert (await world.get("/v1/demands/d-2/why")).status_code == 404


async def test_rounds_are_listed_and_shown_whole(world: World) -> None:
    await matched(world)
    (row,) = (await world.get("/v1/rounds?region=310105")).json()["rows"]
    assert (row["shard"], row["round_no"], row["proposals"], row["holds"]) == ("310105", 1, 1, True)
    whole = (await world.get("/v1/rounds/310105/1")).json()
    assert whole["certificate"]["price_sum"] == 4000


async def test_a_round_is_decided_once_more_on_request(world: World) -> None:
    await matched(world)
    await matched(world, round_no=2, holds=False)
    told = await world.post("/v1/rounds/310105/1:replay")
    assert (told.status_code, told.json()["outcome"], told.json()["other_solver"]) == (200, "equal", False)
    again = await world.post("/v1/rounds/310105/1:replay", Idempotency_Key="k")
    assert "idempotent-replayed" not in again.headers
    assert (await world.post("/v1/rounds/310105/2:replay")).json()["outcome"] == "different"
    assert (await world.post("/v1/rounds/310105/3:replay")).status_code == 404
    assert (await world.post("/v1/rounds/310105/0:replay")).status_code == 422
