"""The fold of the answers: what was said about each assignment. What it means, the next round decides."""

from typing import Final

from matcher.fold import Fold
from schemas.base import Fact
from schemas.envelope import Event
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow

ACCEPTED: Final = 1
DECLINED: Final = 2
DONE: Final = 4
NO_SHOW: Final = 8
_SAID: Final[dict[type[Fact], int]] = {
    AssignmentAccepted: ACCEPTED,
    AssignmentDeclined: DECLINED,
    AssignmentDone: DONE,
    AssignmentNoShow: NO_SHOW,
}


class ResponseFold:
    """``said`` maps an assignment id to the bits of all answers to it, in whatever order they came."""

    def __init__(self, said: dict[str, int] | None = None) -> None:
        self.said = said or {}

    def fold(self, event: Event[Fact]) -> Fold:
        """Apply one event of the responses topic."""
        data = event.data
        bit = _SAID.get(type(data))
        if bit is None or not isinstance(
            data, AssignmentAccepted | AssignmentDeclined | AssignmentDone | AssignmentNoShow
        ):
            return Fold.ASIDE
        before = self.said.get(data.assignment_id, 0)
        self.said[data.assignment_id] = before | bit
        return Fold.SEEN if before & bit else Fold.APPLIED
