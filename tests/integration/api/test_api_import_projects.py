"""Projects from a sheet: proposed as by a request, known again, taken back while nobody has gone on with them."""

import asyncio
import csv
import io
from typing import Any

import pytest
from openpyxl import load_workbook

from schemas.lives.project_steps import ProjectProposed, ProjectTerminated
from tests.apiworld import COMMUNITY, World, demand, matched, resource, world_in
from tests.integration.api.spreadsheets import load, sheet, table

HEADERS = ["项目名称", "社区代码", "牵头方", "参与方", "需求编号", "开始时间", "结束时间", "节点", "预算明细"]
STREET = "office:310105001000"
HALL = f"community:{COMMUNITY}"
CENTRE = "unit:52310105MJ47000120"


def row(title: str = "长者午餐桌", **changes: str) -> list[str]:
    named = {"community": COMMUNITY, "lead": COMMUNITY, "partners": CENTRE[5:], "demands": ""}
    return [title, *(named | {"start": "", "end": "", "milestones": "", "budget": ""} | changes).values()]


async def propose(world: World, *rows: list[str], **more: Any) -> dict[str, Any]:
    answer = await load(world, table(*rows, headers=HEADERS), kind="projects", **more)
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(report: dict[str, Any]) -> list[tuple[str, list[tuple[str, str | None]]]]:
    return [(line["outcome"], [(each["code"], each["field"]) for each in line["faults"]]) for line in report["rows"]]


async def undo(world: World, report: dict[str, Any]) -> list[tuple[str, str | None]]:
    answer = await world.post(f"/v1/imports/{report['import_id']}:undo")
    assert answer.status_code == 200, answer.text
    return [(line["outcome"], line["fault"] and line["fault"]["code"]) for line in answer.json()["rows"]]


async def fill(world: World) -> None:
    """Put entries on the lists, and projects that say much, little, and what is hard to write in a cell."""
    for entry in ("d-1", "d-2"):
        await world.post("/v1/demands", demand(demand_id=entry))
    await world.post("/v1/resources", resource(resource_id="r-1"))
    await world.post("/v1/resources", resource(resource_id="r-fund", kind="fund", provider=CENTRE))
    lunch = {
        "id": "p-lunch",
        "by": STREET,
        "title": "长者午餐桌",
        "detail": "为独居老人提供\n工作日午餐",
        "community": COMMUNITY,
        "lead": HALL,
        "partners": [CENTRE, "team:a_b"],
        "demands": ["d-1", "d-2"],
        "resources": ["r-1"],
        "milestones": [
            {"title": "开桌 | 试营业", "due": "2026-12-01T18:00:00+08:00"},
            {"title": "满月", "due": "2027-01-01T10:00:30Z"},
        ],
        "budget": [{"title": "碗/筷", "amount": 300_000, "fund": "r-fund", "earmark": "只用于助餐"}],
        "starts_at": "2026-11-28T09:00:00+08:00",
        "ends_at": "2027-02-01T00:00:00+08:00",
        "expected_beneficiaries": 30,
    }
    plain = {"id": "p-plain", "by": HALL, "title": "=1+1", "community": COMMUNITY, "lead": CENTRE}
    plain["ends_at"] = "9999-12-31T20:00:00Z"
    for body in (lunch, plain):
        assert (await world.post("/v1/projects", body)).status_code == 201


async def exported(world: World, kind: str = "projects") -> list[dict[str, str]]:
    text = (await world.get(f"/v1/exports/{kind}.csv")).content.decode("utf-8-sig")
    return sorted(csv.DictReader(io.StringIO(text, newline="")), key=lambda line: line["编号"])


