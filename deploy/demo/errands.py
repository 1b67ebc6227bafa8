"""Lives that begin among those who are on the demo's lists, over HTTP as people begin them; each goes some way.

Of every kind that needs somebody or something on the lists: who reports and who holds a role, needs from all channels,
offers, funds, orders, bookings, grids. No emergency: it would hold for the whole district.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any, Final

from deploy.demo import hours
from deploy.demo.client import Client
from deploy.demo.wants import community_want
from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.demands import Channel, Demand, DemandPosted
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.regions import Region
from schemas.resources import AccessMode, Resource, ResourceKind, ResourceOffered

Said = Mapping[str, Any]
Steps = tuple[tuple[str, Said], ...]

_ASKED: Final = {"title", "lines", "window", "duration_minutes", "beneficiary", "grid"}
_GRIDS: Final = ("东一网格", "东二网格", "西一网格", "西二网格", "商务楼宇网格", "沿街商铺网格")


@dataclass(frozen=True, slots=True)
class Errand:
    """One life: where it begins, what is said then, the steps after that; ``first`` is posted on the lists before."""

    address: str
    born: Said
    steps: Steps = ()
    first: tuple[Fact, ...] = ()


def page_of(fact: Fact) -> str:
    """Return where an entry of the lists is found."""
    match fact:
        case ResourceOffered(resource=resource):
            return f"/v1/resources/{resource.resource_id}"
        case DemandPosted(demand=demand):
            return f"/v1/demands/{demand.demand_id}"
        case _:
            raise TypeError(f"{type(fact).__name__} is no entry")


async def run(errands: Iterable[Errand], *, client: Client) -> None:
    """Run one errand after the other; what is refused ends that errand alone."""
    for errand in errands:
        for fact in errand.first:
            await client.say(fact)
            await client.sees(page_of(fact))
        at = await client.begin(errand.address, errand.born)
        for action, said in errand.steps if at else ():
            if not await client.post(f"{at}:{action}", said):
                break


class Errands:
    """What is begun among the units and members of the stock; the same seed begins the same."""

    def __init__(
        self, stock: Sequence[Fact], places: Sequence[Region], *, catalogue: Catalogue, now: datetime, seed: int
    ) -> None:
        self._units = [fact for fact in stock if isinstance(fact, UnitEnrolled)]
        self._members = [fact for fact in stock if isinstance(fact, MemberEnrolled)]
        self._places = places
        self._catalogue = catalogue
        self._now = now
        self._rng = random.Random(f"{seed} errands")  # noqa: S311 - a story, no secret

    def all(self) -> list[Errand]:
        """Return every errand, those that a round could come before first."""
        return [
            *self._orders(),
            *self._bookings(),
            *self._enrolments(),
            *self._needs(),
            *self._offers(),
            *self._grids(),
            *self._roles(),
            *self._funds(),
        ]

    def _orders(self) -> Iterator[Errand]:
        """Offer and demand come just before the order: a round that was quicker leaves nothing to order."""
        ends: tuple[tuple[str, ...], ...] = ((), (), ("accept",), ("accept",), ("accept", "start"), ("decline",))
        for number, actions in enumerate(ends, start=1):
            unit, demand = self._unit(), self._want(f"d-order-{number}")
            hall = f"community:{demand.community}"
            line = demand.lines[0].model_copy(update={"quantity": 4})
            demand = demand.model_copy(update={"lines": (line,), "micro_wish": False})
            title = f"{unit.name}：{self._catalogue.items[line.item].zh}"[:60]
            offer = self._offer(unit, f"r-order-{number}", title=title, item=line.item, capacity=4)
            due = {"due": demand.window.start}
            pair = {"demand_id": demand.demand_id, "resource_id": offer.resource_id, "quantity": 2}
            steps = {
                "accept": {"by": hall},
                "start": {"by": unit.party},
                "decline": {"by": hall, "reason": "已有安排"},
            }
            yield Errand(
                "/v1/orders",
                {"side": "provider", "by": unit.party} | due | pair,
                tuple((action, steps[action]) for action in actions),
                (ResourceOffered(resource=offer), DemandPosted(demand=demand)),
            )

    def _bookings(self) -> Iterator[Errand]:
        unit = self._unit()
        windows = hours.off_peak(self._now)[2:]
        hall = self._offer(
            unit, "r-hall-1", title=f"多功能厅（{unit.name}）", item="venue.activity_room", kind=ResourceKind.VENUE,
            capacity=2, access=AccessMode.BOOKING, per_occasion=True, windows=windows,
        )  # fmt: skip
        first: tuple[Fact, ...] = (ResourceOffered(resource=hall),)
        ends: tuple[Steps, ...] = (
            (),
            (),
            (("confirm", {"by": unit.party}),),
            (("confirm", {"by": unit.party}),),
            (("decline", {"by": unit.party, "reason": "当日检修"}),),
        )
        purposes = cycle(("支部学习", "居民议事", "书画班", "亲子阅读", "合唱排练"))
        for window, steps in zip(windows, ends, strict=False):
            slot = {"start": window.start, "end": window.start + timedelta(hours=2)}
            asked = {"by": self._member().party, "resource_id": hall.resource_id, "people": self._rng.randint(6, 30)}
            yield Errand("/v1/bookings", asked | slot | {"purpose": next(purposes)}, steps, first)
            first = ()

    def _enrolments(self) -> Iterator[Errand]:
        """Some are entered by the community before which they stand, others apply."""
        for number in range(1, 19):
            place = self._place()
            hall, party = f"community:{place}", f"member:m-new-{number:03}"
            who = {"party": party, "community": place, "kind": "residence"}
            who |= {"member_class": self._rng.choice(("retired", "resident", "mobile"))}
            steps: Steps = (("start", {"by": hall}),) if number % 3 == 0 else ()
            if number <= 12:
                yield Errand("/v1/enrolments:register", who | {"by": hall}, steps)
                continue
            ends: tuple[Steps, ...] = (
                (),
                (("grant", {"by": hall}),),
                (("return", {"by": hall, "reason": "请补充可服务的时间"}),),
                (("refuse", {"by": hall, "reason": "不在本社区居住"}),),
            )
            yield Errand("/v1/enrolments", who | {"by": party}, ends[number % len(ends)])

    def _needs(self) -> Iterator[Errand]:
        """From every channel twice: one is new or still in hand, another is on the list or was turned down."""
        for number, channel in enumerate([*Channel, *Channel], start=1):
            want = self._want(f"n-{number}")
            hall = f"community:{want.community}"
            asked = want.model_dump(include=_ASKED, exclude_none=True)
            verified, published = ("verify", {"by": hall}), ("publish", {"by": hall})
            until = self._now + timedelta(days=20)
            ends: tuple[Steps, ...] = (
                (),
                (verified,),
                (verified, published),
                (("return", {"by": hall, "reason": "请补充时间"}),),
                (("decline", {"by": hall, "reason": "属于专项工程，已转主管部门"}),),
                (("defer", {"by": hall, "until": until, "reason": "场地下月开放"}),),
                (verified, published),
            )
            yield Errand(
                "/v1/needs",
                asked | {"by": hall, "community": want.community, "channel": channel},
                ends[number % len(ends)],
            )
        unit, place = self._unit(), self._place()
        wish: dict[str, Any] = {
            "by": f"community:{place}",
            "community": place,
            "title": "独居老人想要一副老花镜",
            "channel": Channel.VISIT,
        }
        wish |= {"micro_wish": True, "beneficiary": "elderly", "lines": [{"item": "relief.micro_wish_goods"}]}
        wish |= {"window": hours.wanted(self._now, rng=self._rng, hours=72)}
        by = {"by": f"community:{place}"}
        yield Errand("/v1/needs", wish, (("verify", by), ("publish", by), ("raise", by | {"to": [unit.party]})))

    def _offers(self) -> Iterator[Errand]:
        for number, reach in enumerate((0, 0, 1, 2, 2, 3)):
            unit = self._unit()
            hall = f"community:{unit.community}"
            terms = self._terms(
                unit, title=f"会议室（{unit.name}）", item="venue.meeting_room", kind=ResourceKind.VENUE
            )
            answer = (
                ("return", {"by": hall, "reason": "请写明可容纳人数"}) if number == 3 else ("publish", {"by": hall})
            )
            steps = (("submit", {"by": unit.party}), answer, ("suspend", {"by": unit.party, "reason": "检修"}))
            yield Errand("/v1/offers", {"by": unit.party, "terms": terms}, steps[:reach])

    def _grids(self) -> Iterator[Errand]:
        for number, title in enumerate(_GRIDS, start=1):
            member = self._member()
            hall = f"community:{member.community}"
            steps = (
                ("entrust", {"by": hall, "lead": member.party}),
                ("join", {"by": member.party, "party": member.party}),
            )
            born = {"by": hall, "community": member.community, "title": title, "grid": f"G{number:02}"}
            yield Errand("/v1/grids", born, steps[: number % 3])

    def _roles(self) -> Iterator[Errand]:
        for role in ("part_time_committee", "liaison", "liaison", "part_time_committee"):
            unit = self._unit()
            born = {"by": f"community:{unit.community}", "community": unit.community, "unit": unit.party, "role": role}
            yield Errand("/v1/roles", born | {"due": self._now + timedelta(days=365)})

    def _funds(self) -> Iterator[Errand]:
        for number, (title, earmark) in enumerate((("爱心基金", "帮扶困难老人"), ("助餐金", "只用于助餐")), start=1):
            unit = self._unit()
            fund = self._offer(
                unit, f"r-fund-{number}", title=title, item="relief.fund_donation", kind=ResourceKind.FUND,
                amount=5_000_000, earmark=earmark, special_account=True, renewable=False,
            )  # fmt: skip
            hall = f"community:{unit.community}"
            set_aside = {"by": hall, "amount": 2_000_000, "purpose": earmark, "document": "纪要7"}
            born = {"by": hall, "resource_id": fund.resource_id, "document": f"长民2026-{30 + number}"}
            yield Errand("/v1/funds", born, (("earmark", set_aside),)[: number - 1], (ResourceOffered(resource=fund),))

    def _want(self, demand_id: str) -> Demand:
        place = self._rng.choice(self._places)
        return community_want(place, demand_id=demand_id, catalogue=self._catalogue, rng=self._rng, at=self._now)

    def _offer(self, unit: UnitEnrolled, resource_id: str, **terms: Any) -> Resource:
        said = self._terms(unit, **terms)
        return Resource.model_validate(said | {"resource_id": resource_id, "offered_at": self._now})

    def _terms(self, unit: UnitEnrolled, **terms: Any) -> dict[str, Any]:
        return {"provider": unit.party, "home": unit.community, "scope": (unit.community[:6],)} | terms

    def _unit(self) -> UnitEnrolled:
        return self._rng.choice(self._units)

    def _member(self) -> MemberEnrolled:
        return self._rng.choice(self._members)

    def _place(self) -> str:
        return self._rng.choice(self._places).code
