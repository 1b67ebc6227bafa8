"""The oracle's ledger: everything that was told, kept as it was told."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.claims import ClaimDropped, ClaimMade
from schemas.demands import Demand, DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn, Urgency
from schemas.resources import Resource, ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import Proposal, RoundDecided, Transition
from tests.property.optimum import Place

Word = tuple[str, str]
"""What becomes of an assignment: to, and the reason."""

EVER = datetime.max.replace(tzinfo=UTC)
BEGINNING = datetime.min.replace(tzinfo=UTC)
_ANSWER = {
    AssignmentAccepted: "accepted",
    AssignmentDeclined: "declined",
    AssignmentDone: "done",
    AssignmentNoShow: "no_show",
}


@dataclass(slots=True)
class Promise:
    """A live assignment."""

    proposal: Proposal
    confirmed: bool


@dataclass
class Ledger:
    """Everything that was told, kept as it was told."""

    catalogue: Catalogue
    resources: dict[str, Resource] = field(default_factory=dict)
    resting: set[str] = field(default_factory=set)
    resources_gone: set[str] = field(default_factory=set)
    demands: dict[str, Demand] = field(default_factory=dict)
    demands_gone: set[str] = field(default_factory=set)
    versions: dict[str, int] = field(default_factory=dict)
    lapsed: dict[str, int] = field(default_factory=dict)
    said: dict[str, set[str]] = field(default_factory=dict)
    live: dict[str, Promise] = field(default_factory=dict)
    filled: dict[Place, int] = field(default_factory=dict)
    spent: dict[str, set[int]] = field(default_factory=dict)
    barred: dict[tuple[str, str], datetime] = field(default_factory=dict)
    outbid: dict[Place, datetime] = field(default_factory=dict)
    served: list[tuple[str, date]] = field(default_factory=list)
    claims: dict[str, ClaimMade] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    rounds: int = 0
    left_out: int = 0

    def read(self, fact: Fact) -> None:
        """Take in a fact that is news."""
        match fact:
            case ResourceOffered(resource=resource) | ResourceRevised(resource=resource):
                self.resources[resource.resource_id] = resource
                self.resting.discard(resource.resource_id)
            case ResourceSuspended():
                self.resting.add(fact.resource_id)
                self.versions[fact.resource_id] = fact.version
            case ResourceWithdrawn():
                self.resources_gone.add(fact.resource_id)
            case DemandPosted(demand=demand) | DemandRevised(demand=demand):
                self.demands[demand.demand_id] = demand
                self.versions[demand.demand_id] = demand.version
            case DemandWhistled():
                self._whistle(fact)
            case DemandWithdrawn():
                self.demands_gone.add(fact.demand_id)
            case ClaimMade():
                self.claims.setdefault(fact.claim_id, fact)
            case ClaimDropped():
                self.dropped.add(fact.claim_id)
            case RoundDecided():
                self._read_round(fact)
            case AssignmentAccepted() | AssignmentDeclined() | AssignmentDone() | AssignmentNoShow():
                self.said.setdefault(fact.assignment_id, set()).add(_ANSWER[type(fact)])
            case _:
                raise TypeError(type(fact).__name__)
        if isinstance(fact, ResourceOffered | ResourceRevised):
            self.versions[fact.resource.resource_id] = fact.resource.version

    def _whistle(self, fact: DemandWhistled) -> None:
        before = self.demands[fact.demand_id]
        loudest = Urgency.EMERGENCY if before.urgency is Urgency.EMERGENCY else Urgency.WHISTLE
        self.demands[fact.demand_id] = before.model_copy(update={"urgency": loudest})
        self.versions[fact.demand_id] = fact.version

    def _read_round(self, decided: RoundDecided) -> None:
        self.rounds, self.left_out = decided.round_no, decided.size.left_out
        self.settled |= {claim.claim_id for claim in decided.claims}
        for moved in decided.transitions:
            self._move(moved, decided.decided_at)
        for lapse in decided.lapsed:
            self.lapsed[lapse.demand_id] = lapse.version
            self.outbid = {place: since for place, since in self.outbid.items() if place[0] != lapse.demand_id}
        for proposal in decided.proposals:
            self.live[proposal.assignment_id] = Promise(proposal, confirmed=proposal.auto_accepted)
            if proposal.auto_accepted:
                self.outbid.pop((proposal.demand_id, proposal.line), None)
        for line in decided.outbid:
            self.outbid[line.demand_id, line.line] = decided.decided_at

    def _move(self, moved: Transition, now: datetime) -> None:
        promise = self.live[moved.assignment_id]
        if moved.to in ("confirmed", "fulfilled"):
            self.outbid.pop((promise.proposal.demand_id, promise.proposal.line), None)
        if moved.to == "confirmed":
            promise.confirmed = True
            return
        was = self.live.pop(moved.assignment_id).proposal
        if moved.to == "fulfilled":
            self.served.append((was.provider, now.date()))
        pair = (was.demand_id, was.resource_id)
        if moved.to == "fulfilled":
            self.filled[was.demand_id, was.line] = self.filled.get((was.demand_id, was.line), 0) + 1
            if moved.used_up:
                self.spent.setdefault(was.resource_id, set()).add(was.resource_seat)
        elif moved.reason in ("declined", "no_show"):
            self.barred[pair] = EVER
        elif moved.barred_until is not None:
            self.barred[pair] = max(moved.barred_until, self.barred.get(pair, BEGINNING))
