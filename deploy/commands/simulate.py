"""``cobuild simulate``."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.terminal import err, out, settings_from, told
from deploy.settings import BUILT_IN_POLICIES

if TYPE_CHECKING:
    from deploy.simulate.boston import WorkDays
    from deploy.simulate.summary import Summary

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
    work_days: Annotated[str, typer.Option(help="Days a department works on an item: every or active.")] = "every",
    data_dir: Annotated[Path | None, typer.Option(help="An empty directory for log and lists.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove an earlier run there first.")] = False,
) -> None:
    """The city's 121,145 real requests of 2015 as demands, its departments as units with their observed pace."""
    from deploy.simulate.boston import WorkDays  # noqa: PLC0415
    from deploy.simulate.directory import DirectoryInUseError, prepare  # noqa: PLC0415
    from deploy.simulate.report import print_report, write_json  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    directory = data_dir or settings_from().data_dir / "simulate-boston"
    with told(DirectoryInUseError, LogError, ValueError):
        days, pace = WorkDays(work_days), None if speed == "max" else float(speed)
        prepare(directory, fresh=fresh)
        summary = asyncio.run(_boston(directory, policy, until, pace, days))
    print_report(summary, out)
    path = directory / "report.json"
    write_json(summary, path)
    err.print(
        f"The figures also lie in {path}. `cobuild replay --catalogue boston --data-dir {directory}` checks them."
    )


async def _boston(
    directory: Path, policy: Path, until: datetime | None, speed: float | None, work_days: "WorkDays"
) -> "Summary":
    from deploy.simulate.boston import simulate  # noqa: PLC0415
    from deploy.simulate.stage import open_stage  # noqa: PLC0415
    from schemas.catalogue import builtin  # noqa: PLC0415
    from schemas.policy import load_policy  # noqa: PLC0415

    rules = load_policy(policy)
    settings = settings_from(data_dir=directory, log_sync="normal")
    async with open_stage(settings, catalogue=builtin("boston"), policy=rules) as stage:
        return await simulate(
            stage,
            policy=rules.name,
            until=until.date() if until else None,
            speed=speed,
            work_days=work_days,
            console=err,
        )
