"""A hall is booked, and places at an open activity; two want the same slot, and one does not come."""

import asyncio
from pathlib import Path
from typing import Any

from tests.apiworld import COMMUNITY, NOW, World, matched, resource, world_in

CENTRE = "unit:52310105MJ47000120"
HALL = f"community:{COMMUNITY}"
ANNA, BERT = "member:m-anna", "member:m-bert"


def slot(start: str, end: str, *, day: int = 28) -> dict[str, str]:
    return {"start": f"2026-11-{day}T{start}:00+08:00", "end": f"2026-11-{day}T{end}:00+08:00"}


async def offer(world: World, **changes: Any) -> str:
    """The centre opens its hall on Saturday from nine to five, by booking, a day ahead."""
    hall = resource(
        provider=CENTRE,
        title="多功能厅",
        kind="venue",
        access="booking",
        per_occasion=True,
        windows=[slot("09:00", "17:00")],
        notice_minutes=24 * 60,
    )
    given = await world.post("/v1/resources", hall | changes)
    assert given.status_code == 201, given.text
    return str(given.json()["id"])


def booking(resource_id: str, start: str, end: str, **changes: Any) -> dict[str, Any]:
    return {"resource_id": resource_id, "by": ANNA} | slot(start, end) | changes


async def free(world: World, resource_id: str, query: str = "minutes=120") -> list[int]:
    found = await world.get(f"/v1/resources/{resource_id}/slots?from=2026-11-28T00:00:00Z&{query}")
    assert found.status_code == 200, found.text
    return [each["free"] for each in found.json()["slots"]]


