"""Units and members from a sheet: enrolled once, names and phones in the vault alone, undone while nothing hangs on."""

from pathlib import Path
from typing import Any

import pytest

from schemas.enrolment import MemberEnrolled, MemberLeft, UnitEnrolled, UnitLeft
from tests.apiworld import World, demand, resource, world_in
from tests.integration.api.spreadsheets import load, table

USCC = "91310105MA1FW0008T"
UNITS = ["统一社会信用代码", "分支编号", "单位名称", "社区代码", "行业系统", "联络人姓名", "联络人电话"]
MEMBERS = ["党员编号", "党员类别", "报到方式", "所在单位", "社区代码", "技能", "姓名", "电话"]
PEOPLE = (("欧阳明月", "13912345678"), ("司马相如", "13812345678"))


def unit(**changes: str) -> list[str]:
    named = {"uscc": USCC, "branch": "", "name": "某某公司", "community": "310105001001", "industry": "教育"}
    return list((named | {"liaison": "欧阳明月", "phone": "13912345678"} | changes).values())


def member(ref: str = "", **changes: str) -> list[str]:
    named = {"class": "在职党员", "kind": "单位联系", "unit": USCC, "community": "310105001001", "skills": "上门理发"}
    return [ref, *(named | {"name": PEOPLE[0][0], "phone": PEOPLE[0][1]} | changes).values()]


async def enrol(world: World, *rows: list[str], headers: list[str] = MEMBERS, **more: Any) -> dict[str, Any]:
    kind = "units" if headers is UNITS else "members"
    answer = await load(world, table(*rows, headers=headers), kind=kind, **more)
    assert answer.status_code in (200, 201), answer.text
    for name, phone in PEOPLE:
        assert name not in answer.text and phone not in answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(report: dict[str, Any]) -> list[tuple[str, list[tuple[str, str | None]]]]:
    return [(row["outcome"], [(fault["code"], fault["field"]) for fault in row["faults"]]) for row in report["rows"]]


def kept(world: World, ref: str) -> dict[str, str] | None:
    found: dict[str, str] | None = world.app.state.services.vault.read(ref=ref, reason="test")
    return found


async def undo(world: World, report: dict[str, Any]) -> list[tuple[str, str | None]]:
    answer = await world.post(f"/v1/imports/{report['import_id']}:undo")
    assert answer.status_code == 200, answer.text
    return [(row["outcome"], row["fault"] and row["fault"]["code"]) for row in answer.json()["rows"]]


async def test_a_unit_is_enrolled_and_its_liaison_is_in_the_vault_alone(world: World, tmp_path: Path) -> None:
    report = await enrol(world, unit(), unit(branch="2", name="第二支部", liaison="", phone=""), headers=UNITS)
    assert told(report) == [("posted", []), ("posted", [])]
    first, second = world.sink.facts(UnitEnrolled)
    assert (first.party, second.party, first.industry_system) == (f"unit:{USCC}", f"unit:{USCC}/2", "教育")
    assert kept(world, first.party) == {"name": "欧阳明月", "phone": "13912345678"}
    assert kept(world, second.party) is None
    assert "13912345678" not in "".join(event.data.model_dump_json() for event in world.sink.events)
    again = await enrol(world, unit(), unit(name="改名了"), unit(branch="3", name="三"), headers=UNITS)
    assert [row["id"] for row in again["rows"]][:2] == [f"n1.{USCC}"] * 2
    assert told(again) == [("unchanged", []), ("refused", [("duplicate_enrolment", "uscc")]), ("posted", [])]
    assert (await world.get(f"/v1/units/{USCC}")).json()["enrolment_id"] == report["rows"][0]["id"]


