"""Events a second of one process: a bare Faust agent, one that writes a table, and our worker that folds."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median

from deploy.bench.kafka.broker import PARTITIONS, fresh
from deploy.bench.kafka.feed import records, send
from deploy.bench.kafka.member import member
from deploy.bench.report import Figure, Goal, Report
from schemas.topics import DEMANDS, RESOURCES

QUESTION = "Offers and demands of many districts wait in Kafka; one process takes them. The bare agents only count."
TURNS = ("bare", "ours", "table", "bare", "ours")
"""Bare and ours twice, in turns, as the machine may have other things to do at times."""

Found = Mapping[str, float]


def run(bootstrap: str, *, events: int, directory: Path) -> Report:
    """Measure and return the report."""
    found: dict[str, list[Found]] = {}
    for turn in TURNS:
        found.setdefault(turn, []).append(_measure(bootstrap, turn, events=events, said=directory / f"{turn}.log"))
    ours, bare, table = (median(each["rate"] for each in found[turn]) for turn in ("ours", "bare", "table"))
    cpu = {turn: f"{median(each['cpu_us'] for each in turns):.0f} us of CPU each" for turn, turns in found.items()}
    return Report(
        "kafka-agents",
        QUESTION,
        (
            Figure("ours: decode, validate, fold", ours, "events/s", 1.0, cpu["ours"]),
            Figure("bare Faust agent", bare, "events/s", bare / ours, cpu["bare"]),
            Figure("bare Faust agent, one table write each", table, "events/s", table / ours, cpu["table"]),
        ),
        (Goal(f"at least 70 % of the bare agent without a table: {ours / bare:.0%}", ours >= 0.7 * bare),),
    )


def _measure(bootstrap: str, turn: str, *, events: int, said: Path) -> Found:
    """Start one, have it stand still while the events come in, then let it go."""
    connection = fresh(bootstrap)
    if turn == "ours":
        module, args = "deploy.bench.kafka.ours", [str(events)]
    else:
        topics = [connection.topic(name) for name in (RESOURCES.name, DEMANDS.name)]
        module, args = "deploy.bench.kafka.bare", [bootstrap, str(events), turn, *topics]
    environment = {
        "COBUILD_KAFKA": bootstrap,
        "COBUILD_KAFKA_PREFIX": connection.prefix,
        "COBUILD_PARTITIONS": str(PARTITIONS),
        "COBUILD_SESSION_TIMEOUT_S": "60",
        "COBUILD_CLOCK": "ticks",
        "COBUILD_DATA_DIR": str(said.parent / connection.prefix.rstrip(".")),
    }
    waiting = records(events)
    with member(module, *args, said=said, environment=environment) as one:
        one.hear()
        with one.paused():
            send(connection, waiting)
        return one.hear()
