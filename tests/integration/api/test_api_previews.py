"""Previews: what would come of an entry before it is posted; nothing is written, whatever is asked."""

from typing import Any

import httpx
import pytest

from api.routes import prices
from schemas.demands import Demand, DemandPosted, Urgency
from schemas.resources import Resource, ResourceOffered
from schemas.responses import AssignmentDeclined
from tests.apiworld import NOW, World, demand, matched, resource

VETTED = {"qualifications": ["vetted_home_visit"]}


def offered(name: str = "r-1", **changes: Any) -> ResourceOffered:
    body = resource(**VETTED | changes) | {"resource_id": name, "offered_at": NOW}
    return ResourceOffered(resource=Resource.model_validate(body))


def posted(name: str = "d-1", **changes: Any) -> DemandPosted:
    body = demand(**changes) | {"demand_id": name, "posted_at": NOW}
    return DemandPosted(demand=Demand.model_validate(body))


def one(**changes: Any) -> dict[str, Any]:
    return demand(lines=[{"item": "elder_care.hair_cut", "quantity": 1}]) | changes


async def previewed(world: World, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = await world.post("/v1/demands:preview", body, **headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_demand_that_somebody_can_serve_has_good_odds(world: World) -> None:
    world.explainer.tell(offered())
    found = await previewed(world, one())
    (line,) = found["preview"]["lines"]
    assert (line["verdict"], line["served"], line["eligible"], line["price"]) == ("served", 1, 1, 0)
    assert line["starts_at"] == "2026-11-25T01:00:00Z"
    assert found["remedies"] == []
    assert found["text"].startswith("“上门理发”（1/1）：现在发布，名额都能配上")


async def test_too_few_seats_are_told_with_what_would_help(world: World) -> None:
    world.explainer.tell(offered())
    found = await previewed(world, demand(), accept_language="en")
    (line,) = found["preview"]["lines"]
    assert (line["verdict"], line["served"], line["asked"]) == ("partly", 1, 2)
    assert found["text"] == "“home haircut” (1/2): posted now, only 1 would be served."
    assert [(each["remedy"]["kind"], each["text"]) for each in found["remedies"]] == [
        ("seats", "Ask for 1, and all of it is served.")
    ]
    lines = found["remedies"][0]["patch"]["lines"]
    assert lines[0]["quantity"] == 1
    assert (await previewed(world, demand(lines=lines)))["preview"]["lines"][0]["verdict"] == "served"


async def test_the_cheapest_change_comes_as_a_patch_that_wins(world: World) -> None:
    early = {"start": "2026-11-25T06:00:00+08:00", "end": "2026-11-25T08:00:00+08:00"}
    world.explainer.tell(offered(windows=[early]))
    found = await previewed(world, one(), accept_language="en")
    best = found["remedies"][0]
    assert best["text"] == "Move it 2 h earlier: 1 seat served, at nobody's expense."
    assert best["messages"]["zh"] == "提前 2 小时，可配上 1 个名额，不影响他人。"
    assert (await previewed(world, one(**best["patch"])))["preview"]["lines"][0]["verdict"] == "served"


async def test_a_team_that_lacks_a_seat_is_told_changes_that_win_when_they_are_made(world: World) -> None:
    early = {"start": "2026-11-25T06:00:00+08:00", "end": "2026-11-25T12:00:00+08:00"}
    late = {"start": "2026-11-25T15:00:00+08:00", "end": "2026-11-25T18:00:00+08:00"}
    world.explainer.tell(offered(), offered("r-2", windows=[early]), offered("r-3", windows=[late]))
    body = demand(lines=[{"item": "elder_care.hair_cut", "quantity": 3, "together": True}])
    found = await previewed(world, body)
    assert found["preview"]["lines"][0]["verdict"] == "incomplete"
    assert {each["remedy"]["kind"] for each in found["remedies"]} >= {"seats", "apart"}
    for each in found["remedies"]:
        (line,) = (await previewed(world, body | each["patch"]))["preview"]["lines"]
        assert line["served"] == each["remedy"]["seats"] > 0


async def test_who_is_outbid_learns_the_price_and_nobodys_name(world: World) -> None:
    rival = {"lines": [{"item": "elder_care.hair_cut"}], "urgency": Urgency.WHISTLE, "requester": "team:rival-1"}
    world.explainer.tell(offered(provider="member:m-secret"), posted("d-rival", **rival))
    answer = await world.post("/v1/demands:preview", one())
    (line,) = answer.json()["preview"]["lines"]
    assert (line["verdict"], line["short_by"]) == ("outbid", 6_000)
    assert line["scarce"] == {"item": "elder_care.hair_cut", "street": None, "stretch": None, "sources": None}
    assert [each["remedy"]["urgency"] for each in answer.json()["remedies"]] == ["emergency"]
    assert "secret" not in answer.text
    assert "rival" not in answer.text


async def test_a_preview_writes_nothing_and_takes_no_key(world: World) -> None:
    body = one(demand_id="d-1")
    for _ in range(2):
        answer = await world.post("/v1/demands:preview", body, Idempotency_Key="k")
        assert "idempotent-replayed" not in answer.headers
    other = await world.post("/v1/demands:preview", one(), Idempotency_Key="k")
    assert other.status_code == 200
    assert world.sink.events == []
    assert (await world.get("/v1/demands")).json()["rows"] == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "请打 13812345678"}, "personal_data"),
        ({"lines": [{"item": "elder_care.moon_walk"}]}, "unknown_item"),
        ({"community": "31"}, "bad_region"),
        ({"window": {"start": "2020-06-01T09:00:00Z", "end": "2020-06-01T12:00:00Z"}}, "window_passed"),
        ({"requester": "unit:91310105MA1FW0008X"}, "bad_uscc"),
    ],
)
async def test_what_could_not_be_posted_is_refused_in_the_same_words(
    world: World, changes: dict[str, Any], code: str
) -> None:
    def told(answer: httpx.Response) -> dict[str, Any]:
        return {name: answer.json()[name] for name in ("code", "status", "errors")}

    preview = await world.post("/v1/demands:preview", one(**changes))
    post = await world.post("/v1/demands", one(**changes))
    assert told(preview)["code"] == code
    assert told(preview) == told(post)