async def test_a_row_is_proposed_by_its_lead_and_numbered_in_the_order_of_the_sheet(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    garden = row("屋顶菜园", start="2026-12-01", end="2026-12-31", milestones="2026-12-05 开工 | 2026-12-20 9:00 收尾")
    report = await propose(world, row(demands="d-1"), garden)
    assert told(report) == [("posted", []), ("posted", [])]
    lunch, roof = [(await world.get(f"/v1/projects/{line['id']}")).json() for line in report["rows"]]
    assert [each["life"]["code"] for each in (lunch, roof)] == [
        "310105001-001-2026-0001",
        "310105001-001-2026-0002",
    ]
    assert (lunch["life"]["opened_by"], lunch["life"]["lead"], lunch["life"]["partners"]) == (HALL, HALL, [CENTRE])
    assert [each["demand"]["demand_id"] for each in lunch["beside"]["demands"]] == ["d-1"]
    assert roof["life"]["ends_at"] == "2026-12-31T16:00:00Z"
    assert [each["due"] for each in roof["life"]["milestones"]] == ["2026-12-05T16:00:00Z", "2026-12-20T01:00:00Z"]
    seen = await world.get("/v1/projects", Cobuild_At_Least=",".join(report["positions"]))
    assert len(seen.json()["rows"]) == 2


@pytest.mark.parametrize("make", [sheet, table])
async def test_the_same_file_twice_makes_no_project_twice(world: World, make: Any) -> None:
    data = make(row(), row(), row("屋顶菜园"), headers=HEADERS)
    first = (await load(world, data, kind="projects")).json()
    assert (first["posted"], len({line["id"] for line in first["rows"]})) == (3, 3)
    again = (await load(world, data, kind="projects")).json()
    assert (again["unchanged"], len(world.sink.facts(ProjectProposed))) == (3, 3)
    mended = await propose(world, row("新的"), row())
    assert told(mended) == [("posted", []), ("unchanged", [])]


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (row(demands="d-9"), ("unknown_reference", "demands")),
        (row(budget="r-9 100 餐具 / 助餐"), ("unknown_reference", "budget")),
        (row(budget="r-1 100 餐具 / 助餐"), ("unknown_reference", "budget")),
        (row(budget="r-1 100 餐具"), ("invalid_value", "budget")),
        (row(budget="r-1 0 餐具 / 助餐"), ("invalid_value", "budget")),
        (row(milestones="开桌"), ("bad_time", "milestones")),
        (row(milestones="2026-12-05 找 13812345678"), ("personal_data", "milestones")),
        (row(start="2026-12-05", end="2026-12-01"), ("impossible_window", "ends_at")),
        (row("电话 13812345678"), ("personal_data", "title")),
        (row(""), ("invalid_value", "title")),
        (row(community="31"), ("bad_region", "community")),
        (row(lead="某某公司"), ("invalid_value", "lead")),
        (row(partners="某某公司"), ("invalid_value", "partners")),
    ],
)
async def test_a_wrong_row_is_told_by_its_column_and_the_others_are_posted(
    world: World, wrong: list[str], fault: tuple[str, str]
) -> None:
    await world.post("/v1/resources", resource(resource_id="r-1"))
    for dry_run, good in ((True, "valid"), (False, "posted")):
        report = await propose(world, row("前"), wrong, row("后"), dry_run=dry_run)
        assert told(report) == [(good, []), ("refused", [fault]), (good, [])]
        (said,) = report["rows"][1]["faults"]
        assert said["column"] in [*HEADERS] and said["messages"]["zh"] and "13812345678" not in said["detail"]
    assert [fact.title for fact in world.sink.facts(ProjectProposed)] == ["前", "后"]


async def test_a_row_is_refused_for_what_a_request_is_refused_for(world: World) -> None:
    body = {"title": "a", "community": COMMUNITY, "by": HALL, "lead": HALL, "demands": ["d-9"]}
    request = (await world.post("/v1/projects", body)).json()
    (line,) = (await propose(world, row("a", demands="d-9")))["rows"]
    (fault,) = line["faults"]
    assert (fault["code"], fault["detail"], fault["messages"]) == (
        request["code"],
        request["detail"],
        request["messages"],
    )
    assert line["id"] is None


