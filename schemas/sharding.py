"""Which shard owns a region, and which shards lie above it: the unit of ownership, and the Kafka key."""

from collections.abc import Iterator
from typing import Final, Literal

from schemas.base import Fact
from schemas.demands import DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn
from schemas.enrolment import MemberEnrolled, MemberLeft, UnitEnrolled, UnitLeft
from schemas.lifecycle import Step
from schemas.policy import Alliance
from schemas.resources import ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn

DISTRICT = 6
"""Default width of a shard: the district's six digits; 9 makes each street a shard."""
CITY: Final = 4
"""Width of the shard above the districts."""
_WIDTHS: Final = (9, DISTRICT, CITY)

ShardLevel = Literal["street", "district", "city", "alliance"]
_LEVELS: Final[dict[int, ShardLevel]] = {9: "street", DISTRICT: "district", CITY: "city"}


def shard_of(region: str, width: int = DISTRICT) -> str:
    """Return the shard that owns ``region``: its leading digits."""
    return region[:width]


def shards_above(shard: str, region: str, alliances: tuple[Alliance, ...]) -> Iterator[str]:
    """Yield the shards above ``shard`` on the way of ``region``: district, city, then the first alliance with it."""
    if not shard.isdigit():
        return
    for width in _WIDTHS:
        if width < len(shard):
            yield region[:width]
    for alliance in alliances:
        if any(region.startswith(prefix) for prefix in alliance.regions):
            yield alliance.name
            return


def is_above(shard: str, width: int) -> bool:
    """Return whether a shard lies above those of ``width``: it has neither lists nor answers of its own."""
    return not shard.isdigit() or len(shard) in [above for above in _WIDTHS if above < width]


def shard_level(shard: str) -> ShardLevel:
    """Return at which level a shard stands."""
    return _LEVELS.get(len(shard), "district") if shard.isdigit() else "alliance"


def region_of(data: Fact) -> str | None:
    """Return the region that decides the shard of an input event, or None where the event names the shard itself."""
    match data:
        case DemandPosted(demand=demand) | DemandRevised(demand=demand):
            return demand.community
        case DemandWhistled() | DemandWithdrawn() | UnitEnrolled() | UnitLeft() | MemberEnrolled() | MemberLeft():
            return data.community
        case ResourceOffered(resource=resource) | ResourceRevised(resource=resource):
            return resource.home
        case ResourceSuspended() | ResourceWithdrawn():
            return data.home
        case Step():
            return data.community
        case _:
            return None
