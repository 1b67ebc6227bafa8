"""The fold of what parties say: answers to assignments, and claims. What it means, the next round decides."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from matcher.state.fold import Fold, to_ms
from schemas.base import Fact
from schemas.claims import ClaimDropped, ClaimMade, Side
from schemas.envelope import Event
from schemas.refusals import Refused
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

PATIENCE_MS: Final = 3_600_000
"""How long a claim waits for entries that nobody knows."""


class Claim(NamedTuple):
    """A pair that one side picked: line ``line`` of a demand, and a resource; an order's for so many seats."""

    by: Side
    demand_id: str
    line: int
    resource_id: str
    at_ms: int
    quantity: int | None = None

    @property
    def pair(self) -> tuple[str, int, str]:
        """What was picked: demand, line, resource."""
        return self.demand_id, self.line, self.resource_id


class ResponseFold:
    """Answers and claims.

    ``said`` maps an assignment id to the bits of all answers to it, in whatever order they came. ``claims`` maps
    a claim's id to the claim, ``open`` does so for those that are not over, both in the order in which they were made.
    ``dropped`` holds the ids of those taken back, ``settled`` of those that a round is done with, heard of or not.
    """

    def __init__(self) -> None:
        self.said: dict[str, int] = {}
        self.claims: dict[str, Claim] = {}
        self.open: dict[str, Claim] = {}
        self.dropped: set[str] = set()
        self.settled: set[str] = set()

    def fold(self, event: Event[Fact]) -> Fold:
        """Apply one event of the responses topic.

        Raises:
            Refused: duplicate_id, another claim has this id; not_found, no claim has it.
        """
        match event.data:
            case ClaimMade() as made:
                return self._claim(made)
            case ClaimDropped() as dropped:
                return self._drop(dropped.claim_id)
            case AssignmentAccepted() | AssignmentDeclined() | AssignmentDone() | AssignmentNoShow() as answer:
                return self._answer(answer.assignment_id, _SAID[type(answer)])
            case _:
                return Fold.ASIDE

    def settle(self, claim_ids: Iterable[str]) -> None:
        """Note that a round said what became of these claims."""
        for claim_id in claim_ids:
            self.settled.add(claim_id)
            self.open.pop(claim_id, None)

    def _answer(self, assignment_id: str, bit: int) -> Fold:
        before = self.said.get(assignment_id, 0)
        self.said[assignment_id] = before | bit
        return Fold.SEEN if before & bit else Fold.APPLIED

    def _claim(self, made: ClaimMade) -> Fold:
        claim = Claim(made.by, made.demand_id, made.line, made.resource_id, to_ms(made.at), made.quantity)
        if self.claims.setdefault(made.claim_id, claim) is claim:
            if made.claim_id not in self.settled:
                self.open[made.claim_id] = claim
            return Fold.APPLIED
        if self.claims[made.claim_id] != claim:
            raise Refused("duplicate_id", made.claim_id)
        return Fold.SEEN

    def _drop(self, claim_id: str) -> Fold:
        if claim_id not in self.claims:
            raise Refused("not_found", claim_id)
        if claim_id in self.dropped:
            return Fold.SEEN
        self.dropped.add(claim_id)
        self.open.pop(claim_id, None)
        return Fold.APPLIED