async def test_what_deserves_a_second_look_is_told_before_posting(world: World) -> None:
    found = await previewed(world, one(community="310105999999"))
    assert [notice["code"] for notice in found["warnings"]] == ["unknown_region"]


async def test_why_says_in_words_what_would_have_won(world: World) -> None:
    early = {"start": "2026-11-25T06:00:00+08:00", "end": "2026-11-25T08:00:00+08:00"}
    await world.post("/v1/demands", one(demand_id="d-1"))
    world.explainer.tell(offered(windows=[early]), posted("d-1", lines=[{"item": "elder_care.hair_cut"}]))
    found = (await world.get("/v1/demands/d-1/why", accept_language="en")).json()
    (line,) = found["lines"]
    assert line["remedies"][0]["text"] == "Move it 2 h earlier: 1 seat served, at nobody's expense."
    assert line["remedies"][0]["patch"]["window"]["start"] == "2026-11-24T23:00:00+00:00"


# -- the other way round ------------------------------------------------------------------------------------------


async def test_an_offer_sees_which_demands_it_would_serve_before_it_is_made(world: World) -> None:
    pressing = {"lines": [{"item": "elder_care.hair_cut"}], "urgency": Urgency.URGENT}
    world.explainer.tell(posted("d-1"), posted("d-2", **pressing))
    answer = await world.post("/v1/resources:preview", resource(**VETTED))
    found = answer.json()
    assert (answer.status_code, found["seats"], found["given"], found["demands"]) == (200, 1, 1, 2)
    assert [(chance["demand_id"], chance["given"], chance["only"]) for chance in found["chances"]] == [
        ("d-2", 1, True),
        ("d-1", 0, True),
    ]
    assert found["adds"] == found["chances"][0]["value"]
    assert world.sink.events == []


async def test_an_offer_that_could_not_be_made_is_refused(world: World) -> None:
    answer = await world.post("/v1/resources:preview", resource(capacity=2))
    assert (answer.status_code, answer.json()["code"]) == (422, "capacity_of_a_person")


