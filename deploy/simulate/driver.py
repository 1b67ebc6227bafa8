"""Driving the whole path through virtual time, hour by hour.

Each virtual hour: what was opened in it, and what the departments report at its end, is appended to the log; the
round loop steps to that instant; the departments read the assignments. Each virtual day, and at the end, the
projector brings the read model up to the log. Nothing goes around: the driver never looks into the matcher.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Protocol

from api.ports import EventSink
from deploy.simulate.calendar import hours
from deploy.simulate.departments import Departments
from schemas.assignments import AssignmentConfirmed, AssignmentExpired, AssignmentRevoked
from schemas.base import Fact
from schemas.demands import DemandPosted
from schemas.envelope import Event, decode
from schemas.topics import ASSIGNMENTS, EVENT_NAME
from streams.log import Log, LogError, Record, TopicPartition

PATIENCE_S = 30.0
HOURS_A_DAY = 24
HEARD = frozenset(EVENT_NAME[model].encode() for model in (AssignmentConfirmed, AssignmentRevoked, AssignmentExpired))
"""What the departments need to know; the rest of the topic need not be decoded for them."""


class Steps(Protocol):
    """The round loop, as far as virtual time needs it."""

    async def step(self, now: datetime) -> int:
        """Read everything to the log's end, run every due round at ``now`` until quiet; return how many."""
        ...


class CatchesUp(Protocol):
    """The projector, as far as virtual time needs it."""

    async def catch_up(self) -> int:
        """Apply everything up to the log's end as it is now."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the simulation has come; counts are from its beginning."""

    now: datetime
    posted: int = 0
    assigned: int = 0
    done: int = 0
    rounds: int = 0


class Pace:
    """Holds virtual time back to ``speed`` times real time; None: as fast as the machine goes."""

    def __init__(
        self,
        *,
        speed: float | None,
        start: datetime,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if speed is not None and not 0 < speed < inf:
            raise ValueError(f"{speed} is no speed: times real time, or max")
        self._speed = speed
        self._start = start
        self._clock = clock
        self._sleep = sleep
        self._began = clock()

    async def wait_for(self, now: datetime) -> None:
        """Sleep until real time has reached what ``now`` takes at this speed."""
        if self._speed is None:
            return
        due = (now - self._start).total_seconds() / self._speed
        await self._sleep(max(0.0, self._began + due - self._clock()))


class Driver:
    """Runs one simulation: a log, where its events go in, a round loop, a projector and the departments."""

    def __init__(
        self, *, log: Log, sink: EventSink, loop: Steps, projector: CatchesUp, departments: Departments
    ) -> None:
        self._sink = sink
        self._loop = loop
        self._projector = projector
        self._departments = departments
        self._log = log
        self._ear = log.reader({TopicPartition(ASSIGNMENTS.name, number): 0 for number in range(log.partitions)})

    async def run(
        self,
        *,
        offers: Sequence[Event[Fact]],
        postings: Iterable[Event[Fact]],
        start: datetime,
        end: datetime,
        pace: Pace,
        on_hour: Callable[[Progress], None] = lambda _: None,
    ) -> Progress:
        """Run from ``start`` to ``end``; ``postings`` come in the order of their times."""
        await self._sink.publish(offers)
        upcoming = _Upcoming(postings)
        progress = Progress(now=start)
        for number, now in enumerate(hours(start=start, end=end), start=1):
            await pace.wait_for(now)
            progress = await self._hour(now, upcoming.before(now), progress)
            if number % HOURS_A_DAY == 0:
                await self._projector.catch_up()
            on_hour(progress)
        await self._ear.close()
        await self._projector.catch_up()
        return progress

    async def _hour(self, now: datetime, postings: list[Event[Fact]], before: Progress) -> Progress:
        reports = self._departments.reports(now)
        if postings or reports:
            await self._sink.publish([*postings, *reports])
        rounds = await self._loop.step(now)
        await self._listen()
        done = before.done + len(reports)
        return Progress(
            now=now,
            posted=before.posted + sum(isinstance(event.data, DemandPosted) for event in postings),
            assigned=done + self._departments.jobs_in_work,
            done=done,
            rounds=before.rounds + rounds,
        )

    async def _listen(self) -> None:
        """Let the departments hear everything that was assigned so far."""
        ends = await self._log.end_offsets([ASSIGNMENTS.name])
        while any(offset < ends[place] for place, offset in self._ear.positions().items()):
            records = await self._ear.poll(max_records=5000, timeout_s=PATIENCE_S)
            if not records:
                raise LogError("what was assigned lies in the log and does not come")
            self._departments.hear(_event(record) for record in records if dict(record.headers)["ce_type"] in HEARD)


class _Upcoming:
    """Events in the order of their times, taken hour by hour."""

    def __init__(self, events: Iterable[Event[Fact]]) -> None:
        self._events = iter(events)
        self._next = next(self._events, None)

    def before(self, now: datetime) -> list[Event[Fact]]:
        """Return the events with a time before ``now`` that were not yet taken."""
        found = []
        while self._next is not None and self._next.time < now:
            found.append(self._next)
            self._next = next(self._events, None)
        return found


def _event(record: Record) -> Event[Fact]:
    return decode(topic=record.topic, key=record.key, headers=record.headers, value=record.value)
