"""Registers and points, told over HTTP: who came and went in a month, and what a member wants kept."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.apiworld import World, world_in
from tests.integration.stories.words import begins, goes, is_refused, now

HERE, THERE = "310105001001", "310105002001"
HALL = f"community:{HERE}"


async def report(world: World, number: int, *, community: str = HERE, member_class: str = "mobile") -> None:
    for each in range(number):
        said = {"member_class": member_class, "kind": "residence", "community": community}
        await begins(world, "/v1/members", **said, member_ref=f"{member_class}-{community}-{each}")


async def register(world: World, month: str, region: str = "310105001") -> dict[str, tuple[Any, ...]]:
    found = (await now(world, f"/v1/registers/{region}/{month}"))["rows"]
    return {row["member_class"]: (row["came"], row["left"], row["there"]) for row in found}


async def test_a_month_tells_who_came_who_left_and_who_is_there_by_class(world: World) -> None:
    world.clock.at = datetime(2026, 10, 31, 15, 59, tzinfo=UTC)  # the last minute of October in China
    await report(world, 7)
    world.clock.pass_(minutes=1)
    await report(world, 6, community=THERE)
    await report(world, 5, member_class="retired")
    for number in range(6):
        at = f"/v1/enrolments/r1.mobile-{HERE}-{number}"
        await goes(world, at, "transfer", by=HALL, to=THERE)
        await goes(
            world, f"/v1/enrolments/{(await now(world, at))['life']['goes_on_as']}", "grant", by=f"community:{THERE}"
        )
    assert (await register(world, "2026-10"))["mobile"] == (7, None, 7)
    world.clock.pass_(days=30)
    here, there = await register(world, "2026-11"), await register(world, "2026-11", region=THERE)
    assert here["mobile"] == (None, 6, None), "one is left: too few to be shown"
    assert here["retired"] == (5, None, None), "nor can it be worked out from the others"
    assert there["mobile"] == (12, None, 12)
    assert (await register(world, "2026-11", region="3101"))["mobile"] == (12, 6, 13)
    assert (await register(world, "2026-12", region="3101"))["retired"] == (None, None, 5)


async def test_what_is_known_of_somebody_changes_without_coming_or_going(world: World) -> None:
    await report(world, 5)
    for number in range(5):
        await goes(world, f"/v1/enrolments/r1.mobile-{HERE}-{number}", "revise", by=HALL, skills=[])
    assert (await register(world, "2026-11"))["mobile"] == (5, None, 5)


async def test_a_report_of_a_month_that_is_over_stays_as_it_was(world: World) -> None:
    await report(world, 5)
    world.clock.pass_(days=31)
    at = f"/v1/enrolments/r1.mobile-{HERE}-0"
    await goes(world, at, "revise", by=HALL, skills=[])
    await goes(world, at, "log_off", by=HALL)
    await begins(
        world, "/v1/members", member_class="mobile", kind="residence", community=HERE, member_ref=f"mobile-{HERE}-0"
    )
    found = await now(world, "/v1/reports/month/310105/2026-11")
    assert found["figures"]["members_reported"] == 5
    assert (await register(world, "2026-11"))["mobile"] == (5, None, 5)


async def own(world: World, month: str, community: str = HERE) -> list[tuple[str, bool, str | None, str | None]]:
    """Return who was there, who of them came in that month, from where, and where who left went."""
    answer = await world.get(f"/v1/registers/{community}/{month}/members")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), answer.text
    rows = answer.json()["rows"]
    return [(row["member_ref"], row["came"], row["came_from"], row["went_to"]) for row in rows]


async def test_a_community_has_its_mobile_members_before_it_however_few_they_are(world: World) -> None:
    """R24: who came from where, who is there, who left for where; by reference, and names stay in the vault."""
    world.clock.at = datetime(2026, 10, 31, 15, 59, tzinfo=UTC)  # the last minute of October in China
    unit = "unit:91310105MA1FW0008T"
    await begins(
        world,
        "/v1/members",
        member_ref="m-wu",
        member_class="mobile",
        kind="residence",
        community=HERE,
        home_unit=unit,
        contact={"name": "吴某", "phone": "13800000000"},
    )
    world.clock.pass_(days=1)
    await report(world, 1)
    await report(world, 1, member_class="retired")
    await goes(world, "/v1/enrolments/r1.m-wu", "revise", by=HALL, skills=[])
    world.clock.pass_(days=1)
    await goes(world, "/v1/enrolments/r1.m-wu", "transfer", by=HALL, to=THERE)
    moved = (await now(world, "/v1/enrolments/r1.m-wu"))["life"]["goes_on_as"]
    world.clock.pass_(days=1)
    await goes(world, f"/v1/enrolments/{moved}", "grant", by=f"community:{THERE}")

    assert await own(world, "2026-10") == [("m-wu", True, None, None)]
    assert await own(world, "2026-11") == [
        ("m-wu", False, None, THERE),
        (f"mobile-{HERE}-0", True, None, None),
    ]
    assert await own(world, "2026-11", THERE) == [("m-wu", True, HERE, None)]
    november = (await world.get(f"/v1/registers/{HERE}/2026-11/members")).text
    assert unit in november
    assert not any(secret in november for secret in ("吴某", "13800000000"))
    retired = (await now(world, f"/v1/registers/{HERE}/2026-11/members?class=retired"))["rows"]
    assert [row["member_ref"] for row in retired] == [f"retired-{HERE}-0"]
    assert (await register(world, "2026-11", HERE))["mobile"] == (None, None, None), "counts stay hidden"
    world.clock.pass_(days=30)
    assert [who for who, *_ in await own(world, "2026-12")] == [f"mobile-{HERE}-0"], "who left is gone"


async def test_who_leaves_for_good_and_returns_is_there_twice(world: World) -> None:
    await report(world, 1)
    world.clock.pass_(hours=1)
    await goes(world, f"/v1/enrolments/r1.mobile-{HERE}-0", "log_off", by=HALL)
    world.clock.pass_(hours=1)
    await report(world, 1)
    rows = (await now(world, f"/v1/registers/{HERE}/2026-11/members"))["rows"]
    assert [(row["left_at"] is None, row["went_to"], row["came_from"]) for row in rows] == [
        (False, None, None),
        (True, None, None),
    ]


async def test_nobody_but_a_community_has_a_register_by_reference(world: World) -> None:
    await report(world, 5)
    for wider in ("310105001000", "310105000000"):
        answer = await world.get(f"/v1/registers/{wider}/2026-11/members")
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_region")
    assert (await world.get("/v1/registers/310105/2026-11/members")).status_code == 422
    for path in (f"{HERE}/2027-05/members", f"{HERE}/2027-05/members.csv", "310105/2027-05", "310105/2027-05.csv"):
        answer = await world.get(f"/v1/registers/{path}")
        assert (answer.status_code, answer.json()["code"]) == (409, "too_early"), path


async def test_a_communitys_own_register_is_a_sheet_too(world: World) -> None:
    await report(world, 1)
    answer = await world.get(f"/v1/registers/{HERE}/2026-11/members.csv")
    assert answer.headers["cache-control"] == "no-store"
    head, line = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert head == [
        "member_ref",
        "类别",
        "报到方式",
        "所在单位",
        "流入日期",
        "从何处",
        "本月流入",
        "流出日期",
        "往何处",
    ]
    assert line == [f"mobile-{HERE}-0", "流动党员", "居住地", "", "2026-11-21", "", "是", "", ""]


async def test_the_register_is_a_sheet_too(world: World) -> None:
    await report(world, 5)
    answer = await world.get("/v1/registers/310105/2026-11.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    head, *lines = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert head[3:] == ["流入", "流出", "月末在册"]
    assert ["mobile", "流动党员", "参管", "5", "", "5"] in lines
    assert (await world.get("/v1/registers/310105/2026-13")).json()["code"] == "bad_time"


async def test_points_are_kept_for_who_asks_and_an_entry_is_taken_back_by_another(world: World) -> None:
    await report(world, 1)
    at = f"/v1/members/mobile-{HERE}-0/points"
    assert (await is_refused(world, at, points=2, reason="service"))["code"] == "not_opted_in"
    assert (await world.client.put("/v1/members/nobody/points")).status_code == 404
    assert (await world.client.put(at)).status_code == 204
    given = [
        (await world.post(at, {"points": 2, "reason": "service", "about": "demand:d-1"}, Idempotency_Key="k")).json()
        for _ in range(2)
    ]
    assert given[0] == given[1], "sent twice, counted once"
    await world.post(at, {"points": 5, "reason": "study"})
    wrong = f"{at}/{given[0]['id']}"
    assert (await world.post(f"{wrong}:reverse")).status_code == 201
    assert (await is_refused(world, f"{wrong}:reverse"))["code"] == "not_possible_now"
    assert (await is_refused(world, f"{at}/b-none:reverse"))["code"] == "not_found"
    ledger = await now(world, at)
    assert ledger["balance"] == 5
    assert sorted(entry["points"] for entry in ledger["entries"]) == [-2, 2, 5]
    assert [entry["reverses"] for entry in ledger["entries"] if entry["points"] == -2] == [given[0]["id"]]


async def test_points_are_in_no_topic_and_gone_when_the_member_says_so(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        await report(world, 1)
        at = f"/v1/members/mobile-{HERE}-0/points"
        await world.client.put(at)
        entry = (await world.post(at, {"points": 3, "reason": "award"})).json()["id"]
        assert len(world.sink.events) == 1, "the enrolment alone"
        assert (await world.client.delete(at)).status_code == 204
        assert (await world.get(at)).json()["code"] == "not_opted_in"
        assert (await world.client.delete(at)).status_code == 409
    assert entry.encode() not in _stored(tmp_path)


def _stored(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.glob("api.sqlite3*"))
