"""``cobuild up``: API, console, round loop and projector in one process, until a signal or a failure."""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
import uvicorn
import uvloop

from deploy.settings import CobuildSettings
from deploy.wiring import House, open_house

log = structlog.get_logger(__name__)

Begun = Callable[[House, str], Awaitable[None]]
"""Called once the server answers, with the house and its address; it may go on for as long as the house stands."""


LAST_RESORT_S = 30.0
"""A stop that takes longer is given up; the log has everything, as after kill -9."""


class PortTakenError(RuntimeError):
    """Something else listens on the port."""


def run(settings: CobuildSettings, *, begun: Begun | None = None) -> None:
    """Serve as ``serve`` does, on a loop and an interpreter set for a process with several busy threads.

    Measured together they nearly double the writes a second: uvloop; the collector does not look again at what was
    loaded at the start, and looks less often; a thread that holds the interpreter lets go after a millisecond.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    sys.setswitchinterval(0.001)
    uvloop.run(serve(settings, begun=begun))


async def serve(settings: CobuildSettings, *, begun: Begun | None = None) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        HouseTakenError, PortTakenError, LogError: it could not begin.
        Exception: what made a part fail; the others were stopped in order.
    """
    listener = _listen(settings.host, settings.port)
    address = "http://{}:{}".format(*listener.getsockname()[:2])
    try:
        async with open_house(settings) as house:
            await _serve(house, listener, address, begun)
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """Leaves signals to us, as uvicorn would end the process before the rest of the house is closed.

    Lets go of the live streams first, so that a stop need not wait for their listeners.
    """

    def __init__(self, config: uvicorn.Config, *, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT or SIGTERM; a second one no longer waits for open requests."""
        loop = asyncio.get_running_loop()

        def stop(number: signal.Signals) -> None:
            loop.call_later(LAST_RESORT_S, _give_up)
            self.handle_exit(number, None)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)


async def _serve(house: House, listener: socket.socket, address: str, begun: Begun | None) -> None:
    server = _Server(
        uvicorn.Config(house.app, log_config=None, access_log=False, timeout_graceful_shutdown=3, lifespan="on"),
        stopping=house.app.state.services.stream.close,
    )
    parts = {
        "server": asyncio.create_task(server.serve(sockets=[listener]), name="server"),
        "rounds": _part(house.rounds.run(), "rounds"),
        "projector": _part(house.projector.run(), "projector"),
    }
    if begun is not None:
        parts["begun"] = asyncio.create_task(_begin(server, house, address, begun), name="begun")
    pending = set(parts.values())
    while parts["server"] in pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        failed = [part for part in done if not part.cancelled() and part.exception() is not None]
        for part in failed:
            log.error("a part failed; stopping", part=part.get_name(), exc_info=part.exception())
        if failed:
            server.should_exit = True
            await parts["server"]
            break
    await _stop([part for name, part in parts.items() if name != "server"])
    for part in parts.values():
        if not part.cancelled() and (error := part.exception()) is not None:
            raise error


def _give_up() -> None:
    for task in asyncio.all_tasks():
        log.error("still running", task=task.get_name(), stack=[str(frame) for frame in task.get_stack(limit=3)])
    os._exit(1)


def _part(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    return asyncio.create_task(coroutine, name=name)


async def _begin(server: uvicorn.Server, house: House, address: str, begun: Begun) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag, no event
        await asyncio.sleep(0.01)
    await begun(house, address)


async def _stop(parts: list[asyncio.Task[None]]) -> None:
    for part in parts:
        part.cancel()
    await asyncio.gather(*parts, return_exceptions=True)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTakenError(f"cannot listen on {host}:{port}: {error.strerror}; set COBUILD_PORT") from error
    listener.set_inheritable(True)
    return listener