async def test_an_offer_on_the_list_sees_its_demands(world: World) -> None:
    await world.post("/v1/resources", resource(**VETTED, resource_id="r-1"))
    world.explainer.tell(offered("r-1"), offered("r-2"), posted("d-1"))
    found = (await world.get("/v1/resources/r-1/demands")).json()
    (chance,) = found["chances"]
    assert (chance["demand_id"], chance["open"], chance["only"]) == ("d-1", 2, False)
    assert (await world.get("/v1/resources/none/demands")).json()["code"] == "not_found"


async def test_a_decline_is_weighed_before_it_is_said(world: World) -> None:
    """One is promised to d-1; another would take over, and who waited would get the seat given back."""
    world.explainer.tell(offered("r-1"), posted("d-1", lines=[{"item": "elder_care.hair_cut"}]))
    proposal = world.explainer.decide().proposals[0]
    assignment_id = await matched(world, assignment_id=proposal.assignment_id)
    found = (await world.get(f"/v1/assignments/{assignment_id}/if-declined")).json()
    assert (found["refilled"], found["moves"]) == (False, [])
    assert found["loss"] == found["worth"] == 4_000
    world.explainer.tell(posted("d-2", lines=[{"item": "elder_care.hair_cut"}]), offered("r-2", home="310105001002"))
    world.explainer.tell(posted("d-3", lines=[{"item": "elder_care.hair_cut"}]))
    found = (await world.get(f"/v1/assignments/{assignment_id}/if-declined")).json()
    assert found["loss"] < found["worth"]
    moved = {(move["demand_id"], move["before"], move["after"]) for move in found["moves"]}
    assert (found["refilled"], len(moved)) in {(False, 1), (True, 2)}
    assert world.sink.facts(AssignmentDeclined) == []


async def test_a_decline_of_what_does_not_live_is_not_found(world: World) -> None:
    assignment_id = await matched(world)
    for name in (assignment_id, "f" * 32):
        assert (await world.get(f"/v1/assignments/{name}/if-declined")).json()["code"] == "not_found"


# -- prices -------------------------------------------------------------------------------------------------------


async def test_the_board_says_what_one_more_seat_would_add_and_hides_small_counts(world: World) -> None:
    world.explainer.tell(*(posted(f"d-{n}", community="310105001001") for n in range(5)))
    world.explainer.tell(posted("d-9", community="310105002001", lines=[{"item": "digital.computer_repair"}]))
    (board,) = (await world.get("/v1/prices?region=310105")).json()["boards"]
    assert (board["shard"], [row["street"] for row in board["rows"]]) == ("310105", ["310105002", "310105001"])
    one_only, many = board["rows"]
    assert (many["lines"], many["seats"], many["unserved"]) == (5, 10, 10)
    assert (one_only["lines"], one_only["seats"], one_only["unserved"]) == (None, None, None)
    assert many["highest"] == many["mean"] == 4_000
    assert many["stretch"] == "2026-11-25T00:00:00Z"


async def test_the_board_can_be_narrowed(world: World) -> None:
    world.explainer.tell(posted("d-1"), posted("d-2", community="310105002001"))

    async def streets(query: str) -> list[str]:
        boards = (await world.get(f"/v1/prices?{query}")).json()["boards"]
        return sorted(row["street"] for board in boards for row in board["rows"])

    assert await streets("region=310105") == ["310105001", "310105002"]
    assert await streets("region=310105002001") == ["310105002"]
    assert await streets("region=310105&category=elder_care") == ["310105001", "310105002"]
    assert await streets("region=310105&category=elder") == []
    assert await streets("region=310105&item=elder_care.hair_cut") == ["310105001", "310105002"]
    assert await streets("region=31") == []  # no shard has decided a round yet
    await matched(world)
    assert await streets("region=31") == ["310105001", "310105002"]


async def test_too_wide_a_region_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "MOST_SHARDS", 0)
    await matched(world)
    answer = await world.get("/v1/prices?region=31")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_value")
    assert (await world.get("/v1/prices")).status_code == 422
