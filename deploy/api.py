"""``cobuild api``: what people touch, alone in its process; shards and lists are the business of others."""

from collections.abc import Awaitable, Callable

from deploy.notify import tell_ready
from deploy.serving import address_of, open_listener, serve_app
from deploy.settings import CobuildSettings
from deploy.wiring import open_api
from streams.worker.watchdog import Distances, Watchdog

Begun = Callable[[str], Awaitable[None]]
"""Called once the server answers, with its address."""


async def serve(settings: CobuildSettings, *, begun: Begun) -> None:
    """Serve until SIGINT or SIGTERM; where the event loop hangs, the process ends with status 70.

    Raises:
        HouseTakenError, PortTakenError, LogError: it could not begin.
    """
    listener = open_listener(settings)
    address = address_of(listener)

    async def up() -> None:
        tell_ready(address)
        await begun(address)

    try:
        async with open_api(settings) as app:
            watchdog = Watchdog(_nothing_to_reach)
            watchdog.start()
            try:
                await serve_app(app, listener, begun=up)
            finally:
                watchdog.stop()
    finally:
        listener.close()


async def _nothing_to_reach() -> Distances:
    return {}