async def test_a_hall_is_asked_for_confirmed_and_used(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        hall = await offer(world)
        assert await free(world, hall) == [1, 1, 1, 1]

        asked = await world.post("/v1/bookings", booking(hall, "10:00", "12:00", people=12, purpose="支部学习"))
        assert asked.status_code == 201, asked.text
        at = asked.headers["location"]
        life = (await world.get(at)).json()["life"]
        assert (life["title"], life["provider"], life["community"]) == ("多功能厅", CENTRE, COMMUNITY)
        assert await free(world, hall) == [0, 0, 1, 1], "ten to twelve lies in two slots of two hours"

        assert (await world.post(f"{at}:confirm", {"by": BERT})).json()["code"] == "not_yours"
        assert (await world.post(f"{at}:confirm", {"by": CENTRE})).status_code == 200
        assert (await world.post(f"{at}:use", {"by": CENTRE})).json()["code"] == "too_early"
        world.clock.pass_(days=7)
        assert (await world.post(f"{at}:use", {"by": CENTRE, "came": 11})).status_code == 200
        assert (await world.post(f"{at}:close", {"by": CENTRE})).status_code == 200
        found = (await world.get(at)).json()
        assert [step["action"] for step in found["history"]] == ["request", "confirm", "use", "close"]
        assert (found["life"]["came"], found["is_open"]) == (11, False)
        assert len((await world.get(f"/v1/bookings?party={CENTRE}")).json()["rows"]) == 1


async def test_two_want_the_same_slot_at_once_and_one_has_it(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        hall = await offer(world)
        both = await asyncio.gather(
            world.post("/v1/bookings", booking(hall, "10:00", "12:00")),
            world.post("/v1/bookings", booking(hall, "11:00", "13:00", by=BERT)),
        )
        assert sorted(answer.status_code for answer in both) == [201, 409]
        loser = next(answer for answer in both if answer.status_code == 409)
        assert loser.json()["code"] == "slot_taken"
        assert (loser.json()["detail"], loser.json()["free"]) == (hall, 0)
        assert len((await world.get("/v1/bookings")).json()["rows"]) == 1

        winner = next(answer for answer in both if answer.status_code == 201)
        at = winner.headers["location"]
        who = (await world.get(at)).json()["life"]["opened_by"]
        assert (await world.post(f"{at}:cancel", {"by": who})).status_code == 200
        again = await world.post("/v1/bookings", booking(hall, "11:00", "12:00", by=BERT))
        assert again.status_code == 201, "what was given back is free"


async def test_the_log_alone_keeps_a_slot_from_being_given_twice(tmp_path: Path) -> None:
    """Neither request sees the other's booking: the lists hold back until both lie in the log."""
    async with world_in(tmp_path, read_wait_s=2) as world:
        hall = await offer(world, capacity=2)
        world.sink.holds_back = True
        asked = [
            asyncio.create_task(world.post("/v1/bookings", booking(hall, "10:00", "12:00", by=f"member:m-{n}")))
            for n in range(4)
        ]
        while len(world.sink.waiting) < 4:  # noqa: ASYNC110 - a fake log rings nobody while it holds back
            await asyncio.sleep(0.01)
        world.sink.holds_back = False
        world.sink.project()
        codes = [answer.status_code for answer in await asyncio.gather(*asked)]
        assert sorted(codes) == [201, 201, 409, 409]
        assert await free(world, hall) == [0, 0, 2, 2]


async def test_an_open_activity_takes_as_many_as_it_has_places_and_asks_nobody(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        talk = await offer(
            world, title="党员组织活动开放点", kind="activity", access="free", capacity=20, auto_accept=True
        )
        signed_up = await world.post("/v1/bookings", booking(talk, "09:00", "17:00", people=15))
        life = (await world.get(signed_up.headers["location"])).json()["life"]
        assert (life["state"], life["seats"]) == ("confirmed", 15)
        assert signed_up.json()["version"] == life["step"] == 2
        too_many = await world.post("/v1/bookings", booking(talk, "09:00", "17:00", people=6, by=BERT))
        assert (too_many.json()["code"], too_many.json()["free"]) == ("slot_taken", 5)
        assert (await world.post("/v1/bookings", booking(talk, "09:00", "17:00", people=5, by=BERT))).status_code == 201
        assert await free(world, talk, "") == [0]


async def test_not_coming_is_noted_and_costs_nothing(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        hall = await offer(world, auto_accept=True)
        at = (await world.post("/v1/bookings", booking(hall, "10:00", "12:00"))).headers["location"]
        world.clock.pass_(days=6, hours=21)  # half past ten in Shanghai
        assert (await world.post(f"{at}:miss", {"by": CENTRE})).status_code == 200
        assert await free(world, hall) == [1, 1, 1, 1], "the rest of the slot is free again"
        await offer(world, windows=[slot("09:00", "17:00", day=30)], title="小会议室")
        rows = (await world.get("/v1/resources")).json()["rows"]
        other = next(row["resource"]["resource_id"] for row in rows if row["resource"]["title"] == "小会议室")
        again = await world.post("/v1/bookings", {"resource_id": other, "by": ANNA} | slot("10:00", "11:00", day=30))
        assert again.status_code == 201


async def test_what_cannot_be_booked_is_said_by_name(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        hall = await offer(world)
        soon = await offer(world, windows=[{"start": NOW.isoformat(), "end": "2026-11-23T18:00:00+08:00"}])
        lamp = await offer(world, access="free")
        locked = await offer(world, admits=[f"community:{COMMUNITY}"])
        refused = {
            "outside_hours": booking(hall, "16:00", "18:00"),
            "impossible_window": booking(hall, "12:00", "10:00"),
            "too_short_notice": {"resource_id": soon, "by": ANNA}
            | {"start": "2026-11-21T18:00:00+08:00", "end": "2026-11-21T19:00:00+08:00"},
            "not_bookable": booking(lamp, "10:00", "12:00"),
            "not_admitted": booking(locked, "10:00", "12:00"),
            "not_found": booking("r-none", "10:00", "12:00"),
        }
        for code, body in refused.items():
            answer = await world.post("/v1/bookings", body)
            assert answer.json()["code"] == code, answer.text
        assert (await world.post("/v1/bookings", booking(locked, "10:00", "12:00", by=HALL))).status_code == 201

        asked = await world.post("/v1/bookings", booking(hall, "10:00", "12:00"))
        early = await world.post(f"{asked.headers['location']}:use", {"by": CENTRE})
        assert (early.json()["code"], early.json()["possible"]) == (
            "not_possible_now",
            ["confirm", "decline", "cancel"],
        )


async def test_what_a_round_promised_is_not_given_to_a_booking(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        await matched(world)
        taken = (await world.get("/v1/resources")).json()["rows"][0]["resource"]["resource_id"]
        patch = {"access": "booking", "per_occasion": True}
        assert (await world.patch(f"/v1/resources/{taken}", patch, If_Match="*")).status_code == 200
        promised = {"start": "2026-11-25T06:30:00Z", "end": "2026-11-25T07:30:00Z"}
        refused = await world.post("/v1/bookings", {"resource_id": taken, "by": ANNA} | promised)
        assert refused.json()["code"] == "slot_taken", "the pair has it from six to seven"
        later = {"start": "2026-11-25T07:00:00Z", "end": "2026-11-25T08:00:00Z"}
        assert (await world.post("/v1/bookings", {"resource_id": taken, "by": ANNA} | later)).status_code == 201
        shown = await world.get(
            f"/v1/resources/{taken}/slots?from=2026-11-25T06:00:00Z&to=2026-11-25T08:00:00Z&minutes=60"
        )
        assert [(each["booked"], each["matched"]) for each in shown.json()["slots"]] == [(0, 1), (1, 0)]


async def test_what_it_costs_is_shown_and_never_paid_here(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        hall = await offer(world, access="paid", fee=80)
        asked = await world.post("/v1/bookings", booking(hall, "10:00", "12:00"))
        assert (await world.get(asked.headers["location"])).json()["life"]["fee"] == 80
        assert (await world.get(f"/v1/resources/{hall}/slots")).json()["fee"] == 80


async def test_a_repeat_of_a_request_books_once(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        hall = await offer(world, auto_accept=True)
        body = booking(hall, "10:00", "12:00")
        first = await world.post("/v1/bookings", body, Idempotency_Key="k-1")
        assert (await world.post("/v1/bookings", body, Idempotency_Key="k-1")).json() == first.json()
        assert len((await world.get("/v1/bookings")).json()["rows"]) == 1