async def test_what_is_bound_is_on_the_lists_and_what_is_not_is_named(world: World) -> None:
    for entry in ("d-20261121-0001", "gone"):
        await world.post("/v1/demands", demand(demand_id=entry))
    await world.post("/v1/demands/gone:withdraw", {})
    await world.post("/v1/resources", resource(resource_id="r-1"))
    headers = [*HEADERS, "资源编号", "匹配编号"]
    rows = [
        [*row(demands="d-20261121-0001"), "r-1", ""],
        [*row(demands="d-20261121-0001、gone"), "r-1", ""],
        [*row(demands="d-20261121-0001"), "r-1, r-20261121-0009", ""],
        [*row(demands="13812345678"), "", ""],
        [*row(), "", "a-9"],
    ]
    report = (await load(world, table(*rows, headers=headers), kind="projects")).json()
    assert [
        (line["outcome"], [(each["field"], each["detail"]) for each in line["faults"]]) for line in report["rows"]
    ] == [
        ("posted", []),
        ("refused", [("demands", "demand:gone")]),
        ("refused", [("resources", "resource:r-20261121-0009")]),
        ("refused", [("demands", "demand:…")]),
        ("refused", [("assignments", "assignment:a-9")]),
    ]


async def test_two_imports_and_a_request_at_once_make_each_project_once(world: World) -> None:
    rows = [row(f"第{number}个") for number in range(5)]
    body = {"title": "夜校", "community": COMMUNITY, "by": HALL, "lead": HALL}
    first, second, asked = await asyncio.gather(
        propose(world, *rows), propose(world, *rows), world.post("/v1/projects", body)
    )
    assert asked.status_code == 201
    assert sorted([(first["posted"], first["unchanged"]), (second["posted"], second["unchanged"])]) == [(0, 5), (5, 0)]
    codes = [line["life"]["code"] for line in (await world.get("/v1/projects")).json()["rows"]]
    assert sorted(code[-4:] for code in codes) == [f"{number:04}" for number in range(1, 7)]


async def test_a_dry_run_looks_at_every_row_and_writes_nothing(world: World) -> None:
    await propose(world, row("在"))
    before = len(world.sink.events)
    report = await propose(world, row("在"), row(), row(demands="d-9"), dry_run=True)
    assert told(report) == [("unchanged", []), ("valid", []), ("refused", [("unknown_reference", "demands")])]
    assert len(world.sink.events) == before
    assert [line["kind"] for line in (await world.get("/v1/imports")).json()["rows"]] == ["projects"]


async def test_an_id_that_says_something_else_is_refused(world: World) -> None:
    await fill(world)
    headers = ["编号", *HEADERS]
    rows = [["p-plain", *row()], ["p-new", *row()], ["p-new", *row("又一个")]]
    report = (await load(world, table(*rows, headers=headers), kind="projects")).json()
    twice = ("refused", [("duplicate_id", "id")])
    assert told(report) == [twice, ("posted", []), twice]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
async def test_an_export_is_taken_back_and_changes_nothing(world: World, form: str) -> None:
    await fill(world)
    assignment = await matched(world)
    bound = {"id": "p-match", "by": HALL, "title": "理发", "community": COMMUNITY, "lead": HALL}
    await world.post("/v1/projects", bound | {"assignments": [assignment]})
    await world.post("/v1/projects/p-lunch:revise", {"by": STREET, "expected_beneficiaries": 36, "title": "午餐桌"})
    await world.post("/v1/projects/p-plain:terminate", {"by": HALL, "reason": "报名不足"})
    data = (await world.get(f"/v1/exports/projects.{form}")).content
    before = len(world.sink.events)
    world.clock.pass_(days=400)
    report = (await load(world, data, kind="projects")).json()
    assert told(report) == [("unchanged", [])] * 3
    assert len(world.sink.events) == before


