"""``cobuild demo``."""

from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.terminal import DataDir, err, settings_from, told
from deploy.commands.up import announce

if TYPE_CHECKING:
    from deploy.wiring import House


def demo(
    data_dir: DataDir = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another district of the same size.")] = 1,
) -> None:
    """A living district: Changning in Shanghai, its ten streets and 189 communities; Ctrl-C stops it."""
    from deploy.logs import configure_logs  # noqa: PLC0415
    from deploy.up import PortTakenError, run  # noqa: PLC0415
    from deploy.wiring import HouseTakenError  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    settings = settings_from(data_dir=data_dir or settings_from().data_dir / "demo", port=port)
    token = settings.api_token.get_secret_value() if settings.api_token else None
    configure_logs(level="WARNING")

    async def live(house: "House", address: str) -> None:
        from deploy.demo.run import run_demo  # noqa: PLC0415

        await announce(house, address)
        err.print("Lists are arriving; open the page and watch. Ctrl-C stops.", highlight=False)
        await run_demo(
            address, house.sink, regions=house.regions, catalogue=house.catalogue, shard_width=settings.shard_width,
            token=token, seed=seed,
        )  # fmt: skip

    with told(PortTakenError, HouseTakenError, LogError, OSError):
        run(settings, begun=live)
