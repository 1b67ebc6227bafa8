"""Kills the whole of ``cobuild up`` over and over under load, then has the checker judge what is left.

``python -m tests.chaos.server --kills 50`` does it at length. What is killed is one process that this one started, by
its own pid, with SIGKILL, at an instant drawn at random:

1. *working*: 0.3 to 4 seconds after it said that it is ready.
2. *deciding*: some milliseconds after a whistle, which calls for a round at once, was sent.
3. *starting*: before it is ready, so also while it reads its state back.
4. *stopping*: while it stops in order, so also while it writes its snapshots.

Now and then it is stopped in order and started again, so that later lives begin from snapshots.
"""

import argparse
import asyncio
import functools
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.chaos.checker import PATIENCE_S, Verdict, check
from tests.chaos.evidence import gather
from tests.chaos.ground import EmbeddedGround
from tests.chaos.journal import read_notes
from tests.chaos.process import Server, ServerDiedError
from tests.chaos.stage import CLIENTS, Stage

PHASES = ("working", "deciding", "starting", "stopping")
WEIGHTS = (10, 7, 5, 3)
QUIET_S = 1.5
FLOODED = 0.15
"""After so many of the lives a flood of bad records waits for the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does; ``phases`` come one after the other, and where they end they are drawn."""

    kills: int
    seed: int
    phases: tuple[str, ...] = ()
    interval_ms: int = 100
    clients: int = CLIENTS
    longest_life_s: float = 4.0
    orderly_every: int = 6


class Run:
    """One run in one directory."""

    def __init__(self, plan: Plan, directory: Path, *, on_kill: Callable[[str], None]) -> None:
        self._plan = plan
        self._on_kill = on_kill
        self._server = Server(directory, interval_ms=plan.interval_ms)
        ground = EmbeddedGround(self._server.data_dir)
        self._stage = Stage(directory, self._server.url, ground, seed=plan.seed, clients=plan.clients)
        self._chance = self._stage.chance
        self._start_s = 4.0

    async def go(self) -> None:
        """Kill as often as planned, let all come to rest, read the lists, stop in order."""
        try:
            async with self._stage.loaded():
                await self._kill()
                self._server.start()
                await self._become_ready()
                await asyncio.sleep(1.0)
                await self._stage.hush()
                await self._stage.come_to_rest(check=self._server.check, quiet_s=QUIET_S)
                await self._stage.read_lists()
            self._end("stopped", await self._server.stop())
        finally:
            self._server.close()

    async def _kill(self) -> None:
        kills = 0
        while kills < self._plan.kills:
            self._server.start()
            if kills and kills % self._plan.orderly_every == 0 and self._chance.random() < 0.8:
                await self._become_ready()
                await asyncio.sleep(self._chance.uniform(0.3, self._plan.longest_life_s / 2))
                self._end("stopped", await self._server.stop())
                self._server.start()
            drawn = self._chance.choices(PHASES, WEIGHTS)[0]
            phase = self._plan.phases[kills] if kills < len(self._plan.phases) else drawn
            status = await self._live(phase)
            self._end(phase, status)
            if status == -9:
                kills += 1
                self._on_kill(phase)
            if self._chance.random() < FLOODED:
                self._stage.flood()
            await asyncio.sleep(self._chance.choice((0.0, 0.0, self._chance.uniform(0, 0.5))))

    async def _live(self, phase: str) -> int:
        """Let the server live until the end that ``phase`` has for it; return what ended it."""
        if phase == "starting":
            earliest = self._chance.choice((0.1, 0.7, 0.7))
            await asyncio.sleep(self._start_s * self._chance.uniform(earliest, 1.1))
            return self._server.kill()
        await self._become_ready()
        longest = self._plan.longest_life_s / (1 if phase == "working" else 2)
        await asyncio.sleep(self._chance.uniform(0.3, longest))
        if phase == "stopping":
            return await self._server.stop_and_kill(after_s=self._chance.uniform(0.0, 0.4))
        if phase == "deciding":
            self._stage.whistle()
            await asyncio.sleep(self._chance.uniform(0.002, 0.06))
        return self._server.kill()

    async def _become_ready(self) -> None:
        self._start_s = await self._server.wait_until_ready() - self._server.started

    def _end(self, phase: str, status: int) -> None:
        self._server.note(self._stage.journal, phase=phase, status=status)
        if status not in (0, -9):
            raise ServerDiedError(f"the server ended by itself with {status}: {self._server.last_words()}")


async def run(plan: Plan, directory: Path, *, on_kill: Callable[[str], None] = lambda phase: None) -> None:
    """Carry out ``plan`` in ``directory``, which is left as evidence."""
    await Run(plan, directory, on_kill=on_kill).go()


def judge(directory: Path, *, patience_s: float = PATIENCE_S) -> Verdict:
    """Return what the checker says about a run."""
    return check(read_notes(directory), asyncio.run(gather(directory)), patience_s=patience_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--interval-ms", type=int, default=100, help="how often a dirty shard decides")
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds that an input may wait at most")
    parser.add_argument("--keep", action="store_true", help="keep the directory also where nothing is wrong")
    asked = parser.parse_args()
    plan = Plan(kills=asked.kills, seed=asked.seed, interval_ms=asked.interval_ms)
    directory = Path(tempfile.mkdtemp(prefix="cobuild-chaos-"))
    try:
        _run_with_a_bar(plan, directory)
        verdict = judge(directory, patience_s=asked.patience)
    except ServerDiedError as error:
        verdict = Verdict([str(error)])
    print(f"{verdict}\nseed {plan.seed}")  # noqa: T201
    if verdict.faults or asked.keep:
        print(f"the evidence is in {directory}; look again by python -m tests.chaos.checker {directory}")  # noqa: T201
    else:
        shutil.rmtree(directory)
    sys.exit(1 if verdict.faults else 0)


def _run_with_a_bar(plan: Plan, directory: Path) -> None:
    columns = (TextColumn("kill -9 while {task.description:<9}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task("", total=plan.kills)
        count = functools.partial(progress.update, task, advance=1)
        asyncio.run(run(plan, directory, on_kill=lambda phase: count(description=phase)))


if __name__ == "__main__":
    main()
