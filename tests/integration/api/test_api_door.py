"""What stands before every route: the token, the headers, and the pages that tell how we are."""

import asyncio
from pathlib import Path

import pytest

from api.ports import Finding
from tests.apiworld import World, demand, world_in

WRITES = [
    ("POST", "/v1/demands"),
    ("PATCH", "/v1/demands/d-1"),
    ("POST", "/v1/demands/d-1:withdraw"),
    ("POST", "/v1/members"),
    ("DELETE", "/v1/members/m-1/identity"),
    ("POST", "/v1/imports"),
    ("POST", "/v1/assignments/00000000000000000000000000000000:accept"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", "Bearer s3cr3t!", "Basic s3cr3t", "s3cr3t"])
async def test_with_a_token_every_write_needs_it(tmp_path: Path, method: str, path: str, given: str | None) -> None:
    async with world_in(tmp_path, api_token="s3cr3t") as world:  # noqa: S106 - a token for this test
        headers = {} if given is None else {"authorization": given}
        answer = await world.client.request(method, path, json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert world.sink.events == []


async def test_with_the_token_writes_go_on_and_reads_never_need_it(tmp_path: Path) -> None:
    async with world_in(tmp_path, api_token="s3cr3t") as world:  # noqa: S106 - a token for this test
        assert (await world.post("/v1/demands", demand(), Authorization="Bearer s3cr3t")).status_code == 201
        assert (await world.post("/v1/demands", demand(), Authorization="bearer  s3cr3t")).status_code == 201
        assert len((await world.get("/v1/demands")).json()["rows"]) == 2
        assert (await world.get("/healthz")).status_code == 200


async def test_the_token_is_in_no_document(tmp_path: Path) -> None:
    async with world_in(tmp_path, api_token="s3cr3t") as world:  # noqa: S106 - a token for this test
        document = (await world.get("/openapi.json")).json()
        assert "s3cr3t" not in repr(document)
        assert document["paths"]["/v1/demands"]["post"]["security"] == [{"token": []}]
        assert "security" not in document["paths"]["/v1/demands"]["get"]


@pytest.mark.parametrize("path", ["/v1/demands", "/healthz", "/docs", "/v1/nowhere", "/problems"])
async def test_every_answer_carries_the_security_headers(world: World, path: str) -> None:
    headers = (await world.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


async def test_we_live_and_tell_whether_we_can_serve(world: World) -> None:
    assert (await world.get("/healthz")).json() == {"status": "ok"}
    ready = await world.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    world.findings.append(Finding("lists", False, "9000 events behind"))
    behind = await world.get("/readyz")
    assert (behind.status_code, behind.json()["ready"]) == (503, False)
    assert [finding["name"] for finding in behind.json()["findings"] if not finding["ok"]] == ["lists"]
    assert (await world.get("/healthz")).status_code == 200


async def test_forms_find_catalogue_and_regions(world: World) -> None:
    catalogue = (await world.get("/v1/catalogue")).json()
    assert len(catalogue["categories"]) == 21
    assert sum(len(category["items"]) for category in catalogue["categories"]) == 218
    changning = (await world.get("/v1/regions/310105000000")).json()
    assert (changning["code"], changning["name"], changning["level"], changning["known"]) == (
        "310105",
        "长宁区",
        6,
        True,
    )
    assert changning["path"][0]["name"] == "上海市"
    assert len(changning["children"]) == 10
    unknown = (await world.get("/v1/regions/990101")).json()
    assert (unknown["known"], unknown["name"]) == (False, "990101")
    assert len((await world.get("/v1/regions")).json()) == 31
    found = (await world.get("/v1/regions?q=华阳路&within=310105")).json()
    assert found[0]["name"] == "华阳路街道"


async def test_a_request_that_waits_when_the_server_stops_is_answered_before_it_is_cut(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, never = asyncio.Event(), asyncio.Event()

    async def publish(_: object) -> list[tuple[str, int, int]]:
        waiting.set()
        await never.wait()
        return []

    monkeypatch.setattr(world.sink, "publish", publish)
    request = asyncio.create_task(world.post("/v1/demands", demand()))
    await asyncio.wait_for(waiting.wait(), 5)
    world.app.state.services.under_way.close(grace_s=0.05)
    answer = await asyncio.wait_for(request, 5)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "not known" in answer.json()["detail"]
    assert (await world.get("/healthz")).status_code == 200
