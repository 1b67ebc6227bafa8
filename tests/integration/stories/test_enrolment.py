"""Enrolment 报到, told over HTTP: a unit and a member report, serve, move on and leave."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from schemas.base import Fact
from schemas.envelope import Event, new_event
from schemas.lives.enrolment import EnrolmentApplied
from schemas.refusals import Refused
from tests.apiworld import World, resource
from tests.integration.stories.words import begins, goes, is_refused, now, rows

HERE, THERE, FAR = "310105001001", "310105002001", "310104003001"
HALL, HALL_THERE, HALL_FAR = (f"community:{place}" for place in (HERE, THERE, FAR))
SCHOOL = "unit:12310105MJ47000137"
MEMBER = "member:m-7f3a"


def member(**changes: Any) -> dict[str, Any]:
    return {
        "by": MEMBER,
        "party": MEMBER,
        "kind": "residence",
        "member_class": "in_service",
        "home_unit": "unit:91310105MA1FW0008T",
        "community": HERE,
        "skills": ["elder_care.hair_cut"],
    } | changes


async def registered(world: World, ref: str = "m-7f3a") -> dict[str, Any]:
    found: dict[str, Any] = (await world.get(f"/v1/members/{ref}")).json()
    return found


async def counted(world: World, region: str) -> tuple[int, int]:
    """Return how many units and enrolments the overview counts."""
    with world.model.read() as connection:
        query = "select units, enrolments from tallies where region = ? and category = ''"
        found = connection.exec_driver_sql(query, (region,)).one_or_none()
    return (0, 0) if found is None else (found[0], found[1])


async def test_a_member_applies_is_sent_back_is_taken_in_and_serves(world: World) -> None:
    at = await begins(world, "/v1/enrolments", **member())
    assert (await world.get("/v1/members/m-7f3a")).status_code == 404, "who has applied is not on the list yet"
    early = await is_refused(world, f"{at}:start", by=MEMBER)
    assert (early["code"], early["state"]) == ("not_possible_now", "applied")
    assert set(early["possible"]) == {"return", "grant", "refuse", "log_off"}
    assert (await is_refused(world, f"{at}:grant", by=MEMBER))["code"] == "not_yours"

    await goes(world, at, "return", by=HALL, reason="请补充可服务的时间")
    saturdays = {
        "first": {"start": "2026-11-28T09:00:00+08:00", "end": "2026-11-28T12:00:00+08:00"},
        "rule": "FREQ=WEEKLY;BYDAY=SA",
    }
    await goes(world, at, "resume", by=MEMBER, availability=[saturdays])
    await goes(world, at, "grant", by=HALL)
    (entry,) = (await registered(world))["enrolments"]
    assert (entry["is_active"], entry["enrolment_id"]) == (True, at.rpartition("/")[2])
    assert entry["enrolment"]["availability"][0]["rule"] == "FREQ=WEEKLY;BYDAY=SA"
    assert entry["enrolment"]["skills"] == ["elder_care.hair_cut"], "what was not corrected stays"
    assert await counted(world, HERE) == (0, 1)

    assert (await is_refused(world, f"{at}:post", by=HALL, post="p-1"))["code"] == "not_found"
    post = await begins(world, "/v1/posts", community=HERE, by=HALL, title="为老理发岗")
    await goes(world, post, "claim", by=MEMBER, member=MEMBER)
    await goes(world, at, "start", by=MEMBER)
    await goes(world, at, "revise", by=MEMBER, skills=["elder_care.errand_help"])
    (entry,) = (await registered(world))["enrolments"]
    assert (entry["version"], entry["enrolment"]["skills"]) == (2, ["elder_care.errand_help"])
    found = await now(world, at)
    assert found["life"]["state"] == "active"
    assert [step["action"] for step in found["history"]] == [
        "apply", "return", "resume", "grant", "post", "start", "revise",
    ]  # fmt: skip
    for party in (MEMBER, HALL, "unit:91310105MA1FW0008T"):
        assert len(await rows(world, f"/v1/enrolments?party={party}")) == 1, party


async def test_nobody_is_enrolled_twice_of_a_kind(world: World) -> None:
    at = await begins(world, "/v1/enrolments", **member())
    held = await is_refused(world, "/v1/enrolments", **member(community=THERE))
    assert (held["code"], held["held_by"]) == ("already_held", at.rpartition("/")[2])
    quick = {name: value for name, value in member().items() if name not in ("by", "party")}
    assert (await is_refused(world, "/v1/members", **quick, member_ref="m-7f3a"))["code"] == "already_held"
    await begins(world, "/v1/enrolments", **member(kind="unit_link"))
    await goes(world, at, "grant", by=HALL)
    assert (await is_refused(world, "/v1/members", **quick, member_ref="m-7f3a"))["code"] == "duplicate_enrolment"

    await begins(world, "/v1/members", **quick, member_ref="m-2")
    twice = await is_refused(world, "/v1/enrolments", **member(by="member:m-2", party="member:m-2"))
    assert (twice["code"], twice["enrolment_id"]) == ("duplicate_enrolment", "r1.m-2")


def slowed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the log take a moment, so that both have looked before either has written."""
    publish = world.sink.publish

    async def slowly(events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        await asyncio.sleep(0.02)
        return await publish(events)

    monkeypatch.setattr(world.sink, "publish", slowly)


async def test_who_comes_by_two_ways_at_once_is_enrolled_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    slowed(world, monkeypatch)
    quick = {name: value for name, value in member().items() if name not in ("by", "party")} | {"member_ref": "m-7f3a"}
    ways = [("/v1/members", quick), ("/v1/enrolments:register", member(by=HALL_THERE, community=THERE))]
    for first, second in (ways, ways[::-1]):
        answers = await asyncio.gather(*(world.post(path, said) for path, said in (first, second)))
        assert [answer.status_code for answer in answers] == [201, 409]
        (entry,) = (await registered(world))["enrolments"]
        lost = answers[1].json()
        assert (lost["code"], lost["enrolment_id"]) == ("duplicate_enrolment", entry["enrolment_id"])
        assert lost["community"] == entry["enrolment"]["community"]
        await goes(world, f"/v1/enrolments/{entry['enrolment_id']}", "log_off", by=MEMBER)
        world.clock.pass_(hours=1)


async def test_a_unit_that_reports_in_two_districts_at_once_is_in_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowed(world, monkeypatch)
    unit = {"party": SCHOOL, "name": "实验小学"}
    answers = await asyncio.gather(
        *(
            world.post("/v1/enrolments:register", unit | {"by": f"community:{place}", "community": place})
            for place in (HERE, FAR)
        )
    )
    assert [answer.status_code for answer in answers] == [201, 409]
    assert answers[1].json()["code"] == "duplicate_enrolment"
    assert answers[1].json()["enrolment_id"] == answers[0].json()["id"]
    assert len(await rows(world, f"/v1/enrolments?party={SCHOOL}&open=true")) == 1


async def test_who_moves_on_is_taken_in_by_nobody_else_meanwhile(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    at = await begins(world, "/v1/enrolments:register", **member(by=HALL))
    publish, others = world.sink.publish, list[asyncio.Task[httpx.Response]]()

    async def between(events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        if any(isinstance(event.data, EnrolmentApplied) for event in events):
            taken_in = world.post("/v1/enrolments:register", member(by=HALL_THERE, community=THERE))
            others.append(asyncio.create_task(taken_in))
            await asyncio.sleep(0.05)
        return await publish(events)

    monkeypatch.setattr(world.sink, "publish", between)
    await goes(world, at, "transfer", by=MEMBER, to=FAR)
    assert (await others[0]).status_code == 409
    (waits,) = await rows(world, f"/v1/enrolments?party={MEMBER}&open=true")
    assert (waits["life"]["community"], waits["life"]["state"]) == (FAR, "applied")


async def test_who_loses_to_another_process_is_told_who_is_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    publish = world.sink.publish

    async def rival_first(events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        for event in events:
            if isinstance(event.data, EnrolmentApplied):
                rival = event.data.model_copy(update={"id": "e-rival", "by": HALL_THERE})
                await publish([new_event(rival, id="rival", source="/other", key=event.key, time=event.time)])
        return await publish(events)

    monkeypatch.setattr(world.sink, "publish", rival_first)
    lost = await is_refused(world, "/v1/enrolments", **member())
    assert (lost["code"], lost["held_by"], lost["detail"]) == ("already_held", "e-rival", f"{MEMBER} residence")


async def test_who_is_enrolled_and_is_entered_again_is_told_so(world: World) -> None:
    at = await begins(world, "/v1/enrolments:register", **member(by=HALL))
    again = await is_refused(world, "/v1/enrolments:register", **member(by=HALL_THERE, community=THERE))
    assert (again["code"], again["enrolment_id"]) == ("duplicate_enrolment", at.rpartition("/")[2])
    assert again["community"] == HERE


async def test_of_two_who_take_somebody_in_at_once_one_is_told_he_was_late(world: World) -> None:
    at = await begins(world, "/v1/enrolments", **member())
    answers = await asyncio.gather(
        *(world.post(f"{at}:grant", {"by": by}, If_Match='"1"') for by in (HALL, "office:310105001000"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert len((await registered(world))["enrolments"]) == 1


async def test_service_moves_and_the_home_unit_stays(world: World) -> None:
    at = await begins(world, "/v1/enrolments:register", **member(by=HALL, kind="unit_link"))
    nowhere = await is_refused(world, f"{at}:transfer", by=MEMBER, to=HERE)
    assert (nowhere["code"], nowhere["state"]) == ("invalid_value", "enrolled")
    await goes(world, at, "transfer", by=MEMBER, to=FAR, reason="单位搬迁")
    here = (await now(world, at))["life"]
    assert here["state"] == "transferred"
    (entry,) = (await registered(world))["enrolments"]
    assert not entry["is_active"]
    assert (await rows(world, "/v1/members"), await counted(world, HERE)) == ([], (0, 0))

    there = f"/v1/enrolments/{here['goes_on_as']}"
    assert (await now(world, there))["life"]["came_from"] == here["id"]
    await goes(world, there, "grant", by=HALL_FAR)
    (entry,) = (await registered(world))["enrolments"]
    assert entry["is_active"]
    assert (entry["enrolment"]["community"], entry["enrolment"]["home_unit"]) == (FAR, here["home_unit"])
    assert (await counted(world, HERE), await counted(world, FAR)) == ((0, 0), (0, 1))


async def test_who_logs_off_is_gone_with_what_was_offered_and_may_report_again(world: World) -> None:
    quick = {name: value for name, value in member().items() if name not in ("by", "party")}
    await begins(world, "/v1/members", **quick, member_ref="m-7f3a")
    await begins(world, "/v1/members", **quick | {"kind": "unit_link", "community": THERE}, member_ref="m-7f3a")
    offers = {
        place: (await world.post("/v1/resources", resource(provider=MEMBER, home=place))).json()["id"]
        for place in (HERE, THERE)
    }
    await goes(world, "/v1/enrolments/r1.m-7f3a", "log_off", by=MEMBER, reason="迁出")
    assert [row["id"] for row in (await now(world, "/v1/enrolments/r1.m-7f3a"))["history"]] == ["r1.m-7f3a"] * 2
    assert await states(world, offers) == {HERE: "withdrawn", THERE: "published"}
    assert (await is_refused(world, "/v1/enrolments/r1.m-7f3a:log_off", by=MEMBER))["code"] == "not_possible_now"
    await goes(world, "/v1/enrolments/u1.m-7f3a", "log_off", by=MEMBER)
    assert await states(world, offers) == {HERE: "withdrawn", THERE: "withdrawn"}
    assert await rows(world, "/v1/members") == []
    assert len(await rows(world, "/v1/members?state=left")) == 2

    await begins(world, "/v1/members", **quick, member_ref="m-7f3a")
    (again,) = await rows(world, "/v1/members")
    assert (again["version"], again["enrolment_id"]) == (3, "r3.m-7f3a")


async def states(world: World, offers: dict[str, str]) -> dict[str, str]:
    return {place: (await world.get(f"/v1/resources/{name}")).json()["state"] for place, name in offers.items()}


async def test_a_unit_reports_by_its_code_and_is_found_by_kind_and_industry(world: World) -> None:
    school = {"party": SCHOOL, "name": "某某小学党支部", "industry_system": "教育", "community": HERE, "by": HALL}
    at = await begins(world, "/v1/enrolments", **school)
    await goes(world, at, "grant", by=HALL)
    (row,) = await rows(world, "/v1/units?kind=12&industry_system=education")
    assert (row["party"], row["kind"]["zh"], row["industry_system"]["en"]) == (SCHOOL, "事业单位", "education")
    assert await rows(world, "/v1/units?kind=91") == await rows(world, "/v1/units?industry_system=health") == []
    await goes(world, at, "log_off", by=SCHOOL)
    assert await rows(world, "/v1/units") == []
    assert (await world.get(f"/v1/units/{SCHOOL[5:]}")).json()["is_active"] is False


async def test_a_free_industry_system_is_taken_with_a_remark(world: World) -> None:
    answer = await world.post(
        "/v1/units", {"uscc": SCHOOL[5:], "name": "体育馆", "industry_system": "体育", "community": HERE}
    )
    assert [warning["code"] for warning in answer.json()["warnings"]] == ["unknown_industry_system"]
    (row,) = await rows(world, "/v1/units?industry_system=体育")
    assert row["industry_system"]["code"] == "体育"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (member(member_class="retired", kind="unit_link"), "not_of_class"),
        (member(skills=["no.thing"]), "unknown_item"),
        (member(home_unit="unit:91310105MA1FW0008X"), "bad_uscc"),
        (member(name="欧阳明月"), "personal_data"),
        (member(kind=None), "invalid_value"),
        (member(party="community:310105001001"), "invalid_value"),
        (member(party=SCHOOL), "invalid_value"),
    ],
)
async def test_what_cannot_be_is_refused(world: World, said: dict[str, Any], code: str) -> None:
    assert (await is_refused(world, "/v1/enrolments", **said))["code"] == code
    assert world.sink.events == []


async def test_a_members_name_has_no_way_in_later_either(world: World) -> None:
    at = await begins(world, "/v1/enrolments:register", **member(by=HALL, kind="unit_link"))
    assert (await is_refused(world, f"{at}:revise", by=MEMBER, name="欧阳明月"))["code"] == "personal_data"
    retired = await is_refused(world, f"{at}:revise", by=MEMBER, member_class="retired")
    assert retired["code"] == "not_of_class"


@pytest.mark.parametrize("written", [1, 2, 3])
async def test_who_loses_the_server_midway_sends_it_again(world: World, written: int) -> None:
    quick = {name: value for name, value in member().items() if name not in ("by", "party")}
    await begins(world, "/v1/members", **quick, member_ref="m-7f3a")
    offer = (await world.post("/v1/resources", resource(provider=MEMBER))).json()["id"]
    before = len(world.sink.events)
    publish = world.sink.publish

    async def breaks(events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        places = await publish(events)
        if len(world.sink.events) >= before + written:
            raise Refused("unavailable", "the log is away")
        return places

    world.sink.publish = breaks  # type: ignore[method-assign]
    at = "/v1/enrolments/r1.m-7f3a:log_off"
    assert (await world.post(at, {"by": MEMBER}, Idempotency_Key="k")).status_code == 503
    world.sink.publish = publish  # type: ignore[method-assign]
    assert (await world.post(at, {"by": MEMBER}, Idempotency_Key="k")).status_code == 200
    assert (await world.get(f"/v1/resources/{offer}")).json()["state"] == "withdrawn"
    assert await rows(world, "/v1/members") == []
    assert len({event.id for event in world.sink.events[before:]}) == 4, "nothing was said twice in other words"
