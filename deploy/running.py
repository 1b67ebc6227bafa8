"""How a process of ours runs: its loop, its parts side by side, until it is asked to stop or one of them fails."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import structlog
import uvloop

log = structlog.get_logger(__name__)

LAST_RESORT_S: Final = 30.0
"""A stop that takes longer is given up; the log has everything, as after kill -9."""

Part = Coroutine[Any, Any, object]


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run ``main`` on a loop and an interpreter set for a process with several busy threads.

    Measured together they nearly double the writes a second: uvloop; the collector does not look again at what was
    loaded at the start, and looks less often; a thread that holds the interpreter lets go after a millisecond.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    sys.setswitchinterval(0.001)
    uvloop.run(main)


async def together(first: Part, others: Mapping[str, Part], *, stop: Callable[[], None]) -> None:
    """Run all until ``first`` ends, then cancel the others; where one of them fails, ``stop`` is to end the first.

    Raises:
        Exception: the failure of the first part that failed.
    """
    lead = asyncio.create_task(first, name="first")
    tasks = [asyncio.create_task(part, name=name) for name, part in others.items()]
    pending = {lead, *tasks}
    while lead in pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        failed = [part for part in done if not part.cancelled() and part.exception() is not None]
        for part in failed:
            log.error("a part failed; stopping", part=part.get_name(), exc_info=part.exception())
        if failed:
            stop()
            await asyncio.wait({lead})
            break
    await _cancel(tasks)
    for part in (*tasks, lead):
        if not part.cancelled() and (error := part.exception()) is not None:
            raise error


@contextmanager
def stopped_by_signals(stop: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Call ``stop`` on the loop at SIGINT and SIGTERM; a stop that then takes too long is given up."""
    loop = asyncio.get_running_loop()

    def heard(number: signal.Signals) -> None:
        loop.call_later(LAST_RESORT_S, _give_up)
        stop(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, heard, number)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def until_signalled(stopping: asyncio.Event) -> None:
    """Return at SIGINT, SIGTERM, or when ``stopping`` is set."""
    with stopped_by_signals(lambda _: stopping.set()):
        await stopping.wait()


async def _cancel(parts: list[asyncio.Task[object]]) -> None:
    for part in parts:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)


def _give_up() -> None:
    for task in asyncio.all_tasks():
        log.error("still running", task=task.get_name(), stack=[str(frame) for frame in task.get_stack(limit=3)])
    os._exit(1)
