"""The phases of an assignment as rounds have it, and the state as people see it."""

ANSWER_RANK = {None: 0, "accepted": 1, "done": 2, "no_show": 3, "declined": 4}
"""Of several answers the highest counts, whatever their order: it is the one that the next round will go by."""

_RANK = {"proposed": 0, "confirmed": 1, "revoked": 2, "expired": 2, "fulfilled": 2}


def is_later(phase: str, round_no: int, *, than: str, of_round: int) -> bool:
    """Whether a phase comes after another: by round, then proposed, confirmed, ended.

    Events may be published again after a crash, old ones behind new ones.
    """
    return (round_no, _RANK[phase]) > (of_round, _RANK[than])


def state_of(phase: str, *, reason: str | None, answer: str | None) -> str:
    """Return what people see: a "yes" or "no" from the answer itself, until the next round has ruled."""
    if answer == "declined" and holds_seat(phase):
        return "declined"
    if phase == "proposed":
        return "accepted" if answer == "accepted" else "proposed"
    if phase == "revoked":
        return "declined" if reason == "declined" else "revoked"
    return phase


def holds_seat(phase: str | None) -> bool:
    """Whether an assignment of this phase holds a seat of both sides."""
    return phase in ("proposed", "confirmed")


def is_done(phase: str | None) -> bool:
    """Whether the job was done."""
    return phase == "fulfilled"
