"""Which notices there are, and what becomes of assignments and lives that somebody is told.

1. A provider is asked (``to_answer``), and reminded before the time for an answer is over (``answer_due``): a quarter
   of that time before, a day before at most.
2. Both sides are told of a confirmed pair, and of its end where it was revoked.
3. Of a proposal that ended before anybody said yes only the provider is told (``revoked``, ``expired``): the other side
   never heard of it.
4. A "no" ends it: nobody is told of it, or of anything about that pair afterwards.
5. Whoever a life concerns is told of its steps, but for the one who took the step.
6. A whistle and an emergency are urgent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, Literal

from api.readmodel.lifeviews import StepRow
from api.readmodel.views import AssignmentView, FeedRow

Kind = Literal["to_answer", "answer_due", "confirmed", "revoked", "expired", "step"]

ASKING: Final = frozenset({"to_answer", "answer_due"})
URGENT: Final = frozenset({"whistle", "emergency"})
"""Of demands."""
URGENT_LIVES: Final = frozenset({"whistle", "dispatch"})
"""Kinds of lives; a dispatch is called while an emergency is in force."""
_LEAD: Final = 0.25
_LONGEST_LEAD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that one party should know; ``facts`` are what its sentence is made of."""

    notice_id: str
    party: str
    kind: Kind
    urgent: bool
    made_at: datetime
    not_before: datetime | None = None
    expires_at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def of_assignment(row: FeedRow, *, found: AssignmentView, urgency: str | None, now: datetime) -> Iterator[Notice]:
    """Yield what is told of a change of an assignment; ``found`` is the assignment as it is now."""
    urgent = urgency in URGENT
    facts = found.model_dump(
        mode="json",
        include={
            "assignment_id",
            "demand_id",
            "demand_title",
            "resource_id",
            "resource_title",
            "community",
            "starts_at",
            "ends_at",
            "answer_by",
        },
    ) | {"reason": row.reason}

    def notice(kind: Kind, party: str, **more: Any) -> Notice:
        return Notice(
            notice_id=_id(party, kind, found.assignment_id),
            party=party,
            kind=kind,
            urgent=urgent,
            made_at=now,
            facts=facts,
            **more,
        )

    match row.type:
        case "proposed" if not found.auto_accepted:
            yield notice("to_answer", found.provider, expires_at=found.answer_by)
            if found.answer_by is not None:
                lead = min((found.answer_by - found.proposed_at) * _LEAD, _LONGEST_LEAD)
                yield notice(
                    "answer_due", found.provider, not_before=found.answer_by - lead, expires_at=found.answer_by
                )
        case "confirmed":
            for party in dict.fromkeys((found.provider, found.requester)):
                yield notice("confirmed", party, expires_at=found.ends_at)
        case "revoked" if row.reason != "declined":
            yield notice("revoked", found.provider, expires_at=found.ends_at)
            if found.requester != found.provider and (found.auto_accepted or found.answer is not None):
                yield notice("revoked", found.requester, expires_at=found.ends_at)
        case "expired":
            yield notice("expired", found.provider, expires_at=found.ends_at)


def of_step(row: StepRow, *, parties: tuple[str, ...], now: datetime) -> Iterator[Notice]:
    """Yield what is told of a step."""
    facts = row.model_dump(mode="json", include={"kind", "id", "action", "after", "community", "by", "title", "due_at"})
    for party in parties:
        if party != row.by and not party.startswith("household:"):  # a file is nobody who could read it
            yield Notice(
                notice_id=_id(party, "step", row.event_id),
                party=party,
                kind="step",
                urgent=row.kind in URGENT_LIVES,
                made_at=now,
                facts=facts,
            )


def _id(party: str, kind: Kind, about: str) -> str:
    """Return an id that is the same however often the same thing is read."""
    return "n-" + blake2b(f"{party}/{kind}/{about}".encode(), digest_size=16).hexdigest()
