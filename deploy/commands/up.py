"""``cobuild up``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.terminal import DataDir, Kafka, err, settings_from, told
from deploy.settings import CobuildSettings

if TYPE_CHECKING:
    from deploy.wiring import House

Workers = Annotated[int, typer.Option(min=1, max=64, help="With --kafka: how many processes share the districts.")]


def up(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    policy: Annotated[Path | None, typer.Option(help="The matching policy, a TOML file.")] = None,
    kafka: Kafka = None,
    workers: Workers = 1,
) -> None:
    """Run everything on this machine: API, console, rounds, lists. Ctrl-C stops it in order.

    With --kafka it is one process for each role, on the brokers given; whoever ends is started again.
    """
    from deploy.logs import configure_logs  # noqa: PLC0415

    settings = settings_from(data_dir=data_dir, host=host, port=port, policy=policy, kafka=kafka)
    configure_logs()
    if settings.kafka is None:
        _in_one_process(settings)
    else:
        _in_many(settings, workers=workers)


def _in_one_process(settings: CobuildSettings) -> None:
    from deploy.home import HouseTakenError  # noqa: PLC0415
    from deploy.serving import PortTakenError  # noqa: PLC0415
    from deploy.up import run  # noqa: PLC0415
    from streams.limits import TooManyRefusedError  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    async def announce_house(house: "House", address: str) -> None:
        announce(house.settings, address)

    with told(PortTakenError, HouseTakenError, LogError, TooManyRefusedError, OSError, ValueError):
        run(settings, begun=announce_house)


def _in_many(settings: CobuildSettings, *, workers: int) -> None:
    from deploy.home import HouseTakenError  # noqa: PLC0415
    from deploy.serving import PortTakenError  # noqa: PLC0415
    from deploy.supervisor import GivenUpError, supervise  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    async def announce_address(address: str) -> None:
        announce(settings, address)

    with told(PortTakenError, HouseTakenError, GivenUpError, LogError, OSError, ValueError):
        supervise(settings, workers=workers, begun=announce_address)


def announce(settings: CobuildSettings, address: str) -> None:
    """Say where to look."""
    err.print(f"Cobuild 共建 is up: [bold]{address}/[/]  (API: {address}/docs, data: {settings.data_dir})")
