"""All parts of ``cobuild bench kafka``, one after another, on one broker of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.bench import latency, writes
from deploy.bench.kafka import agents, log, rebalance, restart
from deploy.bench.kafka.broker import PARTITIONS, broker, fresh
from deploy.bench.report import Report

LATENCY_MS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much each part does."""

    events: int
    rate: int
    seconds: int
    entries: Sequence[int]


def run(parts: Sequence[str], *, sizes: Sizes, jars: Path) -> Iterator[Report]:
    """Yield a report per part. Raises BrokerError, ToolMissingError, KeyError for a part that there is not."""
    chosen = [PARTS[part] for part in parts]
    with broker(jars) as bootstrap, TemporaryDirectory(prefix="cobuild-bench-") as directory:
        for part in chosen:
            yield from part(bootstrap, sizes, Path(directory))


def _agents(bootstrap: str, sizes: Sizes, directory: Path) -> Iterator[Report]:
    yield agents.run(bootstrap, events=sizes.events, directory=directory)


def _log(bootstrap: str, sizes: Sizes, directory: Path) -> Iterator[Report]:
    yield log.run(bootstrap, events=sizes.events)


def _latency(bootstrap: str, sizes: Sizes, directory: Path) -> Iterator[Report]:
    yield latency.run(
        rate=sizes.rate, seconds=sizes.seconds, env=_roles(bootstrap), name="kafka-latency", goal_ms=LATENCY_MS
    )


def _api(bootstrap: str, sizes: Sizes, directory: Path) -> Iterator[Report]:
    """First the API alone, since nobody hinders it then; after that beside worker and lists on the same machine."""
    alone = {"env": _roles(bootstrap), "name": "kafka-api-alone", "command": "api", "probe": "/healthz"}
    yield writes.run(seconds=8, **alone)  # type: ignore[arg-type]
    yield writes.run(seconds=8, env=_roles(bootstrap), name="kafka-api")


def _rebalance(bootstrap: str, sizes: Sizes, directory: Path) -> Iterator[Report]:
    yield rebalance.run(bootstrap, directory=directory)


def _restart(bootstrap: str, sizes: Sizes, directory: Path) -> Iterator[Report]:
    for entries in sizes.entries:
        yield restart.run(bootstrap, entries=entries, directory=directory)


def _roles(bootstrap: str) -> dict[str, str]:
    prefix = fresh(bootstrap).prefix
    return {"COBUILD_KAFKA": bootstrap, "COBUILD_KAFKA_PREFIX": prefix, "COBUILD_PARTITIONS": str(PARTITIONS)}


PARTS: Mapping[str, Callable[[str, Sizes, Path], Iterator[Report]]] = {
    "agents": _agents,
    "log": _log,
    "latency": _latency,
    "api": _api,
    "rebalance": _rebalance,
    "restart": _restart,
}
