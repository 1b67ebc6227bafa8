"""Who plays in a run on Kafka: API, projector, two workers, three brokers, each a process with a pid of its own."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.kafka import ports
from deploy.kafka.broker import Broker
from deploy.kafka.errors import BrokerError
from tests.chaos.ear import Ear
from tests.chaos.journal import Journal
from tests.chaos.kafka_ground import KafkaGround
from tests.chaos.process import PARTITIONS, Actor, IsReady, ServerDiedError, answers, write_policy

SESSION_S = 6
"""The shortest that brokers allow: a worker or a broker not heard of for so long is taken for dead."""
WHOLE_S = 300.0
WORKERS = ("w-1", "w-2")


class Player(Protocol):
    """One of the cast, over all its lives; see ``Actor``."""

    name: str
    role: str
    pid: int
    started: float

    @property
    def runs(self) -> bool: ...

    def start(self) -> None: ...

    async def wait_until_ready(self) -> float: ...

    def check(self) -> None: ...

    def kill(self) -> int: ...

    async def stop(self) -> int: ...

    async def stop_and_kill(self, *, after_s: float) -> int: ...

    def note(self, journal: Journal, *, phase: str, status: int) -> None: ...

    def close(self) -> None: ...


class BrokerPlayer:
    """A broker; it is ready when every partition has all its replicas in step again."""

    role = "broker"

    def __init__(self, broker: Broker, *, is_whole: Callable[[], bool]) -> None:
        self.name = f"broker-{broker.node.id}"
        self.started, self.pid = time.time(), broker.pid or 0
        self.ready: float | None = self.started
        self._broker, self._is_whole = broker, is_whole

    @property
    def runs(self) -> bool:
        return self._broker.pid is not None

    def start(self) -> None:
        self.started, self.ready = time.time(), None
        self._broker.start()
        self.pid = self._broker.pid or 0

    async def wait_until_ready(self) -> float:
        while time.time() - self.started < WHOLE_S:
            self.check()
            if await asyncio.to_thread(self._has_joined):
                self.ready = time.time()
                return self.ready
            await asyncio.sleep(0.2)
        raise ServerDiedError(f"the cluster is not whole within {WHOLE_S:.0f} s of the start of {self.name}")

    def _has_joined(self) -> bool:
        """Only when it answers itself do the others know that it was away."""
        return ports.answers(self._broker.node.port) and self._is_whole()

    def check(self) -> None:
        try:
            self._broker.check()
        except BrokerError as error:
            raise ServerDiedError(str(error)) from None

    def kill(self) -> int:
        return -signal.SIGKILL if self._broker.kill() else 0

    async def stop(self) -> int:
        await asyncio.to_thread(self._broker.stop)
        return 0

    async def stop_and_kill(self, *, after_s: float) -> int:
        self._broker.ask_to_stop()
        await asyncio.sleep(after_s)
        return self.kill()

    def note(self, journal: Journal, *, phase: str, status: int) -> None:
        journal.note(
            "life", role=self.role, name=self.name, pid=self.pid, started=self.started, ready=self.ready,
            ended=time.time(), phase=phase, status=status,
        )  # fmt: skip

    def close(self) -> None:
        """Brokers belong to their cluster, which stops them."""


class Whole:
    """Asks the brokers whether every partition, theirs included, has all its replicas in step."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap.split(",")

    def __call__(self) -> bool:
        try:
            with KafkaAdminClient(bootstrap_servers=self._bootstrap, bootstrap_timeout_ms=3000) as admin:
                brokers = admin.describe_cluster()["brokers"]
                topics: list[dict[str, Any]] = admin.describe_topics()
        except KafkaError:
            return False
        if len(brokers) != len(self._bootstrap) or any(broker["is_fenced"] for broker in brokers):
            return False
        places = [place for topic in topics for place in topic["partitions"]]
        return bool(places) and all(set(place["isr_nodes"]) == set(place["replica_nodes"]) for place in places)


class Cast:
    """Everybody, with the address of the API."""

    def __init__(self, directory: Path, ground: KafkaGround, brokers: tuple[Broker, ...], *, interval_ms: int) -> None:
        self._directory, self._ground = directory, ground
        self._policy = write_policy(directory, interval_ms=interval_ms)
        port = ports.free_ports(1)[0]
        self.url = f"http://127.0.0.1:{port}"
        self._ears = {name: Ear(name) for name in ("projector", *WORKERS)}
        self.api = self._actor("api", "api", answers(self.url), COBUILD_PORT=str(port))
        self.projector = self._speaker("projector", "projector")
        self.workers = [
            self._speaker(name, "worker", place=place, COBUILD_INSTANCE=name)
            for name, place in zip(WORKERS, ground.places, strict=True)
        ]
        is_whole = Whole(ground.brokers)
        self.brokers = [BrokerPlayer(broker, is_whole=is_whole) for broker in brokers]

    @property
    def ours(self) -> list[Actor]:
        """All but the brokers, in the order in which they are stopped."""
        return [self.api, *self.workers, self.projector]

    def of(self, role: str) -> Iterator[Player]:
        """Yield who plays a role."""
        yield from (player for player in [*self.ours, *self.brokers] if player.role == role)

    async def listen(self) -> None:
        """Hear what the cast says of itself, until cancelled: who is not listened to may fall silent."""
        while True:
            for ear in self._ears.values():
                ear.listen()
            await asyncio.sleep(0.2)

    def check(self) -> None:
        """Raise ServerDiedError where somebody ended by itself."""
        for player in [*self.ours, *self.brokers]:
            player.check()

    def close(self) -> None:
        """Leave nothing behind that was started here."""
        for player in self.ours:
            player.close()
        for ear in self._ears.values():
            ear.close()

    def _speaker(self, name: str, role: str, *, place: Path | None = None, **more: str) -> Actor:
        """Return one who has no address, and says itself when it is ready."""
        ear = self._ears[name]
        return self._actor(name, role, ear.is_ready, place=place, NOTIFY_SOCKET=ear.address, **more)

    def _actor(self, name: str, role: str, is_ready: IsReady, *, place: Path | None = None, **more: str) -> Actor:
        environment = {
            "COBUILD_DATA_DIR": str(place or self._directory / "data"),
            "COBUILD_HOST": "127.0.0.1",
            "COBUILD_PARTITIONS": str(PARTITIONS),
            "COBUILD_POLICY": str(self._policy),
            "COBUILD_SESSION_TIMEOUT_S": str(SESSION_S),
            "COBUILD_REFUSED_IN_A_ROW": "0",  # the stranger writes little else
            "COBUILD_REFUSED_RATIO": "1",
        }
        return Actor(
            name,
            role=role,
            command=[role],
            environment={**environment, **self._ground.environment, **more},
            directory=self._directory,
            is_ready=is_ready,
        )
