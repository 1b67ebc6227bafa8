"""Invariant 8 in figures: how long an input waits for its round while somebody decides, and what each kill met.

Time in which nobody who decides was ready does not count; the log's own time stamps are used.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.topics import ASSIGNMENTS
from tests.chaos.journal import Life, Notes
from tests.chaos.trial import Input, Trial

DECIDING = ("server", "worker")
Stretch = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spread:
    """Some durations in seconds."""

    values: tuple[float, ...]

    def __str__(self) -> str:
        if not self.values:
            return "none"
        ordered = sorted(self.values)
        middle, late = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        return f"median {middle:.3f} s, p99 {late:.3f} s, longest {ordered[-1]:.3f} s ({len(ordered):,})"


def check_progress(notes: Notes, trial: Trial, *, patience_s: float) -> Iterator[str]:
    """Every input that changed something got its round, a whistle its own, and none waited beyond patience."""
    for found in trial.inputs.values():
        if found.verdict != "applied":
            continue
        if found.round is None:
            yield f"{found.place} changed its shard and never got a round"
        elif found.is_whistle and found.round.decided.cause != "whistle":
            yield f"the whistle at {found.place} got a round of cause {found.round.decided.cause}"
        elif (waited := wait_s(found, notes)) > patience_s:
            yield f"{found.place} waited {waited:.1f} s for its round while somebody could have decided"


def waits(notes: Notes, trial: Trial) -> tuple[Spread, Spread]:
    """Return how long inputs waited: all others, and whistles."""
    counted = [found for found in trial.inputs.values() if found.verdict == "applied" and found.round]
    plain = Spread(tuple(wait_s(found, notes) for found in counted if not found.is_whistle))
    return plain, Spread(tuple(wait_s(found, notes) for found in counted if found.is_whistle))


def wait_s(found: Input, notes: Notes) -> float:
    """Return for how much of an input's wait somebody who decides was ready."""
    assert found.round is not None
    begin, end = found.record.timestamp_ms / 1000, found.round.record.timestamp_ms / 1000
    return sum(max(0.0, min(end, until) - max(begin, since)) for since, until in standing(notes))


def standing(notes: Notes) -> list[Stretch]:
    """Return when at least one process that decides was ready and not made to stand still."""
    stretches: list[Stretch] = []
    for life in notes.lived(*DECIDING):
        begin = life.ready
        for pause in sorted((p for p in notes.pauses if p.pid == life.pid), key=lambda pause: pause.begun):
            if begin is not None:
                stretches.append((begin, pause.begun))
                begin = pause.ended
        if begin is not None:
            stretches.append((begin, life.ended))
    joined: list[Stretch] = []
    for begin, end in sorted(stretches):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def first_rounds(notes: Notes, trial: Trial) -> Spread:
    """Return, per life of who decides, the time from ready to the next round that saw something new."""
    times = sorted(found.record.timestamp_ms / 1000 for found in trial.rounds)
    spans = []
    for life in notes.lived(*DECIDING):
        if life.ready is not None:
            after = [at - life.ready for at in times if life.ready <= at <= life.ended]
            spans += after[:1]
    return Spread(tuple(spans))


def starts(notes: Notes, role: str) -> Spread:
    """Return how long processes of a role took from their start until they were ready."""
    return Spread(tuple(life.ready - life.started for life in notes.lived(role) if life.ready))


def recoveries(notes: Notes, role: str) -> Spread:
    """Return, per kill in a role, the time until one of that name was ready again, however often it was killed."""
    spans = []
    for life in notes.lived(role):
        after = [each.ready for each in notes.lived(role) if each.name == life.name and each.ready]
        if life.killed and (later := [ready for ready in after if ready > life.ended]):
            spans.append(min(later) - life.ended)
    return Spread(tuple(spans))


def met(notes: Notes, trial: Trial) -> Counter[str]:
    """Return what the kills met, by the log: rounds not yet published, inputs without their round, or nothing open."""
    published: dict[tuple[int, int], float] = {}
    for record in trial.evidence.of(ASSIGNMENTS.name):
        offset = int(dict(record.headers).get("ce_roundoffset", b"0"))
        published.setdefault((record.partition, offset), record.timestamp_ms / 1000)
    return Counter(_met(life, trial, published) for life in notes.lived(*DECIDING) if life.killed)


def _met(life: Life, trial: Trial, published: dict[tuple[int, int], float]) -> str:
    for found in trial.rounds:
        at, place = found.record.timestamp_ms / 1000, (found.record.partition, found.record.offset)
        if at <= life.ended < published.get(place, at):
            return "a round in the log, its assignments not published"
    for each in trial.inputs.values():
        if each.verdict == "applied" and each.round:
            begin, end = each.record.timestamp_ms / 1000, each.round.record.timestamp_ms / 1000
            if begin <= life.ended < end:
                return "inputs in the log, their round not decided"
    return "nothing open"
