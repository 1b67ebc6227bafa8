"""The workers of a simulation on Kafka: child processes of ours, started again when they end, stopped at the end."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from deploy.child import Child, GivenUpError
from deploy.settings import CobuildSettings

STOP_S: Final = 20.0
START_S: Final = 120.0

Check = Callable[[], None]
"""Raises GivenUpError where a worker does not come up any more."""


@asynccontextmanager
async def crew(settings: CobuildSettings, *, catalogue: str, policy: Path, workers: int) -> AsyncIterator[Check]:
    """Keep ``workers`` workers alive that take their time from the log; what they say goes to ``w-<n>.log``.

    ``catalogue`` is the name of a shipped one, ``policy`` the file they decide by.

    Raises:
        GivenUpError: one of them does not come up.
    """
    with tempfile.TemporaryDirectory(prefix="cobuild-") as sockets, ExitStack() as files:
        children = []
        for name in (f"w-{number}" for number in range(1, workers + 1)):
            output = files.enter_context((settings.data_dir / f"{name}.log").open("ab"))
            environment = _environment(settings, catalogue=catalogue, policy=policy) | {"COBUILD_INSTANCE": name}
            path = Path(sockets) / f"{name}.sock"
            children.append(Child(name, ["worker"], environment=environment, socket_path=path, output=output))
        keeping = [asyncio.create_task(child.run(), name=child.name) for child in children]
        try:
            await _all_up(children, keeping)
            yield partial(_check, keeping)
        finally:
            await asyncio.gather(*[child.stop(within_s=STOP_S) for child in children])
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)


async def _all_up(children: Sequence[Child], keeping: Sequence[asyncio.Task[None]]) -> None:
    """Return when all have taken up their shares, so that nothing moves when time begins."""
    up = asyncio.create_task(_up(children), name="up")
    await asyncio.wait({up, *keeping}, timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
    if not up.done():
        up.cancel()
        _check(keeping)
        raise GivenUpError(f"the workers are not up after {START_S:g} s; their logs say where they are")


async def _up(children: Sequence[Child]) -> None:
    for child in children:
        await child.up.wait()


def _check(keeping: Sequence[asyncio.Task[None]]) -> None:
    for task in keeping:
        if task.done() and (error := task.exception()) is not None:
            raise GivenUpError(f"{error}; see {task.get_name()}.log in the data directory") from error


def _environment(settings: CobuildSettings, *, catalogue: str, policy: Path) -> dict[str, str]:
    """Return what differs from our own environment, through which all else and every secret comes down."""
    names = ("data_dir", "kafka", "kafka_prefix", "partitions", "shard_width")
    shared = {f"COBUILD_{name.upper()}": str(getattr(settings, name)) for name in names}
    return shared | {
        "COBUILD_CLOCK": "ticks",
        "COBUILD_CATALOGUE": catalogue,
        "COBUILD_POLICY": str(policy.absolute()),
    }
