"""An offer from draft to archive: looked at before it is published, verified in time, and what seats make of it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.apiworld import COMMUNITY, NOW, World, matched, resource, world_in
from tests.stories.house import House

CENTRE = "unit:52310105MJ47000120"
HALL = f"community:{COMMUNITY}"
OTHER = "unit:91310105MA1FW0008T"


def draft(**changes: Any) -> dict[str, Any]:
    return {"by": CENTRE, "terms": resource(provider=CENTRE, title="多功能厅", kind="venue") | changes}


async def published(world: World, **changes: Any) -> str:
    """Draft, hand in, publish; return where the life is."""
    at = str((await world.post("/v1/offers", draft(**changes))).headers["location"])
    assert (await world.post(f"{at}:submit", {"by": CENTRE})).status_code == 200
    answer = await world.post(f"{at}:publish", {"by": HALL})
    assert answer.status_code == 200, answer.text
    return at


async def entry(world: World, at: str) -> dict[str, Any]:
    found: dict[str, Any] = (await world.get(at.replace("offers", "resources"))).json()
    return found


async def stage(world: World, at: str) -> str:
    return str((await world.get(at)).json()["beside"]["stage"])


async def test_an_offer_is_drafted_returned_published_rested_and_withdrawn(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        begun = await world.post("/v1/offers", draft())
        assert begun.status_code == 201, begun.text
        at = begun.headers["location"]
        assert (await entry(world, at))["code"] == "not_found", "a draft is on no list"

        assert (await world.post(f"{at}:submit", {"by": OTHER})).json()["code"] == "not_yours"
        assert (await world.post(f"{at}:submit", {"by": CENTRE})).status_code == 200
        assert (await world.post(f"{at}:publish", {"by": CENTRE})).json()["code"] == "not_yours"
        assert (await world.post(f"{at}:return", {"by": HALL, "reason": "请写明人数"})).status_code == 200
        early = await world.post(f"{at}:publish", {"by": HALL})
        assert (early.json()["code"], early.json()["possible"]) == ("not_possible_now", ["amend", "submit", "archive"])
        amended = draft(title="多功能厅（五十人）")
        assert (await world.post(f"{at}:amend", amended)).status_code == 200
        assert (await world.post(f"{at}:submit", {"by": CENTRE})).status_code == 200
        assert (await world.post(f"{at}:publish", {"by": HALL, "months": 3})).status_code == 200
        listed = await entry(world, at)
        assert (listed["state"], listed["resource"]["title"]) == ("published", "多功能厅（五十人）")
        assert (await world.get(at)).json()["due_at"].startswith("2027-02-21")

        assert (await world.post(f"{at}:suspend", {"by": CENTRE, "reason": "检修"})).status_code == 200
        assert ((await entry(world, at))["state"], await stage(world, at)) == ("suspended", "suspended")
        assert (await world.post(f"{at}:resume", {"by": CENTRE})).status_code == 200
        assert (await entry(world, at))["state"] == "published"
        assert (await world.post(f"{at}:withdraw", {"by": CENTRE})).status_code == 200
        assert (await entry(world, at))["state"] == "withdrawn"
        assert (await world.post(f"{at}:archive", {"by": HALL})).status_code == 200
        assert await stage(world, at) == "archived"


async def test_what_nobody_verifies_expires_and_comes_back_when_somebody_does(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        at = await published(world, valid_to="2027-03-01T00:00:00+08:00")
        assert (await world.post(f"{at}:expire", {"by": HALL})).json()["code"] == "too_early"
        world.clock.pass_(days=101)
        late = (await world.get(f"/v1/overdue?region={COMMUNITY}")).json()["rows"]
        assert [(row["kind"], row["title"]) for row in late] == [("resource", "多功能厅")]
        assert (await world.post(f"{at}:remind", {"by": HALL})).status_code == 200
        assert (await world.post(f"{at}:expire", {"by": HALL})).status_code == 200
        assert ((await entry(world, at))["state"], await stage(world, at)) == ("suspended", "expired")

        assert (await world.post(f"{at}:verify", {"by": CENTRE, "months": 6})).status_code == 200
        back = await entry(world, at)
        assert (back["state"], back["resource"]["valid_to"]) == ("published", "2027-09-02T06:00:00Z")
        assert (await world.get("/v1/overdue")).json()["rows"] == []


async def test_an_offer_is_asked_after_in_time_and_rests_where_nobody_answers(tmp_path: Path) -> None:
    async with world_in(tmp_path, tend_s=0.02) as world:
        house = House(world.client)
        at = await published(world, valid_to="2027-03-01T00:00:00+08:00")

        def last(action: str) -> Callable[[dict[str, Any]], bool]:
            return lambda found: found["history"][-1]["action"] == action

        world.clock.pass_(days=90)  # ten days before it is to be verified
        reminded = await house.until(at, last("remind"))
        assert reminded["history"][-1]["by"] == "system:cobuild"
        assert (await world.post(f"{at}:verify", {"by": CENTRE, "months": 1})).status_code == 200
        world.clock.pass_(days=20)
        again = await house.until(at, last("remind"))
        assert [step["action"] for step in again["history"]].count("remind") == 2, "once for each date"
        world.clock.pass_(days=30)
        assert (await house.until(at, last("expire")))["life"]["state"] == "expired"
        assert (await entry(world, at))["state"] == "suspended"


async def test_what_is_to_be_looked_at_again_is_listed_also_where_it_has_no_life(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        await published(world)
        soon = {"provider": OTHER, "valid_to": (NOW + timedelta(days=30)).isoformat(), "title": "义诊"}
        by_hand = (await world.post("/v1/resources", resource(**soon))).json()["id"]

        async def due(query: str) -> list[str]:
            rows = (await world.get(f"/v1/resources:due?{query}")).json()["rows"]
            return [row["title"] for row in rows]

        assert await due(f"region={COMMUNITY}") == []
        assert await due("before=2026-12-30T00:00:00Z") == ["义诊"]
        assert await due("before=2027-06-01T00:00:00Z") == ["义诊", "多功能厅"]
        assert await due("before=2027-06-01T00:00:00Z&after=2026-12-30T00:00:00Z") == ["多功能厅"]
        assert await due(f"before=2027-06-01T00:00:00Z&party={CENTRE}") == ["多功能厅"]

        verified = await world.post(f"/v1/offers/{by_hand}:verify", {"by": OTHER, "months": 12})
        assert verified.status_code == 200, verified.text
        assert await due("before=2027-06-01T00:00:00Z") == ["多功能厅"]
        history = (await world.get(f"/v1/offers/{by_hand}")).json()["history"]
        assert [step["action"] for step in history] == ["adopt", "verify"], "an entry of the list got a life with it"


async def test_how_much_is_committed_follows_from_the_seats(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        await matched(world)
        taken = (await world.get("/v1/resources")).json()["rows"][0]["resource"]["resource_id"]
        at = f"/v1/offers/{taken}"
        assert (await world.post(f"{at}:verify", {"by": HALL})).status_code == 200
        assert await stage(world, at) == "fully_committed"
        more = {"kind": "goods", "capacity": 3}
        assert (await world.patch(f"/v1/resources/{taken}", more, If_Match="*")).status_code == 200
        assert await stage(world, at) == "partly_committed"


async def test_two_who_look_at_the_same_draft_do_not_both_decide(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        at = (await world.post("/v1/offers", draft())).headers["location"]
        await world.post(f"{at}:submit", {"by": CENTRE})
        both = await asyncio.gather(
            world.post(f"{at}:publish", {"by": HALL}, If_Match='"2"'),
            world.post(f"{at}:return", {"by": HALL, "reason": "请补充"}, If_Match='"2"'),
        )
        assert sorted(answer.status_code for answer in both) == [200, 412]
        loser = next(answer for answer in both if answer.status_code == 412)
        assert (loser.json()["code"], loser.json()["version"]) == ("stale_version", 3)


async def test_a_draft_that_could_not_be_offered_is_refused_with_its_fields(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        unknown = await world.post("/v1/offers", draft(item="care.moon_walk"))
        assert unknown.json()["code"] == "unknown_item"
        fee = await world.post("/v1/offers", draft(fee=5))
        assert (fee.json()["code"], fee.json()["errors"][0]["pointer"]) == ("invalid_value", "#/terms")
        given = (await world.post("/v1/resources", resource(resource_id="r-1"))).json()["id"]
        assert (await world.post("/v1/offers", draft() | {"id": given})).json()["code"] == "duplicate_id"


async def test_who_publishes_twice_with_one_key_publishes_once(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        at = (await world.post("/v1/offers", draft())).headers["location"]
        await world.post(f"{at}:submit", {"by": CENTRE})
        first = await world.post(f"{at}:publish", {"by": HALL}, Idempotency_Key="k-1")
        again = await world.post(f"{at}:publish", {"by": HALL}, Idempotency_Key="k-1")
        assert first.json() == again.json()
        assert len((await world.get("/v1/resources")).json()["rows"]) == 1
