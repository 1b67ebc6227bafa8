"""What goes on while things are killed: clients, listeners, and others who write straight to the log; then the rest."""

import asyncio
import contextlib
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import httpx

from schemas.topics import TOPICS
from tests.chaos import entries
from tests.chaos.checker import LISTENERS, NARROW_TYPES
from tests.chaos.evidence import read_tables
from tests.chaos.ground import Ground
from tests.chaos.journal import Journal
from tests.chaos.listener import Listener
from tests.chaos.load import Client, World
from tests.chaos.process import ROOT, ServerDiedError

CLIENTS = 6
SETTLE_S = 240.0
LOOK_S = 0.5
PAGE = 500
NARROWED: dict[str, dict[str, str | list[str]]] = {
    "all": {},
    "one district": {"region": entries.DISTRICTS[0]},
    "two types": {"type": list(NARROW_TYPES)},
}
_LIMITS = httpx.Limits(max_connections=60, max_keepalive_connections=20)


class Outsider:
    """A process that writes straight to the log until its standard input is closed."""

    def __init__(self, module: Sequence[str], journal: Path, *, seed: int) -> None:
        command = [sys.executable, "-m", *module, str(journal), "--seed", str(seed)]
        with journal.with_suffix(".out").open("ab") as output:  # a client library has much to say of a broker's end
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT, stderr=output)

    def say(self, word: str) -> None:
        """Tell it something."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())
        self._process.stdin.flush()

    async def end(self) -> None:
        """Have it come to an end. Raises ServerDiedError where it failed."""
        await asyncio.to_thread(self._process.communicate)
        if self._process.returncode != 0:
            raise ServerDiedError(f"{self._process.args} ended with {self._process.returncode}")

    def close(self) -> None:
        """Leave nothing behind."""
        self._process.kill()  # does nothing where it has ended
        self._process.communicate()


class Stage:
    """The load of one run, on one address; ``journal`` takes down what the lists said at the end."""

    def __init__(self, directory: Path, url: str, ground: Ground, *, seed: int, clients: int = CLIENTS) -> None:
        self.journal = Journal(directory / "run.journal")
        self.chance = random.Random(seed)
        self.whistler: Client
        self.http: httpx.AsyncClient
        self._directory, self._url, self._ground = directory, url, ground
        self._seed, self._count = seed, clients
        self._world = World()
        self._listeners: list[Listener] = []
        self._listening: list[asyncio.Task[None]] = []
        self._whistles: list[asyncio.Task[None]] = []
        self._stranger: Outsider
        self._foreigner: Outsider | None = None

    @contextlib.asynccontextmanager
    async def loaded(self, *, foreigner: Sequence[str] = ()) -> AsyncIterator[None]:
        """Have everybody act until ``hush``; ``foreigner`` is the module of another who writes."""
        self._stranger = self._outsider(self._ground.stranger, "stranger")
        self._foreigner = self._outsider(foreigner, "foreigner") if foreigner else None
        try:
            async with httpx.AsyncClient(base_url=self._url, timeout=10, limits=_LIMITS) as self.http:
                clients = self._clients()
                self.whistler = clients.pop()
                self._listen()
                self._acting = [asyncio.create_task(client.run()) for client in clients]
                try:
                    yield
                finally:
                    for task in [*self._acting, *self._listening]:
                        task.cancel()
        finally:
            for outsider in filter(None, (self._stranger, self._foreigner)):
                outsider.close()

    def whistle(self) -> None:
        """Have somebody call for a round at once."""
        self._whistles.append(asyncio.create_task(self.whistler.whistle_now()))

    def flood(self) -> None:
        """Have the stranger write more at once than anybody reads in a moment."""
        self._stranger.say("flood")

    async def hush(self) -> None:
        """End the load; what is under way is brought to its end."""
        self._world.going = False
        if self._foreigner:
            self._foreigner.say("quiet")
        await asyncio.gather(*self._acting, *self._whistles)
        await self._stranger.end()

    async def come_to_rest(self, *, check: Callable[[], None], quiet_s: float) -> None:
        """Wait until the last deadline is over and for ``quiet_s`` nothing more came: lists and listeners are up."""
        await asyncio.sleep(entries.LONGEST_DEADLINE_S)
        log = await self._ground.open()
        names = [topic.name for topic in TOPICS]
        give_up_at, since = time.monotonic() + SETTLE_S, time.monotonic()
        before: object = None
        try:
            while time.monotonic() - since < quiet_s:
                if time.monotonic() > give_up_at:
                    raise ServerDiedError(f"no rest within {SETTLE_S:.0f} s: {before}")
                check()
                now = await self._standing({tuple(place): end for place, end in (await log.end_offsets(names)).items()})
                if now is None or now != before:
                    before, since = now, time.monotonic()
                await asyncio.sleep(LOOK_S)
        finally:
            await log.close()
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        if self._foreigner:
            await self._foreigner.end()

    async def read_lists(self) -> None:
        """Note what the API lists."""
        for what in ("resources", "demands", "assignments"):
            cursor: str | None = ""
            while cursor is not None:
                params = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
                page = (await self.http.get(f"/v1/{what}", params=params)).raise_for_status().json()
                self.journal.note("final", what=what, rows=page["rows"])
                cursor = page["next_cursor"]

    async def _standing(self, ends: dict[tuple[str, int], int]) -> object:
        """Return how far all have come; None where somebody is behind."""
        tables = await asyncio.to_thread(read_tables, self._directory / "data" / "readmodel.sqlite3")
        seen = {(row["topic"], row["partition"]): row["next_offset"] for row in tables["offsets"]}
        head = max((row["seq"] for row in tables["feed"]), default=0)
        behind = any(seen.get(place, 0) != end for place, end in ends.items() if end)
        return None if behind or self._listeners[0].seq != head else ends

    def _outsider(self, module: Sequence[str], name: str) -> Outsider:
        return Outsider(module, self._directory / f"{name}.journal", seed=self._seed)

    def _clients(self) -> list[Client]:
        journal = Journal(self._directory / "load.journal")
        districts = [entries.DISTRICTS[number % len(entries.DISTRICTS)] for number in range(self._count + 1)]
        return [
            Client(f"c{number}", district, self.http, world=self._world, journal=journal, seed=str(self._seed))
            for number, district in enumerate(districts)
        ]

    def _listen(self) -> None:
        journal = Journal(self._directory / "stream.journal")
        self._listeners = [
            Listener(name, self.http, journal=journal, narrowed=NARROWED[name], heard=self._world.hear)
            for name in LISTENERS
        ]
        self._listening = [asyncio.create_task(listener.run()) for listener in self._listeners]
