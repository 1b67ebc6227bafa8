"""What needs ask of the demand list, and what their steps change there.

1. What is published has all that a demand must have, and is checked as a post is.
2. A change of what is published is a revision of the entry as it stands, whoever changed it last.
3. Only what was delivered can be confirmed: the assignments say what was. Whoever provided it does not confirm it.
4. Whatever leaves the list by a step (merged, declined, cancelled, closed, reopened) is withdrawn, unless nothing of it
   is open or under way.
5. An entry that was posted without a need gets one when a step is taken.
"""

from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Connection

from api.checks import Checks
from api.entries import WITHDRAWN
from api.errors import rejection
from api.lives import wish
from api.living import Ensuing, Entailed, Practice
from api.problems import Rejection
from api.readmodel.queries.assignments import assignments_of
from api.readmodel.queries.demands import get_demand
from api.readmodel.queries.lives import get_life
from api.readmodel.queries.needs import NeedStanding, standing
from api.readmodel.views import DemandView
from schemas.base import Fact
from schemas.demands import Demand, DemandPosted, DemandRevised, DemandWithdrawn, Urgency
from schemas.lifecycle import Step
from schemas.lives.demand import (
    ASKED,
    DemandAdopted,
    DemandAmended,
    DemandCancelled,
    DemandClosed,
    DemandCollected,
    DemandConfirmed,
    DemandDeclined,
    DemandJoined,
    DemandMerged,
    DemandPublished,
    DemandReopened,
    DemandRolledOver,
    Need,
)
from schemas.lives.wish import WISH_CAP, WISH_SEATS, DemandClaimed, DemandRaised, DemandRealised, DemandReleased
from schemas.parties import speaks_for
from schemas.refusals import Refused

_SERVING: Final = ("accepted", "confirmed", "fulfilled")
"""The states of assignments whose provider has promised to do it, or did."""
LISTS: Final = "system:lists"
"""Who adopts an entry: nobody took a step."""


def demand_of(need: Need) -> Demand:
    """Return the demand that a need makes; raise Rejection with a pointer to whatever is missing."""
    if need.entry is None or need.first_posted_at is None:
        raise Refused("not_possible_now", "it was never published")
    capped = {"cost_cap": WISH_CAP} if need.micro_wish and "cost_cap" not in need.asked else {}
    return _built(
        need.asked
        | capped
        | {
            "demand_id": need.entry,
            "requester": need.requester,
            "title": need.title,
            "community": need.community,
            "posted_at": need.first_posted_at,
        }
    )


def _built(fields: dict[str, Any]) -> Demand:
    try:
        demand = Demand.model_validate(fields)
    except ValidationError as error:
        raise rejection(error) from None
    if demand.micro_wish:
        _must_be_small(demand)
    return demand


def _must_be_small(wish: Demand) -> None:
    seats = sum(line.quantity for line in wish.lines)
    if len(wish.lines) > 1 or seats > WISH_SEATS or (wish.cost_cap or 0) > WISH_CAP:
        raise Refused("wish_too_large", f"one line, {WISH_SEATS} seats and {WISH_CAP} a seat at most")


def _check(checks: Checks, need: Need, fact: Step) -> None:
    if need.state == "published":
        checks.demand(demand_of(need), now=fact.at)


def _is_new(connection: Connection, need: Need, fact: Step) -> None:
    if get_demand(connection, demand_id=need.id) is not None:
        raise Refused("duplicate_id", need.id)


def _is_free(connection: Connection, need: Need, fact: Step) -> None:
    if get_demand(connection, demand_id=need.entry or "") is not None:
        raise Refused("duplicate_id", need.entry or "")


def _can_be_revised(connection: Connection, need: Need, fact: Any) -> None:
    if need.state == "published":
        view = _entry(connection, need)
        if view.state == WITHDRAWN:
            raise Refused("already_withdrawn", view.demand.demand_id)
        _revised(view, fact)


def _has_open_seats(connection: Connection, need: Need, fact: DemandRolledOver) -> None:
    _can_be_revised(connection, need, fact)
    view = _entry(connection, need)
    if view.filled >= view.asked:
        raise Refused("not_possible_now", "no seat of it is open")


def _was_delivered(connection: Connection, need: Need, fact: Step) -> None:
    """Refuse what nobody did yet, and whoever did it himself: he says that it is done, and others whether it is so."""
    if need.claimant is None and not _entry(connection, need).fulfilled:
        raise Refused("not_delivered", need.id)
    served = assignments_of(connection, demand_id=need.entry)
    providers = {need.claimant, *(each.provider for each in served if each.state in _SERVING)}
    if fact.by in providers:
        raise Refused("not_yours", f"confirm is for those whom it was done for, not for {fact.by}, who did it")


def _can_be_merged(connection: Connection, need: Need, fact: DemandMerged) -> None:
    other = get_life(connection, kind="demand", life_id=fact.into)
    begun = adopt(connection, fact.into) if other is None else (other.life if other.is_open else None)
    if fact.into == need.id or begun is None:
        raise Rejection("not_found", f"no other open need: {fact.into}")
    if not speaks_for(fact.by, f"community:{begun.community}"):
        raise Refused("not_yours", f"need {fact.into} is of another community, not for {fact.by}")
    if fact.lines is not None and other is not None and other.life.state == "published":
        _revised(_entry(connection, other.life), fact)


