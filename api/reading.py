"""Reading the lists from the event loop: queries run in a thread, and wait for a position where one is asked."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from anyio.to_thread import run_sync
from sqlalchemy import Connection

from api.ports import Signal
from api.positions import Position, seen
from api.readmodel.model import ReadModel
from schemas.refusals import Refused

Args = ParamSpec("Args")
Found = TypeVar("Found")

_LOOK_S = 0.02
"""How often to look for what another process projected while somebody waits for it."""


class Reading:
    """The read model as routes use it."""

    def __init__(self, *, model: ReadModel, changed: Signal, wait_s: float) -> None:
        self._model = model
        self._changed = changed
        self._wait_s = wait_s
        self._offsets: dict[tuple[str, int], int] = {}

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
                self._offsets = await run_sync(self._model.offsets)
                if seen(positions, self._offsets):
                    return
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0:
                    raise Refused("read_model_behind", ", ".join(str(position) for position in positions))
                await asyncio.wait({rung}, timeout=min(left, _LOOK_S))
            finally:
                rung.cancel()


def some(value: Found | None, *, what: Any) -> Found:
    """Return ``value``; raise Refused ``not_found`` where there is none."""
    if value is None:
        raise Refused("not_found", str(what)[:200])
    return value
