"""A unit and a community agree without any project: clauses, signatures in any order, what was kept, and a renewal."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from schemas.lives.agreement import AgreementSigned
from tests.apiworld import COMMUNITY, World, resource, world_in
from tests.stories.house import House

HALL = f"community:{COMMUNITY}"
CENTRE = "unit:52310105MJ47000120"
NEIGHBOUR = "unit:91310105MA1FW0008T"
ROOM = {"promise": "工作日午间开放餐厅", "promised_by": CENTRE, "quantity": 2, "due": "2026-12-31T18:00:00+08:00"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_in(tmp_path) as running:
        yield running


@pytest.fixture
def house(world: World) -> House:
    return House(world.client)


async def drafted(house: House, **changes: Any) -> str:
    draft = {
        "title": "场地共享协议",
        "community": COMMUNITY,
        "by": HALL,
        "signatories": [HALL, CENTRE],
        "clauses": [ROOM],
        "valid_from": "2026-11-21T00:00:00+08:00",
        "valid_to": "2027-11-20T00:00:00+08:00",
    }
    return f"/v1/agreements/{(await house.post('/v1/agreements', draft | changes))['id']}"


async def in_force(house: House, **changes: Any) -> str:
    at = await drafted(house, **changes)
    await house.post(f"{at}:sign", {"by": CENTRE})
    await house.post(f"{at}:sign", {"by": HALL})
    return at


async def test_from_a_draft_to_a_renewal(world: World, house: House) -> None:
    # The community drafts; the unit adds what it has on the resource list, and strikes a promise it cannot keep.
    hall = await house.post("/v1/resources", resource(provider=CENTRE, title="多功能厅", item="venue.activity_room"))
    at = await drafted(house)
    gift = {"promise": "每月一场讲座", "promised_by": CENTRE, "due": "2027-01-31T18:00:00+08:00"}
    await house.post(f"{at}:add_clause", {"by": CENTRE, "clause": ROOM | {"resources": [hall["id"]], "quantity": 1}})
    await house.post(f"{at}:add_clause", {"by": CENTRE, "clause": gift})
    await house.post(f"{at}:strike_clause", {"by": CENTRE, "clause": 3, "reason": "讲师调离"})

    # Either may sign first; each signs once; with the last signature it is in force.
    await house.post(f"{at}:sign", {"by": CENTRE})
    assert (await house.get(at))["beside"]["unsigned"] == [HALL]
    assert (await house.refused(f"{at}:sign", {"by": CENTRE}))["code"] == "already_done"
    assert (await house.refused(f"{at}:sign", {"by": NEIGHBOUR}))["code"] == "not_a_party"
    changed = await house.refused(f"{at}:add_clause", {"by": CENTRE, "clause": gift})
    assert (changed["code"], changed["state"]) == ("not_possible_now", "signing")
    await house.post(f"{at}:sign", {"by": HALL})
    assert (await house.get(at))["life"]["state"] == "in_force"

    # What is kept the unit says and the community confirms; nobody confirms what he did himself.
    await house.post(f"{at}:fulfil", {"by": CENTRE, "clause": 1, "quantity": 1, "note": "首次开放"})
    assert (await house.refused(f"{at}:confirm", {"by": CENTRE, "fulfilment": 1}))["code"] == "not_a_party"
    await house.post(f"{at}:dispute", {"by": HALL, "fulfilment": 1, "reason": "当天未开门"})
    await house.post(f"{at}:fulfil", {"by": CENTRE, "clause": 1, "quantity": 2})
    await house.post(f"{at}:confirm", {"by": HALL, "fulfilment": 2})
    assert (await house.refused(f"{at}:confirm", {"by": HALL, "fulfilment": 2}))["code"] == "already_done"
    first, second = (await house.get(at))["beside"]["clauses"]
    assert (first["quantity"], first["done"], first["confirmed"]) == (2, 2, 2)
    assert (second["done"], second["is_late"]) == (0, False)

    # When the day of the other clause is over it is late, and the agreement is on the list of what is overdue.
    world.clock.pass_(days=41)
    assert (await house.get(at))["beside"]["clauses"][1]["is_late"]
    overdue = await house.get("/v1/overdue", region="310105")
    assert [row["kind"] for row in overdue["rows"]] == ["agreement"]
    await house.post(f"{at}:fulfil", {"by": CENTRE, "clause": 2, "quantity": 1})
    assert (await house.get("/v1/overdue", region="310105"))["rows"] == []

    # A month before its end it asks to be renewed; it runs on when both have named the same day.
    world.clock.pass_(days=280)
    assert (await house.get("/v1/agreements", overdue=True))["rows"] == []
    world.clock.pass_(days=14)
    assert at.endswith((await house.get("/v1/agreements", overdue=True))["rows"][0]["life"]["id"])
    await house.post(f"{at}:renew", {"by": HALL, "valid_to": "2028-11-20T00:00:00+08:00"})
    assert (await house.get(at))["life"]["valid_to"] == "2027-11-19T16:00:00Z", "one alone renews nothing"
    await house.post(f"{at}:renew", {"by": CENTRE, "valid_to": "2028-11-20T00:00:00+08:00"})
    renewed = await house.get(at)
    assert renewed["life"]["valid_to"] == "2028-11-19T16:00:00Z"
    assert (await house.get("/v1/overdue", region="310105"))["rows"] == []
    assert (await house.refused(f"{at}:expire", {"by": "system:clock"}))["code"] == "not_ready"

    # Both find it among what concerns them.
    for party in (HALL, CENTRE):
        assert len((await house.get("/v1/agreements", party=party))["rows"]) == 1
    assert (await house.get("/v1/agreements", party=NEIGHBOUR))["rows"] == []


async def test_a_signature_is_for_the_text_as_it_was(house: House) -> None:
    at = await drafted(house)
    await house.post(f"{at}:sign", {"by": CENTRE})
    assert (await house.refused(f"{at}:reopen", {"by": NEIGHBOUR, "reason": "改一改"}))["code"] == "not_a_party"
    await house.post(f"{at}:reopen", {"by": HALL, "reason": "数量有误"})
    agreement = (await house.get(at))["life"]
    assert (agreement["state"], agreement["signatures"]) == ("drafted", [])


async def test_the_table_for_machines_says_where_the_last_signature_leads(house: House) -> None:
    tables = await house.get("/v1/lifecycles")
    [table] = [each for each in tables["tables"] if each["kind"] == "agreement"]
    [sign] = [each for each in table["moves"] if each["action"] == "sign"]
    assert (sign["target"], sign["last"]) == ("signing", "in_force")


async def test_of_two_who_sign_at_once_both_have_signed_or_one_is_told(world: World, house: House) -> None:
    at = await drafted(house)
    both = await asyncio.gather(*(world.post(f"{at}:sign", {"by": party}) for party in (HALL, CENTRE)))
    assert [answer.status_code for answer in both] == [200, 200], "without If-Match each signs what stands there"
    assert (await house.get(at))["life"]["state"] == "in_force"
    assert [fact.step for fact in world.sink.facts(AgreementSigned)] == [2, 3]

    at = await drafted(house)
    both = await asyncio.gather(
        world.post(f"{at}:sign", {"by": HALL}, if_match='"1"'),
        world.post(f"{at}:reopen", {"by": CENTRE, "reason": "再议"}, if_match='"1"'),
    )
    assert sorted(answer.status_code for answer in both) == [200, 412]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_to": "2026-01-01T00:00:00+08:00"}, "impossible_window"),
        ({"signatories": [HALL, HALL]}, "invalid_value"),
        ({"clauses": [ROOM | {"promised_by": NEIGHBOUR}]}, "not_a_party"),
        ({"clauses": [ROOM | {"resources": ["r-none"]}]}, "unknown_reference"),
        ({"project": "p-none"}, "unknown_reference"),
    ],
)
async def test_a_draft_that_cannot_be(world: World, house: House, changes: dict[str, Any], code: str) -> None:
    draft = {
        "title": "协议",
        "community": COMMUNITY,
        "by": HALL,
        "signatories": [HALL, CENTRE],
        "valid_from": "2026-11-21T00:00:00+08:00",
        "valid_to": "2027-11-20T00:00:00+08:00",
    }
    assert (await house.refused("/v1/agreements", draft | changes))["code"] == code
    assert world.sink.events == [], "nothing was written"


async def test_what_is_not_there_is_neither_kept_nor_signed(house: House) -> None:
    empty = await drafted(house, clauses=[])
    assert (await house.refused(f"{empty}:sign", {"by": HALL}))["code"] == "not_ready"
    at = await in_force(house)
    assert (await house.refused(f"{at}:fulfil", {"by": CENTRE, "clause": 9, "quantity": 1}))["code"] == (
        "unknown_reference"
    )
    assert (await house.refused(f"{at}:confirm", {"by": HALL, "fulfilment": 1}))["code"] == "unknown_reference"
    assert (await house.refused(f"{at}:fulfil", {"by": HALL, "clause": 1, "quantity": 1}))["code"] == "not_a_party"
    early = await house.refused(f"{at}:renew", {"by": HALL, "valid_to": "2027-01-01T00:00:00+08:00"})
    assert early["code"] == "impossible_window"


async def test_it_may_cross_provinces(house: House) -> None:
    """R47: a unit of another city gives a resource of its own region to this community."""
    suzhou = "320505001001"
    stage = await house.post("/v1/resources", resource(provider=NEIGHBOUR, home=suzhou, scope=["32", "31"]))
    clause = ROOM | {"promised_by": NEIGHBOUR, "resources": [stage["id"]]}
    at = await drafted(house, signatories=[HALL, f"community:{suzhou}", NEIGHBOUR], clauses=[clause])
    for party in (f"community:{suzhou}", HALL, NEIGHBOUR):
        await house.post(f"{at}:sign", {"by": party})
    assert (await house.get(at))["life"]["state"] == "in_force"


async def test_its_end_comes_by_the_clock(tmp_path: Path) -> None:
    async with world_in(tmp_path, tend_s=0.02) as world:
        house = House(world.client)
        at = await in_force(house, valid_to="2026-12-20T00:00:00+08:00", remind_days=10)
        world.clock.pass_(days=25)
        assert (await house.get("/v1/agreements", overdue=True))["rows"][0]["life"]["state"] == "in_force"
        world.clock.pass_(days=4)
        await house.until(at, lambda found: found["life"]["state"] == "expired")
