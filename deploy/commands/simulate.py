"""``cobuild simulate``."""

import asyncio
import signal
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.terminal import Kafka, err, out, settings_from, told
from deploy.settings import BUILT_IN_POLICIES, CobuildSettings

if TYPE_CHECKING:
    from deploy.simulate.boston import Course
    from deploy.simulate.stage import Stage
    from deploy.simulate.summary import Summary

CATALOGUE = "boston"

app = typer.Typer(help="Run recorded days through the whole path, in virtual time.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``boston`` a subcommand, though it is the only one."""


@app.command("boston")
def boston(
    speed: Annotated[str, typer.Option(help="Times real time, or max: as fast as the machine goes.")] = "max",
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day left out.")] = None,
    policy: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The matching policy.")] = BUILT_IN_POLICIES
    / "boston.toml",
    work_days: Annotated[
        str, typer.Option(help="When a department works on an item: every day, active days, or as the city closed.")
    ] = "every",
    reach: Annotated[
        str, typer.Option(help="Where a department serves: its street, or anywhere in the city.")
    ] = "street",
    kafka: Kafka = None,
    workers: Annotated[int, typer.Option(min=1, help="On Kafka: so many worker processes of its own.")] = 2,
    data_dir: Annotated[Path | None, typer.Option(help="An empty directory for log and lists.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove an earlier run there first.")] = False,
) -> None:
    """The city's 121,145 real requests of 2015 as demands, its departments as units with their observed pace.

    On Kafka it makes topics of its own, under a prefix of their own, and starts workers; --fresh removes those of the
    earlier run, too.
    """
    from deploy.child import GivenUpError  # noqa: PLC0415
    from deploy.logs import configure_logs  # noqa: PLC0415
    from deploy.simulate.boston import course_of  # noqa: PLC0415
    from deploy.simulate.directory import DirectoryInUseError, prepare  # noqa: PLC0415
    from deploy.simulate.report import print_report, write_json  # noqa: PLC0415
    from deploy.simulate.ticking import WorkersSilentError  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    configure_logs(level="WARNING")
    directory = data_dir or settings_from().data_dir / "simulate-boston"
    settings = settings_from(data_dir=directory, log_sync="normal", kafka=kafka)
    with told(DirectoryInUseError, LogError, GivenUpError, WorkersSilentError, ValueError):
        course = course_of(
            until=until.date() if until else None, speed=speed, work_days=work_days, policy=policy, reach=reach
        )
        if settings.kafka is not None:
            settings = _on_kafka(settings, fresh=fresh, workers=workers)
        prepare(directory, fresh=fresh)
        try:
            summary = asyncio.run(_boston(_stage(settings, policy, workers), course, where=_where(settings, workers)))
        except asyncio.CancelledError:
            raise typer.Exit(128 + signal.SIGTERM) from None
    print_report(summary, out)
    path = directory / "report.json"
    write_json(summary, path)
    err.print(f"The figures also lie in {path}. This checks them:", highlight=False)
    err.print(f"  {_replay(settings)}", highlight=False, soft_wrap=True)


def _on_kafka(settings: CobuildSettings, *, fresh: bool, workers: int) -> CobuildSettings:
    """Return the settings of a new run there; remove the topics of the earlier one where ``fresh`` is said."""
    from deploy.simulate.cluster_stage import forget_topics, own_topics  # noqa: PLC0415

    if workers > settings.partitions:
        raise ValueError(f"{workers} workers for {settings.partitions} partitions: some would have nothing to do")
    if fresh:
        forget_topics(settings)
    return own_topics(settings)


def _stage(settings: CobuildSettings, policy: Path, workers: int) -> "AbstractAsyncContextManager[Stage]":
    from deploy.simulate.cluster_stage import open_cluster_stage  # noqa: PLC0415
    from deploy.simulate.stage import open_stage  # noqa: PLC0415

    if settings.kafka is None:
        return open_stage(settings, catalogue=CATALOGUE, policy=policy)
    return open_cluster_stage(settings, catalogue=CATALOGUE, policy=policy, workers=workers)


async def _boston(opening: "AbstractAsyncContextManager[Stage]", course: "Course", *, where: str) -> "Summary":
    from deploy.simulate.boston import simulate  # noqa: PLC0415

    running = asyncio.current_task()
    if running is not None:  # asked to end, it stops its workers first
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    async with opening as stage:
        err.print(f"begins {where}", highlight=False)
        return await simulate(stage, course, console=err)


def _where(settings: CobuildSettings, workers: int) -> str:
    if settings.kafka is None:
        return f"in {settings.data_dir}"
    return (
        f"at {settings.kafka}, topics under {settings.kafka_prefix}, {workers} workers with logs in {settings.data_dir}"
    )


def _replay(settings: CobuildSettings) -> str:
    """Return the command that recomputes the run."""
    command = f"cobuild replay --catalogue {CATALOGUE} --data-dir {settings.data_dir}"
    if settings.kafka is None:
        return command
    return f"COBUILD_KAFKA_PREFIX={settings.kafka_prefix} {command} --kafka {settings.kafka}"
