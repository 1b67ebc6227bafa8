"""Kill -9 of a writer at any instant loses nothing acknowledged. ``log_kill`` does the same at length."""

import contextlib
import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.embedded import EmbeddedLog
from streams.log import LogError
from tests.chaos.log_kill import Nursery, kill_writers
from tests.chaos.log_ledger import Ledger
from tests.chaos.log_writer import PARTITIONS, TOPICS, draft

pytestmark = pytest.mark.chaos


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    with contextlib.closing(Nursery()) as nursery:
        yield nursery


def write_some(nursery: Nursery, directory: Path) -> tuple[Path, Path]:
    """Let one writer live until it has acknowledged something in each partition; return the log and the notes."""
    path, notes = directory / "log.sqlite3", directory / "acknowledged"
    pid = nursery.start(path, notes=notes, name="w0")
    while not notes.exists() or notes.stat().st_size < 20_000:
        time.sleep(0.005)
    nursery.kill(pid)
    return path, notes


def test_nothing_acknowledged_is_lost_by_killing_writers() -> None:
    verdict = kill_writers(kills=16, seed=random.randrange(10**6))
    assert verdict.faults == []
    assert verdict.kills == 16
    assert verdict.kept >= verdict.acknowledged > 0


async def test_killing_the_one_who_makes_the_file_leaves_no_half_made_one(nursery: Nursery, tmp_path: Path) -> None:
    for number in range(12):
        path = tmp_path / f"{number}.sqlite3"
        pid = nursery.start(path, notes=tmp_path / f"{number}.acknowledged", name=f"w{number}")
        time.sleep(random.uniform(0, 0.02))  # noqa: ASYNC251
        nursery.kill(pid)
        log, ledger = EmbeddedLog(path, partitions=PARTITIONS), Ledger()
        ledger.check(log, [tmp_path / f"{number}.acknowledged"])
        assert ledger.faults == []
        await log.append(TOPICS[0], [draft("after.0.0.1")])
        ledger.check(log, [])
        ledger.check_whole(log, path)
        assert ledger.faults == []
        await log.close()


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ("DELETE FROM records WHERE id >> 40 = (SELECT max(id) >> 40 FROM records)", "was acknowledged at"),
        (
            "UPDATE records SET body = substr(body, 1, length(body) - 1) || 'x' WHERE length(body) > 200",
            "does not have its bytes",
        ),
    ],
)
async def test_the_ledger_sees_what_is_lost_or_changed(
    nursery: Nursery, tmp_path: Path, damage: str, fault: str
) -> None:
    path, notes = write_some(nursery, tmp_path)
    log = EmbeddedLog(path, partitions=PARTITIONS)
    sound, late = Ledger(), Ledger()
    sound.check(log, [notes])
    assert sound.faults == []
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(damage)
    late.check(log, [notes])
    assert any(fault in found for found in late.faults)
    sound.check_whole(log, path)
    assert any("not what it was" in found for found in sound.faults)
    await log.close()


async def test_the_log_refuses_to_pass_over_a_hole(nursery: Nursery, tmp_path: Path) -> None:
    path, notes = write_some(nursery, tmp_path)
    log = EmbeddedLog(path, partitions=PARTITIONS)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM records WHERE id = (SELECT max(id) - 1 FROM records)")
    with pytest.raises(LogError, match="missing or damaged"):
        Ledger().check(log, [notes])
    await log.close()
