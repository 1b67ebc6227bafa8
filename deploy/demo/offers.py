"""The resource list of the demo: what units and members offer, drawn from the catalogue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from deploy.demo import hours
from deploy.demo.people import Unit, qualifications
from schemas.base import Window
from schemas.catalogue import Catalogue
from schemas.enrolment import MemberEnrolled
from schemas.resources import AccessMode, DeliveryMode, Resource, ResourceKind


@dataclass(frozen=True, slots=True)
class Shape:
    """What an offer of some category or item looks like: its kind, least and most seats, whether they come back."""

    kind: ResourceKind
    seats: tuple[int, int]
    renewable: bool = True


_SKILL = Shape(ResourceKind.SKILL, (1, 6))
_SHAPES = {
    "venue": Shape(ResourceKind.VENUE, (1, 4)),
    "venue.parking": Shape(ResourceKind.FACILITY, (10, 40)),
    "venue.projector_sound": Shape(ResourceKind.FACILITY, (1, 5)),
    "venue.vehicle_loan": Shape(ResourceKind.FACILITY, (1, 3)),
    "venue.tool_loan": Shape(ResourceKind.FACILITY, (2, 10)),
    "venue.canteen": Shape(ResourceKind.FACILITY, (5, 20)),
    "disability.assistive_device": Shape(ResourceKind.FACILITY, (1, 8)),
    "relief.micro_wish_goods": Shape(ResourceKind.GOODS, (1, 10), renewable=False),
    "relief.goods_donation": Shape(ResourceKind.GOODS, (10, 40), renewable=False),
    "relief.second_hand": Shape(ResourceKind.GOODS, (1, 12), renewable=False),
    "relief.fund_donation": Shape(ResourceKind.FUND, (1, 10), renewable=False),
    "employment.job_info": Shape(ResourceKind.INFORMATION, (3, 20)),
    "gov_service": Shape(ResourceKind.POLICY, (2, 8)),
    "new_groups": Shape(ResourceKind.ACTIVITY, (2, 10)),
    "party_life": Shape(ResourceKind.ACTIVITY, (2, 8)),
    "sports": Shape(ResourceKind.ACTIVITY, (2, 12)),
    "culture": Shape(ResourceKind.CULTURE, (1, 8)),
}
_WHEN: dict[str, tuple[Callable[[datetime], tuple[Window, ...]], ...]] = {
    "venue": (hours.off_peak, hours.off_peak, hours.office_hours),
    "member": (hours.evenings_and_weekends, hours.evenings_and_weekends, lambda _: ()),
    "unit": (hours.office_hours, lambda _: ()),
}
_UNIT_TITLES = ("{name}提供{item}", "{item}（{name}）", "{name}开放{item}名额", "{item}，{name}共建资源")
_MEMBER_TITLES = ("可提供{item}", "{item}志愿服务", "业余时间做{item}", "党员认领：{item}")


def shape_of(item: str) -> Shape:
    """Return the shape of an item's offers: its own, else its category's, else a skill."""
    return _SHAPES.get(item) or _SHAPES.get(item.partition(".")[0]) or _SKILL


def unit_offer(
    unit: Unit,
    *,
    resource_id: str,
    catalogue: Catalogue,
    rng: Random,
    at: datetime,
    taken: frozenset[str] = frozenset(),
) -> Resource:
    """Return an offer of a unit: something of its trade that it does not offer yet, where there is such a thing."""
    fitting = [item for offer in unit.trade.offers for item in _items(offer, catalogue)]
    item = rng.choice([one for one in fitting if one not in taken] or fitting)
    shape = shape_of(item)
    enrolled, most = unit.enrolled, shape.seats[1] * (2 if unit.big else 1)
    venue = shape.kind in {ResourceKind.VENUE, ResourceKind.FACILITY}
    return Resource(
        resource_id=resource_id,
        provider=enrolled.party,
        title=rng.choice(_UNIT_TITLES).format(name=enrolled.name, item=catalogue.items[item].zh),
        item=item,
        kind=shape.kind,
        capacity=rng.randint(shape.seats[0], most),
        renewable=shape.renewable,
        windows=rng.choice(_WHEN["venue" if venue else "unit"])(at) if shape.renewable else (),
        scope=_scope(enrolled.community, district=0.9 if unit.big else 0.4, rng=rng),
        home=enrolled.community,
        access=rng.choice((AccessMode.FREE, AccessMode.FREE, AccessMode.BOOKING)) if venue else AccessMode.FREE,
        delivery=DeliveryMode.OFF_PEAK if venue else rng.choice((DeliveryMode.MUTUAL, DeliveryMode.JOINT)),
        notice_minutes=rng.choice((0, 0, 60, 24 * 60)),
        qualifications=qualifications((item,), catalogue=catalogue, rng=rng),
        auto_accept=rng.random() < (0.5 if venue or not shape.renewable else 0.2),
        offered_at=at,
    )


def member_offer(
    member: MemberEnrolled, *, resource_id: str, catalogue: Catalogue, rng: Random, at: datetime
) -> Resource:
    """Return an offer of a member: one of the skills told when reporting, with one seat."""
    item = rng.choice(member.skills)
    shape = shape_of(item)
    return Resource(
        resource_id=resource_id,
        provider=member.party,
        title=rng.choice(_MEMBER_TITLES).format(item=catalogue.items[item].zh),
        item=item,
        kind=shape.kind,
        renewable=shape.renewable,
        windows=rng.choice(_WHEN["member"])(at) if shape.renewable else (),
        scope=_scope(member.community, district=0.25, rng=rng),
        home=member.community,
        notice_minutes=rng.choice((0, 60, 12 * 60)),
        qualifications=member.qualifications,
        auto_accept=rng.random() < 0.1,
        offered_at=at,
    )


def _items(offer: str, catalogue: Catalogue) -> tuple[str, ...]:
    return (offer,) if "." in offer else tuple(item.item_id for item in catalogue.items_of(offer))


def _scope(community: str, *, district: float, rng: Random) -> tuple[str, ...]:
    """Return the district with the given likelihood, else the street."""
    return (community[:6],) if rng.random() < district else (community[:9],)
