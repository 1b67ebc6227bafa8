"""A worker: the app, the agents, the engine and the clock, from the first record to the last snapshot.

1. It runs until it is told to stop, or something fails; then it stops in order: no new rounds, no more records, what
   was folded is written, the last snapshots, the threads. It does not leave its group: a restart under the same
   instance takes its partitions up again, without a rebalance, while the session lasts.
2. A failure is told once, as it happened; nothing is swallowed.
"""

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from typing import Any, Final, cast

import structlog
from faust.types import TP

from schemas.topics import TICKS
from streams.clock import Clock, SystemClock
from streams.host import TOPICS
from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.rounds import Rounds
from streams.worker.agents import follow, take_ticks
from streams.worker.app import matcher_app
from streams.worker.consumer import PlacedConsumer
from streams.worker.holdings import Holdings
from streams.worker.pacemaker import Pacemaker
from streams.worker.virtual import VirtualTime
from streams.worker.watchdog import Distance

log = structlog.get_logger(__name__)

TICKS_WAITING: Final = 10_000
STOP_S: Final = 20.0
"""Faust is given so long to stop; the log has everything."""


class WorkerLostError(Exception):
    """Faust stopped by itself; the message says what it said."""


class Worker:
    """See the module's rules. ``run`` it once."""

    def __init__(
        self,
        *,
        connection: KafkaConnection,
        log: KafkaLog,
        rounds: Rounds,
        instance: str,
        session_timeout_s: float = 10.0,
        clock: Clock | None = None,
        virtual_time: bool = False,
    ) -> None:
        """Prepare a worker.

        Args:
            connection: to the brokers, for Faust.
            log: the same brokers' log, for all but the stream.
            rounds: the engine; closed at the end of ``run``.
            instance: the worker's name in the group.
            session_timeout_s: not heard of for so long, it loses its partitions.
            clock: when rounds are due.
            virtual_time: rounds are due when ``cobuild.ticks.v1`` says so, and never by the clock.
        """
        self._connection, self._log, self.rounds = connection, log, rounds
        self._failure: BaseException | None = None
        self._stopping = asyncio.Event()
        self.holdings = Holdings(log=log, rounds=rounds, name_of=connection.name, on_failure=self._fail)
        self.app = matcher_app(
            connection, instance=instance, partitions=log.partitions, session_timeout_s=session_timeout_s,
            bearings=self,
        )  # fmt: skip
        for name in TOPICS:
            follow(self.app, connection.topic(name), self.holdings.take_in)
        self._pacemaker: Pacemaker | None = None
        self._virtual: VirtualTime | None = None
        if virtual_time:
            self._virtual = VirtualTime(log=log, rounds=rounds, holdings=self.holdings, instance=instance)
            follow(self.app, connection.topic(TICKS.name), self._virtual.take_in)
        else:
            ticks = self.app.channel(maxsize=TICKS_WAITING)
            self._pacemaker = Pacemaker(
                rounds=rounds, holdings=self.holdings, clock=clock or SystemClock(), ticks=ticks
            )
            take_ticks(self.app, ticks, self._pacemaker.begin)
        self.app.on_partitions_assigned.connect(cast(Any, self._assigned))

    async def progress(self) -> dict[str, Distance]:
        """Return how far reading and commits are, and where they are to get to. Raises LogError."""
        return await self.holdings.progress() | cast(PlacedConsumer, self.app.consumer).distances()

    def name_of(self, topic: str) -> str:
        """Return our own name of a topic as the cluster has it."""
        return self._connection.name(topic)

    async def whence(self, tps: set[TP]) -> Mapping[TP, int]:
        """Return from where to read each of the topic-partitions that are ours now. Raises LogError."""
        ticks = {tp for tp in tps if self.name_of(tp.topic) == TICKS.name}
        found = dict(await self.holdings.whence(tps - ticks))
        return found | dict(await self._virtual.whence(ticks)) if self._virtual else found

    def standing(self, tps: set[TP]) -> Mapping[TP, int]:
        """Return how far each of them has been folded, where it has."""
        return self.holdings.standing(tps)

    def stop(self) -> None:
        """Have ``run`` end in order."""
        self._stopping.set()

    def stopped(self) -> bool:
        """Whether ``run`` has ended or is about to."""
        return self._stopping.is_set()

    async def run(self) -> None:
        """Work until ``stop``.

        Raises:
            ShardHostBrokenError, TooManyRefusedError, LogError: as the engine says.
            WorkerLostError: Faust gave up.
            Exception: a solve failed.
        """
        outbox = self._part(self.rounds.outbox.run(), "outbox")
        parts = [self._part(self._faust(), "faust")]
        if self._pacemaker:
            parts.append(self._part(self._pacemaker.run(), "pacemaker"))
        if self.rounds.checkpoints:
            parts.append(self._part(self.rounds.checkpoints.run(), "checkpoints"))
        await self._stopping.wait()
        await self._stop(parts)
        await _end([outbox])
        await self.rounds.close()
        if self._failure is not None:
            raise self._failure

    async def _faust(self) -> None:
        """Run the app until it stops; it never does by itself, but for a failure."""
        self.app.in_worker = True
        await self.app.start()
        await self.app.wait_until_stopped()
        reason = self.app.crash_reason
        raise WorkerLostError(f"Faust stopped: {reason!r}") from reason

    async def _stop(self, parts: list[asyncio.Task[None]]) -> None:
        for desk in (self._pacemaker, self._virtual):
            if desk is not None:
                await desk.close()
        faust, *rest = parts
        await _end(rest)
        faust.cancel()
        try:
            async with asyncio.timeout(STOP_S):
                await self.app.stop()
        except TimeoutError:
            log.warning("Faust did not stop in time", s=STOP_S)
        await _end([faust])
        await self.holdings.close()

    def _part(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, part: asyncio.Task[None]) -> None:
        if not part.cancelled() and (error := part.exception()) is not None:
            self.holdings.fail(error)

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        log.error("the worker stops", cause=str(error), kind=type(error).__name__, exc_info=error)
        self._stopping.set()

    async def _assigned(self, app: Any, assigned: set[TP], **options: Any) -> None:
        """Take up what the group gives us: partitions of which we have every topic."""
        found: dict[int, set[str]] = {}
        for tp in assigned:
            found.setdefault(tp.partition, set()).add(self._connection.name(tp.topic))
        torn = sorted(partition for partition, topics in found.items() if not topics >= set(TOPICS))
        if torn:
            self.holdings.fail(WorkerLostError(f"the group tore the topics of partitions {torn} apart"))
        log.info("the group gave us partitions", partitions=sorted(found))
        self.holdings.assign(found.keys())
        if self._virtual:
            self._virtual.assign(found.keys())


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
