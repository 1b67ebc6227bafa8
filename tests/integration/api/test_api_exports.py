"""The lists as files: narrowed as the lists are, safe to open, and taken back by an import as they are."""

import csv
import io
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from api.routes.imports import XLSX
from tests.apiworld import COMMUNITY, World, demand, resource, world_in
from tests.integration.api.served import served
from tests.integration.api.spreadsheets import load, row, table

KEPT = {"name": "张三", "phone": "13912345678"}


async def cells(world: World, path: str) -> list[dict[str, str]]:
    """Return the rows of a CSV export by their headers."""
    answer = await world.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def fill(world: World) -> None:
    """Put entries of every shape on the lists."""
    saturdays = {
        "first": {"start": "2026-11-28T09:00:00+08:00", "end": "2026-11-28T12:00:00+08:00"},
        "rule": "FREQ=WEEKLY;BYDAY=SA;COUNT=4",
    }
    two = [{"item": "elder_care.hair_cut", "quantity": 2}, {"item": "venue.activity_room"}]
    for body in (
        demand(demand_id="plain"),
        demand(demand_id="formula", title='=HYPERLINK("http://x","y")', detail="-1\n+2", cost_cap=0),
        demand(demand_id="lines", lines=two),
        demand(demand_id="party", lines=two, bundle=True, needs=["adult", "night"]),
        demand(demand_id="unit", requester="unit:91310105MA1FW0008T", channel="unit", grid="G03-02"),
        demand(demand_id="whistled"),
        demand(demand_id="gone"),
    ):
        assert (await world.post("/v1/demands", body)).status_code == 201
    await world.post("/v1/demands/whistled:whistle", {})
    await world.post("/v1/demands/gone:withdraw", {})
    windows = [{"start": f"2026-12-0{day}T09:00:00+08:00", "end": f"2026-12-0{day}T12:00:00+08:00"} for day in (1, 2)]
    for body in (
        resource(resource_id="plain", provider="member:m-1"),
        resource(resource_id="often", windows=windows, recurring=[saturdays], serves=["elderly"]),
        resource(resource_id="paid", access="paid", fee=20, admits=["310106", "unit:91310105MA1FW0008T"]),
    ):
        assert (await world.post("/v1/resources", body)).status_code == 201
    await world.post("/v1/resources/plain:suspend", {})


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize(("kind", "entries", "rows"), [("demands", 7, 9), ("resources", 3, 3)])
async def test_an_export_is_taken_back_and_changes_nothing(
    world: World, kind: str, entries: int, rows: int, form: str
) -> None:
    await fill(world)
    answer = await world.get(f"/v1/exports/{kind}.{form}")
    events = len(world.sink.events)
    world.clock.pass_(days=60)  # what has passed meanwhile is still what it was
    report = (await load(world, answer.content, kind=kind)).json()
    assert (report["total"], report["unchanged"]) == (rows, rows), report
    assert len({line["id"] for line in report["rows"]}) == entries
    assert len(world.sink.events) == events