async def test_members_are_known_again_by_name_and_phone(world: World) -> None:
    other = {"name": PEOPLE[1][0], "phone": PEOPLE[1][1]}
    first = await enrol(world, member(), member(**other), member("m-7f3a", **other | {"phone": ""}))
    assert told(first) == [("posted", [])] * 3
    refs = [fact.member_ref for fact in world.sink.facts(MemberEnrolled)]
    assert len(set(refs)) == 3 and refs[2] == "m-7f3a"
    assert kept(world, f"member:{refs[0]}") == {"name": "欧阳明月", "phone": "13912345678"}
    mended = await enrol(world, member(**other), member(), member(kind="居住地"))
    assert told(mended) == [("unchanged", []), ("unchanged", []), ("posted", [])]
    assert world.sink.facts(MemberEnrolled)[-1].member_ref == refs[0]
    spaced = await enrol(world, member(phone="139 1234 5678", community="310105001002"))
    assert told(spaced) == [("refused", [("duplicate_enrolment", "member_ref")])]
    wrong = await enrol(world, member(**{"class": "居民党员"}))
    assert told(wrong) == [("refused", [("not_of_class", "kind")])]
    assert (await world.client.delete(f"/v1/members/{refs[0]}/identity")).status_code == 204
    assert told(await enrol(world, member())) == [("posted", [])]
    assert world.sink.facts(MemberEnrolled)[-1].member_ref not in refs


async def test_who_enrolled_by_a_form_is_known_from_a_sheet(world: World) -> None:
    body = {"member_class": "in_service", "kind": "unit_link", "community": "310105001001"}
    contact = {"name": PEOPLE[0][0], "phone": PEOPLE[0][1]}
    ref = (await world.post("/v1/members", body | {"contact": contact})).json()["id"]
    assert told(await enrol(world, member())) == [("refused", [("duplicate_enrolment", "member_ref")])]
    assert told(await enrol(world, member(kind="居住地"))) == [("posted", [])]
    assert world.sink.facts(MemberEnrolled)[-1].member_ref == ref


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (member(name=""), ("invalid_value", "member_ref")),
        (member(name="", phone=""), ("invalid_value", "member_ref")),
        (member("张三"), ("invalid_value", "member_ref")),
        (member("m-1", phone="1"), ("invalid_value", "contact_phone")),
        (member("m-1", **{"class": "群众"}), ("unknown_word", "member_class")),
        (member("m-1", **{"class": "居民党员"}), ("not_of_class", "kind")),
        (member("m-1", unit="91310105MA1FW0008X"), ("bad_uscc", "home_unit")),
        (member("m-1", community="31"), ("bad_region", "community")),
        (member("m-1", skills="上门理发、月球漫步"), ("unknown_item", "skills")),
    ],
)
async def test_a_wrong_row_is_told_by_its_column_and_leaves_nothing(
    world: World, row: list[str], fault: tuple[str, str]
) -> None:
    report = await enrol(world, row)
    assert told(report) == [("refused", [fault])]
    assert world.sink.events == []
    with world.app.state.services.ports.store.connect() as store:
        assert store.exec_driver_sql("SELECT count(*) FROM identities").scalar() == 0


async def test_wrong_units_are_told_too(world: World) -> None:
    rows = [unit(uscc="91310105MA1FW0008X"), unit(name="电话 13812345678"), unit(phone="1"), unit(name="")]
    report = await enrol(world, *rows, headers=UNITS)
    assert told(report) == [
        ("refused", [("bad_uscc", "uscc")]),
        ("refused", [("personal_data", "name")]),
        ("refused", [("invalid_value", "liaison_phone")]),
        ("refused", [("invalid_value", "name")]),
    ]


async def test_a_dry_run_enrols_nobody_and_keeps_no_name(world: World) -> None:
    report = await enrol(world, member(), member(), member(kind="居住地"), dry_run=True)
    assert told(report) == [("valid", []), ("refused", [("duplicate_enrolment", "member_ref")]), ("valid", [])]
    with world.app.state.services.ports.store.connect() as store:
        for name in ("identities", "acquaintances"):
            assert store.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() == 0  # noqa: S608
    assert world.sink.events == []


async def test_who_left_may_come_again_and_who_has_applied_has_to_wait(world: World) -> None:
    await enrol(world, member("m-1"))
    left = await world.post("/v1/enrolments/u1.m-1:log_off", {"by": "community:310105001001"})
    assert left.status_code == 200, left.text
    report = await enrol(world, member("m-1"))
    assert (told(report), report["rows"][0]["id"]) == ([("posted", [])], "u3.m-1")
    applied = {"by": "member:m-2", "party": "member:m-2", "community": "310105001001", "kind": "unit_link",
               "member_class": "in_service", "home_unit": f"unit:{USCC}"}  # fmt: skip
    assert (await world.post("/v1/enrolments", applied)).status_code == 201
    waits = await enrol(world, member("m-2", name="", phone=""))
    assert told(waits) == [("refused", [("already_held", None)])]


