"""Two districts of one city in one house: what one asks for with a whistle, a helper of the other is given."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.settings import CobuildSettings
from deploy.wiring import House, open_house
from streams.projector import rebuild

HERE, NEXT_DOOR = "310105001001", "310106001001"
ITEM = "relief.micro_wish_goods"
POLICY = """
name = "linked"

[escalation]
whistle = true

[[escalation.alliances]]
name = "delta"
regions = ["31", "3205"]
"""


class Land:
    """A house and a client; ``live`` lets the matcher and the lists take in what there is."""

    def __init__(self, house: House, client: httpx.AsyncClient) -> None:
        self.house, self.client = house, client
        self.now = datetime.now(UTC)

    async def live(self) -> None:
        for _ in range(4):
            self.now += timedelta(seconds=2)
            await self.house.rounds.step(self.now)
        await self.house.projector.catch_up()

    async def get(self, path: str) -> Any:
        answer = await self.client.get(f"/v1/{path}", headers={"accept-language": "en"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None) -> Any:
        answer = await self.client.post(f"/v1/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def ask(self, name: str, *, quantity: int = 1) -> None:
        start = datetime.now(UTC) + timedelta(days=2)
        body = {
            "demand_id": name,
            "requester": f"community:{HERE}",
            "title": "台风后的物资",
            "lines": [{"item": ITEM, "quantity": quantity}],
            "community": HERE,
            "window": {"start": start.isoformat(), "end": (start + timedelta(hours=8)).isoformat()},
            "urgency": "whistle",
        }
        await self.post("demands", body)

    async def offer(self, name: str, *, home: str = NEXT_DOOR, scope: str = "3101") -> None:
        body = {
            "resource_id": name,
            "provider": f"team:{name}",
            "title": "应急物资",
            "item": ITEM,
            "kind": "goods",
            "scope": [scope],
            "home": home,
        }
        await self.post("resources", body)


@pytest.fixture
async def land(tmp_path: Path) -> AsyncIterator[Land]:
    policy = tmp_path / "linked.toml"
    policy.write_text(POLICY, encoding="utf-8")
    settings = CobuildSettings(data_dir=tmp_path / "data", policy=policy)
    async with open_house(settings) as house:
        transport = httpx.ASGITransport(app=house.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
            yield Land(house, client)


async def test_a_helper_of_the_next_district_is_given_accepts_and_the_list_says_so(land: Land) -> None:
    await land.offer("r-1")
    await land.live()
    await land.ask("d-1")
    await land.live()
    [row] = (await land.get("escalations?to=3101"))["rows"]
    assert (row["demand_id"], row["from_shard"], row["cause"], row["state"]) == ("d-1", "310105", "whistle", "served")
    [pair] = (await land.get("assignments"))["rows"]
    assert (pair["shard"], pair["resource_id"], pair["state"]) == ("310106", "r-1", "proposed")
    await land.post(f"assignments/{pair['assignment_id']}:accept")
    await land.live()
    detail = await land.get("demands/d-1")
    assert detail["assignments"][0]["state"] == "confirmed"
    assert (detail["view"]["state"], detail["view"]["sits_in"]) == ("matched", [])
    assert [(step["kind"], step["to_shard"]) for step in detail["way"]] == [("escalated", "3101"), ("asked", "310106")]
    told = await land.get("demands/d-1/why")
    assert told["why"]["lines"][0]["verdict"] == "matched"
    assert (await land.get(f"assignments/{pair['assignment_id']}/why"))["why"]["assignment"]["demand_id"] == "d-1"


async def test_a_whistle_that_nobody_answers_waits_with_the_alliance_and_why_says_so(land: Land) -> None:
    await land.offer("r-near", home=HERE, scope="310105001")
    await land.ask("d-1", quantity=2)
    await land.live()
    detail = await land.get("demands/d-1")
    assert [(sit["shard"], sit["seats"]) for sit in detail["view"]["sits_in"]] == [("delta", 1)]
    assert (detail["view"]["filled"], detail["view"]["state"]) == (1, "partly_matched")
    told = await land.get("demands/d-1/why")
    [line] = told["why"]["lines"]
    assert (line["shard"], line["verdict"], line["asked"], line["filled"]) == ("delta", "no_candidate", 2, 1)
    assert told["text"].startswith("“micro-wish: goods” (1/2): 1 seat with the alliance delta for under a minute: no ")
    delta, city = (await land.get("escalations/levels"))["levels"]
    assert (delta["shard"], delta["waiting"], delta["reached"]) == ("delta", [1, 0, 0, 0], {"waiting": 1})
    assert (city["shard"], city["waiting"], city["reached"]) == ("3101", [0, 0, 0, 0], {"passed_on": 1})


async def test_a_claim_on_what_was_escalated_is_told_that_it_sits_elsewhere(land: Land) -> None:
    await land.ask("d-1")
    await land.live()
    await land.offer("r-late", home=HERE, scope="310105001")
    await land.house.projector.catch_up()
    refused = await land.client.post("/v1/demands/d-1:claim", json={"resource_id": "r-late"})
    assert (refused.status_code, refused.json()["code"]) == (409, "sits_elsewhere")


async def test_rounds_of_the_city_and_of_the_alliance_are_read_and_replayed(land: Land) -> None:
    await land.ask("d-1")
    await land.live()
    for shard in ("3101", "delta"):
        [first, *_] = (await land.get(f"rounds?shard={shard}"))["rows"]
        assert first["shard"] == shard
        decided = await land.get(f"rounds/{shard}/{first['round_no']}")
        assert decided["shard"] == shard
        assert (await land.post(f"rounds/{shard}/{first['round_no']}:replay"))["outcome"] == "equal"


async def test_lists_made_anew_say_the_same(land: Land) -> None:
    await land.offer("r-1")
    await land.ask("d-1", quantity=3)
    await land.live()
    before = [await land.get("escalations"), await land.get("demands/d-1")]
    await rebuild(land.house.log, land.house.read_model)
    assert [await land.get("escalations"), await land.get("demands/d-1")] == before
