"""``cobuild api``."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.terminal import DataDir, Kafka, err, settings_for_kafka, told


def api(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    policy: Annotated[Path | None, typer.Option(help="The matching policy of the workers; reasons need it.")] = None,
    kafka: Kafka = None,
) -> None:
    """Serve the API and the console on Kafka's log; shards and lists are the business of other processes."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from deploy.api import serve  # noqa: PLC0415
    from deploy.home import HouseTakenError  # noqa: PLC0415
    from deploy.lifeline import is_supervised  # noqa: PLC0415
    from deploy.logs import configure_logs  # noqa: PLC0415
    from deploy.running import run  # noqa: PLC0415
    from deploy.serving import PortTakenError  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    settings = settings_for_kafka(data_dir=data_dir, host=host, port=port, policy=policy, kafka=kafka)
    configure_logs(part="api")

    async def announce(address: str) -> None:
        if not is_supervised():
            err.print(f"cobuild api is up: {address}/", highlight=False)

    with told(PortTakenError, HouseTakenError, LogError, SQLAlchemyError, OSError, ValueError):
        run(serve(settings, begun=announce))
