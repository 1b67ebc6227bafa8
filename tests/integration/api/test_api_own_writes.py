"""What a 201 acknowledged can be named in the next request, however far behind the lists are."""

import asyncio
from typing import Any

import httpx

from tests.apiworld import COMMUNITY, World, demand, resource

HALL = f"community:{COMMUNITY}"
ANNA = "member:m-anna"
CENTRE = "unit:12310105MJ47000137"
SLOT = {"start": "2026-11-28T10:00:00+08:00", "end": "2026-11-28T12:00:00+08:00"}
ROOM = {"provider": CENTRE, "item": "venue.meeting_room", "kind": "venue", "access": "booking"}
ANSWER = {"lines": [{"item": "venue.meeting_room", "quantity": 1}], "window": SLOT}
MEMBER = {"community": COMMUNITY, "kind": "residence", "member_class": "in_service", "member_ref": "m-anna"}


async def soon_shown(world: World, request: Any) -> httpx.Response:
    """Send a request while the lists are behind, and let them catch up once it waits."""

    async def catches_up() -> None:
        await asyncio.sleep(0.02)
        world.sink.holds_back = False
        world.sink.project()

    answer, _ = await asyncio.gather(request, catches_up())
    assert isinstance(answer, httpx.Response)
    return answer


async def acknowledged(world: World, path: str, body: dict[str, Any]) -> str:
    world.sink.holds_back = True
    answer = await world.post(path, body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_what_was_just_offered_is_booked(world: World) -> None:
    room = await acknowledged(world, "/v1/resources", resource(**ROOM, windows=[SLOT]))
    booked = await soon_shown(world, world.post("/v1/bookings", {"resource_id": room, "by": ANNA} | SLOT))
    assert booked.status_code == 201, booked.text


async def test_what_was_just_asked_for_is_ordered(world: World) -> None:
    room = await acknowledged(world, "/v1/resources", resource(**ROOM, windows=[SLOT]))
    wanted = await acknowledged(world, "/v1/demands", demand(**ANSWER))
    order = {"side": "provider", "by": CENTRE, "due": SLOT["end"], "demand_id": wanted, "resource_id": room}
    placed = await soon_shown(world, world.post("/v1/orders", order))
    assert placed.status_code == 201, placed.text


async def test_what_was_just_asked_for_is_claimed(world: World) -> None:
    wanted = await acknowledged(world, "/v1/demands", demand(**ANSWER))
    room = await acknowledged(world, "/v1/resources", resource(**ROOM, windows=[SLOT]))
    claimed = await soon_shown(world, world.post(f"/v1/demands/{wanted}:claim", {"resource_id": room}))
    assert claimed.status_code == 202, claimed.text


async def test_a_need_joins_what_was_just_asked_for(world: World) -> None:
    need = {"title": "借会议室", "channel": "telephone", "community": COMMUNITY, "by": HALL}
    twin = (await world.post("/v1/needs", need)).headers["location"]
    assert (await world.post(f"{twin}:merge", {"by": HALL, "into": "d-none"})).status_code == 404
    wanted = await acknowledged(world, "/v1/demands", demand(**ANSWER))
    merged = await soon_shown(world, world.post(f"{twin}:merge", {"by": HALL, "into": wanted}))
    assert merged.status_code == 200, merged.text


async def test_who_was_just_enrolled_moves_on(world: World) -> None:
    await acknowledged(world, "/v1/members", MEMBER)
    moved = await soon_shown(world, world.post("/v1/enrolments/r1.m-anna:transfer", {"by": ANNA, "to": "310104003001"}))
    assert moved.status_code == 200, moved.text


async def test_who_was_just_enrolled_is_not_enrolled_elsewhere(world: World) -> None:
    await acknowledged(world, "/v1/members", MEMBER)
    elsewhere = {"by": "community:310104003001", "party": ANNA, "community": "310104003001"}
    said = elsewhere | {name: MEMBER[name] for name in ("kind", "member_class")}
    again = await soon_shown(world, world.post("/v1/enrolments:register", said))
    assert (again.status_code, again.json()["code"]) == (409, "duplicate_enrolment")


async def test_who_was_just_enrolled_has_a_name_to_keep(world: World) -> None:
    await acknowledged(world, "/v1/members", MEMBER)
    put = world.client.put("/v1/members/m-anna/identity", json={"name": "王安娜", "phone": "13800000000"})
    kept = await soon_shown(world, put)
    assert kept.status_code == 204, kept.text
