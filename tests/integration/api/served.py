"""An app behind a real server on a free port, for what needs a wire: streams and disconnects."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from tests.apiworld import World


@asynccontextmanager
async def served(world: World) -> AsyncIterator[tuple[str, uvicorn.Server]]:
    """Serve until the block ends; the world's own lifespan goes on."""
    config = uvicorn.Config(world.app, lifespan="off", log_config=None, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", server
        finally:
            server.should_exit = True
            await task
