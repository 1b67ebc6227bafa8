"""``cobuild backtest``."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.terminal import DataDir, Kafka, bar_of, err, out, settings_from, told
from deploy.settings import CobuildSettings

if TYPE_CHECKING:
    from deploy.backtest.result import Backtest
    from deploy.backtest.run import Question

MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
UNSEEN = "Pairs that the record does not know: accept, shares (as the record's ended) or silent."


def backtest(
    policy: Annotated[list[Path], typer.Option(help="A policy to try: a file, or a shipped one's name. Repeatable.")],
    since: Annotated[
        datetime | None, typer.Option(formats=MOMENTS, help="Decide anew from then on; UTC, by default all.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(formats=MOMENTS, help="Up to then, left out.")] = None,
    shard: Annotated[str | None, typer.Option(help="Only this shard, such as 310105.")] = None,
    unseen: Annotated[str, typer.Option(help=UNSEEN)] = "accept",
    answer_after: Annotated[
        float | None, typer.Option(min=0, help="Hours to a guessed acceptance; else the record's median.")
    ] = None,
    done_after: Annotated[
        float | None,
        typer.Option(min=0, help="Hours to a guessed report of done; else as the resource's recorded jobs."),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write all figures there.")] = None,
    chart: Annotated[Path | None, typer.Option(help="Draw them there, as SVG.")] = None,
    data_dir: DataDir = None,
    kafka: Kafka = None,
    catalogue: Annotated[str, typer.Option(help="Built-in catalogue of the log: cn or boston.")] = "cn",
) -> None:
    """Decide a recorded history anew by other policies: who would have been served, how soon, by whom; who wins, loses.

    The log is read and never written; a server may go on working on it. Policies that decided before are looked up in
    the data directory.
    """
    from deploy.backtest.chart import svg  # noqa: PLC0415
    from deploy.backtest.run import NothingToTestError  # noqa: PLC0415
    from deploy.backtest.table import print_backtest  # noqa: PLC0415
    from deploy.kept_policies import PolicyUnknownError  # noqa: PLC0415
    from deploy.policy_files import PolicyFileError  # noqa: PLC0415
    from schemas.catalogue import CatalogueError  # noqa: PLC0415
    from streams.history import HistoryBrokenError  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    settings = settings_from(data_dir=data_dir, kafka=kafka)
    known = (LogError, PolicyUnknownError, PolicyFileError, CatalogueError, HistoryBrokenError, NothingToTestError)
    with told(*known, ValueError, OSError):
        question = _question(
            policy, since=since, until=until, shard=shard, width=settings.shard_width, unseen=unseen,
            answer_after=answer_after, done_after=done_after,
        )  # fmt: skip
        found = asyncio.run(_backtest(settings, question, catalogue=catalogue))
        print_backtest(found, out)
        if json is not None:
            json.write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
        if chart is not None:
            chart.write_text(svg(found), encoding="utf-8")
    for path in filter(None, (json, chart)):
        err.print(f"written: {path}", highlight=False, soft_wrap=True)


def _question(
    paths: list[Path], *, since: datetime | None, until: datetime | None, shard: str | None, width: int, unseen: str,
    answer_after: float | None, done_after: float | None,
) -> "Question":  # fmt: skip
    """Return what the options ask. Raises PolicyFileError, ValueError."""
    from deploy.backtest.run import Question  # noqa: PLC0415
    from deploy.policy_files import read_policies  # noqa: PLC0415
    from matcher.history.answers import Guess  # noqa: PLC0415
    from schemas.sharding import is_above  # noqa: PLC0415

    since, until = (moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) for moment in (since, until))
    if since and until and until <= since:
        raise ValueError("--until is not after --since")
    if shard is not None and len(shard) != width and not is_above(shard, width):
        raise ValueError(f"{shard} is no shard: this log's have {width} digits")
    match unseen:
        case "accept" | "shares" | "silent":
            guess = Guess(unseen, _ms(answer_after), _ms(done_after))
        case _:
            raise ValueError(f"--unseen takes accept, shares or silent, not {unseen}")
    return Question(
        policies=read_policies(paths), guess=guess, since=since, until=until, shard=shard, shard_width=width
    )


def _ms(hours: float | None) -> int | None:
    return None if hours is None else timedelta(hours=hours) // timedelta(milliseconds=1)


async def _backtest(settings: CobuildSettings, question: "Question", *, catalogue: str) -> "Backtest":
    from deploy.backtest.run import backtest as run  # noqa: PLC0415
    from deploy.kept_policies import KeptPolicies  # noqa: PLC0415
    from deploy.storage import open_to_read  # noqa: PLC0415
    from schemas.catalogue import builtin, load_catalogue  # noqa: PLC0415
    from schemas.regions import Regions  # noqa: PLC0415

    log = await open_to_read(settings)
    known = load_catalogue(settings.catalogue) if settings.catalogue else builtin(catalogue)
    try:
        with bar_of("rounds") as bar:
            task = bar.add_task("rounds", total=None)
            return await run(
                log,
                known,
                KeptPolicies(settings.policies_path).find,
                question,
                title_of=Regions.builtin(catalogue).name,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    finally:
        await log.close()
