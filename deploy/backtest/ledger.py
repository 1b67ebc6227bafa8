"""Who holds which seat: one run's assignments, kept as its rounds are decided."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.rounds import Proposal, RoundDecided


@dataclass(frozen=True, slots=True)
class Held:
    """One assignment that stands.

    ``worths`` are its value by the policy that chose it, then by each other measure; none where it was not weighed.
    """

    demand_id: str
    resource_id: str
    at: datetime
    confirmed: bool
    worths: tuple[int, ...]


@dataclass(slots=True)
class Ledger:
    """The assignments that stand, by id; ``rounds`` counts the rounds decided."""

    standing: dict[str, Held] = field(default_factory=dict)
    rounds: int = 0

    def note(self, decided: RoundDecided, worths: Sequence[Sequence[int]] = ()) -> None:
        """Take note of one round; ``worths`` holds, per measure, the worth of each proposal."""
        self.rounds += 1
        for moved in decided.transitions:
            if moved.to in ("revoked", "expired"):
                self.standing.pop(moved.assignment_id, None)
            elif moved.assignment_id in self.standing:
                self.standing[moved.assignment_id] = replace(self.standing[moved.assignment_id], confirmed=True)
        for place, given in enumerate(decided.proposals):
            self.standing[given.assignment_id] = _held(given, decided.decided_at, [each[place] for each in worths])

    def drop_done(self, decided: RoundDecided) -> list[str]:
        """Forget the assignments that a round fulfilled; return their demands."""
        done = [moved for moved in decided.transitions if moved.to == "fulfilled"]
        for moved in done:
            self.standing.pop(moved.assignment_id, None)
        return [moved.demand_id for moved in done]

    def served(self) -> list[Held]:
        """Return the assignments that were accepted, in work or done, in order of id."""
        return [held for _, held in sorted(self.standing.items()) if held.confirmed]

    def pending(self) -> int:
        """Return how many proposals still wait for an answer."""
        return sum(not held.confirmed for held in self.standing.values())


def _held(given: Proposal, at: datetime, worths: Sequence[int]) -> Held:
    weighed = (given.value, *worths) if worths else ()
    return Held(given.demand_id, given.resource_id, at, given.auto_accepted, weighed)
