"""``cobuild demo``."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.terminal import DataDir, Kafka, err, settings_from, told
from deploy.commands.up import announce
from deploy.settings import CobuildSettings

if TYPE_CHECKING:
    from streams.log import Log

Live = Callable[[str, "Log"], Awaitable[None]]
"""Plays on the server at an address, whose log is given."""


def demo(
    data_dir: DataDir = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another district of the same size.")] = 1,
    kafka: Kafka = None,
) -> None:
    """A living district: Changning in Shanghai, its ten streets and 189 communities; Ctrl-C stops it."""
    from deploy.child import GivenUpError  # noqa: PLC0415
    from deploy.demo.run import run_demo  # noqa: PLC0415
    from deploy.home import HouseTakenError  # noqa: PLC0415
    from deploy.logs import configure_logs  # noqa: PLC0415
    from deploy.serving import PortTakenError  # noqa: PLC0415
    from schemas.catalogue import load_catalogue  # noqa: PLC0415
    from schemas.regions import Regions  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    settings = settings_from(data_dir=data_dir or settings_from().data_dir / "demo", port=port, kafka=kafka)
    token = settings.api_token.get_secret_value() if settings.api_token else None
    configure_logs(level="WARNING")

    async def live(address: str, log: "Log") -> None:
        from deploy.adapters import LogSink  # noqa: PLC0415

        announce(settings, address)
        err.print("Lists are arriving; open the page and watch. Ctrl-C stops.", highlight=False)
        await run_demo(
            address, LogSink(log), regions=Regions.builtin("cn"), catalogue=load_catalogue(settings.catalogue),
            shard_width=settings.shard_width, token=token, seed=seed,
        )  # fmt: skip

    with told(PortTakenError, HouseTakenError, GivenUpError, LogError, OSError):
        _in_many(settings, live) if settings.kafka else _in_one_process(settings, live)


def _in_one_process(settings: CobuildSettings, live: Live) -> None:
    from deploy.up import run  # noqa: PLC0415

    run(settings, begun=lambda house, address: live(address, house.log))


def _in_many(settings: CobuildSettings, live: Live) -> None:
    from deploy.storage import open_log  # noqa: PLC0415
    from deploy.supervisor import supervise  # noqa: PLC0415

    async def begun(address: str) -> None:
        log = await open_log(settings, client_id="demo")
        try:
            await live(address, log)
        finally:
            await log.close()

    supervise(settings, workers=1, begun=begun)
