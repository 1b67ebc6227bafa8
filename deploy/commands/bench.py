"""``cobuild bench``."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.commands.terminal import DataDir, err, out, settings_from, told

if TYPE_CHECKING:
    from deploy.bench.report import Report

app = typer.Typer(help="Our figures beside a peer's, in the same run; each also as a JSON file.", no_args_is_help=True)
Out = Annotated[Path, typer.Option(help="Where the JSON files go.")]
DEFAULT = Path("bench-results")


@app.command("solve")
def solve(
    out_dir: Out = DEFAULT,
    only: Annotated[
        str, typer.Option(help="Parts, with commas: district, hard, teams, country, growth.")
    ] = "district,hard,teams,country,growth",
    share: Annotated[
        float, typer.Option(min=0.0005, max=1, help="So much of the country's districts; 1 for all, some minutes.")
    ] = 0.05,
    repeats: Annotated[int, typer.Option(min=1, help="How often the quick ones are run; the median counts.")] = 7,
) -> None:
    """Rounds beside bare SciPy, OR-Tools, lapx, HiGHS and a Python loop; the same optimum everywhere."""
    from deploy.bench import country, hard, solve, teams  # noqa: PLC0415
    from deploy.bench.peers import PeerMissingError, solvers_there  # noqa: PLC0415

    parts: dict[str, Callable[[], Report]] = {
        "district": lambda: solve.run(repeats=repeats),
        "hard": lambda: hard.run(repeats=max(1, repeats // 2)),
        "teams": lambda: teams.run(repeats=max(1, repeats // 3)),
        "country": lambda: country.run(share=share),
        "growth": country.growth,
    }
    chosen = [part.strip() for part in only.split(",")]
    if unknown := [part for part in chosen if part not in parts]:
        raise typer.BadParameter(f"{unknown[0]} is none of {', '.join(parts)}")
    with told(PeerMissingError):
        solvers_there()
    for part in chosen:
        _report(parts[part], out_dir)


@app.command("events")
def events(out_dir: Out = DEFAULT, count: Annotated[int, typer.Option(min=10_000)] = 120_000) -> None:
    """How many events a second are folded from the embedded log."""
    from deploy.bench.events import run  # noqa: PLC0415

    _report(lambda: run(events=count), out_dir)


@app.command("latency")
def latency(
    out_dir: Out = DEFAULT,
    rate: Annotated[int, typer.Option(min=1, help="Posts a second.")] = 100,
    seconds: Annotated[int, typer.Option(min=2)] = 30,
) -> None:
    """From posting a demand to its assignment on the live stream, against a real server."""
    from deploy.bench.latency import run  # noqa: PLC0415

    _report(lambda: run(rate=rate, seconds=seconds), out_dir)


@app.command("api")
def api(out_dir: Out = DEFAULT, seconds: Annotated[int, typer.Option(min=2)] = 8) -> None:
    """Writes a second through the API, beside a bare FastAPI endpoint with the same model."""
    from deploy.bench.writes import run  # noqa: PLC0415

    _report(lambda: run(seconds=seconds), out_dir)


@app.command("restart")
def restart(
    out_dir: Out = DEFAULT,
    entries: Annotated[int, typer.Option(min=1_000, help="Open entries in the state.")] = 1_000_000,
) -> None:
    """After kill -9 with so many open entries: how long until the next assignment."""
    from deploy.bench.restart import run  # noqa: PLC0415

    _report(lambda: run(entries=entries), out_dir)


@app.command("preview")
def preview(out_dir: Out = DEFAULT, forms: Annotated[int, typer.Option(min=100)] = 400) -> None:
    """Odds of a demand before it is posted, as one insertion, beside solving the round anew."""
    from deploy.bench.preview import run  # noqa: PLC0415

    _report(lambda: run(forms=forms), out_dir)


@app.command("words")
def words(out_dir: Out = DEFAULT) -> None:
    """How often free text finds its item of the catalogue, beside a match on names."""
    from deploy.bench.words import run  # noqa: PLC0415

    _report(run, out_dir)


@app.command("duplicates")
def duplicates(out_dir: Out = DEFAULT) -> None:
    """How many wishes that were written down twice are found, beside the same item at the same time."""
    from deploy.bench.duplicates import run  # noqa: PLC0415

    _report(run, out_dir)


@app.command("kafka")
def kafka(
    out_dir: Out = DEFAULT,
    only: Annotated[
        str, typer.Option(help="Parts, with commas: agents, log, latency, api, rebalance, restart.")
    ] = "agents,log,latency,api,rebalance,restart",
    events: Annotated[int, typer.Option(min=10_000, help="Events to fold, and records to move.")] = 60_000,
    rate: Annotated[int, typer.Option(min=1, help="Posts a second.")] = 100,
    seconds: Annotated[int, typer.Option(min=2, help="So long posts go on.")] = 30,
    entries: Annotated[str, typer.Option(help="Open entries at a restart, with commas.")] = "100000,1000000",
    data_dir: DataDir = None,
) -> None:
    """Faust and kafka-python by themselves beside ours, on a real broker that is started for it and stopped again."""
    from deploy.bench.kafka.run import PARTS, Sizes, run  # noqa: PLC0415
    from deploy.kafka.errors import BrokerError  # noqa: PLC0415
    from streams.log import LogError  # noqa: PLC0415

    parts = [part.strip() for part in only.split(",")]
    if unknown := [part for part in parts if part not in PARTS]:
        raise typer.BadParameter(f"{unknown[0]} is none of {', '.join(PARTS)}")
    sizes = Sizes(events=events, rate=rate, seconds=seconds, entries=[int(size) for size in entries.split(",")])
    jars = settings_from(data_dir=data_dir).data_dir / "kafka" / "libs"
    with told(BrokerError, LogError):
        for report in run(parts, sizes=sizes, jars=jars):
            _show(report, out_dir)


@app.command("all")
def everything(out_dir: Out = DEFAULT) -> None:
    """All of them, one after another."""
    for one in (solve, preview, words, duplicates, events, api, latency, restart):
        one(out_dir=out_dir)


def _report(run: Callable[[], "Report"], out_dir: Path) -> None:
    _show(run(), out_dir)


def _show(report: "Report", out_dir: Path) -> None:
    report.show(out)
    err.print(f"written to {report.write(out_dir)}", highlight=False)
