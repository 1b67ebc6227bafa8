"""What departments may put on communities: refused with a reason where the check is on, else all is as before."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.settings import CobuildSettings
from deploy.wiring import open_house
from schemas.admission import Admission
from schemas.uscc import check_character
from tests.apiworld import CATALOGUE, COMMUNITY, World, demand, world_in

OFFICE = "11310105MB2F30147"
ASKED_BY_AN_OFFICE = {"requester": f"unit:{OFFICE}{check_character(OFFICE)}", "channel": "unit"}
RECORDS = {"title": "录入台账", "lines": [{"item": "digital.data_entry_help"}]}


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[World]:
    async with world_in(tmp_path, admission=Admission.load(Path("cn"), catalogue=CATALOGUE)) as running:
        yield running


async def test_a_departments_matter_that_is_not_on_the_list_is_refused_with_the_reason(strict: World) -> None:
    answer = await strict.post("/v1/demands", demand(**ASKED_BY_AN_OFFICE, **RECORDS))
    assert (answer.status_code, answer.json()["code"]) == (422, "matter_not_admitted")
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "#/lines/0/item"
    assert "部门台账和数据录入不得转嫁社区" in error["detail"]
    assert "departments must not pass their records" in error["detail"]
    assert strict.sink.events == []


async def test_of_several_lines_each_that_is_not_on_the_list_is_told(strict: World) -> None:
    items = ["elder_care.hair_cut", "digital.data_entry_help", "emergency.fire_inspect"]
    answer = await strict.post("/v1/demands", demand(**ASKED_BY_AN_OFFICE, lines=[{"item": item} for item in items]))
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/lines/1/item", "#/lines/2/item"]


@pytest.mark.parametrize(
    "changes",
    [
        ASKED_BY_AN_OFFICE | {"lines": [{"item": "health.free_clinic"}]},
        RECORDS,
        RECORDS | {"requester": "unit:91310105MA1FW0008T", "channel": "unit"},
    ],
    ids=["on the list", "a community's own", "a company's own"],
)
async def test_everything_else_is_taken_as_before(strict: World, changes: dict[str, Any]) -> None:
    assert (await strict.post("/v1/demands", demand(**changes))).status_code == 201


async def test_what_a_department_passes_on_in_the_communitys_name_is_held_against_the_list_too(strict: World) -> None:
    answer = await strict.post("/v1/demands", demand(**RECORDS, channel="unit"))
    assert answer.json()["code"] == "matter_not_admitted"


async def test_a_preview_and_a_revision_are_checked_alike(strict: World) -> None:
    preview = await strict.post("/v1/demands:preview", demand(**ASKED_BY_AN_OFFICE, **RECORDS))
    assert preview.json()["code"] == "matter_not_admitted"
    made = await strict.post("/v1/demands", demand(demand_id="d-1", **ASKED_BY_AN_OFFICE))
    assert made.status_code == 201
    changed = await strict.patch("/v1/demands/d-1", {"lines": RECORDS["lines"]}, If_Match='"1"')
    assert changed.json()["code"] == "matter_not_admitted"


async def test_a_need_is_held_against_the_list_when_it_is_published(strict: World) -> None:
    """Before that it may still be looked into, and declined with a reason."""
    staff = {"by": f"community:{COMMUNITY}"}
    taken = demand(**ASKED_BY_AN_OFFICE, **RECORDS) | staff | {"id": "n-1"}
    assert (await strict.post("/v1/needs", taken)).status_code == 201
    assert (await strict.post("/v1/needs/n-1:verify", staff)).is_success
    published = await strict.post("/v1/needs/n-1:publish", staff)
    assert (published.status_code, published.json()["code"]) == (422, "matter_not_admitted")
    declined = await strict.post("/v1/needs/n-1:decline", staff | {"reason": "不在准入清单内"})
    assert declined.is_success


async def test_anybody_may_read_the_list_and_its_version(strict: World) -> None:
    told = (await strict.get("/v1/admission")).json()
    assert told["checked"] is True
    assert len(told["version"]) == 16
    of = {matter["matter"]: matter for matter in told["matters"]}
    assert of["elder_care"]["admitted"] and not of["digital.data_entry_help"]["admitted"]


async def test_without_the_check_departments_ask_as_before(world: World) -> None:
    assert (await world.post("/v1/demands", demand(**ASKED_BY_AN_OFFICE, **RECORDS))).status_code == 201
    assert (await world.get("/v1/admission")).json() == {"checked": False, "version": None, "matters": []}


@pytest.mark.parametrize(("admission", "checked"), [(None, False), (Path("cn"), True)])
async def test_the_setting_turns_it_on(tmp_path: Path, admission: Path | None, checked: bool) -> None:
    settings = CobuildSettings(data_dir=tmp_path, log_sync="normal", admission=admission)
    async with (
        open_house(settings) as house,
        httpx.AsyncClient(transport=httpx.ASGITransport(app=house.app), base_url="http://cobuild") as client,
    ):
        assert (await client.get("/v1/admission")).json()["checked"] is checked
