"""Posts 岗位, told over HTTP: set by need, claimed by members, never by more than there are places."""

import asyncio
from typing import Any

from tests.apiworld import World
from tests.integration.stories.words import begins, goes, is_refused, now, rows

HERE, THERE = "310105001001", "310105002001"
HALL = f"community:{HERE}"


async def enrolled(world: World, *names: str, **changes: Any) -> None:
    """Let members report to the community in the quick way."""
    for name in names:
        said = {"member_class": "retired", "kind": "residence", "community": HERE, "member_ref": name} | changes
        await begins(world, "/v1/members", **said)


async def opened(world: World, **said: Any) -> str:
    return await begins(world, "/v1/posts", **{"community": HERE, "by": HALL, "title": "为老理发岗"} | said)


async def claims(world: World, at: str, name: str) -> None:
    await goes(world, at, "claim", by=f"member:{name}", member=f"member:{name}")


async def enrolment_of(world: World, name: str) -> dict[str, Any]:
    """Return the life of a member's enrolment."""
    (entry,) = (await world.get(f"/v1/members/{name}")).json()["enrolments"]
    life: dict[str, Any] = (await now(world, f"/v1/enrolments/{entry['enrolment_id']}"))["life"]
    return life


async def test_members_claim_a_post_until_it_is_full_and_their_enrolments_tell(world: World) -> None:
    await enrolled(world, "a", "b", "c")
    at = await opened(world, head_count=2, items=["elder_care.hair_cut"])
    await claims(world, at, "a")
    twice = await is_refused(world, f"{at}:claim", by="member:a", member="member:a")
    assert twice["code"] == "already_held"
    await claims(world, at, "b")
    post = await now(world, at)
    assert (post["life"]["state"], post["life"]["members"]) == ("filled", ["member:a", "member:b"])
    late = await is_refused(world, f"{at}:claim", by="member:c", member="member:c")
    assert (late["code"], late["possible"]) == ("not_possible_now", ["leave", "close"])
    for name in ("a", "b"):
        enrolment = await enrolment_of(world, name)
        assert (enrolment["state"], enrolment["post"]) == ("posted", at.rpartition("/")[2])

    await goes(world, at, "leave", by="member:a", member="member:a", reason="调换班次")
    assert (await enrolment_of(world, "a"))["state"] == "enrolled"
    await claims(world, at, "c")
    assert (await now(world, at))["life"]["members"] == ["member:b", "member:c"]
    assert [row["life"]["id"] for row in await rows(world, "/v1/posts?party=member:c")] == [at.rpartition("/")[2]]


async def test_of_two_who_claim_the_last_place_at_once_one_wins(world: World) -> None:
    await enrolled(world, "a", "b")
    at = await opened(world)
    answers = await asyncio.gather(
        *(world.post(f"{at}:claim", {"by": f"member:{name}", "member": f"member:{name}"}) for name in "ab")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (told,) = (answer.json() for answer in answers if answer.status_code == 409)
    assert told["state"] == "filled"
    assert len((await now(world, at))["life"]["members"]) == 1


async def test_only_who_is_enrolled_here_and_qualified_may_claim(world: World) -> None:
    await enrolled(world, "a")
    await enrolled(world, "b", community=THERE)
    await enrolled(world, "c", qualifications=["vetted_home_visit"])
    at = await opened(world, qualifications=["vetted_home_visit"])
    for name, code in (("nobody", "not_enrolled"), ("b", "not_enrolled"), ("a", "not_qualified")):
        answer = await is_refused(world, f"{at}:claim", by=f"member:{name}", member=f"member:{name}")
        assert (answer["code"], answer["errors"][0]["pointer"]) == (code, "#/member")
    await claims(world, at, "c")
    assert (await is_refused(world, "/v1/posts", community=HERE, by=HALL, title="岗", items=["no.thing"]))[
        "code"
    ] == "unknown_item"


async def test_who_logs_off_gives_the_place_back_and_a_closed_post_lets_everybody_go(world: World) -> None:
    await enrolled(world, "a", "b")
    at = await opened(world, head_count=2)
    await claims(world, at, "a")
    await claims(world, at, "b")
    await goes(world, "/v1/enrolments/r1.a", "log_off", by="member:a")
    post = await now(world, at)
    assert (post["life"]["state"], post["life"]["members"]) == ("open", ["member:b"])
    await goes(world, at, "close", by=HALL, reason="不再需要")
    assert (await enrolment_of(world, "b"))["state"] == "enrolled"
    assert (await now(world, at))["possible"] == []


async def test_a_place_or_a_role_is_held_by_somebody_who_can_be(world: World) -> None:
    at = await opened(world)
    assert (await is_refused(world, f"{at}:claim", by=HALL, member="member:张三"))["code"] == "invalid_value"
    said = {"community": HERE, "by": HALL, "role": "liaison", "due": "2027-12-01T00:00:00Z"}
    for unit, code in (("unit:.x", "invalid_value"), ("unit:91310105MA1FW0008X", "bad_uscc")):
        assert (await is_refused(world, "/v1/roles", **said, unit=unit))["code"] == code


async def test_a_role_of_a_unit_is_given_for_a_term_renewed_and_lapses(world: World) -> None:
    unit = "unit:91310105MA1FW0008T"
    said = {"community": HERE, "by": HALL, "unit": unit, "role": "part_time_committee"}
    at = await begins(world, "/v1/roles", **said, holder="member:a", due="2026-12-01T00:00:00Z")
    assert (await is_refused(world, "/v1/roles", **said, due="2027-12-01T00:00:00Z"))["code"] == "already_held"
    await begins(world, "/v1/roles", **said | {"role": "liaison"}, due="2027-12-01T00:00:00Z")
    early = await is_refused(world, f"{at}:lapse", by=HALL)
    assert (early["code"], early["state"]) == ("not_possible_now", "serving")
    shorter = await is_refused(world, f"{at}:renew", by=HALL, due="2026-11-30T00:00:00Z")
    assert shorter["code"] == "impossible_window"
    await goes(world, at, "renew", by=HALL, due="2026-12-31T00:00:00Z")
    assert (await now(world, at))["life"]["holder"] == "member:a"
    world.clock.pass_(days=60)
    assert [row["id"] for row in await rows(world, "/v1/overdue?region=310105")] == [at.rpartition("/")[2]]
    await goes(world, at, "lapse", by="system:clock")
    assert len(await rows(world, f"/v1/roles?party={unit}&open=true")) == 1
