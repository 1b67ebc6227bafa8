"""Lists from spreadsheets: what is good is posted, what is bad is told row by row."""

import io
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from schemas.demands import DemandPosted
from schemas.resources import ResourceOffered
from tests.apiworld import World, world_in
from tests.integration.api.spreadsheets import GOOD, HEADERS, load, row, sheet, table


async def test_a_sheet_with_half_its_rows_wrong_posts_the_other_half(world: World) -> None:
    answer = await load(
        world,
        sheet(
            row(),
            row(item="月球漫步"),
            row(title="给三楼的老人理发"),
            row(quantity="很多"),
            row(community="31010500100"),
            row(end="2026-11-25 08:00"),
            row(start="2026-11-20 09:00", end="2026-11-20 12:00"),
            row(title="找张阿姨 13912345678"),
            row(title="给四楼的老人理发", quantity="1001"),
            row(title="给五楼的老人理发"),
        ),
    )
    assert answer.status_code == 201
    report = answer.json()
    assert (report["total"], report["posted"], report["refused"]) == (10, 3, 7)
    assert [line["row"] for line in report["rows"]] == list(range(2, 12))
    told = {
        line["row"]: [(fault["code"], fault["field"]) for fault in line["faults"]]
        for line in report["rows"]
        if line["outcome"] == "refused"
    }
    assert told == {
        3: [("unknown_item", "item")],
        5: [("invalid_value", "quantity")],
        6: [("bad_region", "community")],
        7: [("impossible_window", "end")],
        8: [("window_passed", "end")],
        9: [("personal_data", "title")],
        10: [("invalid_value", "quantity")],
    }
    faults = [fault for line in report["rows"] for fault in line["faults"]]
    assert all(fault["messages"]["zh"] and fault["messages"]["en"] and fault["column"] for fault in faults)
    assert "13912345678" not in answer.text
    titles = [fact.demand.title for fact in world.sink.facts(DemandPosted)]
    assert titles == ["给楼里的老人理发", "给三楼的老人理发", "给五楼的老人理发"]
    listed = await world.get("/v1/demands", Cobuild_At_Least=answer.headers["cobuild-position"])
    assert len(listed.json()["rows"]) == 3
    assert (await world.get(answer.headers["location"])).json() == report


async def test_times_are_shanghai_s_unless_they_say_otherwise(world: World) -> None:
    await load(
        world,
        sheet(
            row(start=datetime(2026, 11, 25, 9, 0), end=datetime(2026, 11, 25, 12, 0)),  # noqa: DTZ001 - as Excel has it
            row(title="b", start="2026/11/25 9:30", end="2026年11月26日"),
            row(title="c", start="2026-11-25T09:00:00Z", end="2026-11-25T12:00:00+09:00"),
        ),
    )
    found = [fact.demand.window for fact in world.sink.facts(DemandPosted)]
    told = [(window.start.isoformat()[5:16], window.end.isoformat()[5:16]) for window in found]
    assert told == [
        ("11-25T01:00", "11-25T04:00"),
        ("11-25T01:30", "11-26T16:00"),
    ]


async def test_the_same_file_again_changes_nothing(world: World) -> None:
    data = sheet(row(), row(), row(title="b"))
    first = (await load(world, data)).json()
    again = (await load(world, data)).json()
    as_text = (await load(world, table(row(), row(), row(title="b")))).json()
    assert (first["posted"], again["posted"], again["unchanged"], as_text["unchanged"]) == (3, 0, 3, 3)
    assert [line["id"] for line in again["rows"]] == [line["id"] for line in first["rows"]]
    assert len({line["id"] for line in first["rows"]}) == 3
    assert len(world.sink.facts(DemandPosted)) == 3


async def test_a_row_on_the_list_stays_so_when_its_time_has_passed(world: World) -> None:
    data = sheet(row(), row(title="b", end="2026-11-21 09:00", start="2026-11-21 08:00"))
    assert [line["outcome"] for line in (await load(world, data)).json()["rows"]] == ["posted", "refused"]
    world.clock.pass_(days=30)
    later = (await load(world, data)).json()["rows"]
    told = [(line["outcome"], [fault["code"] for fault in line["faults"]]) for line in later]
    assert told == [("unchanged", []), ("refused", ["window_passed"])]


