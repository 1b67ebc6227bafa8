"""``cobuild up`` on the embedded log: API, console, round loop and projector in one process."""

from collections.abc import Awaitable, Callable

from deploy import running
from deploy.serving import address_of, listen, serve_app
from deploy.settings import CobuildSettings
from deploy.wiring import House, open_house

Begun = Callable[[House, str], Awaitable[None]]
"""Called once the server answers, with the house and its address; it may go on for as long as the house stands."""


def run(settings: CobuildSettings, *, begun: Begun | None = None) -> None:
    """Serve as ``serve`` does, on a loop of its own."""
    running.run(serve(settings, begun=begun))


async def serve(settings: CobuildSettings, *, begun: Begun | None = None) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        HouseTakenError, PortTakenError, LogError: it could not begin.
        Exception: what made a part fail; the others were stopped in order.
    """
    listener = listen(settings.host, settings.port)
    try:
        async with open_house(settings) as house:
            await serve_app(
                house.app,
                listener,
                beside={"rounds": house.rounds.run(), "projector": house.projector.run()},
                begun=None if begun is None else lambda: begun(house, address_of(listener)),
            )
    finally:
        listener.close()
