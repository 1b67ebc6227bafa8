"""``cobuild report`` against a running server, as people type it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from anyio.to_thread import run_sync
from click.testing import Result
from typer.testing import CliRunner

from deploy.command import app
from tests.apiworld import COMMUNITY, World, demand, world_in
from tests.integration.api.served import served

Cobuild = Callable[..., Awaitable[Result]]
USCC = "91310105MA1FW0008T"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_in(tmp_path) as running:
        yield running


@pytest.fixture
async def cobuild(world: World) -> AsyncIterator[Cobuild]:
    async with served(world) as (address, _):

        async def call(*words: str) -> Result:
            runner = CliRunner(env={"COBUILD_URL": address, "COLUMNS": "200"})
            return await run_sync(lambda: runner.invoke(app, ["report", *words]))

        yield call


async def test_a_month_on_the_screen_and_in_a_file(world: World, cobuild: Cobuild, tmp_path: Path) -> None:
    await world.post("/v1/demands", demand())
    shown = await cobuild("310105", "2026-11")
    assert shown.exit_code == 0, shown.output
    assert "| 新增需求 | 1 | 0 |" in shown.stdout
    page, figures = tmp_path / "november.md", tmp_path / "november.json"
    assert (await cobuild("310105", "2026-11", str(page), "--lang", "en")).exit_code == 0
    assert "| demands posted | 1 | 0 |" in page.read_text(encoding="utf-8")
    assert (await cobuild("310105", "2026-11", str(figures), "--zone", "UTC")).exit_code == 0
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert (found["zone"], found["figures"]["demands_posted"]) == ("UTC", 1)


async def test_a_branch_has_a_report_of_its_own(world: World, cobuild: Cobuild) -> None:
    await world.post("/v1/units", {"uscc": USCC, "branch": 2, "name": "第二党支部", "community": COMMUNITY})
    assert "第二党支部" in (await cobuild(f"unit:{USCC}/2", "2026-H2")).stdout
    nobody = await cobuild(f"unit:{USCC}", "2026-H2")
    assert (nobody.exit_code, "not_found" in nobody.stderr) == (1, True)
    member = await cobuild("member:m-nobody", "2026")
    assert (member.exit_code, "not_found" in member.stderr) == (1, True)


async def test_what_is_no_period_is_told_before_anybody_is_asked(cobuild: Cobuild) -> None:
    result = await cobuild("310105", "November")
    assert (result.exit_code, "2026-Q4" in result.stderr) == (2, True)