async def test_rows_of_one_name_are_a_demand_of_several_lines_each_for_itself(world: World) -> None:
    blank = {"title": "", "community": "", "start": "", "end": ""}
    rows = [[*row(), "B"], [*row(item="骑手信息员志愿者", quantity=3, **blank), "b"], [*row(title="c"), ""]]
    report = (await load(world, sheet(*rows, headers=[*HEADERS, "多项需求"]))).json()
    assert [line["outcome"] for line in report["rows"]] == ["posted"] * 3
    both, alone = (fact.demand for fact in world.sink.facts(DemandPosted))
    assert ([line.quantity for line in both.lines], both.bundle, len(alone.lines)) == ([2, 3], False, 1)
    wrong = [[*row(), "B"], [*row(item="月球漫步", **blank), "B"]]
    refused = (await load(world, sheet(*wrong, headers=[*HEADERS, "多项需求"]))).json()["rows"]
    assert [(line["faults"][0]["code"], line["faults"][0]["field"]) for line in refused] == [
        ("bundle_refused", "joined"),
        ("unknown_item", "item"),
    ]


async def test_a_mended_file_posts_only_what_was_mended(world: World) -> None:
    await load(world, sheet(row(), row(title="b", item="月球漫步")))
    mended = (await load(world, sheet(row(title="b"), row()))).json()
    assert [line["outcome"] for line in mended["rows"]] == ["posted", "unchanged"]


async def test_rows_with_ids_are_entries_of_their_own(world: World) -> None:
    headers = [*HEADERS, "编号"]
    data = sheet([*row(), "a-1"], [*row(), "a-2"], [*row(title="b"), "a-1"], [*row(), "not an id"], headers=headers)
    report = (await load(world, data)).json()
    assert [(line["id"], line["outcome"]) for line in report["rows"]] == [
        ("a-1", "posted"),
        ("a-2", "posted"),
        ("a-1", "refused"),
        (None, "refused"),
    ]
    assert [report["rows"][2]["faults"][0]["code"], report["rows"][3]["faults"][0]["field"]] == ["duplicate_id", "id"]
    later = (await load(world, sheet([*row(), "a-1"], [*row(title="new"), "a-2"], headers=headers))).json()
    assert [line["outcome"] for line in later["rows"]] == ["unchanged", "refused"]


@pytest.mark.parametrize("said", ["in the form", "in the address"])
async def test_a_dry_run_tells_all_and_posts_nothing(world: World, said: str) -> None:
    data = sheet(row(), row(item="月球漫步"))
    if said == "in the form":
        answer = await load(world, data, dry_run=True)
    else:
        parts = {"files": {"file": ("list", data)}, "data": {"kind": "demands"}}
        answer = await world.client.post("/v1/imports?dry_run=true", **parts)
    assert answer.status_code == 200
    assert [line["outcome"] for line in answer.json()["rows"]] == ["valid", "refused"]
    assert world.sink.events == []
    assert "location" not in answer.headers
    assert (await world.get(f"/v1/imports/{answer.json()['import_id']}")).status_code == 404


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030", "utf-16"])
async def test_csv_comes_in_any_encoding_that_excel_writes(world: World, encoding: str) -> None:
    assert (await load(world, table(row(), encoding=encoding))).json()["posted"] == 1
    assert world.sink.facts(DemandPosted)[0].demand.title == "给楼里的老人理发"


async def test_headers_and_words_may_be_english(world: World) -> None:
    headers = ["Title", "item", "home", "provider", "kind", "capacity", "scope", "access", "auto_accept", "renewable"]
    good = ["rice", "relief.daily_goods", "310105001001", "91310105MA1FW0008T", "goods", "1,000", "310105001、310106",
            "free", "yes", "no"]  # fmt: skip
    catalogue = (await world.get("/v1/catalogue")).json()
    good[1] = next(c["items"][0]["item_id"] for c in catalogue["categories"] if c["category_id"] == "relief")
    report = (await load(world, table(good, headers=headers), kind="resources")).json()
    assert report["posted"] == 1, report
    (fact,) = world.sink.facts(ResourceOffered)
    found = fact.resource
    assert (found.capacity, found.kind, found.auto_accept, found.renewable) == (1000, "goods", True, False)
    assert (found.provider, found.scope) == ("unit:91310105MA1FW0008T", ("310105001", "310106"))


async def test_whom_a_resource_serves_and_admits_and_what_it_costs(world: World) -> None:
    headers = ["标题", "服务项目", "所在社区代码", "提供方", "服务对象", "年龄与体能", "使用方式", "费用", "准入名单"]
    good = ["理发", "上门理发", "310105001001", "member:m-1", "老年人、残疾人", "成年、能久站", "付费", "20",
            "本街道、310106000000、91310105MA1FW0008T"]  # fmt: skip
    report = (await load(world, table(good, headers=headers), kind="resources")).json()
    assert report["posted"] == 1, report
    found = world.sink.facts(ResourceOffered)[0].resource
    assert (found.serves, found.fitness, found.fee) == (("elderly", "disabled"), ("adult", "standing"), 20)
    assert found.admits == ("310105001", "310106", "unit:91310105MA1FW0008T")


