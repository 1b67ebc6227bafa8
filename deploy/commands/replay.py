"""``cobuild replay``."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from deploy.commands.terminal import DataDir, Kafka, bar_of, err, out, settings_from, told
from deploy.settings import CobuildSettings

if TYPE_CHECKING:
    from streams.replay_report import ReplayReport

SHOWN = 20
"""Differences told one by one; the rest is counted."""


def replay(
    data_dir: DataDir = None,
    kafka: Kafka = None,
    shard: Annotated[str | None, typer.Option(help="Only the rounds of this shard, such as 310105.")] = None,
    round_no: Annotated[int | None, typer.Option("--round", help="Only the round of this number.")] = None,
    catalogue: Annotated[str, typer.Option(help="Built-in catalogue of the log: cn or boston.")] = "cn",
) -> None:
    """Recompute every round from the log and compare it byte for byte; exit with 1 where one differs.

    Rounds that another solver decided, such as an older SciPy, are told apart: they must be worth as much, though
    ties may have been broken otherwise. With --round, the rounds of this number alone; exit with 1 where there is none.
    """
    from deploy.kept_policies import PolicyUnknownError  # noqa: PLC0415
    from schemas.catalogue import CatalogueError  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    settings = settings_from(data_dir=data_dir, kafka=kafka)
    if settings.kafka is None and not settings.log_path.exists():
        err.print(f"[red]cobuild:[/] there is no log at {settings.log_path}")
        raise typer.Exit(2)
    with told(LogError, PolicyUnknownError, CatalogueError):
        report = asyncio.run(_replay(settings, shard=shard, round_no=round_no, catalogue=catalogue))
    _tell(report)
    if round_no is not None and not report.checked:
        err.print(f"[red]cobuild:[/] there is no round {round_no}" + (f" of {shard}" if shard else ""), highlight=False)
        raise typer.Exit(1)
    raise typer.Exit(0 if report.all_equal else 1)


async def _replay(
    settings: CobuildSettings, *, shard: str | None, round_no: int | None, catalogue: str
) -> "ReplayReport":
    from deploy.kept_policies import KeptPolicies  # noqa: PLC0415
    from deploy.storage import open_log  # noqa: PLC0415
    from schemas.catalogue import builtin, load_catalogue  # noqa: PLC0415
    from streams.replay import replay as recompute  # noqa: PLC0415

    log = await open_log(settings)
    known = load_catalogue(settings.catalogue) if settings.catalogue else builtin(catalogue)
    try:
        with bar_of("rounds") as bar:
            task = bar.add_task("rounds", total=None)
            report = await recompute(
                log,
                known,
                KeptPolicies(settings.policies_path).find,
                shard=shard,
                round_no=round_no,
                shard_width=settings.shard_width,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    finally:
        await log.close()
    return report


def _tell(report: "ReplayReport") -> None:
    for difference in report.differences[:SHOWN]:
        out.print(f"[red]differs[/] {escape(str(difference))}", highlight=False, soft_wrap=True)
    hidden = len(report.differences) - SHOWN
    if hidden > 0:
        out.print(f"and {hidden} more that differ", highlight=False)
    void = f", {report.void} void" if report.void else ""
    out.print(f"{report.equal} rounds equal, {len(report.differences)} different{void}", highlight=False)
    for solver, rounds in report.solvers:
        out.print(f"{rounds} of them were decided by another solver: {escape(solver)}", highlight=False, soft_wrap=True)
    if report.tied:
        out.print(f"{report.tied} rounds of another solver broke ties otherwise, for the same total value")
    if report.unchecked:
        out.print(f"{report.unchecked} rounds could not be checked: they follow on what cannot be", highlight=False)
    if report.unreadable:
        out.print(f"{report.unreadable} records of the decision log are no rounds (dead letters)")
