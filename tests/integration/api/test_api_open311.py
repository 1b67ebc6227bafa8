"""A city's hotline, as Open311 has it: what can be asked for, a request, what became of it, the caller unknown."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from schemas.assignments import AssignmentConfirmed, AssignmentFulfilled
from schemas.demands import DemandPosted
from schemas.lives.demand import DemandCollected
from tests.apiworld import COMMUNITY, World, demand, ended, matched, paired, resource, world_in

V2 = "/open311/v2"
HALL = f"community:{COMMUNITY}"
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


async def takes(world: World, need_id: str, action: str, **said: Any) -> None:
    """Let the community take a step with a need."""
    answer = await world.post(f"/v1/needs/{need_id}:{action}", {"by": HALL} | said)
    assert answer.status_code == 200, answer.text


async def published(world: World, need_id: str) -> None:
    await takes(world, need_id, "verify")
    await takes(world, need_id, "publish")


async def stands(world: World, request_id: str) -> tuple[str, str]:
    """Return what the hotline reads of a request: open or closed, and why; the list says the same."""
    (found,) = (await world.get(f"{V2}/requests/{request_id}.json")).json()
    assert request_id in await ids(world, f"status={found['status']}")
    assert request_id not in await ids(world, f"status={'open' if found['status'] == 'closed' else 'closed'}")
    return found["status"], found["status_notes"]


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
    need_id = made["service_request_id"]
    (need,) = (await world.get("/v1/needs?party=system:hotline")).json()["rows"]
    assert (need["life"]["id"], need["life"]["state"]) == (need_id, "collected")
    assert world.sink.facts(DemandPosted) == [], "nobody has looked into it yet"
    refused = await world.post(f"/v1/needs/{need_id}:publish", {"by": HALL})
    assert refused.json()["code"] == "not_possible_now"

    await published(world, need_id)
    (fact,) = world.sink.facts(DemandPosted)
    entry = fact.demand
    assert (entry.demand_id, entry.channel, entry.requester, entry.community) == (need_id, "hotline", HALL, COMMUNITY)
    assert (entry.title, entry.detail) == ("上门理发", "三楼的老人行动不便，想请人上门理发")
    assert (entry.window.end - entry.window.start).days == 14
    assert kept(world, need_id) == CALLER
    told = "".join(event.data.model_dump_json() for event in world.sink.events)
    told += (await world.get(answer.headers["location"])).text + (await world.get(f"/v1/needs/{need_id}")).text
    assert not any(secret in told for secret in CALLER.values())
    assert not any(secret.encode() in stored(tmp_path) for secret in CALLER.values())
    assert (await world.client.delete(f"/v1/demands/{need_id}/identity")).status_code == 204
    assert kept(world, need_id) is None


async def test_whoever_verifies_a_call_completes_it(world: World) -> None:
    need_id = await asked(world)
    window = {"start": "2026-12-01T09:00:00+08:00", "end": "2026-12-01T12:00:00+08:00"}
    await takes(world, need_id, "verify", window=window, beneficiary="elderly", grid="G03")
    await takes(world, need_id, "publish")
    (fact,) = world.sink.facts(DemandPosted)
    assert (fact.demand.window.start.day, fact.demand.beneficiary, fact.demand.grid) == (1, "elderly", "G03")


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
    need = world.sink.facts(DemandCollected)[0]
    assert (need.grid, need.lines[0].quantity, need.urgency, need.beneficiary) == ("G03-02", 3, "urgent", "elderly")
    assert need.window.start.isoformat() == "2026-11-25T01:00:00+00:00"
    await asked(world, **{"attribute[community]": None, "address_id": "310105001002", "jurisdiction_id": "310105"})
    assert world.sink.facts(DemandCollected)[1].community == "310105001002"


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
    need_id = await asked(world)
    assert await stands(world, need_id) == ("open", "已受理，待核实")
    await takes(world, need_id, "verify")
    assert await stands(world, need_id) == ("open", "已核实，待发布")
    await takes(world, need_id, "publish")
    assert await stands(world, need_id) == ("open", "已登记，正在匹配（已匹配 0/1，已完成 0）")
    offered = (await world.post("/v1/resources", resource())).json()["id"]
    found = await paired(world, need_id, offered)
    assert await stands(world, need_id) == ("open", "已匹配，待办理（已匹配 1/1，已完成 0）")
    await ended(world, found, AssignmentConfirmed, "accepted")
    await ended(world, found, AssignmentFulfilled, "done", round_no=3)
    assert await stands(world, need_id) == ("open", "已办理，待确认（已匹配 1/1，已完成 1）")
    await takes(world, need_id, "confirm", outcome="partly")
    assert await stands(world, need_id) == ("closed", "已确认：部分解决")
    await takes(world, need_id, "close")
    assert await stands(world, need_id) == ("closed", "已办结：部分解决")


@pytest.mark.parametrize(
    ("action", "said", "stood"),
    [
        ("decline", {"reason": "属于专项工程"}, ("closed", "不予受理：属于专项工程")),
        ("cancel", {"reason": "家人已帮忙"}, ("closed", "已取消：家人已帮忙")),
        ("return", {"reason": "请补充时间"}, ("open", "已退回补充：请补充时间")),
        ("defer", {"reason": "等门诊开放", "until": "2026-11-30T00:00:00Z"}, ("open", "暂缓办理：等门诊开放")),
        ("amend", {"detail": "二楼"}, ("open", "已受理，待核实")),
    ],
)
async def test_why_a_request_stands_where_it_does(
    world: World, action: str, said: dict[str, str], stood: tuple[str, str]
) -> None:
    need_id = await asked(world)
    await takes(world, need_id, action, **said)
    assert await stands(world, need_id) == stood


async def test_a_request_that_goes_on_in_another_says_in_which(world: World) -> None:
    first, twin, third = [await asked(world) for _ in range(3)]
    await takes(world, twin, "return", reason="请补充时间")
    await takes(world, twin, "merge", into=first)
    assert await stands(world, twin) == ("closed", f"已并入 {first}"), "why it was returned is no reason any more"
    await takes(world, third, "merge", into=first, reason="同一幢楼")
    assert await stands(world, third) == ("closed", f"已并入 {first}：同一幢楼")
    assert await stands(world, first) == ("open", "已受理，待核实")


async def test_a_request_that_was_taken_off_the_list_by_hand_is_closed_with_the_reason(world: World) -> None:
    need_id = await asked(world)
    await published(world, need_id)
    await world.post(f"/v1/demands/{need_id}:withdraw", {"reason": "已经解决"})
    assert await stands(world, need_id) == ("closed", "已撤回（已匹配 0/1，已完成 0）：已经解决")


async def test_a_request_that_is_reopened_is_one_request_and_open_again(world: World) -> None:
    need_id = await asked(world, **{"attribute[quantity]": "2"})
    await published(world, need_id)
    offered = (await world.post("/v1/resources", resource())).json()["id"]
    found = await paired(world, need_id, offered)
    await ended(world, found, AssignmentConfirmed, "accepted")
    await ended(world, found, AssignmentFulfilled, "done", round_no=3)
    await takes(world, need_id, "confirm")
    await takes(world, need_id, "reopen", reason="还有一位没有轮到")
    assert await stands(world, need_id) == ("open", "已核实，待发布")
    await takes(world, need_id, "publish", lines=[{"item": "elder_care.hair_cut", "quantity": 1}])
    assert await stands(world, need_id) == ("open", "已登记，正在匹配（已匹配 0/1，已完成 0）")
    assert await ids(world) == [need_id]


async def test_what_was_posted_as_a_demand_stays_readable(world: World) -> None:
    await matched(world)
    (old,) = await ids(world, "service_code=elder_care.hair_cut")
    assert await stands(world, old) == ("open", "部分名额已匹配（已匹配 1/2，已完成 0）")
    (before,) = (await world.get(f"{V2}/requests/{old}.json")).json()
    world.clock.pass_(days=3)
    await takes(world, old, "amend", detail="三楼，没有电梯。")
    (after,) = (await world.get(f"{V2}/requests/{old}.json")).json()
    assert after["description"] == "三楼，没有电梯。", "a need has taken it over"
    assert after["requested_datetime"] == before["requested_datetime"]
    await world.post(f"/v1/demands/{old}:withdraw", {"reason": "已经解决"})
    assert await stands(world, old) == ("closed", "已撤回（已匹配 1/2，已完成 0）：已经解决")


async def test_a_need_from_elsewhere_is_a_request_too_even_one_without_a_service(world: World) -> None:
    said = {"title": "楼道漏水", "channel": "visit", "community": COMMUNITY, "by": HALL}
    need_id = (await world.post("/v1/needs", said)).json()["id"]
    (found,) = (await world.get(f"{V2}/requests/{need_id}.json")).json()
    assert (found["description"], found["service_code"], found["expected_datetime"]) == ("楼道漏水", None, None)
    assert await ids(world, "service_code=elder_care.hair_cut") == []
    assert await ids(world) == [need_id]


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
    assert await ids(world, "service_code=elder_care.moon_walk") == []
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
    assert len(world.sink.facts(DemandCollected)) == 1


async def test_where_the_log_fails_no_caller_is_left_behind(world: World) -> None:
    world.sink.fails = True
    answer = await post(world, call(), Idempotency_Key="call-1")
    assert (answer.status_code, answer.json()[0]["code"]) == (503, "503")
    with world.app.state.services.ports.store.connect() as store:
        assert store.exec_driver_sql("SELECT count(*) FROM identities").scalar() == 0
    world.sink.fails = False
    answer = await post(world, call(), Idempotency_Key="call-1")
    assert kept(world, answer.json()[0]["service_request_id"]) == CALLER


async def test_where_only_the_lists_are_late_the_caller_stays_with_the_need(tmp_path: Path) -> None:
    async with world_in(tmp_path, read_wait_s=0.01) as world:
        world.sink.holds_back = True
        late = await post(world, call(), Idempotency_Key="call-1")
        assert (late.status_code, "read_model_behind" in late.text) == (503, True)
        world.sink.holds_back = False
        world.sink.project()
        (need_id,) = await ids(world)
        assert kept(world, need_id) == CALLER
        again = await post(world, call(), Idempotency_Key="call-1")
        assert (again.status_code, again.json()[0]["service_request_id"], await ids(world)) == (201, need_id, [need_id])


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