async def test_what_a_demand_needs_and_may_cost(world: World) -> None:
    data = table([*row(), "成年", "0"], headers=[*HEADERS, "对服务者的要求", "费用上限"])
    assert (await load(world, data)).json()["posted"] == 1
    found = world.sink.facts(DemandPosted)[0].demand
    assert (found.needs, found.cost_cap) == (("adult",), 0)


@pytest.mark.parametrize("names", [("组合需求", "组团"), ("bundle", "together"), ("组合", "Together")])
async def test_rows_of_a_bundle_are_one_demand_and_a_team_says_so(world: World, names: tuple[str, str]) -> None:
    blank = {"title": "", "community": "", "start": "", "end": ""}
    rows = [
        [*row(item="venue.activity_room", quantity=1), "A", ""],
        [*row(title="抬钢琴", quantity=4), "", "是"],
        [*row(item="骑手信息员志愿者", quantity=3, **blank), "A", "no"],
        [*row(item="月球漫步", **blank), "B", ""],
        [*row(), "B", ""],
    ]
    data = sheet(*rows, headers=[*HEADERS, *names])
    report = (await load(world, data)).json()
    assert (report["total"], report["posted"], report["refused"]) == (5, 3, 2)
    assert [(line["row"], line["outcome"]) for line in report["rows"]] == [
        (2, "posted"),
        (3, "posted"),
        (4, "posted"),
        (5, "refused"),
        (6, "refused"),
    ]
    assert [line["id"] == report["rows"][0]["id"] for line in report["rows"]] == [True, False, True, False, False]
    party, lifting = (fact.demand for fact in world.sink.facts(DemandPosted))
    assert (party.bundle, [line.quantity for line in party.lines]) == (True, [1, 3])
    assert (lifting.bundle, [(line.quantity, line.together) for line in lifting.lines]) == (False, [(4, True)])
    again = (await load(world, data)).json()
    assert [line["outcome"] for line in again["rows"]] == ["unchanged"] * 3 + ["refused"] * 2


async def test_a_row_of_before_keeps_its_id_although_lists_have_more_columns_now(world: World) -> None:
    """The id follows from the content: were a new field a part of it, the file of last week would post all anew."""
    (line,) = (await load(world, sheet(row()))).json()["rows"]
    assert line["id"] == "d-8504c4d3cb3df484972c"


async def test_a_title_above_the_headers_and_blank_rows_do_no_harm(world: World) -> None:
    book = Workbook()
    for cells in (["华阳路街道需求清单"], [], HEADERS, row(), [], ["", None], row(title="b")):
        book.active.append(cells)
    data = io.BytesIO()
    book.save(data)
    report = (await load(world, data.getvalue())).json()
    assert [(line["row"], line["outcome"]) for line in report["rows"]] == [(4, "posted"), (7, "posted")]


async def test_missing_columns_are_named(world: World) -> None:
    answer = await load(world, sheet(GOOD[:2], headers=HEADERS[:2]))
    assert (answer.status_code, answer.json()["code"]) == (422, "missing_columns")
    assert all(name in answer.json()["detail"] for name in ("社区代码", "开始时间", "结束时间"))


def _bomb() -> bytes:
    data = io.BytesIO()
    with (
        zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        zipfile.ZipFile(io.BytesIO(sheet(row()))) as good,
    ):
        for name in good.namelist():
            if name != "xl/worksheets/sheet1.xml":
                archive.writestr(name, good.read(name))
        cell = b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"x" * 2**20
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            part.write(cell)
            for _ in range(1_100):
                part.write(b"x" * 2**20)
    return data.getvalue()


def _far_corner() -> bytes:
    """Two cells, a billion cells apart."""
    book = Workbook()
    book.active["A1"] = "标题"
    book.active["XFD1048576"] = "x"
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


@pytest.mark.parametrize(
    "data",
    [b"", b"   ", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, b"PK\x03\x04 not really", sheet(row())[:-900],
     b"\xd0\xcf\x11\xe0 old and broken", b'a,"b\nc', b"\0\0\0\0", _far_corner()],
    ids=["empty", "blank", "picture", "no zip", "half a zip", "no workbook", "open quote", "zeros", "far corner"],
)  # fmt: skip
async def test_garbage_is_refused_and_the_next_file_is_read(world: World, data: bytes) -> None:
    answer = await load(world, data)
    code = "missing_columns" if data == _far_corner() else "unreadable_file"
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "Error" not in answer.json()["detail"]
    assert world.sink.events == []
    assert (await load(world, sheet(row()))).json()["posted"] == 1


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "it is a PDF, not a table"),
        (b"\xff\xd8\xff\xe0 photo", "it is a picture, not a table"),
        (b"PK\x03\x04 not really", "it is no workbook, or it is damaged"),
        (b"MZ\x90\x00\x03\x00\x00", "it is not a table of text"),
    ],
)
async def test_what_is_no_table_is_told_in_words_for_people(world: World, data: bytes, fault: str) -> None:
    problem = (await load(world, data)).json()
    assert (problem["code"], problem["detail"]) == ("unreadable_file", fault)
    assert "XLSX" in problem["title"]


