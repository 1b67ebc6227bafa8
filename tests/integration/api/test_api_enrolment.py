"""Units and members report; names and phones go to the vault and nowhere else."""

import asyncio
from pathlib import Path

import pytest

from api import errors
from api import vault as vault_module
from api.services import Services
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.envelope import encode
from tests.apiworld import World, world_in
from tests.logs import logged_by

USCC = "91310105MA1FW0008T"
UNIT = {"uscc": USCC, "name": "某某科技有限公司党支部", "community": "310105001001"}
MEMBER = {
    "member_class": "in_service",
    "kind": "unit_link",
    "home_unit": f"unit:{USCC}",
    "community": "310105001001",
    "skills": ["elder_care.hair_cut"],
}
CONTACT = {"name": "欧阳明月", "phone": "13912345678"}


async def test_a_unit_reports_and_is_listed(world: World) -> None:
    posted = await world.post("/v1/units", UNIT | {"liaison": CONTACT})
    assert (posted.status_code, posted.json()["id"]) == (201, f"unit:{USCC}")
    read = await world.get(posted.headers["location"])
    assert read.json()["unit"]["name"] == UNIT["name"]
    assert [row["party"] for row in (await world.get("/v1/units?region=310105")).json()["rows"]] == [f"unit:{USCC}"]
    assert (await world.get("/v1/units?region=3201")).json()["rows"] == []


async def test_a_branch_has_its_own_address(world: World) -> None:
    await world.post("/v1/units", UNIT)
    branch = await world.post("/v1/units", UNIT | {"branch": 2, "name": "第二支部"})
    assert branch.headers["location"] == f"/v1/units/{USCC}?branch=2"
    assert (await world.get(branch.headers["location"])).json()["unit"]["name"] == "第二支部"


async def test_a_member_gets_a_pseudonym_and_may_report_once_of_each_kind(world: World) -> None:
    posted = await world.post("/v1/members", MEMBER)
    ref = posted.json()["id"]
    residence = await world.post("/v1/members", MEMBER | {"member_ref": ref, "kind": "residence"})
    again = await world.post("/v1/members", MEMBER | {"member_ref": ref})
    assert (posted.status_code, residence.status_code) == (201, 201)
    assert (again.status_code, again.json()["code"]) == (409, "duplicate_enrolment")
    found = (await world.get(f"/v1/members/{ref}")).json()
    assert [row["enrolment"]["kind"] for row in found["enrolments"]] == ["residence", "unit_link"]
    assert len((await world.get("/v1/members?region=310105001")).json()["rows"]) == 2


async def test_of_many_enrolments_at_once_one_is_taken(world: World) -> None:
    world.sink.holds_back = True
    members = await asyncio.gather(*(world.post("/v1/members", MEMBER | {"member_ref": "m-1"}) for _ in range(5)))
    units = await asyncio.gather(*(world.post("/v1/units", UNIT) for _ in range(5)))
    for answers in (members, units):
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_an_enrolment_is_known_after_a_restart(tmp_path: Path) -> None:
    async with world_in(tmp_path) as before:
        await before.post("/v1/units", UNIT)
    async with world_in(tmp_path) as after:
        assert (await after.post("/v1/units", UNIT)).json()["code"] == "duplicate_enrolment"


@pytest.mark.parametrize(
    ("path", "body", "code", "pointer"),
    [
        ("/v1/units", UNIT | {"uscc": "91310105MA1FW0008X"}, "bad_uscc", "#/uscc"),
        ("/v1/units", UNIT | {"name": "张三 13912345678"}, "personal_data", "#/name"),
        ("/v1/units", UNIT | {"community": "31"}, "bad_region", "#/community"),
        ("/v1/members", MEMBER | {"skills": ["no.thing"]}, "unknown_item", "#/skills/0"),
        ("/v1/members", MEMBER | {"home_unit": "unit:91310105MA1FW0008X"}, "bad_uscc", "#/home_unit"),
        ("/v1/members", MEMBER | {"kind": "both"}, "invalid_value", "#/kind"),
        ("/v1/members", MEMBER | {"name": "欧阳明月"}, "invalid_value", "#/name"),
        ("/v1/members", MEMBER | {"contact": {"phone": "1"}}, "invalid_value", "#/contact/phone"),
    ],
)
async def test_what_cannot_be_is_refused(
    world: World, path: str, body: dict[str, object], code: str, pointer: str
) -> None:
    answer = await world.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert "13912345678" not in answer.text
    assert world.sink.events == []


