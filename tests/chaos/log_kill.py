"""Kills writers of one embedded log, over and over, and checks that nothing acknowledged is lost.

``python -m tests.chaos.log_kill --kills 1000`` does it at length, with a new file every hundred kills.

1. Two writers at a time append to one file; each is killed at an instant of its own, from before it opened the file.
2. Then, mostly, the log is opened here, which recovers it, and everything new is checked; sometimes the next writers
   find it as the dead have left it, and sometimes it stays open here while they write.
"""

import argparse
import asyncio
import contextlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from streams.embedded import EmbeddedLog
from tests.chaos.log_ledger import Ledger
from tests.chaos.log_writer import PARTITIONS

WRITERS = 2
KILLS_PER_FILE = 100
LONGEST_LIFE_S = 0.12
ROOT = Path(__file__).parents[2]


class WriterDiedError(Exception):
    """A writer ended by itself: it failed, and nothing was learnt."""


class Nursery:
    """Starts writers and kills them, each by its pid."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.log_writer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def start(self, path: Path, *, notes: Path, name: str) -> int:
        return self._say(f"start\t{path}\t{notes}\t{name}")

    def kill(self, pid: int) -> None:
        ended_by = self._say(f"kill\t{pid}")
        if ended_by != -signal.SIGKILL:
            raise WriterDiedError(f"a writer ended by itself with {ended_by}")

    def close(self) -> None:
        self._process.communicate()

    def _say(self, line: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@dataclass
class Verdict:
    """The sum of all files."""

    kills: int = 0
    acknowledged: int = 0
    kept: int = 0
    lost: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"kills {self.kills} | records acknowledged {self.acknowledged:,} | kept {self.kept:,} | "
            f"acknowledged and lost {self.lost} | other faults {len(self.faults) - self.lost}"
        )


def kill_writers(*, kills: int, seed: int, on_kill: Callable[[], None] = lambda: None) -> Verdict:
    """Kill ``kills`` writers and return what was found."""
    verdict = Verdict()
    chance = random.Random(seed)
    with contextlib.closing(Nursery()) as nursery:
        while verdict.kills < kills:
            here = min(KILLS_PER_FILE, kills - verdict.kills)
            with tempfile.TemporaryDirectory() as directory:
                ledger = asyncio.run(_one_file(Path(directory), nursery, kills=here, chance=chance, on_kill=on_kill))
            verdict.kills += here
            verdict.acknowledged += ledger.acknowledged
            verdict.kept += ledger.kept
            verdict.lost += ledger.lost
            verdict.faults += ledger.faults
    return verdict


async def _one_file(
    directory: Path, nursery: Nursery, *, kills: int, chance: random.Random, on_kill: Callable[[], None]
) -> Ledger:
    path, ledger = directory / "log.sqlite3", Ledger()
    unread: list[Path] = []
    log: EmbeddedLog | None = None
    for writers in _rounds(kills):
        unread += _round(directory, nursery, writers=writers, chance=chance, on_kill=on_kill)
        if chance.random() < 0.3:
            continue
        log = log or EmbeddedLog(path, partitions=PARTITIONS)
        ledger.check(log, unread)
        unread = []
        if chance.random() < 0.5:
            await log.close()
            log = None
    if log is not None:
        await log.close()
    log = EmbeddedLog(path, partitions=PARTITIONS)
    ledger.check(log, unread)
    ledger.check_whole(log, path)
    await log.close()
    return ledger


def _rounds(kills: int) -> Iterator[list[str]]:
    names = [f"w{number}" for number in range(kills)]
    for first in range(0, kills, WRITERS):
        yield names[first : first + WRITERS]


def _round(
    directory: Path, nursery: Nursery, *, writers: list[str], chance: random.Random, on_kill: Callable[[], None]
) -> list[Path]:
    """Start ``writers`` and kill them; return where their acknowledgements are."""
    notes = [directory / f"{name}.acknowledged" for name in writers]
    path = directory / "log.sqlite3"
    pids = [nursery.start(path, notes=file, name=name) for file, name in zip(notes, writers, strict=True)]
    for pid in pids:
        time.sleep(chance.uniform(0, LONGEST_LIFE_S))
        nursery.kill(pid)
        on_kill()
    return notes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    columns = ("[bold]kill -9", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("", total=asked.kills)
        verdict = kill_writers(kills=asked.kills, seed=asked.seed, on_kill=lambda: progress.advance(task))
    for fault in verdict.faults[:20]:
        print(fault)  # noqa: T201
    print(f"{verdict} | seed {asked.seed}")  # noqa: T201
    sys.exit(1 if verdict.faults else 0)


if __name__ == "__main__":
    main()
