"""``cobuild projector``: carries Kafka's topics into the lists, alone in its process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog

from api.readmodel.model import ReadModel
from deploy.home import alone
from deploy.notify import tell_ready, tell_status
from deploy.running import together, until_signalled
from deploy.settings import CobuildSettings
from deploy.storage import open_own
from schemas.catalogue import load_catalogue
from streams.projector import Projector
from streams.worker.watchdog import Distance, Watchdog

log = structlog.get_logger(__name__)

LOOK_S = 2.0
"""How often to say how far behind the lists are, while they are."""
FAR = 10_000
"""So many records are worth a line in the log."""

Progress = Callable[[int, int], None]
"""Told how many records were read of how many that lay in the log at the start."""


@asynccontextmanager
async def open_projector(settings: CobuildSettings) -> AsyncIterator[Projector]:
    """Open log and lists; close them at the end.

    Raises:
        HouseTakenError: another process is the projector of this data directory.
        LogError: the brokers cannot be reached, or the topics are not as they should be.
    """
    with alone(settings.data_dir, "projector"):
        async with AsyncExitStack() as closing:
            source = await open_own(settings, "projector")
            closing.push_async_callback(source.close)
            lists = ReadModel(settings.read_model, catalogue=load_catalogue(settings.catalogue))
            closing.callback(lists.close)
            projector = Projector(source, lists, shard_width=settings.shard_width)
            closing.push_async_callback(projector.close)
            yield projector


async def project(settings: CobuildSettings, *, progress: Progress, begun: Callable[[int], None]) -> None:
    """Fill the lists until SIGINT or SIGTERM; call ``begun`` with what it took once they have caught up.

    Where it hangs, the process ends with status 70.

    Raises:
        HouseTakenError, LogError: it could not begin, or the log failed.
        ProjectionAheadError: the lists belong to another log.
        Exception: the lists could not be written.
    """
    stopping = asyncio.Event()
    async with open_projector(settings) as projector:

        async def work() -> None:
            begun(await projector.catch_up(progress))
            tell_ready("following the log")
            await projector.run()

        watchdog = Watchdog(partial(_progress, projector))
        watchdog.start()
        try:
            parts = {"projector": work(), "lag": _tell_lag(projector)}
            await together(until_signalled(stopping), parts, stop=stopping.set)
        finally:
            watchdog.stop()


async def _progress(projector: Projector) -> dict[str, Distance]:
    found = await projector.distances()
    return {f"{place.topic} partition {place.partition}": Distance(at, end) for place, (at, end) in found.items()}


async def _tell_lag(projector: Projector) -> None:
    """Say now and then how far behind the lists are, where they are, and once when they no longer are."""
    behind = 0
    while True:
        await asyncio.sleep(LOOK_S)
        before, behind = behind, await projector.lag()
        if behind or before:
            tell_status(f"{behind} records behind")
        if behind > FAR or before > FAR:
            log.info("the lists are behind", records=behind, a_second=round((before - behind) / LOOK_S))
