"""Joint meetings of a street: chairs in turn, members of lower levels, resolutions, and the tasks that follow."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from schemas.base import Fact
from schemas.envelope import Event
from schemas.lives.project_steps import ProjectApproved, ProjectReviewed
from schemas.lives.task import TaskOpened
from schemas.refusals import Refused
from tests.apiworld import COMMUNITY, FakeSink, World, world_in
from tests.stories.house import House

REGION = "310105001000"
STREET = f"office:{REGION}"
HALL = f"community:{COMMUNITY}"
CENTRE = "unit:52310105MJ47000120"
SCHOOL = "unit:91310105MA1FW0008T"
SERIES = f"/v1/meeting-series/{REGION}/street"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_in(tmp_path) as running:
        yield running


@pytest.fixture
def house(world: World) -> House:
    return House(world.client)


def call(**changes: Any) -> dict[str, Any]:
    return {
        "title": "联席会议",
        "community": REGION,
        "by": STREET,
        "series": "street",
        "starts_at": "2026-11-21T14:00:00+08:00",
    } | changes


async def called(house: House, **changes: Any) -> str:
    return f"/v1/meetings/{(await house.post('/v1/meetings', call(**changes)))['id']}"


async def test_from_the_call_to_the_last_task(house: House) -> None:
    # The street calls; the community and two units are members, and the units take turns in the chair.
    at = await called(house, members=[STREET, HALL, CENTRE, SCHOOL], rotation=[CENTRE, SCHOOL])
    meeting = (await house.get(at))["life"]
    assert (meeting["level"], meeting["number"], meeting["chair"]) == ("street", 1, CENTRE)

    # Any member may put something on the agenda, until it is held.
    await house.post(f"{at}:add_item", {"by": SCHOOL, "item": {"title": "冬季消防"}})
    late = await house.refused(f"{at}:resolve", {"by": STREET, "item": 1, "text": "清理消防通道"})
    assert (late["code"], late["state"]) == ("not_possible_now", "called")
    stranger = await house.refused(f"{at}:hold", {"by": STREET, "present": ["unit:913101050000000000"]})
    assert stranger["code"] == "not_a_party"
    await house.post(f"{at}:hold", {"by": CENTRE, "present": [STREET, HALL, CENTRE], "minutes": "三方到会。"})

    # The chair says what was resolved, and whoever called it may; a resolution gives tasks.
    order = {"title": "清理消防通道", "assignee": SCHOOL, "due": "2026-12-10T18:00:00+08:00", "list": "rectification"}
    resolution = {"by": CENTRE, "item": 1, "text": "校门口通道须清理", "tasks": [order]}
    assert (await house.refused(f"{at}:resolve", resolution | {"by": SCHOOL}))["code"] == "not_a_party"
    assert (await house.refused(f"{at}:resolve", resolution | {"item": 2}))["code"] == "unknown_reference"
    assert (await house.refused(f"{at}:resolve", resolution | {"verdict": "approve"}))["code"] == "invalid_value"
    await house.post(f"{at}:resolve", resolution)
    [given] = (await house.get(at))["beside"]["tasks"]
    assert given["state"] == "open"
    task = await house.get(f"/v1/tasks/{given['task']}")
    assert (task["life"]["opened_by"], task["life"]["assignee"]) == (STREET, SCHOOL)
    assert task["life"]["about"] == [f"meeting:{at.rpartition('/')[2]}"]

    # What becomes of the task is seen from the meeting; its minutes are closed.
    await house.post(f"/v1/tasks/{given['task']}:report", {"by": SCHOOL, "outcome": "已清理。"})
    await house.post(f"/v1/tasks/{given['task']}:check", {"by": STREET})
    await house.post(f"{at}:close", {"by": CENTRE})
    closed = await house.get(at)
    assert (closed["beside"]["tasks"][0]["state"], closed["is_open"]) == ("done", False)


async def test_the_chair_goes_round_and_the_next_call_needs_but_a_day(house: House) -> None:
    """R48: who has chaired is followed by the next in the rotation; a meeting that was cancelled counts for nobody."""
    first = await called(house, members=[STREET, CENTRE, SCHOOL])
    assert (await house.get(SERIES))["next_chair"] == CENTRE, "the street has the chair of the first one"
    await house.post(f"{first}:hold", {"by": STREET, "present": [STREET, CENTRE]})
    second = await called(house)
    life = (await house.get(second))["life"]
    assert (life["chair"], life["number"], life["members"]) == (CENTRE, 2, [STREET, CENTRE, SCHOOL])
    await house.post(f"{second}:cancel", {"by": STREET, "reason": "台风"})
    assert (await house.get(SERIES))["next_chair"] == CENTRE
    third = await called(house)
    assert (await house.get(third))["life"]["chair"] == CENTRE
    # Somebody else may take the chair on the day: then the turn goes on from there.
    await house.post(f"{third}:hold", {"by": SCHOOL, "present": [STREET, SCHOOL], "chair": SCHOOL})
    assert (await house.get(SERIES)) == {
        "community": REGION,
        "series": "street",
        "newest": third.rpartition("/")[2],
        "number": 3,
        "members": [STREET, CENTRE, SCHOOL],
        "rotation": [STREET, CENTRE, SCHOOL],
        "next_chair": STREET,
    }
    assert (await house.get(await called(house, series="property", members=[HALL])))["life"]["number"] == 1


async def test_members_of_lower_levels_attend_the_meeting_above(house: House) -> None:
    """R17: a district's meeting has streets and communities among its members; who came is kept by party."""
    district = "310105000000"
    at = await called(
        house,
        community=district,
        by=f"office:{district}",
        series="district",
        members=[f"office:{district}", STREET, HALL, CENTRE, "community:320505001001"],
    )
    await house.post(f"{at}:hold", {"by": f"office:{district}", "present": [f"office:{district}", HALL]})
    found = await house.get(at)
    assert found["life"]["level"] == "district"
    assert found["beside"]["from_below"] == [STREET, HALL], "another city's community is a guest, not below"
    assert found["beside"]["present_from_below"] == [HALL]
    assert STREET in found["beside"]["absent"]


