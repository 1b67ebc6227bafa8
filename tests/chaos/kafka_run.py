"""Kills workers, API, projector and brokers of a Kafka cluster over and over under load, then has the checker judge.

``python -m tests.chaos.kafka_run --kills 100`` does it at length, on three brokers of its own. Each process that is
killed was started here, and gets SIGKILL by its own pid, at an instant drawn at random:

1. *working*: some time after it was ready. 2. *deciding*: some milliseconds after a whistle was sent.
3. *starting*: before it is ready. 4. *stopping*: while it stops in order.
5. *standing still* (workers): stopped past the session timeout, so that another takes over, and let go on.

Several of the cast may be away at once, of the brokers one: it is ready when all replicas are in step again.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from deploy.kafka.broker import Broker
from tests.chaos.cast import SESSION_S, Cast, Player
from tests.chaos.kafka_ground import KafkaGround
from tests.chaos.process import Actor, ServerDiedError
from tests.chaos.stage import Stage

QUIET_S = 4.0
FLOODED = 0.08
"""After so many of the blows the stranger writes a flood."""
ORDERLY = 0.08
STANDING = 0.06
MOST_DEATHS = 3


class Blow(NamedTuple):
    """Something that is done to one of a role."""

    role: str
    phase: str


WEIGHTS = {
    Blow("worker", "working"): 14,
    Blow("worker", "deciding"): 14,
    Blow("worker", "starting"): 7,
    Blow("worker", "stopping"): 5,
    Blow("api", "working"): 6,
    Blow("api", "deciding"): 8,
    Blow("api", "starting"): 4,
    Blow("api", "stopping"): 2,
    Blow("projector", "working"): 6,
    Blow("projector", "deciding"): 5,
    Blow("projector", "starting"): 3,
    Blow("projector", "stopping"): 1,
    Blow("broker", "working"): 15,
    Blow("broker", "deciding"): 7,
    Blow("broker", "stopping"): 3,
}
SHORT = (
    Blow("worker", "working"),
    Blow("broker", "working"),
    Blow("api", "deciding"),
    Blow("worker", "standing still"),
    Blow("worker", "deciding"),
    Blow("projector", "working"),
    Blow("api", "starting"),
    Blow("worker", "starting"),
    Blow("projector", "deciding"),
    Blow("broker", "deciding"),
    Blow("worker", "working"),
)
"""Ten kills and a worker that stands still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does; ``blows`` come one after the other, and where they end they are drawn."""

    kills: int
    seed: int
    blows: Sequence[Blow] = ()
    interval_ms: int = 100
    clients: int = 6
    gap_s: tuple[float, float] = (0.5, 5.0)
    longest_s: float = 3600.0
    """After so long no more blows are dealt."""


class Run:
    """One run in one directory, on a cluster that has its topics."""

    def __init__(
        self,
        plan: Plan,
        directory: Path,
        ground: KafkaGround,
        brokers: tuple[Broker, ...],
        *,
        on_kill: Callable[[Blow], None],
    ) -> None:
        self.kills = 0
        self._plan, self._on_kill, self._ground = plan, on_kill, ground
        self._cast = Cast(directory, ground, brokers, interval_ms=plan.interval_ms)
        self._stage = Stage(directory, self._cast.url, ground, seed=plan.seed, clients=plan.clients)
        self._chance, self._journal = self._stage.chance, self._stage.journal
        self._blows = list(reversed(plan.blows))
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._deaths = 0

    async def go(self) -> None:
        """Kill as often as planned, let all come to rest, read the lists, stop in order."""
        listening = asyncio.create_task(self._cast.listen())
        try:
            for actor in self._cast.ours:
                actor.start()
            await asyncio.gather(*[actor.wait_until_ready() for actor in self._cast.ours])
            async with self._stage.loaded(foreigner=self._ground.foreigner):
                await self._rage()
                await asyncio.sleep(1.0)
                await self._stage.hush()
                await self._stage.come_to_rest(check=self._cast.check, quiet_s=QUIET_S)
                await self._stage.read_lists()
            for actor in self._cast.ours:
                self._ended(actor, "stopped", await actor.stop())
            for broker in self._cast.brokers:
                broker.note(self._journal, phase="left running", status=0)
        except ServerDiedError:
            for actor in self._cast.ours:
                actor.abort()
            raise
        finally:
            for task in [listening, *self._busy.values()]:
                task.cancel()
            await asyncio.gather(listening, *self._busy.values(), return_exceptions=True)
            self._cast.close()

    # -- blows --------------------------------------------------------------------------------------------

    async def _rage(self) -> None:
        await asyncio.sleep(2.0)
        until = time.monotonic() + self._plan.longest_s
        while self.kills < self._plan.kills and time.monotonic() < until:
            blow = self._blows.pop() if self._blows else self._drawn()
            player = await self._victim(blow.role)
            self._busy[player.name] = asyncio.create_task(self._strike(player, blow.phase))
            if self._chance.random() < FLOODED:
                self._stage.flood()
            await asyncio.sleep(self._chance.uniform(*self._plan.gap_s))
            while self._busy and self.kills + len(self._busy) >= self._plan.kills:
                await self._look_around()
        while self._busy:
            await self._look_around()

    def _drawn(self) -> Blow:
        if self._chance.random() < STANDING:
            return Blow("worker", "standing still")
        if self._chance.random() < ORDERLY:
            return Blow(self._chance.choice(("worker", "worker", "api", "projector", "broker")), "stopped")
        return self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]

    async def _victim(self, role: str) -> Player:
        """Wait until somebody of the role is up; of the brokers all must be."""
        while True:
            players = list(self._cast.of(role))
            free = [player for player in players if player.name not in self._busy]
            if free and (role != "broker" or len(free) == len(players)):
                return self._chance.choice(free)
            await self._look_around()

    async def _look_around(self) -> None:
        """Let go of who is up again, and bring back who ended by itself: the checker will name it."""
        await asyncio.sleep(0.05)
        for name in [name for name, task in self._busy.items() if task.done()]:
            self._busy.pop(name).result()
        for player in [*self._cast.ours, *self._cast.brokers]:
            if player.name not in self._busy:
                try:
                    player.check()
                except ServerDiedError:
                    self._busy[player.name] = asyncio.create_task(self._bury(player))

    async def _strike(self, player: Player, phase: str) -> None:
        """Do one blow and bring the player back."""
        try:
            player.check()
            if phase == "standing still":
                await self._stand_still(player)
                return
            status = await self._end(player, phase)
        except ServerDiedError:
            if not player.runs:
                raise  # it did not stop when it was told to
            await self._bury(player)
            return
        self._ended(player, phase, status)
        await self._bring_back(player)

    async def _end(self, player: Player, phase: str) -> int:
        if phase == "stopped":
            return await player.stop()
        if phase == "stopping":
            return await player.stop_and_kill(after_s=self._chance.uniform(0.0, 0.4))
        if phase == "starting":
            self._ended(player, "stopped", await player.stop())
            took = time.time()
            player.start()
            await asyncio.sleep(self._chance.uniform(0.1, 4.0) - (time.time() - took))
        if phase == "deciding":
            await self._have_it_decide()
        return player.kill()

    async def _stand_still(self, player: Player) -> None:
        """Stop it while it decides, for longer than its session lasts: what it appends then comes too late."""
        assert isinstance(player, Actor)
        await self._have_it_decide()
        begun = time.time()
        player.freeze()
        try:
            await asyncio.sleep(SESSION_S + self._chance.uniform(1.0, 4.0))
        finally:
            player.thaw()
        self._journal.note("pause", name=player.name, pid=player.pid, begun=begun, ended=time.time())
        await asyncio.sleep(self._chance.uniform(0.0, 3.0))

    async def _have_it_decide(self) -> None:
        self._stage.whistle()
        await asyncio.sleep(self._chance.uniform(0.002, 0.06))

    async def _bring_back(self, player: Player) -> None:
        await asyncio.sleep(self._chance.choice((0.0, self._chance.uniform(0, 2.0), self._chance.uniform(0, 9.0))))
        player.start()
        try:
            await player.wait_until_ready()
        except ServerDiedError:
            await self._bury(player)
            return
        await asyncio.sleep(self._chance.uniform(0.0, 2.0))

    async def _bury(self, player: Player) -> None:
        """Note a death that nobody wanted, and begin again."""
        self._deaths += 1
        if self._deaths > MOST_DEATHS:
            player.check()
            raise ServerDiedError(f"{player.name} does not come up")
        self._ended(player, "by itself", player.kill())
        await self._bring_back(player)

    def _ended(self, player: Player, phase: str, status: int) -> None:
        player.note(self._journal, phase=phase, status=status)
        if status == -9 and phase != "by itself":
            self.kills += 1
            self._on_kill(Blow(player.role, phase))


async def run(
    plan: Plan,
    directory: Path,
    ground: KafkaGround,
    brokers: tuple[Broker, ...],
    *,
    on_kill: Callable[[Blow], None] = lambda blow: None,
) -> None:
    """Carry out ``plan`` in ``directory``, which is left as evidence."""
    await Run(plan, directory, ground, brokers, on_kill=on_kill).go()


def drawn_seed() -> int:
    """Return a seed for a run that nobody asked for in particular."""
    return random.randrange(10**6)
