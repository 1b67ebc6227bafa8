"""What becomes of the lists when a micro-wish is taken on: a claim with a resource of whoever takes it.

1. Who takes a wish on claims it as any demand is claimed, so that rounds rule on it by every hard rule: with a resource
   of his on the list, or with one made for this wish alone, which nobody else can get.
2. The claim is published before its resource: a round that has read one waits for the other.
3. Who gives it back takes claim and resource back, and what a round promised meanwhile is declined at no cost.
4. When it came true the promise is answered as done. Where no round had ruled on the claim, the wish leaves the list.
5. Where a round gave the wish to another between the step and its claim, the step is taken back at once by a release,
   and whoever took it is told.
"""

from collections.abc import Iterator

from sqlalchemy import Connection

from api.entries import WITHDRAWN
from api.living import Entailed
from api.readmodel.queries.assignments import assignments_of
from api.readmodel.queries.claims import get_claim
from api.readmodel.queries.demands import get_demand
from api.readmodel.queries.lives import shard_of_life
from api.readmodel.queries.parties import get_member
from api.readmodel.queries.resources import get_resource
from api.readmodel.views import LIVE, AssignmentView, DemandView
from schemas.claims import ClaimDropped, ClaimMade
from schemas.demands import DemandWithdrawn
from schemas.lifecycle import Step
from schemas.lives.demand import Need
from schemas.lives.wish import DemandClaimed, DemandRealised, DemandReleased
from schemas.refusals import Refused
from schemas.resources import Resource, ResourceKind, ResourceOffered, ResourceWithdrawn
from schemas.responses import AssignmentDeclined, AssignmentDone


def can_be_claimed(connection: Connection, need: Need, fact: DemandClaimed) -> None:
    """Refuse what rounds have filled already, or a resource of somebody else."""
    view = get_demand(connection, demand_id=need.entry or "")
    if view is None:
        raise Refused("not_found", need.id)
    if view.state == WITHDRAWN:
        raise Refused("already_withdrawn", view.demand.demand_id)
    if view.state == "lapsed":
        raise Refused("window_passed", view.demand.demand_id)
    if not view.open_seats:
        raise Refused("already_held", view.demand.demand_id)
    if fact.resource is not None:
        offered = get_resource(connection, resource_id=fact.resource)
        if offered is None or offered.state == WITHDRAWN:
            raise Refused("not_found", fact.resource)
        if offered.resource.provider != fact.by:
            raise Refused("not_yours", fact.resource)


def claim(connection: Connection, need: Need, fact: DemandClaimed) -> tuple[Entailed, ...]:
    """Return the claim, then the resource where one is made for it; a release where a round came between."""
    view = get_demand(connection, demand_id=need.entry or "")
    if view is None or need.state != "claimed":
        return ()
    if not view.open_seats and not any(each.state in (*LIVE, "fulfilled") for each in _from_claimant(connection, need)):
        return (*_drop(connection, need, fact), _came_late(need, fact))
    return (*_claim(connection, need, fact), *_offer(connection, need, view, fact))


def _came_late(need: Need, fact: DemandClaimed) -> Entailed:
    back = DemandReleased(
        id=need.id, step=need.step + 1, community=need.community, by=fact.by, at=fact.at, reason="名额刚刚已匹配给他人"
    )
    return Entailed(back, f"life:demand:{need.id}", back.step, Refused("already_held", need.entry or need.id))


def _claim(connection: Connection, need: Need, fact: DemandClaimed) -> Iterator[Entailed]:
    if get_claim(connection, claim_id=need.claim) is None:
        made = ClaimMade(
            claim_id=need.claim,
            by="provider",
            demand_id=need.entry or "",
            resource_id=need.serving,
            shard=shard_of_life(connection, kind="demand", life_id=need.id),
            at=fact.at,
        )
        yield Entailed(made, f"claim:{need.claim}", 1)


