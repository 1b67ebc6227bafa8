"""``cobuild import``, ``imports`` and ``export`` against a running server, as people type them."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from anyio.to_thread import run_sync
from click.testing import Result
from typer.testing import CliRunner

from deploy.command import app
from tests.apiworld import World, world_in
from tests.integration.api.served import served
from tests.integration.api.spreadsheets import row, table

Cobuild = Callable[..., Awaitable[Result]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_in(tmp_path, **{"api_token": "s3cret"}) as running:
        yield running


@pytest.fixture
async def cobuild(world: World) -> AsyncIterator[Cobuild]:
    async with served(world) as (address, _):

        def run(*words: str) -> Result:
            environment = {"COBUILD_URL": address, "COBUILD_API_TOKEN": "s3cret", "COLUMNS": "80"}
            return CliRunner(env=environment).invoke(app, [*words])

        async def call(*words: str | Path) -> Result:
            return await run_sync(lambda: run(*map(str, words)))

        yield call


async def test_a_list_goes_out_comes_back_and_is_undone(world: World, cobuild: Cobuild, tmp_path: Path) -> None:
    file, out = tmp_path / "list.csv", tmp_path / "out.xlsx"
    file.write_bytes(table(row(), row(title="b"), row(item="月球漫步")))
    dry = await cobuild("import", file, "--kind", "demands", "--dry-run")
    assert (dry.exit_code, "2 valid, 1 refused" in dry.output, world.sink.events) == (1, True, [])
    done = await cobuild("import", file, "--kind", "demands")
    assert (done.exit_code, "2 posted, 1 refused" in done.output, "服务项目库中没有这个项目" in done.output) == (
        1,
        1,
        1,
    )
    exported = await cobuild("export", "demands", out, "--region", "310105", "--state", "open")
    assert (exported.exit_code, out.stat().st_size > 1_000) == (0, True), exported.output
    back = await cobuild("import", out, "--kind", "demands")
    assert (back.exit_code, "2 unchanged" in back.output) == (0, True), back.output
    found = re.search(r"cobuild imports undo (i-\S+)", done.output)
    assert found is not None
    await world.patch(
        f"/v1/demands/{world.sink.events[0].data.demand.demand_id}",  # type: ignore[attr-defined] # the first posted
        {"urgency": "urgent"},
        If_Match='"1"',
        Authorization="Bearer s3cret",
    )
    undone = await cobuild("imports", "undo", found[1])
    assert (undone.exit_code, "1 undone, 1 kept" in undone.output) == (1, True), undone.output
    assert "导入后已被修改" in undone.output
    listed = await cobuild("imports", "list")
    assert (listed.exit_code, found[1] in listed.output) == (0, True), listed.output


async def test_projects_go_in_come_back_and_are_undone(world: World, cobuild: Cobuild, tmp_path: Path) -> None:
    file, out = tmp_path / "projects.csv", tmp_path / "out.csv"
    headers = ["项目名称", "社区代码", "牵头方", "需求编号"]
    lead = ["310105001001", "310105001001"]
    file.write_bytes(table(["长者午餐桌", *lead, ""], ["夜校", *lead, "d-9"], headers=headers))
    dry = await cobuild("import", file, "--kind", "projects", "--dry-run")
    assert (dry.exit_code, "1 valid, 1 refused" in dry.output, world.sink.events) == (1, True, []), dry.output
    done = await cobuild("import", file, "--kind", "projects")
    assert (done.exit_code, "1 posted, 1 refused" in done.output, "需求编号" in done.output) == (1, True, True)
    assert (await cobuild("export", "projects", out, "--state", "proposed")).exit_code == 0
    back = await cobuild("import", out, "--kind", "projects")
    assert (back.exit_code, "1 unchanged" in back.output) == (0, True), back.output
    found = re.search(r"cobuild imports undo (i-\S+)", done.output)
    assert found is not None
    undone = await cobuild("imports", "undo", found[1])
    assert (undone.exit_code, "1 undone" in undone.output) == (0, True), undone.output


def left(directory: Path) -> list[Path]:
    """Return what an export left behind, whole or in part."""
    return list(directory.glob("u.csv*"))


async def test_what_the_server_refuses_is_said_and_leaves_no_file(cobuild: Cobuild, tmp_path: Path) -> None:
    unknown = await cobuild("imports", "undo", "i-20261121-0000")
    assert (unknown.exit_code, "not_found" in unknown.output) == (1, True)
    wrong = await cobuild("export", "units", tmp_path / "u.csv", "--state", "open")
    assert (wrong.exit_code, "invalid_value" in wrong.output, left(tmp_path)) == (1, True, [])
    assert (await cobuild("export", "units", tmp_path / "u.pdf")).exit_code == 2
    away = await cobuild("export", "units", tmp_path / "u.csv", "--url", "http://127.0.0.1:9")
    assert (away.exit_code, "no answer from" in away.output, left(tmp_path)) == (1, True, [])
