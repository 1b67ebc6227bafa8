"""``cobuild up --kafka``: API, projector and workers, each a process of its own, kept alive and stopped in order.

1. The topics are made or set first. The supervisor listens on the port itself and hands the socket down: while the
   API is started anew, callers wait instead of being turned away.
2. Stopping: the API first, so that nothing more comes in; then the workers, which save their states; the projector
   last. A second signal no longer waits.
"""

import asyncio
import signal
import socket
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from deploy.child import Child, GivenUpError
from deploy.home import alone
from deploy.serving import BACKLOG, INHERITED, address_of, listen
from deploy.settings import CobuildSettings
from streams.kafka.admin import apply_topics

__all__ = ["GivenUpError", "supervise"]

log = structlog.get_logger(__name__)

STOP_S: Final = 12.0
"""So long each step of stopping may take."""

Begun = Callable[[str], Awaitable[None]]
"""Called with the address once everybody is up; it may go on for as long as they run."""


def supervise(settings: CobuildSettings, *, workers: int, begun: Begun) -> None:
    """Run everything until SIGINT or SIGTERM.

    Raises:
        HouseTakenError, PortTakenError, LogError: it could not begin.
        GivenUpError: a part does not come up; the others were stopped.
    """
    asyncio.run(_supervise(settings, workers=workers, begun=begun))


async def _supervise(settings: CobuildSettings, *, workers: int, begun: Begun) -> None:
    with alone(settings.data_dir, "supervisor"), _listener(settings) as listener:
        applied = await asyncio.to_thread(
            apply_topics,
            settings.kafka_connection,
            partitions=settings.partitions,
            replication=settings.kafka_replication,
        )
        if applied.created:
            log.info("topics were made", count=len(applied.created))
        with tempfile.TemporaryDirectory(prefix="cobuild-") as directory:
            children = _children(settings, workers=workers, listener=listener, directory=Path(directory))
            await _keep(children, listener, begun=begun)


async def _keep(children: "_Children", listener: socket.socket, *, begun: Begun) -> None:
    """Keep all alive until a signal or a failure, then stop them."""
    stopping = asyncio.Event()
    keeping = [asyncio.create_task(child.run(), name=child.name) for child in children.everybody]
    telling = asyncio.create_task(_tell_when_up(children, address_of(listener), begun), name="begun")
    waiting = asyncio.create_task(_until(stopping), name="signal")
    with _signals(children, stopping):
        try:
            done, _ = await asyncio.wait({*keeping, telling, waiting}, return_when=asyncio.FIRST_COMPLETED)
            while done == {telling} and telling.exception() is None:
                done, _ = await asyncio.wait({*keeping, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            listener.close()
            telling.cancel()
            waiting.cancel()
            await children.stop()
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, telling, waiting, return_exceptions=True)
    for task in done:
        task.result()


class _Children:
    def __init__(self, api: Child, workers: Sequence[Child], projector: Child) -> None:
        self._steps = ([api], list(workers), [projector])

    @property
    def everybody(self) -> list[Child]:
        return [child for step in self._steps for child in step]

    async def stop(self) -> None:
        for child in self.everybody:
            child.start_no_more()
        for step in self._steps:
            await asyncio.gather(*(child.stop(within_s=STOP_S) for child in step))


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def _tell_when_up(children: _Children, address: str, begun: Begun) -> None:
    for child in children.everybody:
        await child.up.wait()
    await begun(address)


def _children(settings: CobuildSettings, *, workers: int, listener: socket.socket, directory: Path) -> _Children:
    shared = _environment(settings)

    def child(name: str, command: str, *, pass_fds: Sequence[int] = (), **more: str) -> Child:
        return Child(
            name, [command], environment=shared | more, socket_path=directory / f"{name}.sock", pass_fds=pass_fds
        )

    return _Children(
        api=child("api", "api", pass_fds=[listener.fileno()], **{INHERITED: str(listener.fileno())}),
        workers=[child(f"w-{i}", "worker", COBUILD_INSTANCE=f"w-{i}") for i in range(1, workers + 1)],
        projector=child("projector", "projector"),
    )


def _environment(settings: CobuildSettings) -> dict[str, str]:
    """Return what the command line may have set; all else, and every secret, comes down by our own environment."""
    names = ("data_dir", "host", "port", "policy", "kafka")
    return {f"COBUILD_{name.upper()}": str(getattr(settings, name)) for name in names}


@contextmanager
def _listener(settings: CobuildSettings) -> Iterator[socket.socket]:
    listener = listen(settings.host, settings.port)
    try:
        listener.listen(BACKLOG)
        yield listener
    finally:
        listener.close()


@contextmanager
def _signals(children: _Children, stopping: asyncio.Event) -> Iterator[None]:
    """At SIGINT or SIGTERM stop in order; at the next one, at once."""
    loop = asyncio.get_running_loop()

    def heard() -> None:
        if stopping.is_set():
            for child in children.everybody:
                child.kill()
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, heard)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
