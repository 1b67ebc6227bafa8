"""Looking for work every so often, and whenever somebody says that there is some."""

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from api.ports import Bell


async def watch(
    look: Callable[[], Awaitable[None]], *, woken: Bell, poll_s: float, trouble: Callable[[], None]
) -> None:
    """Call ``look`` every ``poll_s`` seconds and at every ring, until cancelled.

    Where the database does not answer, ``trouble`` is told within the handler, and it is looked again later.
    """
    while True:
        rung = asyncio.ensure_future(woken.wait())  # before the look: what comes meanwhile rings for the next
        try:
            await look()
            await asyncio.wait({rung}, timeout=poll_s)
        except SQLAlchemyError:
            trouble()
            await asyncio.sleep(poll_s)
        finally:
            rung.cancel()
