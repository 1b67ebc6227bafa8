"""Co-building agreements 共建协议: clauses that name resources or promises, signed by every party, kept and confirmed.

1. Clauses are changed while it is a draft; the first signature ends that, and to change one again voids all signatures.
2. Every party signs once, in any order; the last one brings it into force.
3. Who promised a clause says what was done of it, and another party confirms or disputes that.
4. It is renewed when every party has named the same new end; it can be said to have expired from its end on.
5. It wants attention by the earliest clause that is not kept, and some days before it ends.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import Field

from schemas.base import Detail, EntityId, Fact, Moment, Number, PartyRef, Reason, Title
from schemas.lifecycle import PLACE, SYSTEM, Life, Lifecycle, Move, State, Step, days_after
from schemas.refusals import Refused

Place = Annotated[int, Field(ge=1, le=100_000, description="By its place, counted from 1.")]
Quantity = Annotated[int, Field(ge=1, le=1_000_000)]


class Clause(Fact):
    """What one party promises: of its resources, or in words; how much, and by when."""

    promise: Title
    promised_by: PartyRef
    resources: Annotated[tuple[EntityId, ...], Field(max_length=50)] = ()
    quantity: Quantity = 1
    due: Moment


Clauses = Annotated[tuple[Clause, ...], Field(max_length=100)]


class Signature(Fact):
    """Who signed, and when."""

    by: PartyRef
    at: Moment


class Fulfilment(Fact):
    """What was done of a clause; ``confirmed`` is None until another party has said yes or no."""

    clause: int
    quantity: Quantity
    note: Detail = ""
    by: PartyRef
    at: Moment
    confirmed: bool | None = None
    confirmed_by: PartyRef | None = None
    reason: Reason | None = None


class AgreementDrafted(Step):
    """An agreement was drafted, for a project or on its own."""

    title: Title
    detail: Detail = ""
    signatories: Annotated[tuple[PartyRef, ...], Field(min_length=2, max_length=50)]
    project: EntityId | None = None
    clauses: Clauses = ()
    valid_from: Moment
    valid_to: Moment
    remind_days: Annotated[int, Field(ge=0, le=365, description="How long before its end it asks to be renewed.")] = 30


class AgreementClauseAdded(Step):
    """A clause was added."""

    clause: Clause


class AgreementClauseStruck(Step):
    """A clause was struck out; those after it move up."""

    clause: Place
    reason: Reason


class AgreementSigned(Step):
    """A party signed."""


class AgreementReopened(Step):
    """It is a draft again, and no signature counts any more."""

    reason: Reason


class AgreementClauseFulfilled(Step):
    """Who promised a clause says what was done of it."""

    clause: Place
    quantity: Quantity
    note: Detail = ""


class AgreementFulfilmentConfirmed(Step):
    """Another party confirms it."""

    fulfilment: Place


class AgreementFulfilmentDisputed(Step):
    """Another party says that it was not so."""

    fulfilment: Place
    reason: Reason


class AgreementRenewed(Step):
    """A party wants it to run on; it does when all have named the same end."""

    valid_to: Moment


class AgreementExpired(Step):
    """Its time is over."""


class AgreementTerminated(Step):
    """It ends before its time, or was never signed."""

    reason: Reason


class Agreement(Life):
    """An agreement as it stands."""

    detail: Detail = ""
    signatories: tuple[PartyRef, ...]
    project: EntityId | None = None
    clauses: tuple[Clause, ...] = ()
    valid_from: Moment
    valid_to: Moment
    remind_days: Number
    signatures: tuple[Signature, ...] = ()
    fulfilments: tuple[Fulfilment, ...] = ()
    renewals: tuple[Signature, ...] = ()
    renewal_to: Moment | None = None
    reason: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Who drafted it, and who signs."""
        return (self.opened_by, *self.signatories)

    @property
    def wanted_by(self) -> datetime | None:
        """When the next clause has to be kept, or when to think of renewing it."""
        if self.state != "in_force":
            return None
        remind = max(self.valid_from, days_after(self.valid_to, -self.remind_days))
        return min([remind, *(each.due for place, each in enumerate(self.clauses, start=1) if self.left_of(place))])

    def left_of(self, clause: int) -> int:
        """Return how much of a clause is still to be done; what was disputed was not done."""
        done = sum(each.quantity for each in self.fulfilments if each.clause == clause and each.confirmed is not False)
        return max(0, self.clauses[clause - 1].quantity - done)

    def is_complete(self, fact: Step) -> bool:
        """Whether every party has signed."""
        return {each.by for each in self.signatures} == set(self.signatories)

    @classmethod
    def born(cls, fact: Step) -> Self:
        """Return the draft; raise Refused where it ends before it begins, or a stranger promises."""
        draft = super().born(fact)
        if draft.valid_to <= draft.valid_from:
            raise Refused("impossible_window", "valid_to is not after valid_from")
        if len(set(draft.signatories)) < len(draft.signatories):
            raise Refused("invalid_value", "a party stands there twice")
        for clause in draft.clauses:
            draft.must_be_party(clause.promised_by)
        return draft

    def must_be_party(self, party: str) -> None:
        """Raise Refused ``not_a_party`` where ``party`` is none."""
        if party not in self.signatories:
            raise Refused("not_a_party", f"{party} is not among {', '.join(self.signatories)}")

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what a step changes; raise Refused where it cannot be."""
        return _CHANGES[type(fact)](self, fact)

    def _added(self, fact: AgreementClauseAdded) -> dict[str, Any]:
        self.must_be_party(fact.clause.promised_by)
        return {"clauses": (*self.clauses, fact.clause)}

    def _struck(self, fact: AgreementClauseStruck) -> dict[str, Any]:
        self._clause(fact.clause)
        return {"clauses": self.clauses[: fact.clause - 1] + self.clauses[fact.clause :]}

    def _clause(self, number: int) -> Clause:
        if number > len(self.clauses):
            raise Refused("unknown_reference", f"clause {number} of {len(self.clauses)}")
        return self.clauses[number - 1]

    def _signed(self, fact: AgreementSigned) -> dict[str, Any]:
        self.must_be_party(fact.by)
        if not self.clauses:
            raise Refused("not_ready", "it has no clause")
        if any(each.by == fact.by for each in self.signatures):
            raise Refused("already_done", f"{fact.by} has signed")
        return {"signatures": (*self.signatures, Signature(by=fact.by, at=fact.at))}

    def _reopened(self, fact: AgreementReopened) -> dict[str, Any]:
        self.must_be_party(fact.by)
        return {"signatures": (), "reason": fact.reason}

    def _fulfilled(self, fact: AgreementClauseFulfilled) -> dict[str, Any]:
        clause = self._clause(fact.clause)
        if fact.by != clause.promised_by:
            raise Refused("not_a_party", f"the clause was promised by {clause.promised_by}")
        done = Fulfilment(clause=fact.clause, quantity=fact.quantity, note=fact.note, by=fact.by, at=fact.at)
        return {"fulfilments": (*self.fulfilments, done)}

    def _confirmed(self, fact: AgreementFulfilmentConfirmed) -> dict[str, Any]:
        return self._judged(fact.fulfilment, by=fact.by, confirmed=True, reason=None)

    def _disputed(self, fact: AgreementFulfilmentDisputed) -> dict[str, Any]:
        return self._judged(fact.fulfilment, by=fact.by, confirmed=False, reason=fact.reason)

    def _judged(self, number: int, *, by: str, confirmed: bool, reason: str | None) -> dict[str, Any]:
        self.must_be_party(by)
        if number > len(self.fulfilments):
            raise Refused("unknown_reference", f"fulfilment {number} of {len(self.fulfilments)}")
        told = self.fulfilments[number - 1]
        if told.by == by:
            raise Refused("not_a_party", "nobody confirms what he did himself")
        if told.confirmed is not None:
            raise Refused("already_done", f"fulfilment {number} was judged")
        judged = told.model_copy(update={"confirmed": confirmed, "confirmed_by": by, "reason": reason})
        return {"fulfilments": (*self.fulfilments[: number - 1], judged, *self.fulfilments[number:])}

    def _renewed(self, fact: AgreementRenewed) -> dict[str, Any]:
        self.must_be_party(fact.by)
        if fact.valid_to <= self.valid_to:
            raise Refused("impossible_window", "the new end is not after the present one")
        wanted = self.renewals if fact.valid_to == self.renewal_to else ()
        if any(each.by == fact.by for each in wanted):
            raise Refused("already_done", f"{fact.by} has said so")
        wanted = (*wanted, Signature(by=fact.by, at=fact.at))
        if {each.by for each in wanted} < set(self.signatories):
            return {"renewals": wanted, "renewal_to": fact.valid_to}
        return {"renewals": (), "renewal_to": None, "valid_to": fact.valid_to}

    def _expired(self, fact: AgreementExpired) -> dict[str, Any]:
        if fact.at < self.valid_to:
            raise Refused("not_ready", f"in force until {self.valid_to.isoformat()}")
        return {}

    def _terminated(self, fact: AgreementTerminated) -> dict[str, Any]:
        self.must_be_party(fact.by)
        return {"reason": fact.reason}


_CHANGES: Final[dict[type[Step], Callable[[Agreement, Any], dict[str, Any]]]] = {
    AgreementClauseAdded: Agreement._added,
    AgreementClauseStruck: Agreement._struck,
    AgreementSigned: Agreement._signed,
    AgreementReopened: Agreement._reopened,
    AgreementClauseFulfilled: Agreement._fulfilled,
    AgreementFulfilmentConfirmed: Agreement._confirmed,
    AgreementFulfilmentDisputed: Agreement._disputed,
    AgreementRenewed: Agreement._renewed,
    AgreementExpired: Agreement._expired,
    AgreementTerminated: Agreement._terminated,
}


AGREEMENT: Final = Lifecycle(
    kind="agreement",
    plural="agreements",
    zh="共建协议",
    en="agreement",
    record=Agreement,
    whose=("signatories",),
    refuses=("unknown_reference", "not_ready", "not_a_party", "already_done", "impossible_window"),
    states={
        "drafted": State("起草中", "drafted", days=30),
        "signing": State("签署中", "being signed", days=14),
        "in_force": State("生效", "in force"),
        "expired": State("已到期", "expired", is_open=False),
        "terminated": State("已终止", "terminated", is_open=False),
    },
    moves=(
        Move("draft", AgreementDrafted, "起草", (), "drafted", whose=("signatories", PLACE), en="draft an agreement"),
        Move("add_clause", AgreementClauseAdded, "增加条款", ("drafted",), None, whose=("parties", PLACE)),
        Move("strike_clause", AgreementClauseStruck, "删去条款", ("drafted",), None, whose=("parties", PLACE)),
        Move("sign", AgreementSigned, "签署", ("drafted", "signing"), "signing", last="in_force"),
        Move("reopen", AgreementReopened, "重新起草", ("signing",), "drafted"),
        Move("fulfil", AgreementClauseFulfilled, "履行", ("in_force",), None),
        Move("confirm", AgreementFulfilmentConfirmed, "确认履行", ("in_force",), None),
        Move("dispute", AgreementFulfilmentDisputed, "不予确认", ("in_force",), None),
        Move("renew", AgreementRenewed, "续签", ("in_force",), None),
        Move("expire", AgreementExpired, "到期", ("in_force",), "expired", whose=("parties", PLACE, SYSTEM)),
        Move("terminate", AgreementTerminated, "终止", ("drafted", "signing", "in_force"), "terminated"),
    ),
)