async def test_a_resolution_reviews_the_project_and_says_so_once(world: World, house: House) -> None:
    proposal = {"title": "午餐桌", "community": COMMUNITY, "by": STREET, "lead": HALL, "partners": [CENTRE]}
    project = (await house.post("/v1/projects", proposal))["id"]
    agenda = [{"title": "午餐桌立项", "about": f"project:{project}"}]
    at = await called(house, members=[STREET, HALL], agenda=agenda)
    await house.post(f"{at}:hold", {"by": STREET, "present": [STREET, HALL]})
    undecided = await house.refused(f"{at}:resolve", {"by": STREET, "item": 1, "text": "再议"})
    assert undecided["code"] == "invalid_value", "of a project a meeting says yes or no"
    resolution = {"by": STREET, "item": 1, "text": "同意立项", "verdict": "approve"}
    answers = [await world.post(f"{at}:resolve", resolution, idempotency_key="k-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await house.refused(f"{at}:resolve", resolution))["code"] == "already_done"
    found = await house.get(f"/v1/projects/{project}")
    assert found["life"]["state"] == "approved"
    [review] = found["life"]["reviews"]
    assert (review["meeting"], review["resolution"]) == (at.rpartition("/")[2], 1)
    assert [(step["action"], step["by"]) for step in found["history"]] == [
        ("propose", STREET),
        ("review", STREET),
        ("approve", STREET),
    ]
    # What is no longer to be decided is not decided again.
    again = await called(house, agenda=agenda)
    await house.post(f"{again}:hold", {"by": HALL, "present": [HALL]})
    assert (await house.refused(f"{again}:resolve", resolution | {"by": HALL}))["code"] == "not_ready"


@pytest.mark.parametrize("lost", [TaskOpened, ProjectReviewed, ProjectApproved])
async def test_what_follows_from_a_resolution_survives_a_crash_in_between(
    world: World, house: House, lost: type[Fact], monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = {"title": "午餐桌", "community": COMMUNITY, "by": STREET, "lead": HALL, "partners": [CENTRE]}
    project = (await house.post("/v1/projects", proposal))["id"]
    at = await called(house, members=[STREET], agenda=[{"title": "立项", "about": f"project:{project}"}])
    await house.post(f"{at}:hold", {"by": STREET, "present": [STREET]})
    order = {"title": "公示", "assignee": HALL}
    resolution = {"by": STREET, "item": 1, "text": "同意立项", "verdict": "approve", "tasks": [order]}

    async def dies(events: Sequence[Event[Fact]]) -> list[tuple[str, int, int]]:
        if any(isinstance(event.data, lost) for event in events):
            raise Refused("unavailable", "the log went away just then")
        return await FakeSink.publish(world.sink, events)

    with monkeypatch.context() as patched:
        patched.setattr(world.sink, "publish", dies)
        answer = await world.post(f"{at}:resolve", resolution, idempotency_key="k-1")
        assert answer.status_code == 503, "nobody was told that it is done"
    assert (await world.post(f"{at}:resolve", resolution, idempotency_key="k-1")).status_code == 200
    found = await house.get(f"/v1/projects/{project}")
    assert [step["action"] for step in found["history"]] == ["propose", "review", "approve"]
    meeting = await house.get(at)
    assert len(meeting["life"]["resolutions"]) == 1
    assert [each["state"] for each in meeting["beside"]["tasks"]] == ["open"]
    assert len((await house.get("/v1/tasks"))["rows"]) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "invalid_value"),
        ({"members": [STREET], "chair": CENTRE}, "not_a_party"),
        ({"members": [STREET], "rotation": [CENTRE]}, "not_a_party"),
        ({"members": [STREET], "agenda": [{"title": "旧事", "about": "project:p-none"}]}, "unknown_reference"),
        ({"members": [STREET], "agenda": [{"title": "怪事", "about": "ufo:u-1"}]}, "unknown_reference"),
        ({"members": [STREET], "by": CENTRE}, "not_yours"),
    ],
)
async def test_a_call_that_cannot_be(house: House, changes: dict[str, Any], code: str) -> None:
    assert (await house.refused("/v1/meetings", call(**changes)))["code"] == code


async def test_a_meeting_is_not_held_before_it_begins(world: World, house: House) -> None:
    at = await called(house, members=[STREET, HALL], starts_at="2026-11-21T15:00:00+08:00")
    early = await house.refused(f"{at}:hold", {"by": STREET, "present": [STREET, HALL]})
    assert (early["code"], (await house.get(at))["life"]["state"]) == ("too_early", "called")
    world.clock.pass_(hours=1)
    await house.post(f"{at}:hold", {"by": STREET, "present": [STREET, HALL]})


async def test_two_call_the_next_meeting_at_once_and_each_has_its_number(world: World, house: House) -> None:
    answers = await asyncio.gather(*(world.post("/v1/meetings", call(members=[STREET, HALL])) for _ in range(2)))
    numbers = [(await house.get(answer.headers["location"]))["life"]["number"] for answer in answers]
    assert sorted(numbers) == [1, 2]