@pytest.mark.parametrize("form", ["xlsx", "csv"])
async def test_an_empty_house_takes_the_three_lists_in_and_exports_the_same_projects(
    world: World, form: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await fill(world)
    async with world_in(tmp_path_factory.mktemp("other")) as other:
        other.clock.pass_(days=1)
        for kind in ("demands", "resources", "projects"):
            data = (await world.get(f"/v1/exports/{kind}.{form}")).content
            assert (await load(other, data, kind=kind)).json()["posted"] == 2
        here, there = await exported(world), await exported(other)
        own = {"提出时间", "进入状态时间", "到期时间", "项目编号"}
        assert [{name: line[name] for name in line if name not in own} for line in here] == [
            {name: line[name] for name in line if name not in own} for line in there
        ]
        assert here[0]["节点"] == "2026-12-01 18:00 开桌 \\| 试营业 | 2027-01-01 18:00:30 满月"
        assert here[0]["预算明细"] == "r-fund 300000 碗\\/筷 / 只用于助餐"
        assert {line["提出时间"] for line in there} == {"2026-11-22 14:00"}


async def test_a_match_of_another_house_is_refused_by_its_column(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    body = {"by": HALL, "title": "理发", "community": COMMUNITY, "lead": HALL, "assignments": [await matched(world)]}
    await world.post("/v1/projects", body)
    data = (await world.get("/v1/exports/projects.xlsx")).content
    async with world_in(tmp_path_factory.mktemp("other")) as other:
        report = (await load(other, data, kind="projects")).json()
        assert told(report) == [("refused", [("unknown_reference", "assignments")])]
        assert report["rows"][0]["faults"][0]["column"] == "匹配编号"


async def test_an_undo_ends_what_is_as_it_was_proposed_and_leaves_what_went_on(world: World) -> None:
    await propose(world, row("先前的"))
    report = await propose(world, row("先前的"), row("没动"), row("修改了"), row("退回了"), row("终止了"))
    _, untouched, revised, returned, ended = (f"/v1/projects/{line['id']}" for line in report["rows"])
    await world.post(f"{revised}:revise", {"by": HALL, "expected_beneficiaries": 9})
    await world.post(f"{returned}:return", {"by": STREET, "reason": "请写明路线"})
    await world.post(f"{ended}:terminate", {"by": HALL, "reason": "报名不足"})
    undone = await undo(world, report)
    assert undone == [
        ("undone", None),
        ("kept", "changed_meanwhile"),
        ("kept", "changed_meanwhile"),
        ("kept", "already_withdrawn"),
    ]
    life = (await world.get(untouched)).json()["life"]
    assert (life["state"], life["reason"]) == ("terminated", "导入已撤销 import undone")
    assert [(fact.by, fact.step) for fact in world.sink.facts(ProjectTerminated)] == [(HALL, 2)] * 2
    before = len(world.sink.events)
    assert await undo(world, report) == undone
    assert len(world.sink.events) == before
    states = [line["life"]["state"] for line in (await world.get("/v1/projects?open=true")).json()["rows"]]
    assert sorted(states) == ["proposed", "proposed", "returned"]


async def test_where_the_log_fails_half_way_import_and_undo_go_on(world: World) -> None:
    rows = [row(f"第{number}个") for number in range(4)]
    publish, calls = world.sink.publish, 0

    async def failing(events: Any) -> Any:
        nonlocal calls
        calls += 1
        world.sink.fails = calls in (3, 10)
        return await publish(events)

    world.sink.publish = failing  # type: ignore[method-assign]
    assert (await load(world, table(*rows, headers=HEADERS), kind="projects")).status_code == 503
    report = await propose(world, *rows)
    assert (report["unchanged"], report["posted"]) == (2, 2)
    more = await propose(world, *(row(f"又{number}个") for number in range(3)))
    assert (await world.post(f"/v1/imports/{more['import_id']}:undo")).status_code == 503
    assert len(world.sink.facts(ProjectTerminated)) == 1
    assert await undo(world, more) == [("undone", None)] * 3
    assert await undo(world, report) == [("undone", None)] * 2


async def test_the_template_explains_each_column(world: World) -> None:
    book = load_workbook(io.BytesIO((await world.get("/v1/imports/templates/projects.xlsx")).content))
    assert book.sheetnames == ["项目清单", "填写说明"]
    explained = {line[0].value: line[2].value for line in book["填写说明"].iter_rows(min_row=2)}
    assert [name for name, required in explained.items() if required == "是"] == ["项目名称", "社区代码", "牵头方"]
    assert [cell.value for cell in book["项目清单"][1]] == list(explained)
