"""Orders 订单式认领: what can be ordered, and the claim that an order makes.

1. The claim of an order bears its id. A round that can holds just so many seats for it, and matches the rest.
2. The ids of these seats follow from the claim, so that they can be answered before the lists know what a round did.
3. A provider that accepts the order accepts them; a no, a withdrawal or a day that passed gives them back; what is
   confirmed is done, and what is not is given back.
4. Where a round could hold nothing, there is nothing to accept. Of an order that is older than its quantity, or of a
   team's seats, what rounds gave the pair stands for its seats.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from api.claiming import Pick, shard_of_pair
from api.living import Entailed, Filling, Practice, ShardOf
from api.problems import Rejection
from api.reading import some
from api.readmodel.lifeviews import OrderView
from api.readmodel.queries.claims import get_claim
from api.readmodel.queries.demands import demand_detail, get_demand
from api.readmodel.queries.lives import shard_of_life
from api.readmodel.queries.orders import orders_of, pair_of, unmet_of
from api.readmodel.queries.resources import get_resource
from api.readmodel.views import LIVE, AssignmentView
from schemas.claims import ClaimDropped, ClaimMade, Side, seat_of
from schemas.lifecycle import Step
from schemas.lives.order import (
    Order,
    OrderAccepted,
    OrderConfirmed,
    OrderDeclined,
    OrderLapsed,
    OrderPlaced,
    OrderWithdrawn,
)
from schemas.refusals import Refused
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone


def _known(connection: Connection, said: Mapping[str, Any], shard_of: ShardOf) -> Mapping[str, Any]:
    """Return what the lists say of an order; raise Refused where the two cannot be claimed for each other."""
    pick = Pick(by=said["side"], demand_id=said["demand_id"], line=said["line"], resource_id=said["resource_id"])
    shard_of_pair(connection, pick, shard_of=shard_of)
    demand = some(get_demand(connection, demand_id=pick.demand_id), what=pick.demand_id).demand
    resource = some(get_resource(connection, resource_id=pick.resource_id), what=pick.resource_id).resource
    mine, theirs = resource.provider, demand.requester
    if pick.by == "requester":
        mine, theirs = theirs, mine
    if said["by"] != mine:
        raise Refused("not_yours", f"the entry that is given for it is of {mine}")
    return {
        "community": demand.community,
        "title": demand.title,
        "to": theirs,
        "asked": demand.lines[pick.line].quantity,
        "micro_wish": demand.micro_wish,
    }


def _can_be_ordered(connection: Connection, after: Order, fact: OrderPlaced) -> None:
    """Refuse more than is open on either side, and a day that has passed. What waits for an answer gives way to it."""
    if fact.due <= fact.at:
        raise Refused("window_passed", fact.due.isoformat())
    line = some(demand_detail(connection, demand_id=after.demand_id), what=after.demand_id).lines[after.line]
    others = orders_of(connection, demand_id=after.demand_id, line=after.line, besides=after.id)
    theirs = {name for each in others for name in _ids(each, shard=_shard(connection, each))}
    pair = pair_of(connection, demand_id=after.demand_id, line=after.line, resource_id=after.resource_id)
    waits = sum(each.state == "proposed" and each.assignment_id not in theirs for each in pair)
    offer = some(get_resource(connection, resource_id=after.resource_id), what=after.resource_id)
    free = max(0, min(line.quantity - line.filled - unmet_of(connection, others), offer.free) + waits)
    if after.quantity > free:
        raise Rejection("more_than_open", f"{free} open", extra={"free": free})


def _is_past(connection: Connection, after: Order, fact: OrderLapsed) -> None:
    if after.due is not None and fact.at < after.due:
        raise Refused("too_early", after.due.isoformat())


def _is_held(connection: Connection, after: Order, fact: OrderAccepted) -> None:
    """Refuse what a round found no seats for; one that no round has ruled on yet may still get them."""
    claim = get_claim(connection, claim_id=after.id)
    if claim is None or claim.state == "open":
        return
    held = [each for each in _seats(connection, after) if each.state in LIVE]
    if len(held) < after.quantity:
        raise Rejection("more_than_open", f"claim: {claim.state}", extra={"free": len(held)})


def _claimed(connection: Connection, after: Order, fact: OrderPlaced) -> Sequence[Entailed]:
    if get_claim(connection, claim_id=after.id) is not None:
        return ()
    made = ClaimMade(
        claim_id=after.id,
        by=after.side,
        demand_id=after.demand_id,
        line=after.line,
        resource_id=after.resource_id,
        quantity=after.quantity,
        shard=_shard(connection, after),
        at=fact.at,
    )
    return (Entailed(made, f"claim:{after.id}", 1),)


def _accepted(connection: Connection, after: Order, fact: OrderAccepted) -> Sequence[Entailed]:
    """A provider that ordered has said yes before."""
    if after.side == "provider":
        return ()
    shard = _shard(connection, after)
    return tuple(
        _answer(AssignmentAccepted(assignment_id=each, shard=shard, by="provider", at=fact.at))
        for each in _unanswered(connection, after, "proposed")
    )


def _dropped(connection: Connection, after: Order, fact: Step) -> Sequence[Entailed]:
    """Take the claim back, unless a round has settled it, and give back what a round holds or is just about to."""
    claim = get_claim(connection, claim_id=after.id)
    gone = _given_back(connection, after, fact, _unanswered(connection, after, *LIVE))
    if claim is None or claim.state != "open":
        return gone
    return (Entailed(ClaimDropped(claim_id=after.id, shard=claim.shard, at=fact.at), f"claim:{after.id}", 2), *gone)


def _received(connection: Connection, after: Order, fact: OrderConfirmed) -> Sequence[Entailed]:
    """What was received is done; the rest is open again."""
    seats, shard = _unanswered(connection, after, *LIVE), _shard(connection, after)
    before = sum(each.state == "fulfilled" or each.answer == "done" for each in _seats(connection, after))
    more = max(0, (after.confirmed or 0) - before)
    done = tuple(
        _answer(AssignmentDone(assignment_id=each, shard=shard, by="requester", at=fact.at)) for each in seats[:more]
    )
    return (*done, *_given_back(connection, after, fact, seats[more:]))


def _given_back(connection: Connection, after: Order, fact: Step, seats: Sequence[str]) -> tuple[Entailed, ...]:
    shard, reason = _shard(connection, after), getattr(fact, "reason", None)
    side: Side = "requester" if fact.by == after.requester else "provider"
    return tuple(
        _answer(AssignmentDeclined(assignment_id=each, shard=shard, by=side, at=fact.at, reason=reason))
        for each in seats
    )


def _answer(said: AssignmentAccepted | AssignmentDeclined | AssignmentDone) -> Entailed:
    return Entailed(said, f"assignment:{said.assignment_id}", 1)


def _unanswered(connection: Connection, order: Order, *states: str) -> list[str]:
    """Return the seats of an order in one of these states that nobody answered finally.

    All, where the lists know of none: a claim that they show as open may have been ruled on a moment ago.
    """
    found, claim = _seats(connection, order), get_claim(connection, claim_id=order.id)
    if not found and claim is not None and claim.state in ("open", "dropped", "honoured"):
        return _ids(order, shard=_shard(connection, order))
    return [each.assignment_id for each in found if each.state in states and each.answer in (None, "accepted")]


def _seats(connection: Connection, order: Order) -> list[AssignmentView]:
    """Return the assignments that an order holds, by their numbers."""
    pair = pair_of(connection, demand_id=order.demand_id, line=order.line, resource_id=order.resource_id)
    named = {each.assignment_id: each for each in pair}
    own = [named[name] for name in _ids(order, shard=_shard(connection, order)) if name in named]
    claim = get_claim(connection, claim_id=order.id)
    if own or claim is None or claim.state != "honoured":
        return own
    return [each for each in reversed(pair) if each.round_no == claim.round_no][: order.quantity]


def _ids(order: Order, *, shard: str) -> list[str]:
    return [seat_of(shard=shard, claim_id=order.id, number=number) for number in range(order.quantity)]


def _shard(connection: Connection, order: Order) -> str:
    return shard_of_life(connection, kind="order", life_id=order.id)


def _beside(connection: Connection, order: Order, now: datetime) -> OrderView:
    pair = pair_of(connection, demand_id=order.demand_id, line=order.line, resource_id=order.resource_id)
    seats = _seats(connection, order)
    return OrderView(
        claim=get_claim(connection, claim_id=order.id),
        assignments=pair,
        promised=sum(each.state in LIVE for each in seats),
        done=sum(each.state == "fulfilled" for each in seats),
    )


PRACTICE = Practice(
    fillings={OrderPlaced: Filling(frozenset({"community", "title", "to", "asked", "micro_wish"}), _known)},
    guards={OrderPlaced: _can_be_ordered, OrderAccepted: _is_held, OrderLapsed: _is_past},
    effects={
        OrderPlaced: _claimed,
        OrderAccepted: _accepted,
        OrderConfirmed: _received,
        OrderDeclined: _dropped,
        OrderWithdrawn: _dropped,
        OrderLapsed: _dropped,
    },
    beside=_beside,
    view=OrderView,
)
