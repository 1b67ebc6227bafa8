"""Reports through HTTP: what happened in a month comes out of events, adds up, and comes out the same again."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.assignments import AssignmentFulfilled
from schemas.envelope import new_event
from schemas.lifecycle import Step
from schemas.lives.demand import DemandCollected, DemandConfirmed, DemandPublished, DemandVerified
from schemas.stories.teller import DISTRICT, Teller, day
from tests.apiworld import COMMUNITY, World, demand, ended, matched, resource, world_in
from tests.integration.api.test_api_lives import STREET, UNIT, task

MONTH = "/v1/reports/month/310105/2026-11"
USCC = UNIT.removeprefix("unit:")


async def figures(world: World, path: str = MONTH) -> dict[str, Any]:
    answer = await world.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["figures"]
    return found


def of_kind(figures: dict[str, Any], kind: str = "task") -> dict[str, Any]:
    [found] = [each for each in figures["lives"] if each["kind"] == kind]
    return dict(found)


async def busy_month(world: World) -> str:
    """Match and fulfil one seat of two asked for; give a task and see it done; return the assignment's id."""
    assignment = await matched(world)
    await ended(world, assignment, AssignmentFulfilled, "done")
    at = (await world.post("/v1/tasks", task())).headers["location"]
    world.clock.pass_(days=1)
    await world.post(f"{at}:start", {"by": UNIT})
    world.clock.pass_(days=2)
    await world.post(f"{at}:report", {"by": UNIT, "outcome": "已清理。"})
    await world.post(f"{at}:check", {"by": STREET})
    return assignment


async def test_a_month_is_told_from_what_happened_in_it(world: World) -> None:
    await busy_month(world)
    found = await figures(world)
    assert (found["demands_posted"], found["seats_asked"], found["resources_offered"]) == (1, 2, 1)
    assert (found["proposed"], found["fulfilled"], found["median_wait_s"]) == (1, 1, 0)
    assert found["categories"] == [{"category": "elder_care", "demands": 1, "seats": 2, "fulfilled": 1}]
    tasks = of_kind(found)
    assert (tasks["begun"], tasks["ended"], tasks["open"], tasks["overdue"]) == (1, 1, 0, 0)
    stays = {stage["state"]: stage["median_stay_s"] for stage in tasks["stages"]}
    assert stays == {"open": 86_400, "under_way": 2 * 86_400, "reported": 0}
    assert tasks["standing"] == [{"state": "done", "standing": 1}]


@pytest.mark.parametrize("path", ["quarter/310105/2026-Q4", "half-year/3101/2026-H2", "year/31/2026"])
async def test_every_cycle_and_level_holds_the_month(world: World, path: str) -> None:
    await busy_month(world)
    found = await figures(world, f"/v1/reports/{path}")
    assert (found["demands_posted"], found["fulfilled"], of_kind(found)["ended"]) == (1, 1, 1)


async def test_elsewhere_and_at_another_time_nothing_happened(world: World) -> None:
    await busy_month(world)
    for path in ("month/310104/2026-11", "month/310105/2026-10"):
        found = await figures(world, f"/v1/reports/{path}")
        assert (found["demands_posted"], found["lives"], found["median_wait_s"]) == (0, [], None)
    world.clock.pass_(days=14)
    december = (await world.get("/v1/reports/month/310105/2026-12")).json()
    assert december["before"] == await figures(world)
    assert of_kind(december["figures"])["begun"] == 0


async def test_how_things_stood_at_the_end_does_not_change_with_what_comes_later(world: World) -> None:
    late = (await world.post("/v1/tasks", task())).headers["location"]  # the 21st of November: due on the 28th
    await world.post("/v1/tasks", task(due="2027-01-31T00:00:00Z"))  # its own date is later than that of its state
    world.clock.pass_(days=10)
    before = await figures(world)
    assert (of_kind(before)["open"], of_kind(before)["overdue"]) == (2, 2)
    world.clock.pass_(days=10)
    await world.post(f"{late}:start", {"by": UNIT})
    await world.post(f"{late}:cancel", {"by": STREET, "reason": "不再需要"})
    assert await figures(world) == before
    december = of_kind(await figures(world, "/v1/reports/month/310105/2026-12"))
    assert (december["open"], december["ended"], december["overdue"]) == (1, 1, 1)


