"""Virtual time for workers in other processes: one tick per partition and hour, and their answers."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from schemas.topics import INPUTS, ROUNDS, TICKS
from streams.log import Draft, Log, Position, Reader, Record, TopicPartition
from streams.worker.tick import DoneTick, DueTick, read_tick

RESEND_S: Final = 10.0
"""After so long without an answer a tick is sent once more, in case that it is lost with a worker."""
PATIENCE_S: Final = 300.0
"""After so long without an answer to any of its ticks nobody answers."""

LOOK_S: Final = 1.0
"""How often to look whether the workers are there still."""

_READ: Final = (*(topic.name for topic in INPUTS), ROUNDS.name)


class PlacingLog(Log, Protocol):
    """A log that takes records to a partition given, whatever their keys."""

    async def append_to(self, topic: str, partition: int, drafts: Sequence[Draft]) -> list[Position]:
        """As ``append``; raise LogError where nothing was acknowledged."""
        ...


class WorkersSilentError(Exception):
    """No worker answers; the message says for which partitions."""


class Ticking:
    """The ``Steps`` of a simulation whose shards live in workers.

    A partition in which nothing lies has no shard, hence nothing due: it gets no tick.
    """

    def __init__(
        self,
        log: PlacingLog,
        *,
        check: Callable[[], None] = lambda: None,
        resend_s: float = RESEND_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Prepare.

        Args:
            log: where inputs, rounds and ticks lie.
            check: called while answers are awaited; raises where the workers cannot come back.
            resend_s: when to send an unanswered tick again.
            patience_s: when to give up.
        """
        self._log, self._check = log, check
        self._resend_s, self._patience_s = resend_s, patience_s
        self._reader: Reader | None = None

    async def step(self, now: datetime) -> int:
        """Have every round decided that is due at ``now``; return how many there were.

        Raises:
            WorkersSilentError: nobody answered in time.
            LogError: the log failed.
        """
        reader = self._reader or await self._listen()
        waiting = await self._due(now)
        rounds, loop = 0, asyncio.get_running_loop()
        give_up = loop.time() + self._patience_s
        while waiting:
            await self._send(waiting)
            rounds += await self._answers(reader, waiting, until=loop.time() + self._resend_s)
            if waiting and loop.time() >= give_up:
                silent = ", ".join(map(str, sorted(waiting)))
                raise WorkersSilentError(f"no worker answers for partition {silent} at {now:%Y-%m-%d %H:%M}")
        return rounds

    async def close(self) -> None:
        """Let go of the reader; the log stays open."""
        if self._reader is not None:
            await self._reader.close()

    async def _listen(self) -> Reader:
        self._reader = self._log.reader(await self._log.end_offsets([TICKS.name]))
        return self._reader

    async def _due(self, now: datetime) -> dict[int, DueTick]:
        """Return the ticks to be answered, by partition."""
        ends = await self._log.end_offsets(_READ)
        found = {}
        for partition in range(self._log.partitions):
            upto = {topic: ends[TopicPartition(topic, partition)] for topic in _READ}
            if any(upto.values()):
                found[partition] = DueTick(id=f"{now.isoformat()}/{partition}", partition=partition, now=now, upto=upto)
        return found

    async def _send(self, waiting: dict[int, DueTick]) -> None:
        drafts = {partition: Draft(None, tick.model_dump_json().encode()) for partition, tick in waiting.items()}
        await asyncio.gather(*[self._log.append_to(TICKS.name, place, [draft]) for place, draft in drafts.items()])

    async def _answers(self, reader: Reader, waiting: dict[int, DueTick], *, until: float) -> int:
        """Take what was answered out of ``waiting``, until nothing is left or time is up; return how many rounds."""
        rounds, loop = 0, asyncio.get_running_loop()
        while waiting and (left := until - loop.time()) > 0:
            for record in await reader.poll(timeout_s=min(left, LOOK_S)):
                asked, done = waiting.get(record.partition), _answer(record)
                if asked is not None and done is not None and done.id == asked.id:
                    rounds += done.rounds
                    del waiting[record.partition]
            self._check()
        return rounds


def _answer(record: Record) -> DoneTick | None:
    try:
        tick = read_tick(record.value)
    except ValueError:
        return None  # whoever answers ticks warns of what is none
    return tick if isinstance(tick, DoneTick) else None
