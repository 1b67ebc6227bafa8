"""What a run was like, in figures."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.chaos import progress
from tests.chaos.journal import Life, Notes
from tests.chaos.trial import Trial

ROLES = ("server", "worker", "api", "projector", "broker")


def figures(notes: Notes, trial: Trial) -> dict[str, object]:
    outcomes = Counter(write.outcome for write in notes.writes)
    proposals = sum(len(found.decided.proposals) for found in trial.rounds)
    words = Counter(f"{t.to} ({t.reason})" for found in trial.rounds for t in found.decided.transitions)
    plain, whistles = progress.waits(notes, trial)
    return {
        "lives, kills": f"{len(notes.lives)}, {sum(life.killed for life in notes.lives)}",
        **{
            f"{role} killed while": _told(Counter(life.phase for life in notes.lived(role) if life.killed))
            for role in ROLES
            if notes.lived(role)
        },
        **({"made to stand still": f"{len(notes.pauses)} times"} if notes.pauses else {}),
        "kills met": _told(progress.met(notes, trial)),
        "writes": _told(outcomes),
        "refused as": _told(Counter(write.code for write in notes.of("refused"))),
        "acknowledged": _told(Counter(write.op for write in notes.of("acked"))),
        "strangers' records": _told(Counter(_who(stranger.mark, stranger.position) for stranger in notes.strangers)),
        "records in the log": f"{sum(map(len, trial.evidence.records.values())):,}",
        "dead letters": _told(Counter(trial.refused.values())),
        "rounds": f"{len(trial.rounds):,} in {len(trial.by_shard)} shards, {trial.void} void, {proposals:,} proposals",
        "rounds by cause": _told(Counter(found.decided.cause for found in trial.rounds)),
        "parts with teams": _told(
            Counter(
                "certified" if part.certified else "best known"
                for found in trial.rounds
                for part in found.decided.team_parts
            )
        ),
        "transitions": _told(words),
        "stream": _told(Counter({name: len(seen) for name, seen in notes.seen.items()})),
        "brought back from": _told(
            Counter({name: comeback.records for name, comeback in trial.evidence.comebacks.items()})
        ),
        **{f"{role} start to ready": progress.starts(notes, role) for role in ROLES if notes.lived(role)},
        **{f"{role} killed to ready": progress.recoveries(notes, role) for role in ROLES if notes.lived(role)},
        "ready to next round": progress.first_rounds(notes, trial),
        "input to its round": plain,
        "whistle to its round": whistles,
    }


def told_kills(notes: Notes) -> Iterator[str]:
    """Yield a line for each kill and each standstill: when, who, which process, while what, when it was back."""
    if not notes.lives:
        return
    begin = min(life.started for life in notes.lives)
    lines = [(life.ended, _told_kill(life, notes)) for life in notes.lives if life.killed]
    lines += [
        (pause.begun, f"{pause.name:<9}  pid {pause.pid:<7}  stood still for {pause.ended - pause.begun:.1f} s")
        for pause in notes.pauses
    ]
    for at, line in sorted(lines):
        yield f"{at - begin:7.2f} s  {line}"


def _told_kill(life: Life, notes: Notes) -> str:
    back = [each.ready for each in notes.lives if each.name == life.name and each.ready and each.ready > life.ended]
    after = f"ready again after {min(back) - life.ended:5.2f} s" if back else "never ready again"
    return f"{life.name:<9}  pid {life.pid:<7}  killed while {life.phase:<9}  {after}"


def _who(mark: str, position: object) -> str:
    return mark.rpartition("-")[0] + ("" if position else " unacknowledged")


def _told(counted: Counter[Any]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counted.most_common()) or "none"
