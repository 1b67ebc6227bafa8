"""Dispatches beside the lists: what is asked of every community, who is called up, and what is taken back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, select

from api.checks import Checks
from api.living import Entailed, Filling, Practice
from api.readmodel.queries.filters import in_region
from api.readmodel.queries.modes import mode_of
from api.readmodel.tables import demands, enrolments, resources, tallies
from schemas.demands import DemandPosted, DemandWithdrawn
from schemas.enrolment import EnrolmentKind, MemberEnrolled
from schemas.lives.dispatch import MOST_COMMUNITIES, Dispatch, DispatchCalled, DispatchStoodDown
from schemas.refusals import Refused
from schemas.regions import prefix_of
from schemas.resources import ResourceOffered, ResourceWithdrawn


def _communities(connection: Connection, said: Mapping[str, Any], _: Callable[[str], str]) -> Mapping[str, Any]:
    """Return the communities of the region that are on any list."""
    region = tallies.c.region
    query = select(region).where(
        func.length(region) == 12, tallies.c.category == "", in_region(region, prefix_of(said["community"]))
    )
    found = tuple(connection.execute(query.order_by(region).limit(MOST_COMMUNITIES + 1)).scalars())
    if not 0 < len(found) <= MOST_COMMUNITIES:
        detail = f"one call reaches from 1 to {MOST_COMMUNITIES} communities of the lists"
        raise Refused("invalid_value", detail, field="#/community")
    return {"communities": found}


def _check(checks: Checks, _: Dispatch, fact: DispatchCalled) -> None:
    checks.step(fact, now=fact.at)


def _may_call(connection: Connection, dispatch: Dispatch, fact: DispatchCalled) -> None:
    region = prefix_of(dispatch.community)
    if not region.startswith(prefix_of(fact.by.partition(":")[2])):
        raise Refused("not_yours", f"{fact.by} does not stand above {dispatch.community}")
    if any(not community.startswith(region) for community in dispatch.communities):
        raise Refused("bad_region", f"a community outside {region}", field="#/communities")
    if mode_of(connection, region=region, now=fact.at).mode != "emergency":
        raise Refused("not_in_emergency", region)


def _call(connection: Connection, dispatch: Dispatch, _: DispatchCalled) -> Sequence[Entailed]:
    """Post what every community asks, and call up its members; what was posted before is left alone."""
    known = {*_known(connection, dispatch, demands.c.demand_id), *_known(connection, dispatch, resources.c.resource_id)}
    return [each for each in _posted(connection, dispatch) if each.entity.partition(":")[2] not in known]


def _posted(connection: Connection, dispatch: Dispatch) -> Iterator[Entailed]:
    for community in dispatch.communities:
        demand = dispatch.demand(community)
        yield Entailed(DemandPosted(demand=demand), f"demand:{demand.demand_id}", 1)
    for member in _called_up(connection, dispatch):
        offer = dispatch.called_up(member)
        yield Entailed(ResourceOffered(resource=offer), f"resource:{offer.resource_id}", 1)


def _called_up(connection: Connection, dispatch: Dispatch) -> Iterator[MemberEnrolled]:
    """Yield each member once: who lives in a community, and where that is not enough, who is there by unit link."""
    at_home = _members(connection, dispatch, EnrolmentKind.RESIDENCE)
    called = {member.member_ref for members in at_home.values() for member in members}
    yield from (member for members in at_home.values() for member in members)
    at_work = _members(connection, dispatch, EnrolmentKind.UNIT_LINK)
    for community, members in at_work.items():
        if len(at_home.get(community, ())) < dispatch.quantity:
            for member in members:
                if member.member_ref not in called:
                    called.add(member.member_ref)
                    yield member


def _members(connection: Connection, dispatch: Dispatch, kind: EnrolmentKind) -> dict[str, list[MemberEnrolled]]:
    query = (
        select(enrolments.c.body)
        .where(in_region(enrolments.c.community, prefix_of(dispatch.community)))
        .where(enrolments.c.kind == kind.value, enrolments.c.is_active)
        .order_by(enrolments.c.member_ref)
    )
    found: dict[str, list[MemberEnrolled]] = {community: [] for community in dispatch.communities}
    for body in connection.execute(query).scalars():
        member = MemberEnrolled.model_validate_json(body)
        if member.community in found:
            found[member.community].append(member)
    return found


def _stand_down(connection: Connection, dispatch: Dispatch, fact: DispatchStoodDown) -> Sequence[Entailed]:
    asked = select(demands.c.demand_id, demands.c.version, demands.c.community).where(
        _of(dispatch, demands.c.demand_id), demands.c.state.in_(("open", "partly_matched", "matched"))
    )
    offered = select(resources.c.resource_id, resources.c.version, resources.c.home).where(
        _of(dispatch, resources.c.resource_id), resources.c.state != "withdrawn"
    )
    return [
        *(
            Entailed(
                DemandWithdrawn(
                    demand_id=row.demand_id, version=row.version + 1, community=row.community, reason=fact.reason
                ),
                f"demand:{row.demand_id}",
                row.version + 1,
            )
            for row in connection.execute(asked.order_by(demands.c.demand_id))
        ),
        *(
            Entailed(
                ResourceWithdrawn(
                    resource_id=row.resource_id, version=row.version + 1, home=row.home, reason=fact.reason
                ),
                f"resource:{row.resource_id}",
                row.version + 1,
            )
            for row in connection.execute(offered.order_by(resources.c.resource_id))
        ),
    ]


def _known(connection: Connection, dispatch: Dispatch, column: Any) -> set[str]:
    return set(connection.execute(select(column).where(_of(dispatch, column))).scalars())


def _of(dispatch: Dispatch, column: Any) -> Any:
    return column.between(dispatch.mark, f"{dispatch.mark}~")


PRACTICE: Final = Practice(
    checks={DispatchCalled: _check},
    guards={DispatchCalled: _may_call},
    effects={DispatchCalled: _call, DispatchStoodDown: _stand_down},
    fillings={DispatchCalled: Filling(frozenset({"communities"}), _communities)},
)
