"""``cobuild kafka``: a real Kafka on this machine, for development and tests."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from deploy.commands.terminal import DataDir, err, out, settings_from, told

if TYPE_CHECKING:
    from deploy.kafka.cluster import Cluster

app = typer.Typer(no_args_is_help=True, help="A real Kafka on this machine, for development and tests.")

USUAL_PORT = 9092


@app.command("start")
def start(
    data_dir: DataDir = None,
    brokers: Annotated[int | None, typer.Option(help="1 or 3; by default as before, at first 1.")] = None,
    port: Annotated[
        int | None,
        typer.Option(help="Port of the first broker, others follow; by default as before, at first 9092 or free ones."),
    ] = None,
) -> None:
    """Start Kafka and wait until it is ready; it goes on when the terminal closes. Fetches it once, by Maven."""
    from deploy.kafka.cluster import Cluster  # noqa: PLC0415
    from deploy.kafka.errors import BrokerError  # noqa: PLC0415
    from deploy.kafka.libs import fetch  # noqa: PLC0415

    directory = _directory(data_dir)
    with told(BrokerError, OSError), err.status("Looking for Kafka's jars ...") as status:
        libs = fetch(directory / "libs", progress=lambda line: status.update(f"Fetching Kafka (once): {line}"))
        cluster = Cluster(directory, libs=libs)
        status.update("Starting Kafka ...")
        begun = cluster.start(brokers=brokers, port=_first_port(cluster, brokers, port))
    verb = "is up" if begun else "runs already"
    err.print(f"Kafka {verb} at [bold]{cluster.bootstrap}[/]  (data: {directory})", highlight=False)
    err.print(f"  cobuild up --kafka {cluster.bootstrap}", highlight=False)


@app.command("stop")
def stop(data_dir: DataDir = None) -> None:
    """Stop Kafka in order; its data stays."""
    from deploy.kafka.errors import BrokerError  # noqa: PLC0415

    cluster = _cluster(data_dir)
    with told(BrokerError, OSError), err.status("Stopping Kafka ..."):
        stopped = cluster.stop()
    err.print(f"Kafka has stopped ({stopped} brokers)." if stopped else "No Kafka of ours runs.", highlight=False)


@app.command("status")
def status(
    data_dir: DataDir = None, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False
) -> None:
    """Tell which brokers run, and where; exit with 1 unless all do."""
    cluster = _cluster(data_dir)
    brokers: list[dict[str, object]] = [
        {"id": each.node.id, "address": each.address, "pid": each.pid} for each in cluster.brokers
    ]
    if as_json:
        print(json.dumps({"bootstrap": cluster.bootstrap, "brokers": brokers}))
    else:
        _print(cluster, brokers)
    if not brokers or any(broker["pid"] is None for broker in brokers):
        raise typer.Exit(1)


def _print(cluster: "Cluster", brokers: list[dict[str, object]]) -> None:
    if not brokers:
        err.print(f"There is no Kafka under {cluster.directory}; cobuild kafka start", highlight=False)
        return
    table = Table("broker", "address", "state", box=None)
    for broker in brokers:
        state = "stopped" if broker["pid"] is None else f"runs, pid {broker['pid']}"
        table.add_row(str(broker["id"]), str(broker["address"]), state)
    out.print(table)


def _directory(data_dir: Path | None) -> Path:
    return settings_from(data_dir=data_dir).data_dir / "kafka"


def _cluster(data_dir: Path | None) -> "Cluster":
    from deploy.kafka.cluster import Cluster  # noqa: PLC0415

    directory = _directory(data_dir)
    return Cluster(directory, libs=directory / "libs")


def _first_port(cluster: "Cluster", brokers: int | None, port: int | None) -> int | None:
    """Return the port that was given, or for a first start the usual one where it and those after it are free."""
    from deploy.kafka.ports import is_free  # noqa: PLC0415

    if port is not None or cluster.brokers:
        return port
    usual = range(USUAL_PORT, USUAL_PORT + 2 * (brokers or 1))
    return USUAL_PORT if all(is_free(each) for each in usual) else None
