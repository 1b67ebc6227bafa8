"""Which shard owns a region: the unit of ownership, and the Kafka key."""

from schemas.base import Fact
from schemas.demands import DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.resources import ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn

DISTRICT = 6
"""Default width of a shard: the district's six digits; 9 makes each street a shard."""


def shard_of(region: str, width: int = DISTRICT) -> str:
    """Return the shard that owns ``region``: its leading digits."""
    return region[:width]


def region_of(data: Fact) -> str | None:
    """Return the region that decides the shard of an input event, or None where the event names the shard itself."""
    match data:
        case DemandPosted(demand=demand) | DemandRevised(demand=demand):
            return demand.community
        case DemandWhistled() | DemandWithdrawn() | UnitEnrolled() | MemberEnrolled():
            return data.community
        case ResourceOffered(resource=resource) | ResourceRevised(resource=resource):
            return resource.home
        case ResourceSuspended() | ResourceWithdrawn():
            return data.home
        case _:
            return None
