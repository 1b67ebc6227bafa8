"""The checker finds what is wrong: each test spoils a copy of sound evidence, or of its journal, in one way."""

import asyncio
import copy
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.checker import check
from tests.chaos.evidence import Evidence, gather
from tests.chaos.journal import Life, Notes, Pause, read_notes
from tests.chaos.progress import recoveries, standing
from tests.chaos.small_run import NEEDED, run_small
from tests.chaos.spoils import OF_THE_LOG, Spoil, proposed_again
from tests.chaos.spoils_around import AROUND
from tests.chaos.trial import Trial

pytestmark = pytest.mark.slow

Run = tuple[Notes, Evidence]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("run")
    asyncio.run(run_small(directory, seed="7"))
    return directory


@pytest.fixture(scope="module")
def sound(directory: Path) -> Run:
    return read_notes(directory), asyncio.run(gather(directory))


@pytest.fixture
def run(sound: Run) -> Run:
    return copy.deepcopy(sound)


def test_sound_evidence_has_no_fault_and_is_worth_looking_at(sound: Run) -> None:
    verdict = check(*sound)
    assert verdict.faults == []
    trial = Trial(sound[1])
    words = {transition.reason for found in trial.rounds for transition in found.decided.transitions}
    assert words >= NEEDED
    assert len(sound[0].of("acked")) > 100
    assert len(trial.refused) > 20


@pytest.mark.parametrize(("spoil", "found"), [*OF_THE_LOG, *AROUND], ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_spoiled_is_found(run: Run, spoil: Spoil, found: str) -> None:
    spoil(*run)
    faults = check(*run).faults
    assert any(found in fault for fault in faults), faults[:10]


@pytest.mark.parametrize("reason", ["declined", "resource_gone", "demand_gone"])
def test_what_was_declined_or_is_gone_and_proposed_again_is_found(sound: Run, reason: str) -> None:
    """Where a side left the list in the round of its "no", the missing seat is told first; another "no" shows it."""
    notes, evidence = sound
    expected = "was declined, missed or left unanswered before" if reason == "declined" else "has no open seat"
    assert any(expected in fault for each in proposed_again(evidence, reason) for fault in check(notes, each).faults)


def test_who_waits_longer_than_patience_is_found(run: Run) -> None:
    assert any("waited" in fault for fault in check(*run, patience_s=-1.0).faults)


def test_a_damaged_file_is_found(directory: Path, tmp_path: Path) -> None:
    spoiled = tmp_path / "run"
    shutil.copytree(directory, spoiled)
    with closing(sqlite3.connect(spoiled / "data" / "log.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM records WHERE id = (SELECT id FROM records LIMIT 1 OFFSET 40)")
    faults = check(read_notes(spoiled), asyncio.run(gather(spoiled))).faults
    assert any("files: the log cannot be read" in fault for fault in faults)


def worker(name: str, pid: int, ready: float | None, ended: float, status: int = -9) -> Life:
    return Life("worker", name, pid, (ready or ended) - 1.0, ready, ended, "working", status)


def test_only_time_in_which_somebody_decides_counts_as_waiting() -> None:
    notes = Notes(
        lives=[
            worker("w-1", 1, 10.0, 20.0),
            worker("w-1", 2, 25.0, 40.0),
            worker("w-2", 3, 18.0, 22.0),
            worker("w-2", 4, None, 60.0),
            Life("api", "api", 5, 0.0, 1.0, 99.0, "stopped", 0),
        ],
        pauses=[Pause("w-1", 2, 30.0, 37.0)],
    )
    assert standing(notes) == [(10.0, 22.0), (25.0, 30.0), (37.0, 40.0)]


def test_recovery_lasts_until_the_same_name_is_ready_however_often_it_was_killed() -> None:
    notes = Notes(lives=[worker("w-1", 1, 5.0, 10.0), worker("w-1", 2, None, 12.0), worker("w-1", 3, 15.0, 30.0, 0)])
    assert sorted(recoveries(notes, "worker").values) == [3.0, 5.0]