def _entry(connection: Connection, need: Need) -> DemandView:
    view = get_demand(connection, demand_id=need.entry or "")
    if view is None:
        raise Refused("not_found", need.entry or need.id)
    return view


def _revised(view: DemandView, fact: Fact) -> Demand | None:
    """Return the entry with what a step names; None where it says nothing new. Raise Rejection."""
    named = {name: getattr(fact, name) for name in ("title", *ASKED) if getattr(fact, name, None) is not None}
    if isinstance(fact, DemandRaised) and view.demand.urgency is Urgency.NORMAL:
        named["urgency"] = Urgency.URGENT
    if isinstance(fact, DemandRolledOver):
        named["deadline"] = fact.deadline
    if all(getattr(view.demand, name) == value for name, value in named.items()):
        return None
    return _built(dict(view.demand) | named | {"version": view.version + 1})


def _post(connection: Connection, need: Need, fact: Step) -> tuple[Entailed, ...]:
    demand = demand_of(need)
    if get_demand(connection, demand_id=demand.demand_id) is not None:
        return ()
    return (Entailed(DemandPosted(demand=demand), f"demand:{demand.demand_id}", 1),)


def _revise(connection: Connection, need: Need, fact: Step) -> tuple[Entailed, ...]:
    view = None if need.state != "published" else get_demand(connection, demand_id=need.entry or "")
    revised = None if view is None or view.state == WITHDRAWN else _revised(view, fact)
    if revised is None:
        return ()
    return (Entailed(DemandRevised(demand=revised), f"demand:{revised.demand_id}", revised.version),)


def _withdraw(connection: Connection, need: Need, fact: Step) -> tuple[Entailed, ...]:
    view = get_demand(connection, demand_id=need.entry) if need.entry else None
    if view is None or view.state == WITHDRAWN or _done(connection, view) >= view.asked:
        return ()
    withdrawn = DemandWithdrawn(
        demand_id=view.demand.demand_id,
        version=view.version + 1,
        community=view.demand.community,
        reason=getattr(fact, "reason", None),
    )
    gone = Entailed(withdrawn, f"demand:{withdrawn.demand_id}", withdrawn.version)
    return (gone, *wish.unmade(connection, need))


def _done(connection: Connection, view: DemandView) -> int:
    """Return how many seats are done, or reported so and only wait for a round to say it."""
    found = assignments_of(connection, demand_id=view.demand.demand_id)
    return view.fulfilled + sum(each.answer == "done" and each.state != "fulfilled" for each in found)


def _join(fact: DemandMerged) -> tuple[Ensuing, ...]:
    def make(survivor: Need) -> DemandJoined:
        return DemandJoined(
            id=survivor.id,
            step=survivor.step + 1,
            community=survivor.community,
            by=fact.by,
            at=fact.at,
            other=fact.id,
            lines=fact.lines,
        )

    return (Ensuing("demand", fact.into, make),)


def adopt(connection: Connection, demand_id: str) -> DemandAdopted | None:
    """Return the need of an entry that was posted without one; None where there is no such entry on the list."""
    view = get_demand(connection, demand_id=demand_id)
    if view is None or view.state == WITHDRAWN or _is_posted_anew(connection, demand_id):
        return None
    demand = view.demand
    return DemandAdopted(
        id=demand_id,
        step=1,
        community=demand.community,
        by=LISTS,
        at=view.changed_at,
        title=demand.title,
        requester=demand.requester,
        first_posted_at=demand.posted_at,
        **{name: getattr(demand, name) for name in ASKED},
    )


def _is_posted_anew(connection: Connection, demand_id: str) -> bool:
    first, dot, number = demand_id.rpartition(".")
    found = get_life(connection, kind="demand", life_id=first) if dot and number.isdigit() else None
    return found is not None and found.life.postings >= int(number)


PRACTICE: Final = Practice(
    checks={
        DemandPublished: _check,
        DemandAmended: _check,
        DemandRolledOver: _check,
    },
    guards={
        DemandCollected: _is_new,
        DemandPublished: _is_free,
        DemandAmended: _can_be_revised,
        DemandJoined: _can_be_revised,
        DemandRolledOver: _has_open_seats,
        DemandConfirmed: _was_delivered,
        DemandMerged: _can_be_merged,
        DemandRaised: _can_be_revised,
        DemandClaimed: wish.can_be_claimed,
    },
    effects={
        DemandPublished: _post,
        DemandAmended: _revise,
        DemandJoined: _revise,
        DemandRolledOver: _revise,
        DemandRaised: _revise,
        DemandClaimed: wish.claim,
        DemandReleased: wish.give_back,
        DemandRealised: wish.realise,
        DemandMerged: _withdraw,
        DemandDeclined: _withdraw,
        DemandCancelled: _withdraw,
        DemandClosed: _withdraw,
        DemandReopened: _withdraw,
    },
    ensues={DemandMerged: _join},
    adopt=adopt,
    beside=standing,
    view=NeedStanding,
)
