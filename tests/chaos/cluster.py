"""Chaos on three brokers: sets them up, kills everybody under load, has the checker judge, names what was killed when.

``python -m tests.chaos.cluster --kills 100``. All on loopback; the cluster is stopped at the end, even when this
process is killed. The evidence is kept where anything is wrong, with all records in it: the brokers are gone then.
"""

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from streams.kafka.admin import apply_topics
from tests.chaos.checker import Verdict, check
from tests.chaos.evidence import gather, keep, kept
from tests.chaos.figures import told_kills
from tests.chaos.journal import read_notes
from tests.chaos.kafka_ground import KafkaGround
from tests.chaos.kafka_run import Blow, Plan, drawn_seed, run
from tests.chaos.process import PARTITIONS, ServerDiedError
from tests.kafka.cluster import RealKafka, running

PATIENCE_S = 60.0
"""So long an input may wait while any worker is ready: it may not be the one whose shard it is, and a shard may have
to be taken over, from who was killed and again, on a machine that is busy with starting what was killed."""
BROKERS = 3


def go(plan: Plan, directory: Path, kafka: RealKafka, *, prefix: str = "", on_kill: Callable[[Blow], None]) -> None:
    """Make the topics, carry out ``plan``, and keep the evidence beside the journals."""
    places = (directory / "data", directory / "data-2")
    ground = KafkaGround(kafka.connection(prefix), places)
    apply_topics(ground.connection, partitions=PARTITIONS, replication=BROKERS)
    asyncio.run(run(plan, directory, ground, kafka.brokers, on_kill=on_kill))
    keep(asyncio.run(gather(directory, ground)), directory)


def judge(directory: Path, *, patience_s: float = PATIENCE_S) -> Verdict:
    """Return what the checker says about a run."""
    if (evidence := kept(directory)) is None:
        raise ServerDiedError(f"nothing was kept in {directory}")
    return check(read_notes(directory), evidence, patience_s=patience_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=drawn_seed())
    parser.add_argument("--interval-ms", type=int, default=100, help="how often a dirty shard decides")
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds that an input may wait at most")
    parser.add_argument("--minutes", type=float, default=60.0, help="no more blows after so long")
    parser.add_argument("--keep", action="store_true", help="keep the directory also where nothing is wrong")
    asked = parser.parse_args()
    plan = Plan(kills=asked.kills, seed=asked.seed, interval_ms=asked.interval_ms, longest_s=asked.minutes * 60)
    directory = Path(tempfile.mkdtemp(prefix="cobuild-chaos-"))
    verdict = _judged(plan, directory, patience_s=asked.patience)
    print("\n".join(told_kills(read_notes(directory))))  # noqa: T201
    print(f"\n{verdict}\nseed {plan.seed}")  # noqa: T201
    if verdict.faults or asked.keep:
        print(f"the evidence is in {directory}; look again by python -m tests.chaos.checker {directory}")  # noqa: T201
    else:
        shutil.rmtree(directory)
    sys.exit(1 if verdict.faults else 0)


def _judged(plan: Plan, directory: Path, *, patience_s: float) -> Verdict:
    try:
        with running(directory / "brokers", brokers=BROKERS) as kafka, _bar(plan.kills) as on_kill:
            go(plan, directory, kafka, on_kill=on_kill)
        verdict = judge(directory, patience_s=patience_s)
        dealt = sum(life.killed for life in read_notes(directory).lives)
        if dealt < plan.kills:
            verdict.faults.append(f"only {dealt} of {plan.kills} kills in {plan.longest_s / 60:.0f} minutes")
        return verdict
    except ServerDiedError as error:
        return Verdict([str(error)])


@contextlib.contextmanager
def _bar(kills: int):  # type: ignore[no-untyped-def]
    columns = (TextColumn("kill -9 {task.description:<20}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task("", total=kills)
        yield lambda blow: progress.update(task, advance=1, description=f"{blow.role} {blow.phase}")


if __name__ == "__main__":
    main()
