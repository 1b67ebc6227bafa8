"""Bad input gets a clear answer in both languages, nothing is written, and the next request is served."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api import errors
from api.errors import STATUS
from schemas.refusals import REFUSALS
from tests.apiworld import World, demand, resource, world_in
from tests.logs import logged_by

SOON = {"start": "2026-11-25T09:00:00+08:00", "end": "2026-11-25T12:00:00+08:00"}
TOO_LONG_AGO = {"start": "2026-11-20T09:00:00+08:00", "end": "2026-11-20T12:00:00+08:00"}


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"lines": [{"item": "elder_care.moon_walk"}]}, "unknown_item", "#/lines/0/item"),
        ({"lines": [{"item": "elder_care.hair_cut", "quantity": 1001}]}, "invalid_value", "#/lines/0/quantity"),
        ({"lines": [{"item": "elder_care.hair_cut", "quantity": 10**30}]}, "invalid_value", "#/lines/0/quantity"),
        ({"lines": []}, "invalid_value", "#/lines"),
        ({"lines": [{"item": "elder_care.hair_cut"}] * 21}, "invalid_value", "#/lines"),
        ({"community": "31010500100"}, "bad_region", "#/community"),
        ({"community": "３１０１０５００１００１"}, "bad_region", "#/community"),
        ({"community": "1٣0105001001"}, "bad_region", "#/community"),
        ({"requester": "unit:91310105MA1FW0008X"}, "bad_uscc", "#/requester"),
        ({"requester": "somebody"}, "invalid_value", "#/requester"),
        ({"window": TOO_LONG_AGO}, "window_passed", "#/window/end"),
        ({"window": {"start": "2026-11-25T12:00:00Z", "end": "2026-11-25T12:00:00Z"}}, "impossible_window", "#/window"),
        ({"window": {"start": "2026-11-25T12:00:00Z", "end": "2926-11-25T12:00:00Z"}}, "impossible_window", "#/window"),
        ({"window": {"start": "2026-11-25T09:00:00", "end": "2026-11-25T12:00:00"}}, "invalid_value", "#/window/start"),
        ({"window": {"start": "2026-11-25T09:00:00Z", "end": "9999-12-31T23:00:00-12:00"}}, "impossible_window",
         "#/window/end"),
        ({"duration_minutes": 181}, "impossible_window", "#"),
        ({"bundle": True, "lines": [{"item": "elder_care.hair_cut", "quantity": 501}] * 2}, "team_too_large", "#"),
        ({"recurring": [{"first": TOO_LONG_AGO, "rule": "FREQ=DAILY;COUNT=2"}]}, "impossible_window", "#"),
        ({"recurring": [{"first": SOON, "rule": "FREQ=HOURLY"}]}, "impossible_window", "#/recurring/0/rule"),
        ({"recurring": [{"first": TOO_LONG_AGO, "rule": "FREQ=DAILY;COUNT=1"}],
          "window": {"start": TOO_LONG_AGO["start"], "end": SOON["end"]}}, "window_passed", "#/recurring/end"),
        ({"deadline": "2026-11-01T00:00:00Z"}, "window_passed", "#/deadline"),
        ({"title": "找张阿姨 13800138000"}, "personal_data", "#/title"),
        ({"detail": "身份证 310105199001011234"}, "personal_data", "#/detail"),
        ({"title": ""}, "invalid_value", "#/title"),
        ({"title": "\ud800"}, "invalid_value", "#/title"),
        ({"demand_id": "no blanks please"}, "invalid_value", "#/demand_id"),
        ({"version": 3}, "field_is_fixed", "#/version"),
        ({"colour": "red"}, "invalid_value", "#/colour"),
    ],
)  # fmt: skip
async def test_a_demand_that_cannot_be_is_refused(world: World, changes: Any, code: str, pointer: str) -> None:
    body = json.dumps(demand(**changes))
    answer = await world.client.post("/v1/demands", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert world.sink.events == []
    assert (await world.post("/v1/demands", demand())).status_code == 201


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"item": "elder_care.moon_walk"}, "unknown_item", "#/item"),
        ({"capacity": 2}, "capacity_of_a_person", "#"),
        ({"kind": "goods", "capacity": 10_001}, "invalid_value", "#/capacity"),
        ({"windows": [TOO_LONG_AGO]}, "window_passed", "#/windows/end"),
        ({"recurring": [{"first": TOO_LONG_AGO, "rule": "FREQ=DAILY;COUNT=1"}]}, "window_passed", "#/recurring/end"),
        ({"recurring": [{"first": SOON, "rule": "FREQ=HOURLY"}]}, "impossible_window", "#/recurring/0/rule"),
        ({"recurring": [{"first": SOON, "rule": "FREQ=DAILY", "zone": "Mars"}]}, "invalid_value", "#/recurring/0/zone"),
        ({"recurring": [{"first": SOON, "rule": "FREQ=DAILY"}] * 9}, "invalid_value", "#/recurring"),
        ({"per_occasion": True, "renewable": False, "kind": "goods"}, "invalid_value", "#"),
        ({"per_occasion": True, "kind": "venue", "provider": "team:hall", "capacity": 101}, "invalid_value", "#"),
        ({"windows": [TOO_LONG_AGO] * 65}, "invalid_value", "#/windows"),
        ({"scope": []}, "invalid_value", "#/scope"),
        ({"scope": ["31010"]}, "bad_region", "#/scope/0"),
        ({"home": "x"}, "bad_region", "#/home"),
        ({"valid_to": "2026-11-01T00:00:00Z"}, "window_passed", "#/valid_to"),
        ({"valid_from": "2027-01-02T00:00:00Z", "valid_to": "2027-01-01T00:00:00Z"}, "impossible_window", "#"),
        ({"notice_minutes": -1}, "invalid_value", "#/notice_minutes"),
        ({"provider": "unit:12345678901234567X"}, "bad_uscc", "#/provider"),
    ],
)
async def test_a_resource_that_cannot_be_is_refused(world: World, changes: Any, code: str, pointer: str) -> None:
    answer = await world.post("/v1/resources", resource(**changes))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert world.sink.events == []


async def test_a_resource_that_comes_again_is_taken_and_shown_as_it_was_said(world: World) -> None:
    saturdays = {"first": TOO_LONG_AGO, "rule": "FREQ=WEEKLY;COUNT=20", "zone": "Asia/Shanghai", "except_on": []}
    posted = await world.post("/v1/resources", resource(resource_id="r-1", recurring=[saturdays]))
    assert posted.status_code == 201, posted.text
    shown = (await world.get("/v1/resources/r-1")).json()["resource"]["recurring"]
    assert [(each["rule"], each["zone"]) for each in shown] == [("FREQ=WEEKLY;COUNT=20", "Asia/Shanghai")]
    cleared = await world.patch("/v1/resources/r-1", {"recurring": None}, If_Match="*")
    assert cleared.status_code == 200, cleared.text


async def test_every_fault_of_a_body_is_told_at_once(world: World) -> None:
    answer = await world.post(
        "/v1/demands", demand(lines=[{"item": "a.b"}, {"item": "c.d"}], requester="unit:91310105MA1FW0008X")
    )
    found = {(error["pointer"], error["code"]) for error in answer.json()["errors"]}
    assert found == {
        ("#/lines/0/item", "unknown_item"),
        ("#/lines/1/item", "unknown_item"),
        ("#/requester", "bad_uscc"),
    }
    assert answer.json()["code"] == "invalid_value"


async def test_a_resource_with_one_window_still_to_come_is_taken(world: World) -> None:
    assert (await world.post("/v1/resources", resource(windows=[TOO_LONG_AGO, SOON]))).status_code == 201


async def test_an_unknown_but_well_formed_region_is_taken_with_a_remark(world: World) -> None:
    answer = await world.post("/v1/demands", demand(community="310105999999"))
    assert answer.status_code == 201
    (warning,) = answer.json()["warnings"]
    assert (warning["code"], warning["pointer"]) == ("unknown_region", "#/community")
    assert warning["messages"]["zh"]
    assert warning["messages"]["en"]


@pytest.mark.parametrize(
    "content",
    [b"{", b"[1, 2", b'{"title": nope}', b"\xff\xfe\x00", b'{"a": "\xff"}', b"[" * 100_000],
    ids=["open", "half a list", "no word", "no text", "broken text", "deep"],
)
async def test_malformed_json_is_told_as_such(world: World, content: bytes) -> None:
    answer = await world.client.post("/v1/demands", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("content", [b"null", b"7", b'"text"', b"[]", b""], ids=repr)
async def test_json_that_is_no_object_is_refused(world: World, content: bytes) -> None:
    answer = await world.client.post("/v1/demands", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", None])
async def test_other_content_types_are_not_taken(world: World, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    answer = await world.client.post("/v1/demands", content=json.dumps(demand()).encode(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_a_merge_patch_may_say_that_it_is_one(world: World) -> None:
    await world.post("/v1/demands", demand(demand_id="d-1"))
    headers = {"content-type": "application/merge-patch+json", "if-match": '"1"'}
    answer = await world.client.patch("/v1/demands/d-1", content=b'{"title": "x"}', headers=headers)
    assert answer.status_code == 200


async def test_a_body_beyond_the_limit_is_refused_with_and_without_its_length(tmp_path: Path) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"title": "'
        for _ in range(20):
            yield b"x" * 1024

    async with world_in(tmp_path, max_json_bytes=8 * 1024) as world:
        headers = {"content-type": "application/json"}
        told = await world.client.post("/v1/demands", content=b" " * 9_000, headers=headers)
        hidden = await world.client.post("/v1/demands", content=chunks(), headers=headers)
        keyed = await world.client.post("/v1/demands", content=chunks(), headers=headers | {"idempotency-key": "k"})
        for answer in (told, hidden, keyed):
            assert (answer.status_code, answer.json()["code"]) == (413, "record_too_large")
        assert (await world.post("/v1/demands", demand())).status_code == 201


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/demands?region=3101051", 422, "bad_region"),
        ("/v1/demands?limit=0", 422, "invalid_value"),
        ("/v1/demands?limit=501", 422, "invalid_value"),
        ("/v1/demands?state=happy", 422, "invalid_value"),
        ("/v1/demands?since=yesterday", 422, "invalid_value"),
        ("/v1/demands?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", 422, "impossible_window"),
        ("/v1/demands?cursor=bm9wZQ", 400, "bad_cursor"),
        ("/v1/demands?cursor=WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwLCAiZCJd", 400, "bad_cursor"),
        ("/v1/demands?at_least=demands", 400, "bad_position"),
        ("/v1/demands?at_least=demands:0:99999999999999999999", 400, "bad_position"),
        ("/v1/demands?at_least=moon:0:1", 400, "bad_position"),
        ("/v1/demands?at_least=demands:0:5", 503, "read_model_behind"),
        ("/v1/assignments/xyz", 422, "invalid_value"),
        ("/v1/rounds/310105/0", 422, "invalid_value"),
        ("/v1/rounds/310105/99999999999999999999", 422, "invalid_value"),
        ("/v1/regions/3101051", 422, "bad_region"),
        ("/v1/stream?after=soon", 400, "bad_cursor"),
        ("/v1/nowhere", 404, "not_found"),
        ("/problems/nothing", 404, "not_found"),
    ],
)
async def test_bad_addresses_are_told_what_is_wrong(world: World, path: str, status: int, code: str) -> None:
    answer = await world.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_method_that_is_not_taken_is_told_which_are(world: World) -> None:
    answer = await world.client.delete("/v1/demands/d-1")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, PATCH"


@pytest.mark.parametrize(("accept", "language"), [(None, "zh"), ("en-GB,en;q=0.9", "en"), ("de, zh;q=0.1", "zh")])
async def test_a_title_is_in_the_reader_s_language_and_messages_in_both(
    world: World, accept: str | None, language: str
) -> None:
    headers = {} if accept is None else {"accept-language": accept}
    problem = (await world.client.get("/v1/demands/d-9", headers=headers)).json()
    assert problem["title"] == getattr(REFUSALS["not_found"], language)
    assert problem["messages"] == REFUSALS["not_found"]._asdict()
    assert (problem["type"], problem["status"], problem["instance"]) == (
        "/problems/not_found",
        404,
        "/v1/demands/d-9",
    )


async def test_what_a_problem_points_to_is_a_page(world: World) -> None:
    overview = await world.get("/problems")
    assert overview.status_code == 200
    for code in STATUS:
        assert f'href="/problems/{code}"' in overview.text
        page = await world.get(f"/problems/{code}")
        assert page.status_code == 200
        assert REFUSALS[code].zh in page.text


async def test_a_fault_of_ours_is_recorded_and_tells_nothing(world: World) -> None:
    world.sink.loses_the_answer = True
    with logged_by(errors) as logged:
        answer = await world.post("/v1/demands", demand(title="秘密标题"))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "answer of the log" not in answer.text
    (entry,) = [line for line in logged if line["event"] == "request failed"]
    assert (entry["path"], entry["method"], entry["log_level"]) == ("/v1/demands", "POST", "error")
    assert "秘密标题" not in repr(entry)
    world.sink.loses_the_answer = False
    assert (await world.post("/v1/demands", demand())).status_code == 201


async def test_without_a_log_writes_are_refused_for_now_and_reads_go_on(world: World) -> None:
    world.sink.fails = True
    answer = await world.post("/v1/demands", demand())
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "5")
    assert (await world.get("/v1/demands")).status_code == 200
