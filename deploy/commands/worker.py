"""``cobuild worker``."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.terminal import DataDir, Kafka, err, settings_from, told


def worker(
    kafka: Kafka = None,
    instance: Annotated[
        str | None, typer.Option(help="Name of this worker, the same at every start; else COBUILD_INSTANCE, else w-1.")
    ] = None,
    data_dir: DataDir = None,
    policy: Annotated[Path | None, typer.Option(help="The matching policy, a TOML file.")] = None,
) -> None:
    """Host shards: decide rounds for a share of the districts, on Kafka. Start another to share the work.

    Ctrl-C stops it in order. Started again under the same name within the session timeout it takes up what it had,
    and the others go on undisturbed. A worker that hangs ends with status 70.
    """
    from deploy.home import HouseTakenError  # noqa: PLC0415
    from deploy.logs import configure_logs  # noqa: PLC0415
    from deploy.running import run  # noqa: PLC0415
    from deploy.worker import work  # noqa: PLC0415
    from streams.host import ShardHostBrokenError  # noqa: PLC0415
    from streams.limits import TooManyRefusedError  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415
    from streams.worker.worker import WorkerLostError  # noqa: PLC0415

    settings = settings_from(kafka=kafka, instance=instance, data_dir=data_dir, policy=policy)
    configure_logs(part=settings.instance)

    def announce(partitions: Collection[int]) -> None:
        err.print(f"worker {settings.instance} has taken up partitions {sorted(partitions)}", highlight=False)

    with told(HouseTakenError, LogError, ShardHostBrokenError, TooManyRefusedError, WorkerLostError, ValueError):
        run(work(settings, begun=announce))