async def test_an_undo_ends_what_nothing_hangs_on_and_says_what_stays(world: World) -> None:
    rows = [member(ref, name="", phone="") for ref in ("free", "offers", "posted", "left")]
    report = await enrol(world, *rows, member("free", kind="居住地", name="", phone=""))
    await world.post("/v1/resources", resource(provider="member:offers"))
    by = {"by": "community:310105001001"}
    assert (await world.post("/v1/enrolments/u1.posted:start", by)).status_code == 200
    assert (await world.post("/v1/enrolments/u1.left:log_off", by)).status_code == 200
    assert await undo(world, report) == [
        ("undone", None),
        ("kept", "has_entries"),
        ("kept", "changed_meanwhile"),
        ("kept", "changed_meanwhile"),
        ("undone", None),
    ]
    gone = [(fact.member_ref, fact.kind, fact.version) for fact in world.sink.facts(MemberLeft)]
    assert gone == [("left", "unit_link", 2), ("free", "residence", 2), ("free", "unit_link", 2)]
    there = {row["enrolment"]["member_ref"] for row in (await world.get("/v1/members")).json()["rows"]}
    assert there == {"offers", "posted"}
    assert told(await enrol(world, rows[0])) == [("posted", [])]


async def test_units_are_undone_unless_they_ask_for_something(world: World) -> None:
    report = await enrol(world, unit(), unit(branch="2"), headers=UNITS)
    await world.post("/v1/demands", demand(requester=f"unit:{USCC}/2"))
    assert await undo(world, report) == [("undone", None), ("kept", "has_entries")]
    assert [fact.party for fact in world.sink.facts(UnitLeft)] == [f"unit:{USCC}"]
    assert await undo(world, report) == [("undone", None), ("kept", "has_entries")]


async def test_where_the_log_fails_half_way_import_and_undo_go_on_with_the_same_people(tmp_path: Path) -> None:
    async with world_in(tmp_path, import_batch=2) as world:
        rows = [member(phone=f"1391234567{n}") for n in range(5)]
        publish, calls = world.sink.publish, 0

        async def failing(events: Any) -> Any:
            nonlocal calls
            calls += 1
            world.sink.fails = calls in (2, 5)
            return await publish(events)

        world.sink.publish = failing  # type: ignore[method-assign]
        data = table(*rows, headers=MEMBERS)
        assert (await load(world, data, kind="members")).status_code == 503
        report = (await load(world, data, kind="members")).json()
        assert (report["unchanged"], report["posted"]) == (2, 3)
        assert len({fact.member_ref for fact in world.sink.facts(MemberEnrolled)}) == 5
        assert (await world.post(f"/v1/imports/{report['import_id']}:undo")).status_code == 503
        assert await undo(world, report) == [("undone", None)] * 3


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize("kind", ["units", "members"])
async def test_an_export_of_enrolments_is_taken_back_and_changes_nothing(world: World, kind: str, form: str) -> None:
    await enrol(world, unit(), unit(branch="2", liaison="", phone=""), headers=UNITS)
    await enrol(world, member(), member("m-2", unit="", skills="", name="", phone=""), member(kind="居住地"))
    saturdays = {
        "first": {"start": "2026-11-28T09:00:00+08:00", "end": "2026-11-28T12:00:00+08:00"},
        "rule": "FREQ=WEEKLY;BYDAY=SA;COUNT=4",
    }
    body = {"member_ref": "m-3", "member_class": "mobile", "kind": "residence", "community": "310105001001"}
    assert (await world.post("/v1/members", body | {"availability": [saturdays]})).status_code == 201
    exported = (await world.get(f"/v1/exports/{kind}.{form}")).content
    report = (await load(world, exported, kind=kind)).json()
    assert report["unchanged"] == report["total"] == (2 if kind == "units" else 4), report