async def test_a_zip_bomb_goes_off_elsewhere(world: World) -> None:
    answer = await load(world, _bomb())
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_file")
    assert (await load(world, sheet(row()))).json()["posted"] == 1


async def test_a_formula_is_a_text_like_any_other(world: World) -> None:
    await load(world, table(row(title='=HYPERLINK("http://x","y")')))
    assert world.sink.facts(DemandPosted)[0].demand.title == '=HYPERLINK("http://x","y")'


async def test_limits_of_rows_and_bytes_hold(tmp_path: Path) -> None:
    async with world_in(tmp_path, max_import_rows=3, max_import_bytes=20_000) as world:
        many = await load(world, table(*[row(title=f"t{n}") for n in range(4)]))
        assert (many.status_code, many.json()["code"]) == (422, "too_many_rows")
        large = await load(world, b"x" * 20_001)
        larger = await load(world, b"x" * 90_000)
        for answer in (large, larger):
            assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
        assert (await load(world, table(*[row(title=f"t{n}") for n in range(3)]))).json()["posted"] == 3


async def test_many_rows_are_published_in_batches_and_all_arrive(tmp_path: Path) -> None:
    async with world_in(tmp_path, import_batch=100) as world:
        report = (await load(world, table(*[row(title=f"t{n}") for n in range(1_050)]))).json()
        assert report["posted"] == 1_050
        assert [fact.demand.title for fact in world.sink.facts(DemandPosted)] == [f"t{n}" for n in range(1_050)]


async def test_where_the_log_fails_half_way_the_same_file_posts_the_rest(tmp_path: Path) -> None:
    async with world_in(tmp_path, import_batch=2) as world:
        publish, calls = world.sink.publish, 0

        async def failing(events: Any) -> Any:
            nonlocal calls
            calls += 1
            world.sink.fails = calls == 2
            return await publish(events)

        world.sink.publish = failing  # type: ignore[method-assign]
        data = table(*[row(title=f"t{n}") for n in range(5)])
        failed = await load(world, data, Idempotency_Key="k")
        assert (failed.status_code, len(world.sink.facts(DemandPosted))) == (503, 2)
        again = (await load(world, data)).json()
        assert (again["unchanged"], again["posted"]) == (2, 3)
        assert len({fact.demand.demand_id for fact in world.sink.facts(DemandPosted)}) == 5


@pytest.mark.parametrize("missing", ["file", "kind"])
async def test_a_form_without_its_parts_is_refused(world: World, missing: str) -> None:
    parts: dict[str, Any] = {"file": ("list", sheet(row())), "kind": (None, "demands")}
    del parts[missing]
    answer = await world.client.post("/v1/imports", files=parts)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"#/{missing}")


async def test_an_import_takes_a_form_and_nothing_else(world: World) -> None:
    answer = await world.post("/v1/imports", {"kind": "demands"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["demands", "resources", "projects", "units", "members"])
@pytest.mark.parametrize("form", ["xlsx", "csv"])
async def test_a_template_can_be_imported_as_it_comes(world: World, kind: str, form: str) -> None:
    template = await world.get(f"/v1/imports/templates/{kind}.{form}")
    assert template.headers["content-disposition"] == f'attachment; filename="{kind}.{form}"'
    report = (await load(world, template.content, kind=kind)).json()
    assert [line["outcome"] for line in report["rows"]] == ["posted"], report


async def test_the_workbook_offers_choices_and_the_catalogue(world: World) -> None:
    data = (await world.get("/v1/imports/templates/demands.xlsx")).content
    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["需求清单", "服务项目", "填写说明"]
    offered = {str(each.sqref): each.formula1 for each in book["需求清单"].data_validations.dataValidation}
    assert '"普通,紧急,吹哨,应急"' in offered.values()
    assert any("服务项目" in formula for formula in offered.values())
    items = [cell.value for cell in book["服务项目"]["A"]]
    assert "elder_care.hair_cut" in items
    assert len(items) == 219


async def test_an_unknown_template_is_refused(world: World) -> None:
    assert (await world.get("/v1/imports/templates/tasks.xlsx")).status_code == 422
    assert (await world.get("/v1/imports/templates/demands.docx")).status_code == 422
