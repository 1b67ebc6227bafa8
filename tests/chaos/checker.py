"""Holds what a run has left against its journals: invariants 1 to 8, and that all faces of the house agree.

``python -m tests.chaos.checker DIRECTORY`` judges a run that was kept; the exit status is 1 where something is wrong.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos import claims, lists, privacy, progress, published
from tests.chaos.entries import DISTRICTS
from tests.chaos.evidence import Evidence, gather
from tests.chaos.journal import Notes, read_notes
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
    return Verdict(faults, _figures(notes, trial))


def _faults(notes: Notes, trial: Trial, patience_s: float) -> Iterator[tuple[str, str]]:
    checks: list[tuple[str, Iterable[str]]] = [
        ("files", trial.evidence.damage),
        ("rounds (1, 4, 5, 6)", trial.faults),
        ("1 no double promise", published.check_promises(trial)),
        ("2 nothing lost", claims.check_writes(notes, trial)),
        ("2 nothing lost", claims.check_repeats(trial)),
        ("2 nothing lost", claims.check_strangers(notes, trial)),
        ("2 nothing lost", published.check_dead_letters(trial)),
        ("2 nothing lost", privacy.check_enrolments(notes, trial)),
        ("3 replay", _replayed(trial)),
        ("7 no personal data", privacy.check_secrets(trial.evidence)),
        ("7 no personal data", privacy.check_vault(notes, trial)),
        ("8 progress", progress.check_progress(notes, trial, patience_s=patience_s)),
        ("assignments", published.check_assignments(trial)),
        ("reads", claims.check_reads(notes)),
        ("lists", lists.check_lists(trial)),
        ("feed", lists.check_feed(trial)),
        ("stream", lists.check_stream(notes, trial, wanted=LISTENERS)),
        ("API", lists.check_api(notes, trial)),
        ("rebuild", lists.check_rebuilt(trial)),
    ]
    for invariant, found in checks:
        for fault in found:
            yield invariant, fault


def _replayed(trial: Trial) -> Iterator[str]:
    """``cobuild replay`` says that every round that counts comes out equal."""
    wanted = f"{len(trial.rounds)} rounds equal, 0 different"
    if trial.evidence.replay_status != 0 or wanted not in trial.evidence.replay_said:
        yield f"not '{wanted}' but {trial.evidence.replay_said.strip()[-1500:]} ({trial.evidence.replay_status})"


def _figures(notes: Notes, trial: Trial) -> dict[str, object]:
    outcomes = Counter(write.outcome for write in notes.writes)
    proposals = sum(len(found.decided.proposals) for found in trial.rounds)
    words = Counter(f"{t.to} ({t.reason})" for found in trial.rounds for t in found.decided.transitions)
    plain, whistles = progress.waits(notes, trial)
    return {
        "lives, kills": f"{len(notes.lives)}, {sum(life.killed for life in notes.lives)}",
        "killed while": _told(Counter(life.phase for life in notes.lives if life.killed)),
        "kills met": _told(progress.met(notes, trial)),
        "writes": _told(outcomes),
        "refused as": _told(Counter(write.code for write in notes.of("refused"))),
        "acknowledged": _told(Counter(write.op for write in notes.of("acked"))),
        "strangers' records": f"{len(notes.strangers):,}",
        "records in the log": f"{sum(map(len, trial.evidence.records.values())):,}",
        "dead letters": _told(Counter(trial.refused.values())),
        "rounds": f"{len(trial.rounds):,} in {len(trial.by_shard)} shards, {trial.void} void, {proposals:,} proposals",
        "rounds by cause": _told(Counter(found.decided.cause for found in trial.rounds)),
        "transitions": _told(words),
        "stream": _told(Counter({name: len(seen) for name, seen in notes.seen.items()})),
        "start to ready": progress.Spread(tuple(life.ready - life.started for life in notes.lives if life.ready)),
        "ready to next round": progress.first_rounds(notes, trial),
        "input to its round": plain,
        "whistle to its round": whistles,
    }


def _told(counted: Counter[Any]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counted.most_common()) or "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds that an input may wait at most")
    asked = parser.parse_args()
    verdict = check(read_notes(asked.directory), asyncio.run(gather(asked.directory)), patience_s=asked.patience)
    print(verdict)  # noqa: T201
    sys.exit(1 if verdict.faults else 0)


if __name__ == "__main__":
    main()
