"""The providers of the demo: they read what is proposed to them, answer most of it, and do what they agreed to.

Days are pressed into minutes: a provider thinks for seconds, a job is done after a minute or two, whatever its window
says. What a provider does depends on the assignment's id alone.
"""

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple, Protocol

ANSWERS_PER_S = 20.0
"""At most so many answers a second: people, not a load test."""


class Answers(Protocol):
    """Takes answers to assignments."""

    async def answer(self, assignment_id: str, answer: str) -> bool:
        """Return whether the answer was taken."""
        ...


class Reaction(NamedTuple):
    """What a provider does, and after how many seconds."""

    after_s: float
    answer: str


def reaction(row: Mapping[str, Any]) -> Reaction | None:
    """Return how the provider of a row of the match stream reacts; None where it does nothing."""
    dice = Random(f"{row['assignment_id']}/{row['type']}")  # noqa: S311 - a story, not a secret
    if row["type"] == "proposed":
        return None if row["auto_accepted"] else _to_proposal(dice)
    return _to_confirmation(dice) if row["type"] == "confirmed" else None


def _to_proposal(dice: Random) -> Reaction | None:
    """Most say yes, some say no, a few never look."""
    chance, after_s = dice.random(), 2 + dice.expovariate(1 / 15)
    if chance < 0.84:
        return Reaction(after_s, "accept")
    return Reaction(after_s, "decline") if chance < 0.93 else None


def _to_confirmation(dice: Random) -> Reaction | None:
    """Nearly all do what they agreed to; now and then nobody comes, or the report is forgotten."""
    chance, after_s = dice.random(), 30 + dice.expovariate(1 / 60)
    if chance < 0.90:
        return Reaction(after_s, "done")
    return Reaction(after_s, "no-show") if chance < 0.93 else None


@dataclass(order=True, frozen=True, slots=True)
class _Plan:
    due_s: float
    assignment_id: str
    answer: str


class Providers:
    """All providers together: hear the stream, answer when the time has come."""

    def __init__(
        self, answers: Answers, *, clock: Callable[[], float] = time.monotonic, per_s: float = ANSWERS_PER_S
    ) -> None:
        self._answers = answers
        self._clock = clock
        self._gap_s = 1 / per_s
        self._plans: list[_Plan] = []
        self._over: set[str] = set()
        self._news = asyncio.Event()

    async def live(self, rows: AsyncIterator[Mapping[str, Any]]) -> None:
        """Hear and answer until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear(rows))
            tasks.create_task(self._answer())

    def plan(self, row: Mapping[str, Any]) -> None:
        """Take note of what to do about a row, if anything; what was taken away needs no answer."""
        if row["type"] in {"revoked", "expired"}:
            self._over.add(row["assignment_id"])
            return
        found = reaction(row)
        if found is not None:
            heapq.heappush(self._plans, _Plan(self._clock() + found.after_s, row["assignment_id"], found.answer))
            self._news.set()

    async def answer_due(self) -> int:
        """Give every answer whose time has come, at the bounded rate; return how many."""
        given = 0
        while self._plans and self._plans[0].due_s <= self._clock():
            plan = heapq.heappop(self._plans)
            if plan.assignment_id in self._over:
                self._over.discard(plan.assignment_id)
                continue
            await self._answers.answer(plan.assignment_id, plan.answer)
            given += 1
            await asyncio.sleep(self._gap_s)
        return given

    async def _hear(self, rows: AsyncIterator[Mapping[str, Any]]) -> None:
        async for row in rows:
            self.plan(row)

    async def _answer(self) -> None:
        while True:
            await self.answer_due()
            self._news.clear()
            wait_s = max(0.0, self._plans[0].due_s - self._clock()) if self._plans else None
            try:
                await asyncio.wait_for(self._news.wait(), timeout=wait_s)
            except TimeoutError:
                continue