def _offer(connection: Connection, need: Need, view: DemandView, fact: DemandClaimed) -> Iterator[Entailed]:
    if need.resource is None and get_resource(connection, resource_id=need.serving) is None:
        wish = view.demand
        member = get_member(connection, member_ref=fact.by.removeprefix("member:"))
        made = Resource(
            resource_id=need.serving,
            provider=fact.by,
            title=wish.title,
            item=wish.lines[0].item,
            kind=ResourceKind.GOODS,
            capacity=view.open_seats,
            renewable=False,
            windows=(wish.window,),
            scope=(wish.community,),
            home=wish.community,
            qualifications=tuple(sorted({code for each in member for code in each.enrolment.qualifications})),
            fitness=wish.needs,  # whoever takes it on has read what it needs
            admits=(wish.requester,),
            auto_accept=True,
            offered_at=fact.at,
        )
        yield Entailed(ResourceOffered(resource=made), f"resource:{need.serving}", 1)


def give_back(connection: Connection, need: Need, fact: DemandReleased) -> tuple[Entailed, ...]:
    """Return what takes a claim back: its resource, what was promised, and the claim where no round settled it."""
    return (*_drop(connection, need, fact), *_decline(connection, need, fact), *unmade(connection, need))


def _drop(connection: Connection, need: Need, fact: Step) -> Iterator[Entailed]:
    found = get_claim(connection, claim_id=need.claim)
    if found is not None and found.state == "open":
        yield Entailed(ClaimDropped(claim_id=need.claim, shard=found.shard, at=fact.at), f"claim:{need.claim}", 2)


def _decline(connection: Connection, need: Need, fact: DemandReleased) -> Iterator[Entailed]:
    if need.resource is not None:
        for each in promised(connection, need):
            said = AssignmentDeclined(
                assignment_id=each.assignment_id, shard=each.shard, at=fact.at, reason=fact.reason
            )
            yield Entailed(said, f"assignment:{each.assignment_id}", 1)


def unmade(connection: Connection, need: Need) -> Iterator[Entailed]:
    """Yield the withdrawal of a resource that was made for the wish alone."""
    view = get_resource(connection, resource_id=need.serving) if need.claims and need.resource is None else None
    if view is not None and view.state != WITHDRAWN and not view.fulfilled:
        gone = ResourceWithdrawn(resource_id=need.serving, version=view.version + 1, home=view.resource.home)
        yield Entailed(gone, f"resource:{need.serving}", gone.version)


def realise(connection: Connection, need: Need, fact: DemandRealised) -> tuple[Entailed, ...]:
    """Return that what was promised is done; where nothing was, that the wish leaves the list."""
    found = _from_claimant(connection, need)
    view = get_demand(connection, demand_id=need.entry or "")
    if any(each.state == "fulfilled" or each.answer == "done" for each in found) or view is None:
        return ()
    live = promised(connection, need)
    if live:
        return tuple(
            Entailed(
                AssignmentDone(assignment_id=each.assignment_id, shard=each.shard, at=fact.at),
                f"assignment:{each.assignment_id}",
                1,
            )
            for each in live
        )
    return () if view.state == WITHDRAWN else (*_off_the_wall(view), *unmade(connection, need))


def _off_the_wall(view: DemandView) -> Iterator[Entailed]:
    demand = view.demand
    gone = DemandWithdrawn(
        demand_id=demand.demand_id, version=view.version + 1, community=demand.community, reason="已由认领人实现"
    )
    yield Entailed(gone, f"demand:{demand.demand_id}", gone.version)


def promised(connection: Connection, need: Need) -> list[AssignmentView]:
    """Return what rounds promised to a wish from the resource with which it was taken on."""
    return [each for each in _from_claimant(connection, need) if each.state in LIVE]


def _from_claimant(connection: Connection, need: Need) -> list[AssignmentView]:
    found = assignments_of(connection, demand_id=need.entry)
    return [each for each in found if each.resource_id == need.serving]
