"""Reading the lists from the event loop: queries run in a thread, and wait for a position where one is asked."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from anyio.to_thread import run_sync
from sqlalchemy import Connection

from api.gathering import Gathering
from api.ports import Signal
from api.positions import Position, seen
from api.readmodel.model import ReadModel
from schemas.refusals import Refused

Args = ParamSpec("Args")
Found = TypeVar("Found")

_LOOK_S = 0.1
"""How often to look while somebody waits and no signal comes."""
_MOST = 10_000
"""How many may share one look."""


class Reading:
    """The read model as routes use it."""

    def __init__(
        self, *, model: ReadModel, changed: Signal, wait_s: float, before: Iterable[tuple[str, int, int]] = ()
    ) -> None:
        self._model = model
        self._changed = changed
        self._wait_s = wait_s
        self._offsets: dict[tuple[str, int], int] = {}
        self._looks: Gathering[None, dict[tuple[str, int], int]] = Gathering(self._look, most=_MOST)
        self._before = [Position(*position) for position in before]

    async def query(
        self, question: Callable[Concatenate[Connection, Args], Found], *args: Args.args, **kwargs: Args.kwargs
    ) -> Found:
        """Ask one of ``api.readmodel.queries`` in a thread."""

        def ask() -> Found:
            with self._model.read() as connection:
                return question(connection, *args, **kwargs)

        return await run_sync(ask)

    async def generation(self) -> str:
        """Return the word that changes when the read model is made anew."""
        return await run_sync(lambda: self._model.generation)

    async def catch_up(self) -> None:
        """Return once the lists have seen all that was written before this process began.

        What is not written by this process is looked up in the lists, and what they do not show yet may have been
        acknowledged: a change made for an older version would only come to the dead letters.

        Raises:
            Refused: ``read_model_behind``, as ``settle``.
        """
        if self._before:
            await self.settle(self._before)
            self._before = []

    async def settle(self, positions: Sequence[Position]) -> None:
        """Return once the lists have seen every one of ``positions``.

        Raises:
            Refused: ``read_model_behind`` when that takes longer than ``wait_s`` seconds.
        """
        if seen(positions, self._offsets):
            return
        deadline = asyncio.get_running_loop().time() + self._wait_s
        while True:
            rung = asyncio.ensure_future(self._changed.wait())
            try:
                self._offsets = await self._looks.ask(None)
                if seen(positions, self._offsets):
                    return
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0:
                    missing = [str(position) for position in positions if not seen([position], self._offsets)]
                    raise Refused("read_model_behind", ", ".join(missing))
                await asyncio.wait({rung}, timeout=min(left, _LOOK_S))
            finally:
                rung.cancel()

    async def has_seen(self, position: Position) -> bool:
        """Return whether the lists have seen ``position``, without waiting for it."""
        if not seen([position], self._offsets):
            self._offsets = await self._looks.ask(None)
        return seen([position], self._offsets)

    async def _look(self, asking: Sequence[None]) -> list[dict[tuple[str, int], int]]:
        """Ask once for all who wait: a hundred of them cost what one does."""
        return [await run_sync(self._model.offsets)] * len(asking)


def some(value: Found | None, *, what: Any) -> Found:
    """Return ``value``; raise Refused ``not_found`` where there is none."""
    if value is None:
        raise Refused("not_found", str(what)[:200])
    return value
