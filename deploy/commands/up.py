"""``cobuild up``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.terminal import DataDir, err, settings_from, told

if TYPE_CHECKING:
    from deploy.wiring import House


def up(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    policy: Annotated[Path | None, typer.Option(help="The matching policy, a TOML file.")] = None,
) -> None:
    """Run everything on this machine: API, console, rounds, lists. Ctrl-C stops it in order."""
    from deploy.logs import configure_logs  # noqa: PLC0415
    from deploy.up import PortTakenError, run  # noqa: PLC0415
    from deploy.wiring import HouseTakenError  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    settings = settings_from(data_dir=data_dir, host=host, port=port, policy=policy)
    configure_logs()
    with told(PortTakenError, HouseTakenError, LogError, OSError, ValueError):
        run(settings, begun=announce)


async def announce(house: "House", address: str) -> None:
    """Say where to look."""
    err.print(f"Cobuild 共建 is up: [bold]{address}/[/]  (API: {address}/docs, data: {house.settings.data_dir})")
