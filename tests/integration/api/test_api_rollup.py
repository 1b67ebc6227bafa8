"""Figures per region, one level at a time: what adds up, what is hidden, what is overdue, and sheets of it."""

import csv
import io
from typing import Any

import pytest

from tests.apiworld import COMMUNITY, World, demand
from tests.integration.api.test_api_lives import CITY, STREET, UNIT, task

NEXT = "310105002001"
ELSEWHERE = "310104001001"


async def report_of_members(world: World, community: str, number: int) -> None:
    for each in range(number):
        body = {
            "member_ref": f"m-{community}-{each}",
            "member_class": "retired",
            "kind": "residence",
            "community": community,
        }
        answer = await world.post("/v1/members", body)
        assert answer.status_code == 201, answer.text


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


async def test_children_add_up_to_the_region_at_every_level(world: World) -> None:
    for community in (COMMUNITY, COMMUNITY, NEXT, ELSEWHERE):
        await world.post("/v1/demands", demand(community=community, requester=f"community:{community}"))
        await world.post("/v1/tasks", task(community=community, by=CITY))
    region, went = "", []
    while True:
        found = (await world.get(f"/v1/rollup?region={region}" if region else "/v1/rollup")).json()
        assert found["own"]["region"] == region
        went.append(found["own"]["level"])
        if not found["children"]:
            break
        for name in ("open_demands", "open_seats", "asked", "resources", "units"):
            assert found["own"]["sums"][name] == sum(child["sums"][name] for child in found["children"])
        tasks = [life["open"] for child in found["children"] for life in child["sums"]["lives"]]
        assert found["own"]["sums"]["lives"] == [{"kind": "task", "open": sum(tasks), "overdue": 0}]
        region = found["children"][-1]["region"]
    assert went == ["country", "province", "city", "district", "street", "community"]


async def test_names_are_those_that_people_use(world: World) -> None:
    await world.post("/v1/demands", demand())
    found = (await world.get("/v1/rollup")).json()
    assert (found["own"]["name"], found["children"][0]["name"]) == ("全国", "上海市")


async def test_few_members_are_not_shown_nor_given_away_by_their_neighbours(world: World) -> None:
    await report_of_members(world, COMMUNITY, 6)
    await report_of_members(world, NEXT, 2)
    found = (await world.get("/v1/rollup?region=310105")).json()
    assert found["own"]["sums"]["members"] == 8
    assert [child["sums"]["members"] for child in found["children"]] == [None, None]


async def test_lives_that_are_people_are_hidden_as_people_are(world: World) -> None:
    for each in range(7):
        who = f"member:m-{each}"
        said = {"by": who, "party": who, "kind": "residence", "member_class": "retired", "community": COMMUNITY}
        at = (await world.post("/v1/enrolments", said)).headers["location"]
        if each < 2:
            assert (await world.post(f"{at}:grant", {"by": f"community:{COMMUNITY}"})).status_code == 200
    found = (await world.get("/v1/rollup?region=310105")).json()
    assert found["own"]["sums"]["lives"] == [{"kind": "enrolment", "open": 7, "overdue": None}]
    stages = [(row["here"], row["left"], row["mean_stay_s"]) for row in found["stages"] if row["kind"] == "enrolment"]
    assert stages == [(None, None, None)] * 2, "of seven, five and two: neither may be told"
    month = (await world.get("/v1/reports/month/310105/2026-11")).json()["figures"]
    [told] = [each for each in month["lives"] if each["kind"] == "enrolment"]
    assert (told["begun"], told["open"]) == (7, 7)
    assert [each["standing"] for each in told["standing"]] == [None, None]


async def test_time_in_each_stage_is_measured(world: World) -> None:
    at = (await world.post("/v1/tasks", task())).headers["location"]
    world.clock.pass_(hours=5)
    await world.post(f"{at}:start", {"by": UNIT})
    await world.post(f"{at}:remind", {"by": STREET})  # a step that stays where it is leaves no stage
    world.clock.pass_(hours=1)
    await world.post(f"{at}:report", {"by": UNIT, "outcome": "已清理。"})
    stages = {row["state"]: row for row in (await world.get("/v1/rollup?region=310105")).json()["stages"]}
    assert (stages["open"]["here"], stages["open"]["left"], stages["open"]["mean_stay_s"]) == (0, 1, 5 * 3600)
    assert (stages["under_way"]["left"], stages["under_way"]["mean_stay_s"]) == (1, 3600)
    assert (stages["reported"]["here"], stages["reported"]["mean_stay_s"]) == (1, None)


async def test_what_is_overdue_is_counted_by_kind_one_level_down(world: World) -> None:
    await world.post("/v1/tasks", task())
    world.clock.pass_(days=1)
    await world.post("/v1/tasks", task(community=NEXT, by=CITY))
    await world.post("/v1/tasks", task(community=NEXT, by=CITY))
    world.clock.pass_(days=6, hours=12)  # the first is overdue after seven days
    counts = (await world.get("/v1/overdue/counts?region=310105")).json()
    assert [(row["region"], row["kind"], row["overdue"]) for row in counts["own"]] == [("310105", "task", 1)]
    assert [(row["region"], row["overdue"]) for row in counts["children"]] == [("310105001", 1)]
    assert counts["own"][0]["oldest"] == "2026-11-28T06:00:00Z"
    world.clock.pass_(days=1)
    counts = (await world.get("/v1/overdue/counts?region=310105")).json()
    assert {row["region"]: row["overdue"] for row in counts["children"]} == {"310105001": 1, "310105002": 2}
    [lives] = (await world.get("/v1/rollup?region=310105002")).json()["own"]["sums"]["lives"]
    assert lives == {"kind": "task", "open": 2, "overdue": 2}
    assert len((await world.get("/v1/overdue?region=310105")).json()["rows"]) == 3


async def test_sheets_open_in_a_spreadsheet_and_hold_no_formula(world: World) -> None:
    await world.post("/v1/tasks", task())
    await world.post(
        "/v1/grids", {"title": "=1+1", "grid": "G03", "community": COMMUNITY, "by": f"community:{COMMUNITY}"}
    )
    world.clock.pass_(days=8)
    answer = await world.get(f"/v1/rollup.csv?region={COMMUNITY}")
    assert answer.headers["content-type"].startswith("text/csv")
    assert f"rollup-{COMMUNITY}.csv" in answer.headers["content-disposition"]
    community, cell = rows_of(answer.text)
    assert (community["task open"], community["task overdue"], community["grid open"]) == ("1", "1", "1")
    assert (cell["region"], cell["name"], cell["task open"]) == (f"{COMMUNITY}-G03", "'=1+1", "0")
    [own, below] = rows_of((await world.get("/v1/overdue/counts.csv?region=3101")).text)
    assert (own["region"], own["kind"], own["overdue"]) == ("3101", "task", "1")
    assert below["region"] == "310105"


@pytest.mark.parametrize("region", ["31010", "310105-G03", f"{COMMUNITY}-", f"{COMMUNITY}-g3", "x"])
async def test_what_is_no_region_is_refused(world: World, region: str) -> None:
    for path in ("rollup", "rollup.csv", "overdue/counts", "overdue/counts.csv"):
        answer = await world.get(f"/v1/{path}?region={region}")
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_region"), path


async def test_a_region_where_nothing_ever_happened_is_empty_and_no_error(world: World) -> None:
    found: dict[str, Any] = (await world.get("/v1/rollup?region=510104")).json()
    assert found["children"] == []
    assert found["own"]["sums"]["open_demands"] == 0
    assert found["own"]["sums"]["members"] is None
