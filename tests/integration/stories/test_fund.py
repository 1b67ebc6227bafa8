"""A love fund: what is set aside, used and taken back is in its book for good, and never more than there is."""

import asyncio
from pathlib import Path
from typing import Any

from tests.apiworld import COMMUNITY, World, demand, resource, world_in

FOUNDATION = "unit:53310105MJ4700012A"
CENTRE = "unit:52310105MJ47000120"
HALL = f"community:{COMMUNITY}"
STREET = "office:310105001000"


async def offered(world: World, **changes: Any) -> str:
    """The centre offers fifty thousand for the old and poor, in an account of its own."""
    money = {
        "kind": "fund",
        "title": "爱心基金",
        "amount": 5_000_000,
        "earmark": "帮扶困难老人",
        "special_account": True,
    }
    given = await world.post("/v1/resources", resource(provider=CENTRE) | money | changes)
    assert given.status_code == 201, given.text
    return str(given.json()["id"])


async def opened(world: World) -> str:
    body = {"by": HALL, "resource_id": await offered(world), "document": "长民2026-31"}
    given = await world.post("/v1/funds", body)
    assert given.status_code == 201, given.text
    return str(given.headers["location"])


async def enter(world: World, at: str, action: str, **said: Any) -> dict[str, Any]:
    """Take a step for the community; return the answer's body."""
    answer: dict[str, Any] = (await world.post(f"{at}:{action}", {"by": HALL, "document": "纪要7"} | said)).json()
    return answer


async def sums(world: World, at: str) -> tuple[int, int, int, int]:
    found = (await world.get(at)).json()["beside"]
    return found["granted"], found["set_aside"], found["used"], found["free"]


async def test_money_is_set_aside_used_and_what_is_left_is_free_again(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        at = await opened(world)
        life = (await world.get(at)).json()["life"]
        assert (life["title"], life["earmark"], life["special_account"]) == ("爱心基金", "帮扶困难老人", True)
        assert await sums(world, at) == (5_000_000, 0, 0, 5_000_000)

        set_aside = await enter(world, at, "earmark", amount=2_000_000, purpose="加装扶手", about="project:p-1")
        assert set_aside["version"] == 2
        assert (await enter(world, at, "use", against=2, amount=1_200_000, document="发票0031"))["version"] == 3
        assert await sums(world, at) == (5_000_000, 800_000, 1_200_000, 3_000_000)
        [purpose] = (await world.get(at)).json()["beside"]["purposes"]
        assert (purpose["purpose"], purpose["about"], purpose["left"]) == ("加装扶手", "project:p-1", 800_000)

        await enter(world, at, "release", against=2)
        assert await sums(world, at) == (5_000_000, 0, 1_200_000, 3_800_000)
        assert (
            await world.post(f"{at}:audit", {"by": STREET, "finding": "账实相符", "document": "审5"})
        ).status_code == 200
        assert (await world.post(f"{at}:close", {"by": HALL})).status_code == 200
        late = await enter(world, at, "earmark", amount=1, purpose="再用")
        assert (late["code"], late["possible"]) == ("not_possible_now", ["audit"])


async def test_never_more_than_there_is(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        at = await opened(world)
        assert (await enter(world, at, "earmark", amount=5_000_001, purpose="扶手"))["code"] == "over_spent"
        await enter(world, at, "earmark", amount=1_000_000, purpose="扶手")
        over = await enter(world, at, "use", against=2, amount=1_000_001)
        assert (over["code"], over["detail"]) == ("over_spent", "1000000 is left")
        assert (await enter(world, at, "use", against=9, amount=1))["code"] == "not_found"
        both = await asyncio.gather(
            *(enter(world, at, "earmark", amount=3_000_000, purpose=purpose) for purpose in ("电梯", "助餐"))
        )
        assert sorted(answer.get("code", "taken") for answer in both) == ["over_spent", "taken"]


async def test_what_was_wrong_is_reversed_and_stays_in_the_book(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        at = await opened(world)
        await enter(world, at, "earmark", amount=2_000_000, purpose="扶手")
        await enter(world, at, "use", against=2, amount=1_200_000)
        assert (await enter(world, at, "reverse", entry=2, reason="误记"))["code"] == "not_reversible"
        assert (await enter(world, at, "reverse", entry=3, reason="金额有误", document="更正2"))["version"] == 4
        assert (await enter(world, at, "reverse", entry=3, reason="再来"))["code"] == "not_reversible"
        assert await sums(world, at) == (5_000_000, 2_000_000, 0, 3_000_000)
        await enter(world, at, "grant", amount=500_000, document="长民2026-44")
        await enter(world, at, "earmark", amount=3_500_000, purpose="助餐")
        gone = await enter(world, at, "reverse", entry=5, reason="未到账")
        assert gone["code"] == "not_reversible", "that money is set aside already"
        entries = (await world.get(at)).json()["life"]["entries"]
        assert [(each["kind"], each["reversed_by"]) for each in entries] == [
            ("grant", None),
            ("earmark", None),
            ("use", 4),
            ("grant", None),
            ("earmark", None),
        ]


async def test_only_a_fund_has_a_book_and_only_one(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        plain = (await world.post("/v1/resources", resource())).json()["id"]
        body = {"by": HALL, "resource_id": plain, "document": "文1"}
        assert (await world.post("/v1/funds", body)).json()["code"] == "invalid_value"
        at = await opened(world)
        fund = (await world.get(at)).json()["life"]["resource_id"]
        assert (await world.post("/v1/funds", body | {"resource_id": fund})).json()["code"] == "already_held"
        assert (await world.post(f"{at}:grant", {"by": FOUNDATION, "amount": 1, "document": "文2"})).json()["code"] in (
            "not_yours",
            "invalid_value",
        )


async def test_each_kind_says_what_it_needs(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        not_a_fund = await world.post("/v1/resources", resource(kind="venue", earmark="帮扶"))
        assert not_a_fund.json()["code"] == "invalid_value"
        policy = resource(
            provider=CENTRE, kind="policy", title="加装电梯补贴办法", links=["https://example.org/policy/31"]
        )
        given = (await world.post("/v1/resources", policy)).json()["id"]
        found = (await world.get(f"/v1/resources/{given}")).json()
        assert (found["free"], found["resource"]["links"]) == (0, ["https://example.org/policy/31"]), "it is to be read"
        asked = {"resource_id": given, "by": HALL, "start": "2026-11-28T02:00:00Z", "end": "2026-11-28T03:00:00Z"}
        assert (await world.post("/v1/bookings", asked)).json()["code"] == "not_bookable"
        link = await world.post("/v1/resources", policy | {"links": ["javascript:alert(1)"]})
        assert link.json()["code"] == "invalid_value"


async def test_what_is_to_be_read_is_given_to_nobody_by_a_round(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        await world.post("/v1/demands", demand())
        able = {"kind": "information", "provider": CENTRE, "qualifications": ["vetted_home_visit"]}
        await world.post("/v1/resources", resource(**able, links=["https://example.org/hair"], title="理发点名录"))
        await world.post("/v1/resources", resource(**able, title="上门咨询"))
        world.explainer.tell(*(event.data for event in world.sink.events))
        [proposal] = world.explainer.decide().proposals
        served = (await world.get(f"/v1/resources/{proposal.resource_id}")).json()["resource"]["title"]
        assert served == "上门咨询"
