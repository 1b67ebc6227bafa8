"""A city's hotline, as Open311 has it: what can be asked for, a request, what became of it, the caller unknown."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from schemas.demands import DemandPosted
from tests.apiworld import COMMUNITY, World, demand, matched, world_in

V2 = "/open311/v2"
CALLER = {
    "first_name": "三丰",
    "last_name": "张氏",
    "phone": "13912345678",
    "email": "zhang@example.org",
    "address_string": "华阳路 100 弄 5 号 301 室",
    "lat": "31.2231",
    "long": "121.4187",
}


def call(**changes: str | None) -> dict[str, str]:
    """Return what a hotline posts, with some parameters changed or, where None, left out."""
    said = {
        "service_code": "elder_care.hair_cut",
        "description": "三楼的老人行动不便，想请人上门理发",
        "attribute[community]": COMMUNITY,
        **CALLER,
    } | changes
    return {name: value for name, value in said.items() if value is not None}


async def post(world: World, said: dict[str, str], *, form: str = "json", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await world.client.post(f"{V2}/requests.{form}", data=said, headers=named)


async def asked(world: World, **changes: str | None) -> str:
    answer = await post(world, call(**changes))
    assert answer.status_code == 201, answer.text
    found: str = answer.json()[0]["service_request_id"]
    return found


async def ids(world: World, query: str = "") -> list[str]:
    answer = await world.get(f"{V2}/requests.json?{query}")
    assert answer.status_code == 200, answer.text
    return [each["service_request_id"] for each in answer.json()]


def kept(world: World, demand_id: str) -> dict[str, str] | None:
    found: dict[str, str] | None = world.app.state.services.vault.read(ref=f"demand:{demand_id}", reason="test")
    return found


def stored(directory: Path) -> bytes:
    """Return every byte that a house has written down."""
    return b"".join(file.read_bytes() for file in directory.rglob("*") if file.is_file())


async def test_a_call_becomes_a_demand_and_the_caller_is_in_the_vault_alone(world: World, tmp_path: Path) -> None:
    answer = await post(world, call())
    (made,) = answer.json()
    assert (answer.status_code, made["account_id"]) == (201, None)
    (fact,) = world.sink.facts(DemandPosted)
    need = fact.demand
    assert need.demand_id == made["service_request_id"]
    assert (need.channel, need.requester, need.community) == ("hotline", f"community:{COMMUNITY}", COMMUNITY)
    assert (need.title, need.detail) == ("上门理发", "三楼的老人行动不便，想请人上门理发")
    assert (need.window.end - need.window.start).days == 14
    assert kept(world, need.demand_id) == CALLER
    told = world.sink.events[0].data.model_dump_json() + (await world.get(answer.headers["location"])).text
    assert not any(secret in told for secret in CALLER.values())
    assert not any(secret.encode() in stored(tmp_path) for secret in CALLER.values())
    assert (await world.client.delete(f"/v1/demands/{need.demand_id}/identity")).status_code == 204
    assert kept(world, need.demand_id) is None


async def test_what_else_a_call_may_say(world: World) -> None:
    more = {
        "attribute[grid]": "G03-02",
        "attribute[quantity]": "3",
        "attribute[start]": "2026-11-25T09:00:00+08:00",
        "attribute[end]": "2026-11-25T12:00:00+08:00",
        "attribute[urgency]": "urgent",
        "attribute[beneficiary]": "elderly",
    }
    await asked(world, **more)
    need = world.sink.facts(DemandPosted)[0].demand
    assert (need.grid, need.lines[0].quantity, need.urgency, need.beneficiary) == ("G03-02", 3, "urgent", "elderly")
    assert need.window.start.isoformat() == "2026-11-25T01:00:00+00:00"
    await asked(world, **{"attribute[community]": None, "address_id": "310105001002", "jurisdiction_id": "310105"})
    assert world.sink.facts(DemandPosted)[1].demand.community == "310105001002"


async def test_services_are_the_catalogue(world: World) -> None:
    services = (await world.get(f"{V2}/services.json")).json()
    assert len(services) == 218
    (hair,) = [each for each in services if each["service_code"] == "elder_care.hair_cut"]
    assert (hair["service_name"], hair["type"], hair["metadata"], bool(hair["group"])) == (
        "上门理发",
        "realtime",
        True,
        True,
    )
    definition = (await world.get(f"{V2}/services/elder_care.hair_cut.json")).json()
    codes = {each["code"]: each for each in definition["attributes"]}
    assert [code for code, each in codes.items() if each["required"]] == ["community"]
    assert {"key": "urgent", "name": "紧急"} in codes["urgency"]["values"]
    assert (await world.get(f"{V2}/services/elder_care.moon_walk.json")).status_code == 404


async def test_a_request_is_open_until_it_is_done_or_gone(world: World) -> None:
    demand_id = await asked(world)

    async def stands(request_id: str) -> tuple[str, str]:
        (found,) = (await world.get(f"{V2}/requests/{request_id}.json")).json()
        return found["status"], found["status_notes"]

    assert await stands(demand_id) == ("open", "已登记，正在匹配（已匹配 0/1，已完成 0）")
    await matched(world)
    (listed,) = [each for each in await ids(world, "service_code=elder_care.hair_cut") if each != demand_id]
    assert await stands(listed) == ("open", "部分名额已匹配（已匹配 1/2，已完成 0）")
    await world.post(f"/v1/demands/{demand_id}:withdraw", {"reason": "已经解决"})
    assert await stands(demand_id) == ("closed", "已撤回（已匹配 0/1，已完成 0）：已经解决")
    assert (await ids(world, "status=closed"), await ids(world, "status=open")) == ([demand_id], [listed])
    assert set(await ids(world, "status=open,closed")) == {demand_id, listed}


async def test_requests_are_narrowed_as_the_standard_says(world: World) -> None:
    old = await asked(world)
    world.clock.pass_(days=60)
    late = await asked(world, service_code="venue.activity_room", **{"attribute[community]": "310106001001"})
    world.clock.pass_(days=40)
    assert await ids(world) == [late]
    assert await ids(world, "start_date=2026-11-21T00:00:00Z") == [late, old]
    assert await ids(world, "start_date=2026-11-21T00:00:00Z&end_date=2026-12-01T00:00:00Z") == [old]
    assert await ids(world, "end_date=2027-01-01T00:00:00Z") == [old]
    assert await ids(world, f"service_request_id={old},{late},nobody") == [late, old]
    assert await ids(world, "service_code=venue.activity_room,elder_care.meal") == [late]
    assert await ids(world, "jurisdiction_id=310105&start_date=2026-11-21T00:00:00Z") == [old]
    assert (await world.get(f"{V2}/requests/{late}.json?jurisdiction_id=310105")).status_code == 404


async def test_xml_says_what_json_says(world: World) -> None:
    answer = await post(world, call(description="a < b & \x02"), form="xml")
    assert (answer.status_code, answer.headers["content-type"]) == (201, "text/xml; charset=utf-8")
    assert answer.content.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    request_id = ElementTree.fromstring(answer.content).findtext("request/service_request_id")  # noqa: S314 - our own
    paths = ["services", "services/elder_care.hair_cut", "requests", f"requests/{request_id}"]
    for path in [f"{V2}/{each}" for each in paths] + ["/open311/discovery"]:
        as_json, as_xml = (await world.get(f"{path}.json")).json(), await world.get(f"{path}.xml")
        assert as_xml.status_code == 200
        assert plain(ElementTree.fromstring(as_xml.content)) == texts(as_json)  # noqa: S314 - our own


def plain(element: ElementTree.Element) -> Any:
    """Return XML as the JSON it stands for, all values as text."""
    children = list(element)
    if element.tag in ("services", "service_requests", "attributes", "values", "endpoints", "formats"):
        return [plain(child) for child in children]
    return {child.tag: plain(child) for child in children} if children else element.text or ""


def texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: texts(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [texts(each) for each in value]
    plainly = str(value).lower() if isinstance(value, bool) else str(value or "")
    return plainly.replace("\x02", "\ufffd")


async def test_discovery_says_where_to_go_on(world: World) -> None:
    found = (await world.get("/open311/discovery.json")).json()
    assert found["endpoints"][0]["url"] == "http://cobuild/open311/v2"


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"service_code": None}, 400, "service_code"),
        ({"service_code": "elder_care.moon_walk"}, 404, "service_code"),
        ({"attribute[community]": None}, 400, "attribute[community]"),
        ({"attribute[community]": "31010500100"}, 400, "attribute[community]"),
        ({"attribute[community]": None, "lat": "31", "long": "121"}, 400, "12 digits"),
        ({"attribute[quantity]": "many"}, 400, "attribute[quantity]"),
        ({"attribute[end]": "2026-11-20T09:00:00+08:00"}, 400, "window"),
        ({"attribute[start]": "2026-11-19T09:00:00Z", "attribute[end]": "2026-11-20T09:00:00Z"}, 400, "attribute[end]"),
        ({"attribute[urgency]": "whenever"}, 400, "attribute[urgency]"),
        ({"description": "请打 13912345678"}, 400, "description"),
        ({"description": "x" * 2001}, 400, "description"),
        ({"jurisdiction_id": "310106"}, 404, "jurisdiction_id"),
        ({"jurisdiction_id": "sfgov.org"}, 404, "jurisdiction_id"),
    ],
)
@pytest.mark.parametrize("form", ["json", "xml"])
async def test_a_call_that_cannot_be_taken_says_why_and_leaves_nothing(
    world: World, said: dict[str, str | None], status: int, words: str, form: str
) -> None:
    answer = await post(world, call(**said), form=form)
    assert answer.status_code == status, answer.text
    if form == "json":
        errors = [(each["code"], each["description"]) for each in answer.json()]
    else:
        found = ElementTree.fromstring(answer.content).findall("error")  # noqa: S314 - our own
        errors = [(each.findtext("code"), each.findtext("description") or "") for each in found]
    assert errors and all(code == str(status) for code, _ in errors)
    assert any(words in description for _, description in errors), errors
    assert "13912345678" not in answer.text
    assert world.sink.events == []


@pytest.mark.parametrize(
    ("path", "status"),
    [("requests.json?status=lost", 400), ("requests.json?start_date=yesterday", 400), ("requests.pdf", 400),
     ("requests.json?start_date=2026-11-21T00:00:00Z&end_date=2026-11-20T00:00:00Z", 400),
     ("requests/nobody.xml", 404), ("services.json?jurisdiction_id=31010", 404), ("tokens/1.json", 404)],
)  # fmt: skip
async def test_bad_questions_are_answered_in_the_standard_s_shape(world: World, path: str, status: int) -> None:
    answer = await world.get(f"{V2}/{path}")
    assert answer.status_code == status
    if path.endswith(".xml"):
        assert ElementTree.fromstring(answer.content).findtext("error/code") == str(status)  # noqa: S314 - our own
    else:
        assert [each["code"] for each in answer.json()] == [str(status)]


async def test_a_key_opens_the_door_wherever_it_stands(tmp_path: Path) -> None:
    async with world_in(tmp_path, **{"api_token": "s3cret"}) as world:
        for said in (call(), call(api_key="wrong")):
            refused = await post(world, said)
            assert (refused.status_code, refused.json()[0]["code"]) == (403, "403")
        assert world.sink.events == []
        assert (await post(world, call(api_key="s3cret"))).status_code == 201
        assert (await post(world, call(), Authorization="Bearer s3cret")).status_code == 201
        in_address = await world.client.post(f"{V2}/requests.json?api_key=s3cret", data=call())
        assert in_address.status_code == 201
        assert (await world.get(f"{V2}/requests.json")).status_code == 200


async def test_a_call_that_is_sent_twice_with_a_key_counts_once(world: World) -> None:
    first, again = [await post(world, call(), Idempotency_Key="call-1") for _ in range(2)]
    assert first.json() == again.json()
    assert len(world.sink.facts(DemandPosted)) == 1


async def test_where_the_log_fails_no_caller_is_left_behind(world: World) -> None:
    world.sink.fails = True
    answer = await post(world, call(), Idempotency_Key="call-1")
    assert (answer.status_code, answer.json()[0]["code"]) == (503, "503")
    with world.app.state.services.ports.store.connect() as store:
        assert store.exec_driver_sql("SELECT count(*) FROM identities").scalar() == 0
    world.sink.fails = False
    answer = await post(world, call(), Idempotency_Key="call-1")
    assert kept(world, answer.json()[0]["service_request_id"]) == CALLER


@pytest.mark.parametrize(("kind", "status"), [("application/json", 415), ("text/plain", 415)])
async def test_a_call_is_a_form(world: World, kind: str, status: int) -> None:
    answer = await world.client.post(f"{V2}/requests.json", content=b"{}", headers={"content-type": kind})
    assert (answer.status_code, answer.json()[0]["code"]) == (status, str(status))


async def test_a_call_is_not_endless(tmp_path: Path) -> None:
    async with world_in(tmp_path, max_json_bytes=2_000) as world:
        answer = await post(world, call(description="x" * 3_000))
        assert (answer.status_code, answer.json()[0]["code"]) == (413, "413")


async def test_demands_from_elsewhere_are_requests_too(world: World) -> None:
    lines = [{"item": "venue.activity_room"}, {"item": "elder_care.hair_cut"}]
    await world.post("/v1/demands", demand(demand_id="d-1", lines=lines, detail=""))
    (found,) = (await world.get(f"{V2}/requests/d-1.json")).json()
    assert (found["service_code"], found["description"]) == ("venue.activity_room", "给楼里的老人理发")
    assert found["address_id"] == COMMUNITY and "长宁区" in found["address"]
    assert found["requested_datetime"] == "2026-11-21T06:00:00Z"
    assert await ids(world, "service_code=elder_care.hair_cut") == ["d-1"]
