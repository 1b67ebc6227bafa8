"""Orders 订单式认领: what can be ordered, and the claim that an order makes.

The claim of an order bears its id. It stands for the pair of line and resource, for as many seats as both have; the
quantity is what the two sides agreed on, and nothing that rounds know of.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from api.claiming import Pick, shard_of_pair
from api.living import Entailed, Filling, Practice, ShardOf
from api.problems import Rejection
from api.reading import some
from api.readmodel.lifeviews import OrderView
from api.readmodel.queries.claims import get_claim
from api.readmodel.queries.demands import demand_detail, get_demand
from api.readmodel.queries.orders import pair_of, unmet_of
from api.readmodel.queries.resources import get_resource
from api.readmodel.tables import lives
from schemas.claims import ClaimDropped, ClaimMade
from schemas.lifecycle import Step
from schemas.lives.order import Order, OrderDeclined, OrderLapsed, OrderPlaced, OrderWithdrawn
from schemas.refusals import Refused


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
    """Refuse more than is open on either side, and a day that has passed."""
    if fact.due <= fact.at:
        raise Refused("window_passed", fact.due.isoformat())
    line = some(demand_detail(connection, demand_id=after.demand_id), what=after.demand_id).lines[after.line]
    ordered = unmet_of(connection, demand_id=after.demand_id, line=after.line, besides=after.id)
    offer = some(get_resource(connection, resource_id=after.resource_id), what=after.resource_id)
    free = max(0, min(line.quantity - line.filled - ordered, offer.free))
    if after.quantity > free:
        raise Rejection("more_than_open", f"{free} open", extra={"free": free})


def _is_past(connection: Connection, after: Order, fact: OrderLapsed) -> None:
    if after.due is not None and fact.at < after.due:
        raise Refused("too_early", after.due.isoformat())


def _claimed(connection: Connection, after: Order, fact: OrderPlaced) -> Sequence[Entailed]:
    if get_claim(connection, claim_id=after.id) is not None:
        return ()
    made = ClaimMade(
        claim_id=after.id,
        by=after.side,
        demand_id=after.demand_id,
        line=after.line,
        resource_id=after.resource_id,
        shard=_shard(connection, after),
        at=fact.at,
    )
    return (Entailed(made, f"claim:{after.id}", 1),)


def _dropped(connection: Connection, after: Order, fact: Step) -> Sequence[Entailed]:
    """Take the claim back, unless a round has settled it: what it promised is answered as any assignment is."""
    claim = get_claim(connection, claim_id=after.id)
    if claim is None or claim.state != "open":
        return ()
    return (Entailed(ClaimDropped(claim_id=after.id, shard=claim.shard, at=fact.at), f"claim:{after.id}", 2),)


def _shard(connection: Connection, order: Order) -> str:
    shard: str = connection.execute(
        select(lives.c.shard).where(lives.c.kind == "order", lives.c.id == order.id)
    ).scalar_one()
    return shard


def _beside(connection: Connection, order: Order, now: datetime) -> OrderView:
    pair = pair_of(connection, demand_id=order.demand_id, line=order.line, resource_id=order.resource_id)
    return OrderView(
        claim=get_claim(connection, claim_id=order.id),
        assignments=pair,
        promised=sum(each.state in ("proposed", "accepted", "confirmed") for each in pair),
        done=sum(each.state == "fulfilled" for each in pair),
    )


PRACTICE = Practice(
    fillings={OrderPlaced: Filling(frozenset({"community", "title", "to", "asked", "micro_wish"}), _known)},
    guards={OrderPlaced: _can_be_ordered, OrderLapsed: _is_past},
    effects={OrderPlaced: _claimed, OrderDeclined: _dropped, OrderWithdrawn: _dropped, OrderLapsed: _dropped},
    beside=_beside,
    view=OrderView,
)