async def test_what_is_not_due_yet_is_not_late_while_the_month_runs(world: World) -> None:
    await world.post("/v1/tasks", task())  # the 21st of November: due on the 28th
    for days, late in ((0, 0), (6, 0), (1, 1)):
        world.clock.pass_(days=days)
        found = await figures(world)
        assert found["as_of"] == world.clock.at.isoformat().replace("+00:00", "Z")
        assert of_kind(found)["overdue"] == late
        assert len((await world.get("/v1/overdue?region=310105")).json()["rows"]) == late, "as the list says"
    page = (await world.get(f"{MONTH}.md")).text
    assert "本期未结束，截至 2026-11-28 14:00" in page
    assert "| 事项 | 新开 | 办结 | 目前在办 | 目前超期 |" in page
    world.clock.pass_(days=3)
    over = await world.get(f"{MONTH}.md")
    assert "| 事项 | 新开 | 办结 | 期末在办 | 期末超期 |" in over.text
    assert "截至" not in over.text


@pytest.mark.parametrize("path", ["month/310105/2026-12", "month/310105/2027-05.md", f"units/{USCC}/2027-H1.md"])
async def test_of_a_period_that_has_not_begun_there_is_no_report(world: World, path: str) -> None:
    answer = await world.get(f"/v1/reports/{path}", accept_language="en")
    assert (answer.status_code, answer.json()["code"]) == (409, "too_early")
    assert "begins on 20" in answer.json()["detail"]
    world.clock.at = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # midnight in Shanghai: December begins
    assert (await world.get("/v1/reports/month/310105/2026-12")).status_code == 200


async def test_a_month_begins_and_ends_by_the_clock_of_the_place(world: World) -> None:
    world.clock.at = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)  # one at night on the first of December in Shanghai
    await world.post("/v1/demands", demand(window={"start": "2026-12-25T01:00:00Z", "end": "2026-12-25T04:00:00Z"}))
    assert (await figures(world))["demands_posted"] == 0
    assert (await figures(world, f"{MONTH}?zone=UTC"))["demands_posted"] == 1
    assert (await figures(world, "/v1/reports/month/310105/2026-12"))["since"] == "2026-11-30T16:00:00Z"