async def test_an_identity_is_in_no_event_no_answer_no_log_and_no_file_in_the_clear(tmp_path: Path) -> None:
    known = MEMBER | {"member_ref": "m-1", "contact": CONTACT}
    with logged_by(errors, vault_module) as logged:
        async with world_in(tmp_path) as world:
            answers = [
                await world.post("/v1/members", known, Idempotency_Key="k"),
                await world.post("/v1/units", UNIT | {"liaison": CONTACT}),
                await world.get("/v1/members/m-1"),
                await world.get("/v1/members"),
                await world.client.delete("/v1/members/m-1/identity"),
            ]
            events = [b"".join(part for _, part in encode(event)[1]) + encode(event)[2] for event in world.sink.events]
    told = "".join(answer.text for answer in answers) + repr(logged)
    files = b"".join(_contents(tmp_path))
    for secret in CONTACT.values():
        assert secret not in told
        assert secret.encode() not in b"".join(events) + files


def _contents(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in directory.iterdir() if path.is_file()]


def _vault(world: World) -> Services:
    return world.app.state.services


async def test_who_has_a_reason_can_read_the_vault_until_the_person_is_forgotten(world: World) -> None:
    await world.post("/v1/members", MEMBER | {"member_ref": "m-1", "contact": CONTACT})
    vault = _vault(world).vault
    with logged_by(vault_module) as logged:
        assert vault.read(ref="member:m-1", reason="回访") == CONTACT
    assert [(line["ref"], line["reason"]) for line in logged] == [("member:m-1", "回访")]
    assert "139" not in repr(logged)
    with pytest.raises(ValueError, match="reason"):
        vault.read(ref="member:m-1", reason=" ")
    assert (await world.client.delete("/v1/members/m-1/identity")).status_code == 204
    assert vault.read(ref="member:m-1", reason="回访") is None
    assert (await world.get("/v1/members/m-1")).status_code == 200
    assert (await world.client.delete("/v1/members/m-1/identity")).status_code == 404


async def test_a_liaison_can_be_forgotten(world: World) -> None:
    await world.post("/v1/units", UNIT | {"liaison": CONTACT})
    assert (await world.client.delete(f"/v1/units/{USCC}/identity")).status_code == 204
    assert (await world.client.delete(f"/v1/units/{USCC}/identity")).status_code == 404
    assert (await world.get(f"/v1/units/{USCC}")).status_code == 200


async def test_where_the_log_fails_the_vault_keeps_nothing(world: World) -> None:
    world.sink.fails = True
    answer = await world.post("/v1/members", MEMBER | {"member_ref": "m-1", "contact": CONTACT})
    assert answer.status_code == 503
    assert not _vault(world).vault.knows("member:m-1")
    world.sink.fails = False
    assert (await world.post("/v1/members", MEMBER | {"member_ref": "m-1", "contact": CONTACT})).status_code == 201
    assert _vault(world).vault.knows("member:m-1")


async def test_a_refused_enrolment_does_not_touch_an_identity(world: World) -> None:
    await world.post("/v1/members", MEMBER | {"member_ref": "m-1", "contact": CONTACT})
    await world.post("/v1/members", MEMBER | {"member_ref": "m-1", "contact": {"name": "冒名者"}})
    assert _vault(world).vault.read(ref="member:m-1", reason="test") == CONTACT


async def test_events_carry_the_pseudonym_and_the_two_units_apart(world: World) -> None:
    await world.post("/v1/members", MEMBER | {"member_ref": "m-1"})
    await world.post("/v1/units", UNIT)
    (member,), (unit,) = world.sink.facts(MemberEnrolled), world.sink.facts(UnitEnrolled)
    assert (member.member_ref, member.home_unit, member.community) == ("m-1", f"unit:{USCC}", "310105001001")
    assert unit.uscc == USCC


async def test_who_has_applied_gives_a_name_to_the_vault_and_to_nothing_else(world: World) -> None:
    applied = {"by": "member:m-1", "party": "member:m-1", "kind": "residence", "member_class": "retired"}
    assert (await world.client.put("/v1/members/m-1/identity", json=CONTACT)).status_code == 404
    await world.post("/v1/enrolments", applied | {"community": "310105001001"})
    assert (await world.client.put("/v1/members/m-1/identity", json=CONTACT)).status_code == 204
    assert _vault(world).vault.read(ref="member:m-1", reason="回访") == CONTACT
    await world.post("/v1/units", UNIT)
    liaison = await world.client.put(f"/v1/units/{USCC}/identity", json=CONTACT)
    assert (liaison.status_code, liaison.text) == (204, "")
    assert _vault(world).vault.read(ref=f"unit:{USCC}", reason="回访") == CONTACT
    assert (await world.client.put("/v1/units/91310105MA1FW0008X/identity", json=CONTACT)).status_code == 422


async def test_forms_know_classes_industry_systems_and_kinds_of_units(world: World) -> None:
    words = (await world.get("/v1/enrolment-words")).json()
    assert [(row["way"], row["kinds"]) for row in words["member_classes"]] == [
        ("直管", ["residence"]),
        ("双管", ["residence", "unit_link"]),
        ("接管", ["residence"]),
        ("参管", ["residence", "unit_link"]),
        ("重管", ["residence"]),
    ]
    assert len(words["industry_systems"]) == 16
    assert {"code": "12", "zh": "事业单位", "en": "public institution"} in words["unit_kinds"]
