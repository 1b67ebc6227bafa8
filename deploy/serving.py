"""Serving the app on one socket, with other parts of the process beside it."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from deploy.running import Part, stopped_by_signals, together
from deploy.settings import CobuildSettings

INHERITED = "COBUILD_LISTENER"
"""The number of a listening socket that a supervisor keeps open while the API is started anew."""
BACKLOG = 2048


class PortTakenError(RuntimeError):
    """Something else listens on the port."""


def open_listener(settings: CobuildSettings) -> socket.socket:
    """Return the socket to serve on: the one that was handed down to us, or a new one.

    Raises:
        PortTakenError: nobody can listen there.
    """
    inherited = os.environ.get(INHERITED)
    return socket.socket(fileno=int(inherited)) if inherited else listen(settings.host, settings.port)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address, which takes no calls yet; raise PortTakenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTakenError(f"cannot listen on {host}:{port}: {error.strerror}; set COBUILD_PORT") from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Return where a browser finds it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve_app(
    app: FastAPI,
    listener: socket.socket,
    *,
    beside: Mapping[str, Part] | None = None,
    begun: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, with other parts ``beside``; call ``begun`` once the server answers.

    Raises:
        Exception: what made a part fail; the others were stopped in order.
    """
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=3, lifespan="on", backlog=BACKLOG
    )
    server = _Server(config, stopping=app.state.services.leave)
    others = dict(beside or {})
    if begun is not None:
        others["begun"] = _begin(server, begun)
    await together(server.serve(sockets=[listener]), others, stop=server.end)


class _Server(uvicorn.Server):
    """Leaves signals to us, as uvicorn would end the process before the rest of it is closed.

    Lets go of the live streams first, so that a stop need not wait for their listeners; a request that waits for the
    log longer than a stop may take is answered before uvicorn would cut it.
    """

    def __init__(self, config: uvicorn.Config, *, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    def end(self) -> None:
        """Stop soon."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT or SIGTERM; a second one no longer waits for open requests."""
        with stopped_by_signals(lambda number: self.handle_exit(signal.Signals(number), None)):
            yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)


async def _begin(server: uvicorn.Server, begun: Callable[[], Awaitable[None]]) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag, no event
        await asyncio.sleep(0.01)
    await begun()
