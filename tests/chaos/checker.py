"""Holds what a run has left against its journals: invariants 1 to 8, and that all faces of the house agree.

``python -m tests.chaos.checker DIRECTORY`` judges a run that was kept; the exit status is 1 where something is wrong.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos import claims, lists, output, privacy, progress, published
from tests.chaos.comeback import FROM_NOTHING
from tests.chaos.entries import DISTRICTS
from tests.chaos.evidence import Evidence, gather, kept
from tests.chaos.figures import figures
from tests.chaos.journal import Notes, read_notes
from tests.chaos.passing import Passing
from tests.chaos.trial import Trial

PATIENCE_S = 15.0
"""A shard that is dirty for so long while a server is up is stuck, however busy the machine."""
SHOWN = 40
NARROW_TYPES = ("confirmed", "revoked")
LISTENERS: dict[str, Callable[[lists.Row], bool]] = {
    "all": lambda row: True,
    "one district": lambda row: row["community"].startswith(DISTRICTS[0]),
    "two types": lambda row: row["type"] in NARROW_TYPES,
}
"""Each listener of a run and what it asked for."""


@dataclass
class Verdict:
    """What was found."""

    faults: list[str] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = [f"FAULT {fault}" for fault in self.faults[:SHOWN]]
        if len(self.faults) > SHOWN:
            shown.append(f"... and {len(self.faults) - SHOWN} more")
        width = max(map(len, self.figures), default=0)
        return "\n".join([*(f"{name:<{width}}  {value}" for name, value in self.figures.items()), *shown])


def check(notes: Notes, evidence: Evidence, *, patience_s: float = PATIENCE_S) -> Verdict:
    """Judge a run by its journals and by what it left."""
    trial = Trial(evidence)
    faults = [f"{invariant}: {fault}" for invariant, fault in _faults(notes, trial, patience_s)]
    return Verdict(faults, figures(notes, trial))


def _faults(notes: Notes, trial: Trial, patience_s: float) -> Iterator[tuple[str, str]]:
    checks: list[tuple[str, Iterable[str]]] = [
        ("files", trial.evidence.damage),
        ("rounds (1, 4, 5, 6)", trial.faults),
        ("1 no double promise", published.check_promises(trial)),
        ("1 no half-filled team", published.check_teams(trial)),
        ("2 nothing lost", claims.check_writes(notes, trial)),
        ("2 nothing lost", claims.check_repeats(trial)),
        ("2 nothing lost", claims.check_strangers(notes, trial)),
        ("2 nothing lost", published.check_dead_letters(trial)),
        ("2 nothing lost", privacy.check_enrolments(notes, trial)),
        ("3 replay", _replayed(trial)),
        ("3 replay", _come_back_the_same(trial)),
        ("7 no personal data", privacy.check_secrets(trial.evidence)),
        ("7 no personal data", privacy.check_vault(notes, trial)),
        ("8 progress", progress.check_progress(notes, trial, patience_s=patience_s)),
        ("1 no seat in two shards", Passing(trial.evidence.records).faults),
        ("assignments", published.check_assignments(trial)),
        ("assignments", published.check_heard(notes, trial)),
        ("reads", claims.check_reads(notes)),
        ("lists", lists.check_lists(trial)),
        ("feed", lists.check_feed(trial)),
        ("stream", lists.check_stream(notes, trial, wanted=LISTENERS)),
        ("API", lists.check_api(notes, trial)),
        ("rebuild", lists.check_rebuilt(trial)),
        ("output", output.check_output(trial.evidence)),
        ("output", output.check_ends(notes)),
    ]
    for invariant, found in checks:
        for fault in found:
            yield invariant, fault


def _replayed(trial: Trial) -> Iterator[str]:
    """``cobuild replay`` says that every round that counts comes out equal."""
    void = f", {trial.void} void" if trial.void else ""
    wanted = f"{len(trial.rounds)} rounds equal, 0 different{void}\n"
    if trial.evidence.replay_status != 0 or wanted not in trial.evidence.replay_said:
        yield f"not '{wanted}' but {trial.evidence.replay_said.strip()[-1500:]} ({trial.evidence.replay_status})"


def _come_back_the_same(trial: Trial) -> Iterator[str]:
    """From wherever the states come back, they are those that the log alone makes."""
    plain = trial.evidence.comebacks[FROM_NOTHING].states
    for name, comeback in trial.evidence.comebacks.items():
        for shard in sorted(plain.keys() | comeback.states.keys()):
            if plain.get(shard) != comeback.states.get(shard):
                yield f"the state of {shard} that comes back from {name} is not that of the log"
    known = {name: comeback.snapshots for name, comeback in trial.evidence.comebacks.items()}
    if "kafka" in known and known["kafka"] < max(known.values()):
        yield f"a worker's disk has more snapshots than Kafka, so that another could not take over: {known}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds that an input may wait at most")
    asked = parser.parse_args()
    evidence = kept(asked.directory) or asyncio.run(gather(asked.directory))
    verdict = check(read_notes(asked.directory), evidence, patience_s=asked.patience)
    print(verdict)  # noqa: T201
    sys.exit(1 if verdict.faults else 0)


if __name__ == "__main__":
    main()