async def test_a_house_made_anew_from_the_same_log_gives_the_same_report(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        await busy_month(world)
        paths = (MONTH, f"{MONTH}.md", f"{MONTH}.md?lang=en")
        before = [(await world.get(path)).content for path in paths]
        world.model.reset()
        world.model.apply(
            [((event.topic.name, 0, offset), event) for offset, event in enumerate(world.sink.events)], {}
        )
        assert [(await world.get(path)).content for path in paths] == before


async def test_few_people_are_not_told(world: World) -> None:
    for each in range(5):
        if each == 4:
            assert (await figures(world))["members_reported"] is None
        body = {"member_ref": f"m-{each}", "member_class": "retired", "kind": "residence", "community": COMMUNITY}
        assert (await world.post("/v1/members", body)).status_code == 201
    assert (await figures(world))["members_reported"] == 5
    assert (await figures(world))["satisfaction"] == {"answers": None, "mean_hundredths": None}


async def test_how_content_people_were_is_told_from_five_answers_on(world: World) -> None:
    for each, mark in enumerate((5, 5, 4, 3, 4)):
        assert (await figures(world))["satisfaction"]["answers"] is None
        told = Teller(f"n-{each}", first_day=each)
        window = {"start": day(9), "end": day(10)}
        lines = [{"item": "elder_care.hair_cut"}]
        need = [
            told.tell(DemandCollected, title="上门理发", channel="visit", window=window, lines=lines),
            told.tell(DemandVerified),
            told.tell(DemandPublished),
            told.tell(DemandConfirmed, outcome="solved", satisfaction=mark),
        ]
        await told_to(world, *need)
    assert (await figures(world))["satisfaction"] == {"answers": 5, "mean_hundredths": 420}
    assert "5 位受益人评价，平均 4.20（满分 5）。" in (await world.get(f"{MONTH}.md")).text


async def test_who_was_called_came_in_time_or_late(world: World) -> None:
    calls = [{"party": UNIT, "minutes": 60}, {"party": STREET, "minutes": 30}, {"party": DISTRICT, "minutes": 30}]
    said = {"title": "路面塌陷", "community": COMMUNITY, "by": f"community:{COMMUNITY}", "called": calls}
    at = (await world.post("/v1/whistles", said)).headers["location"]
    world.clock.pass_(minutes=20)
    await world.post(f"{at}:arrive", {"by": UNIT})
    world.clock.pass_(minutes=20)
    await world.post(f"{at}:arrive", {"by": STREET})
    found = (await figures(world))["whistles"]
    assert (found["called"], found["arrived"], found["late"], found["median_arrival_s"]) == (3, 2, 1, 1_200)
    assert found["scores"]["answers"] is None
    assert of_kind(await figures(world), "whistle")["overdue"] == 1, "one has not come, and its clock has run out"
    page = (await world.get(f"{MONTH}.md")).text
    assert "| 到场用时（中位） | 20 分 | — |" in page
    assert "| 吹哨 · 已吹哨 | 1 | 20 分 |" in page
    world.clock.pass_(days=14)
    december = (await world.get("/v1/reports/month/310105/2026-12")).json()["figures"]["whistles"]
    assert (december["called"], december["arrived"]) == (0, 0)


async def told_to(world: World, *facts: Step) -> None:
    """Let the log say steps as they were taken."""
    events = [
        new_event(fact, id=f"{fact.id}-{fact.step}", source="tests", key="310105", time=fact.at) for fact in facts
    ]
    await world.sink.publish(events)


async def test_the_page_reads_well_in_both_languages(world: World) -> None:
    await busy_month(world)
    page = await world.get(f"{MONTH}.md")
    assert page.headers["content-type"].startswith("text/markdown")
    assert page.text.startswith("# 长宁区 2026-11 月报\n")
    assert "统计区间：2026-11-01 00:00 起，2026-12-01 00:00 前；" in page.text
    for line in ("| 新增需求 | 1 | 0 |", "| 任务 | 1 | 1 | 0 | 0 |", "| 任务 · 办理中 | 1 | 2 天 |"):
        assert line in page.text
    assert "不作排名" in page.text
    english = (await world.get(f"{MONTH}.md", accept_language="en")).text
    assert "| task · under way | 1 | 2 d |" in english
    assert "no ranking" in english
    assert (await world.get(f"{MONTH}.md?lang=zh", accept_language="en")).text == page.text


async def test_a_unit_finds_its_report_drafted(world: World) -> None:
    await world.post("/v1/units", {"uscc": USCC, "name": "某某科技有限公司党支部", "community": COMMUNITY})
    await world.post("/v1/resources", resource(provider=UNIT, title="会议室", item="venue.activity_room", kind="venue"))
    await busy_month(world)
    found = (await world.get(f"/v1/reports/units/{USCC}/2026-H2")).json()
    assert [entry["title"] for entry in found["offered"]] == ["会议室"]
    [matter] = found["matters"]
    assert (matter["title"], matter["state"], matter["is_open"], matter["steps"]) == ("清理消防通道", "done", False, 2)
    draft = (await world.get(f"/v1/reports/units/{USCC}/2026-H2.md")).text
    assert draft.startswith("# 某某科技有限公司党支部 2026-H2 “双报告”（草稿）")
    for line in ("- 会议室 (`", "- 任务“清理消防通道”：目前已办结，我方经办 2 次。", "## 下一步打算"):
        assert line in draft
    assert "\n2026 年下半年（截至 2026-11-24），我方在" in draft
    english = (await world.get(f"/v1/reports/units/{USCC}/2026-H2.md?lang=en")).text
    assert "In the second half of 2026 (up to 2026-11-24) we did 0 jobs" in english
    assert "done now, 2 steps ours" in english
    world.clock.pass_(days=60)
    draft = (await world.get(f"/v1/reports/units/{USCC}/2026-H2.md")).text
    assert "\n2026 年下半年，我方在" in draft
    assert "：期末已办结" in draft


async def test_a_member_reads_its_own_report_and_nobody_keeps_it(world: World) -> None:
    body = {"member_ref": "m-7f3a", "member_class": "in_service", "kind": "residence", "community": COMMUNITY}
    await world.post("/v1/members", body)
    await busy_month(world)
    answer = await world.get("/v1/reports/members/m-7f3a/2026-11")
    assert answer.headers["cache-control"] == "no-store"
    [given] = answer.json()["given"]
    assert given == {"item": "elder_care.hair_cut", "times": 1, "minutes": 60, "communities": 1}
    page = await world.get("/v1/reports/members/m-7f3a/2026-11.md")
    assert page.headers["cache-control"] == "no-store"
    assert "1 次，约 1 小时，涉及 1 个社区。" in page.text
    assert (await world.get("/v1/reports/members/m-7f3a/2026-10")).json()["given"] == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("month/310105/2026-Q4", "bad_time"),
        ("month/310105/2026-13", "bad_time"),
        ("quarter/310105/2026", "bad_time"),
        ("month/310105/1026-11", "bad_time"),
        ("month/310105/2026-11?zone=Nowhere", "bad_time"),
        ("month/31010/2026-11", "bad_region"),
        ("week/310105/2026-11", "invalid_value"),
        ("month/310105/november", "invalid_value"),
    ],
)
async def test_what_names_no_period_is_refused(world: World, path: str, code: str) -> None:
    answer = await world.get(f"/v1/reports/{path}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_nobody_under_that_name_has_no_report(world: World) -> None:
    for path in (f"units/{USCC}/2026", f"units/{USCC}/2026.md", "members/m-nobody/2026", "members/m-nobody/2026.md"):
        answer = await world.get(f"/v1/reports/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
