"""How a hall was used in a month: what was open, what was booked, who came; and the same for a district."""

from pathlib import Path
from typing import Any

import pytest

from tests.apiworld import COMMUNITY, World, matched, resource, world_in

CENTRE = "unit:52310105MJ47000120"
ANNA = "member:m-anna"
SPAN = "from=2026-11-28T00:00:00Z&to=2026-11-29T00:00:00Z"


async def hall(world: World, **changes: Any) -> str:
    """Open on Saturday for eight hours, with two rooms; whoever asks has one."""
    saturday = {"start": "2026-11-28T09:00:00+08:00", "end": "2026-11-28T17:00:00+08:00"}
    what = {"provider": CENTRE, "kind": "venue", "access": "booking", "capacity": 2, "auto_accept": True}
    given = await world.post("/v1/resources", resource(windows=[saturday], per_occasion=True) | what | changes)
    assert given.status_code == 201, given.text
    return str(given.json()["id"])


async def booked(world: World, resource_id: str, *, start: int, hours: int) -> str:
    slot = {"start": f"2026-11-28T{start:02}:00:00+08:00", "end": f"2026-11-28T{start + hours:02}:00:00+08:00"}
    asked = await world.post("/v1/bookings", {"resource_id": resource_id, "by": ANNA, "people": 5} | slot)
    assert asked.status_code == 201, asked.text
    return str(asked.headers["location"])


async def test_hours_that_were_open_booked_used_and_missed(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        room = await hall(world)
        came, missed, given_back = [await booked(world, room, start=start, hours=2) for start in (9, 11, 13)]
        await booked(world, room, start=15, hours=2)
        assert (await world.post(f"{given_back}:cancel", {"by": ANNA})).status_code == 200
        world.clock.pass_(days=7)
        await world.post(f"{came}:use", {"by": CENTRE, "came": 7})
        await world.post(f"{came}:close", {"by": CENTRE})
        await world.post(f"{missed}:miss", {"by": CENTRE})
        await world.post(f"{missed}:close", {"by": CENTRE})

        found = (await world.get(f"/v1/resources/{room}/use?{SPAN}")).json()["use"]
        assert found == {
            "offered_hours": 16.0,
            "promised_hours": 0.0,
            "done_hours": 0.0,
            "booked_hours": 2.0,
            "used_hours": 2.0,
            "share": 0.25,
            "bookings": 2,
            "missed": 1,
            "people": 7,
        }
        half = "from=2026-11-28T00:00:00Z&to=2026-11-28T02:00:00Z"
        assert (await world.get(f"/v1/resources/{room}/use?{half}")).json()["use"]["used_hours"] == pytest.approx(1.0)


async def test_a_district_sees_kinds_and_a_provider_its_own(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        await booked(world, await hall(world), start=9, hours=4)
        await hall(world, home="310106001001", title="另一个区的会议室")
        await matched(world)
        month = "from=2026-11-21T00:00:00Z&to=2026-12-21T00:00:00Z"
        kinds = (await world.get(f"/v1/resources:use?region={COMMUNITY[:6]}&{month}")).json()["kinds"]
        assert [(each["kind"], each["resources"]) for each in kinds] == [("skill", 1), ("venue", 1)]
        skill, venue = (each["use"] for each in kinds)
        assert (skill["offered_hours"], skill["promised_hours"], skill["share"]) == (None, 1.0, None)
        assert (venue["offered_hours"], venue["booked_hours"], venue["share"]) == (16.0, 4.0, 0.25)
        own = (await world.get(f"/v1/resources:use?party={CENTRE}&{month}")).json()["kinds"]
        assert [(each["kind"], each["resources"]) for each in own] == [("venue", 2)]


async def test_what_cannot_be_counted_is_refused(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        assert (await world.get("/v1/resources:use")).json()["code"] == "invalid_value"
        backwards = "from=2026-11-29T00:00:00Z&to=2026-11-28T00:00:00Z"
        assert (await world.get(f"/v1/resources/r-1/use?{backwards}")).json()["code"] == "impossible_window"
        for beyond in (
            "from=9999-12-30T00:00:00Z",
            "from=9999-12-30T00:00:00Z&to=9999-12-31T00:00:00Z",
            "to=0001-01-01T00:00:00Z",
        ):
            for what in ("use", "slots"):
                answer = await world.get(f"/v1/resources/r-1/{what}?{beyond}")
                assert answer.json()["code"] == "impossible_window", "the calendar ends there"
        assert (await world.get(f"/v1/resources/r-1/use?{SPAN}")).json()["code"] == "not_found"
