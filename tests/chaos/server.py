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
import contextlib
import functools
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.chaos import entries
from tests.chaos.checker import LISTENERS, NARROW_TYPES, PATIENCE_S, Verdict, check
from tests.chaos.evidence import gather, read_tables
from tests.chaos.journal import Journal, read_notes
from tests.chaos.listener import Listener
from tests.chaos.load import Client, World
from tests.chaos.process import ROOT, Server, ServerDiedError

CLIENTS = 6
PHASES = ("working", "deciding", "starting", "stopping")
WEIGHTS = (10, 7, 5, 3)
SETTLE_S = 60.0
QUIET_S = 1.5
PAGE = 500
FLOODED = 0.15
"""After so many of the lives a flood of bad records waits for the next one."""
NARROWED: dict[str, dict[str, str | list[str]]] = {
    "all": {},
    "one district": {"region": entries.DISTRICTS[0]},
    "two types": {"type": list(NARROW_TYPES)},
}


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
        self._directory = directory
        self._on_kill = on_kill
        self._chance = random.Random(plan.seed)
        self._journal = Journal(directory / "run.journal")
        self._server = Server(directory, interval_ms=plan.interval_ms)
        self._world = World()
        self._listeners: list[Listener] = []
        self._start_s = 4.0
        self._ready: float | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._whistles: list[asyncio.Task[None]] = []

    async def go(self) -> None:
        """Kill as often as planned, let all come to rest, read the lists, stop in order."""
        load = Journal(self._directory / "load.journal")
        self._stranger = self._begin_stranger()
        try:
            async with httpx.AsyncClient(base_url=self._server.url, timeout=10, limits=_LIMITS) as http:
                clients = self._clients(http, load)
                async with self._listening(http), self._loaded(clients):
                    await self._kill(clients[-1])
                    self._start()
                    await self._become_ready()
                    await asyncio.sleep(1.0)
                    self._world.going = False
                await asyncio.to_thread(self._stranger.communicate)
                await self._come_to_rest(http)
                await self._read_lists(http)
            self._end("stopped", await self._server.stop())
        finally:
            self._server.close()
            self._stranger.communicate()

    def _clients(self, http: httpx.AsyncClient, journal: Journal) -> list[Client]:
        districts = [entries.DISTRICTS[number % len(entries.DISTRICTS)] for number in range(self._plan.clients + 1)]
        return [
            Client(f"c{number}", district, http, world=self._world, journal=journal, seed=str(self._plan.seed))
            for number, district in enumerate(districts)
        ]

    def _begin_stranger(self) -> subprocess.Popen[bytes]:
        log, journal = self._server.data_dir / "log.sqlite3", self._directory / "stranger.journal"
        return subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.stranger", log, journal, "--seed", str(self._plan.seed)],
            stdin=subprocess.PIPE,
            cwd=ROOT,
        )

    @contextlib.asynccontextmanager
    async def _listening(self, http: httpx.AsyncClient) -> AsyncIterator[None]:
        journal = Journal(self._directory / "stream.journal")
        self._listeners = [
            Listener(name, http, journal=journal, narrowed=NARROWED[name], heard=self._world.hear) for name in LISTENERS
        ]
        self._tasks = [asyncio.create_task(listener.run()) for listener in self._listeners]
        yield

    @contextlib.asynccontextmanager
    async def _loaded(self, clients: list[Client]) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(client.run()) for client in clients[:-1]]
        try:
            yield
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    # -- lives --------------------------------------------------------------------------------------------

    async def _kill(self, whistler: Client) -> None:
        kills = 0
        while kills < self._plan.kills:
            self._start()
            if kills and kills % self._plan.orderly_every == 0 and self._chance.random() < 0.8:
                await self._become_ready()
                await asyncio.sleep(self._chance.uniform(0.3, self._plan.longest_life_s / 2))
                self._end("stopped", await self._server.stop())
                self._start()
            drawn = self._chance.choices(PHASES, WEIGHTS)[0]
            phase = self._plan.phases[kills] if kills < len(self._plan.phases) else drawn
            status = await self._live(phase, whistler)
            self._end(phase, status)
            if status == -9:
                kills += 1
                self._on_kill(phase)
            if self._chance.random() < FLOODED:
                self._flood()
            await asyncio.sleep(self._chance.choice((0.0, 0.0, self._chance.uniform(0, 0.5))))

    def _flood(self) -> None:
        assert self._stranger.stdin is not None
        self._stranger.stdin.write(b"flood\n")
        self._stranger.stdin.flush()

    async def _live(self, phase: str, whistler: Client) -> int:
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
            self._whistles.append(asyncio.create_task(whistler.whistle_now()))
            await asyncio.sleep(self._chance.uniform(0.002, 0.06))
        return self._server.kill()

    def _start(self) -> None:
        self._ready = None
        self._server.start()

    async def _become_ready(self) -> None:
        self._ready = await self._server.wait_until_ready()
        self._start_s = self._ready - self._server.started

    def _end(self, phase: str, status: int) -> None:
        ended = time.time()
        self._journal.note(
            "life", pid=self._server.pid, started=self._server.started, ready=self._ready, ended=ended, phase=phase,
            status=status,
        )  # fmt: skip
        if status not in (0, -9):
            raise ServerDiedError(f"the server ended by itself with {status}: {self._server.last_words()}")

    # -- the end ------------------------------------------------------------------------------------------

    async def _come_to_rest(self, http: httpx.AsyncClient) -> None:
        """Wait until the last short deadline is over, the lists have seen the log and the listeners the feed."""
        await asyncio.gather(*self._whistles)
        await asyncio.sleep(entries.LONGEST_DEADLINE_S)
        give_up_at = time.monotonic() + SETTLE_S
        before: object = None
        while time.monotonic() < give_up_at:
            self._server.check()
            tables = await asyncio.to_thread(read_tables, self._server.data_dir / "readmodel.sqlite3")
            ready = (await http.get("/readyz")).json()
            now = (tables["offsets"], [finding["detail"] for finding in ready["findings"]])
            head = max((row["seq"] for row in tables["feed"]), default=0)
            if now == before and "0 events behind" in str(now) and self._listeners[0].seq == head:
                break
            before = now
            await asyncio.sleep(QUIET_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read_lists(self, http: httpx.AsyncClient) -> None:
        for what in ("resources", "demands", "assignments"):
            cursor: str | None = ""
            while cursor is not None:
                params = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
                page = (await http.get(f"/v1/{what}", params=params)).raise_for_status().json()
                self._journal.note("final", what=what, rows=page["rows"])
                cursor = page["next_cursor"]


_LIMITS = httpx.Limits(max_connections=60, max_keepalive_connections=20)


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