async def test_another_house_can_take_an_export_in(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    await fill(world)
    exported = (await world.get("/v1/exports/resources.xlsx")).content
    async with world_in(tmp_path_factory.mktemp("other")) as other:
        assert (await load(other, exported, kind="resources")).json()["posted"] == 3
        here, there = [(await house.get("/v1/resources/often")).json() for house in (world, other)]
        assert here["resource"] | {"offered_at": None} == there["resource"] | {"offered_at": None}


async def test_headers_and_words_are_chinese_and_say_how_an_entry_stands(world: World) -> None:
    await fill(world)
    rows = {line["编号"]: line for line in await cells(world, "/v1/exports/demands.csv")}
    plain = rows["plain"]
    assert (plain["标题"], plain["服务项目"], plain["数量"]) == ("给楼里的老人理发", "上门理发", "2")
    assert (plain["开始时间"], plain["结束时间"], plain["组团"]) == ("2026-11-25 09:00", "2026-11-25 12:00", "否")
    assert [rows[name]["状态"] for name in ("plain", "gone")] == ["待匹配", "已撤回"]
    assert rows["whistled"]["紧急程度"] == "吹哨"
    offered = {line["编号"]: line for line in await cells(world, "/v1/exports/resources.csv")}
    assert [offered[name]["状态"] for name in ("plain", "paid")] == ["已暂停", "已发布"]


async def test_a_title_that_looks_like_a_formula_is_none(world: World) -> None:
    await fill(world)
    (line,) = [line for line in await cells(world, "/v1/exports/demands.csv") if line["编号"] == "formula"]
    assert (line["标题"], line["说明"]) == ('\'=HYPERLINK("http://x","y")', "'-1\n+2")
    book = load_workbook(io.BytesIO((await world.get("/v1/exports/demands.xlsx")).content))
    titles = [cell for cell in book["需求清单"]["B"] if str(cell.value).startswith("=")]
    assert [(cell.data_type, cell.quotePrefix) for cell in titles] == [("s", True)]


async def test_lists_are_narrowed_as_they_are_on_the_screen(world: World) -> None:
    await fill(world)
    world.clock.pass_(hours=2)
    await world.post("/v1/demands", demand(demand_id="late", community="310106001001"))

    async def ids(query: str) -> set[str]:
        return {line["编号"] for line in await cells(world, f"/v1/exports/demands.csv?{query}")}

    assert await ids("region=310106") == {"late"}
    assert await ids("since=2026-11-21T07:00:00Z") == {"late"}
    assert "late" not in await ids("until=2026-11-21T07:00:00Z")
    assert await ids("state=withdrawn") == {"gone"}
    assert await ids("category=venue") == {"lines", "party"}
    assert await ids("party=unit:91310105MA1FW0008T") == {"unit"}


async def test_enrolments_are_exported_without_a_name_or_a_phone(world: World) -> None:
    member = {"member_ref": "m-1", "member_class": "in_service", "kind": "unit_link", "community": "310105001001",
              "skills": ["elder_care.hair_cut", "venue.activity_room"], "contact": KEPT}  # fmt: skip
    unit = {"uscc": "91310105MA1FW0008T", "branch": 2, "name": "某某公司", "community": "310105001001", "liaison": KEPT}
    assert (await world.post("/v1/members", member)).status_code == 201
    assert (await world.post("/v1/units", unit)).status_code == 201
    (enrolled,) = await cells(world, "/v1/exports/members.csv")
    assert [enrolled[name] for name in ("党员编号", "党员类别", "报到方式", "技能")] == [
        "m-1", "在职党员", "单位联系", "上门理发、党员活动室"
    ]  # fmt: skip
    (resident,) = await cells(world, "/v1/exports/units.csv?region=310105")
    assert [resident[name] for name in ("统一社会信用代码", "分支编号", "单位名称", "报到时间")] == [
        "91310105MA1FW0008T", "2", "某某公司", "2026-11-21 14:00"
    ]  # fmt: skip
    assert await cells(world, "/v1/exports/units.csv?region=310106") == []
    for path in ("members.csv", "units.csv"):
        text = (await world.get(f"/v1/exports/{path}")).text
        assert not any(secret in text for secret in KEPT.values())


async def test_projects_are_exported_with_how_they_stand(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    project = {"title": "长者午餐桌", "community": COMMUNITY, "by": "office:310105001000", "demands": ["d-1"],
               "lead": f"community:{COMMUNITY}", "partners": ["unit:91310105MA1FW0008T"]}  # fmt: skip
    posted = await world.post("/v1/projects", project)
    assert posted.status_code == 201, posted.text
    (line,) = await cells(world, "/v1/exports/projects.csv?region=310105&state=proposed")
    told = [line[name] for name in ("编号", "项目名称", "状态", "牵头方", "需求编号", "预算（分）", "提出时间")]
    lead = f"community:{COMMUNITY}"
    assert told == [posted.json()["id"], "长者午餐桌", "已提出", lead, "d-1", "0", "2026-11-21 14:00"]
    assert await cells(world, "/v1/exports/projects.csv?state=closed") == []
    book = load_workbook(io.BytesIO((await world.get("/v1/exports/projects.xlsx")).content))
    assert [cell.value for cell in book["项目清单"]["B"]] == ["项目名称", "长者午餐桌"]


async def test_a_long_list_comes_page_by_page(world: World) -> None:
    """More than two pages of the read model, over a real wire, and all of it."""
    await load(world, table(*(row(title=f"t{number}") for number in range(1_200))))
    async with served(world) as (address, _), httpx.AsyncClient(base_url=address) as client:
        async with client.stream("GET", "/v1/exports/demands.csv") as answer:
            parts = [part async for part in answer.aiter_raw()]
            assert answer.headers["transfer-encoding"] == "chunked"
        assert len(parts) > 2
        titles = [line["标题"] for line in csv.DictReader(io.StringIO(b"".join(parts).decode("utf-8-sig")))]
        assert sorted(titles) == sorted(f"t{number}" for number in range(1_200))
        book = await client.get("/v1/exports/demands.xlsx")
        sheet = load_workbook(io.BytesIO(book.content), read_only=True).active
        assert sum(1 for _ in sheet.iter_rows()) == 1_201


async def test_a_file_has_a_name_in_both_scripts(world: World) -> None:
    answer = await world.get("/v1/exports/units.xlsx")
    assert answer.headers["content-type"] == XLSX
    assert answer.headers["content-disposition"].startswith("attachment; filename=\"units.xlsx\"; filename*=UTF-8''%E5")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("units.csv?state=open", "query:state"),
        ("members.csv?category=venue", "query:category"),
        ("demands.csv?state=lost", "query:state"),
        ("demands.csv?region=3", "query:region"),
        ("tasks.csv", "path:kind"),
        ("projects.csv?state=open", "query:state"),
        ("projects.csv?item=elder_care.hair_cut", "query:item"),
        ("demands.pdf", "path:form"),
    ],
)
async def test_what_cannot_be_exported_is_refused(world: World, path: str, pointer: str) -> None:
    answer = await world.get(f"/v1/exports/{path}")
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["errors"][0]["pointer"]) == (422, pointer)
