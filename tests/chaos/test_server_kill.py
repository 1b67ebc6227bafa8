"""Kill -9 of the whole server under load keeps every promise. ``server`` does the same at length."""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

import pytest

from tests.chaos.journal import read_notes
from tests.chaos.process import Server, ServerDiedError
from tests.chaos.server import PHASES, Plan, judge, run

pytestmark = [pytest.mark.chaos, pytest.mark.slow]


def test_four_kills_under_load_break_no_invariant(tmp_path: Path) -> None:
    phases: list[str] = []
    plan = Plan(kills=4, seed=random.randrange(10**6), phases=PHASES, longest_life_s=2.0)
    asyncio.run(run(plan, tmp_path, on_kill=phases.append))
    verdict = judge(tmp_path)
    assert verdict.faults == [], f"seed {plan.seed}\n{verdict}"
    assert len(phases) == 4
    assert sum(life.killed for life in read_notes(tmp_path).lives) == 4


async def test_a_server_that_ends_by_itself_is_no_kill(tmp_path: Path) -> None:
    """Else a run in which the server fails at every start would look like one of many kills."""
    server = Server(tmp_path, interval_ms=100)
    (tmp_path / "policy.toml").write_text("this is no policy")
    server.start()
    with pytest.raises(ServerDiedError, match="ended by itself"):
        await server.wait_until_ready()


async def test_only_the_server_that_was_started_is_killed(tmp_path: Path) -> None:
    bystander = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(60)")
    server = Server(tmp_path, interval_ms=100)
    server.start()
    try:
        assert int((tmp_path / "server.pid").read_text()) == server.pid
        await asyncio.sleep(0.2)
        assert server.kill() == -signal.SIGKILL
        with pytest.raises(ProcessLookupError):
            os.kill(server.pid, 0)
        assert bystander.returncode is None
    finally:
        bystander.kill()
        await bystander.wait()
