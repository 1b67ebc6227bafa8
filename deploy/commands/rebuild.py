"""``cobuild rebuild``."""

import asyncio

import typer

from deploy.commands.terminal import DataDir, Kafka, bar_of, err, out, settings_from, told
from deploy.settings import CobuildSettings


def rebuild(data_dir: DataDir = None, kafka: Kafka = None) -> None:
    """Make the read model anew from the log. Stop `cobuild up`, or on Kafka the projector, first."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from deploy.home import HouseTakenError  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    settings = settings_from(data_dir=data_dir, kafka=kafka)
    if settings.kafka is None and not settings.log_path.exists():
        err.print(f"[red]cobuild:[/] there is no log at {settings.log_path}", highlight=False)
        raise typer.Exit(2)
    with told(LogError, HouseTakenError, SQLAlchemyError, OSError, ValueError):
        records = asyncio.run(_rebuild(settings))
    out.print(f"The read model stands again, from {records:,} records.", highlight=False)


async def _rebuild(settings: CobuildSettings) -> int:
    from api.readmodel.model import ReadModel  # noqa: PLC0415
    from deploy.home import HOUSE, alone  # noqa: PLC0415
    from deploy.storage import open_embedded, open_own  # noqa: PLC0415
    from schemas.catalogue import load_catalogue  # noqa: PLC0415
    from streams.projector import rebuild as again  # noqa: PLC0415

    with alone(settings.data_dir, "projector" if settings.kafka else HOUSE):
        log = await open_own(settings, "rebuild") if settings.kafka else open_embedded(settings)
        model = ReadModel(settings.read_model, catalogue=load_catalogue(settings.catalogue))
        try:
            with bar_of("records") as bar:
                task = bar.add_task("records", total=None)
                return await again(
                    log,
                    model,
                    shard_width=settings.shard_width,
                    progress=lambda done, total: bar.update(task, completed=done, total=total),
                )
        finally:
            model.close()
            await log.close()
