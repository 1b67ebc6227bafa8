"""The claims of one shard once more, in plain Python: what was claimed, and whether each round says what became of it.

1. The first claim of an id counts; one that was taken back, or that a round has settled, is over.
2. A round says of every open claim whose entries it knows what became of it; of a round without room for all, of some.
3. A claim is honoured where its pair was given a seat, and nowhere else. Who was outbid had no pair worth more than its
   prices, the bonus included; who came too late had somebody before on the line or on the resource.
4. A pair has the bonus or nothing for a claim, and the bonus only where a claim is open. A provider that claimed has
   accepted.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from schemas.claims import ClaimDropped, ClaimMade, ClaimSettled
from schemas.policy import Policy
from schemas.rounds import Proposal, RoundDecided

Pair = tuple[str, int, str]


def pair_of(pick: ClaimMade | ClaimSettled | Proposal) -> Pair:
    return pick.demand_id, pick.line, pick.resource_id


@dataclass
class ClaimBook:
    """The claims read so far."""

    made: dict[str, ClaimMade] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)

    def take(self, data: ClaimMade | ClaimDropped) -> str:
        """Take in one event; return "applied", "seen", or the code it is refused with."""
        if isinstance(data, ClaimDropped):
            if data.claim_id not in self.made:
                return "not_found"
            self.over.add(data.claim_id)
            return "applied"
        if self.made.setdefault(data.claim_id, data) is data:
            return "applied"
        return "seen" if self.made[data.claim_id] == data else "duplicate_id"

    def open(self) -> list[ClaimMade]:
        """Return the claims that are not over, in the order in which they were made."""
        return [claim for name, claim in self.made.items() if name not in self.over]

    def is_vouched(self, proposal: Proposal) -> bool:
        """Whether the provider claimed what it is given."""
        return any(claim.by == "provider" and pair_of(claim) == pair_of(proposal) for claim in self.open())

    def bonus(self, proposal: Proposal, policy: Policy) -> int:
        """Return the points that a proposal may have for a claim: those that it says, where somebody claimed."""
        claimed = any(pair_of(claim) == pair_of(proposal) for claim in self.open())
        return policy.claim.bonus if claimed and proposal.terms.get("claim") else 0

    def judge(self, decided: RoundDecided, *, demands: Collection[str], resources: Collection[str]) -> Iterator[str]:
        """Say what is wrong with what a round says of claims; then act on it."""
        waiting = {claim.claim_id: claim for claim in self.open()}
        given = {pair_of(proposal) for proposal in decided.proposals}
        for told in decided.claims:
            claim = waiting.pop(told.claim_id, None)
            picked = (told.by, told.demand_id, told.line, told.resource_id)
            if claim is None or picked != (claim.by, *pair_of(claim)):
                yield f"it settles the claim {told.claim_id}, which is not open"
                continue
            if (told.outcome == "honoured") != (pair_of(claim) in given):
                yield f"the claim {told.claim_id} is {told.outcome}"
            if told.outcome == "claimed_before" and not self._has_rival(claim):
                yield f"nobody claimed before {told.claim_id}"
        for name, claim in waiting.items():
            if claim.demand_id in demands and claim.resource_id in resources and not decided.size.left_out:
                yield f"nothing is said of the claim {name}"
        self.over |= {told.claim_id for told in decided.claims}

    def _has_rival(self, claim: ClaimMade) -> bool:
        """Whether an earlier open claim is for the same line or the same resource."""
        before = self.open()[: self.open().index(claim)]
        demand_id, line, resource_id = pair_of(claim)
        return any((one.demand_id, one.line) == (demand_id, line) or one.resource_id == resource_id for one in before)
