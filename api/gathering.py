"""Gathers what many requests ask for at the same time into few calls.

One call is under way at a time; whatever is asked meanwhile goes with the next. A lone request is served at
once; a crowd shares one transaction and its fsync, one query, one hop to a thread.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, eq=False)
class _Asked(Generic[Wish, Answer]):
    wish: Wish
    answer: "asyncio.Future[Answer]"


class Gathering(Generic[Wish, Answer]):
    """Calls ``serve`` with up to ``most`` wishes; it returns an answer to each, in order. Belongs to one event loop."""

    def __init__(self, serve: Callable[[Sequence[Wish]], Awaitable[Sequence[Answer]]], *, most: int) -> None:
        self._serve = serve
        self._most = most
        self._waiting: deque[_Asked[Wish, Answer]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def ask(self, wish: Wish) -> Answer:
        """Return the answer to ``wish``; raise what the call with it and its neighbours raised."""
        asked: _Asked[Wish, Answer] = _Asked(wish, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await asked.answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._call([self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))])
        finally:
            self._task = None

    async def _call(self, asked: list[_Asked[Wish, Answer]]) -> None:
        try:
            answers = await self._serve([each.wish for each in asked])
        except Exception as error:  # those who asked have to be told, and the next ones served
            for each in asked:
                if not each.answer.done():
                    each.answer.set_exception(error)
            return
        for each, answer in zip(asked, answers, strict=True):
            if not each.answer.done():  # its request may have been cancelled meanwhile
                each.answer.set_result(answer)
