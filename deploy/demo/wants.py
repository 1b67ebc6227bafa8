"""The demand list of the demo: what communities, and units too, ask for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from deploy.demo import hours
from deploy.demo.people import Unit
from schemas.base import Grid
from schemas.catalogue import Catalogue
from schemas.demands import Beneficiary, Channel, Demand, DemandLine, Urgency
from schemas.regions import Region


@dataclass(frozen=True, slots=True)
class Want:
    """How a category is asked for: how often, by whom, for whom, in how many seats at most."""

    weight: int
    who: tuple[str, ...]
    beneficiary: Beneficiary = Beneficiary.GENERAL
    most: int = 3


WANTS: dict[str, Want] = {
    "elder_care": Want(16, ("独居老人", "高龄夫妻", "纯老家庭", "孤老"), Beneficiary.ELDERLY, 2),
    "health": Want(8, ("社区老年居民", "慢病居民", "行动不便居民", "楼组居民"), Beneficiary.ILL),
    "child_youth": Want(8, ("双职工家庭", "小学生家长", "困境儿童家庭", "社区暑托班"), Beneficiary.CHILDREN, 4),
    "disability": Want(4, ("残疾居民", "听障居民", "视障居民", "阳光之家"), Beneficiary.DISABLED, 2),
    "relief": Want(8, ("困难家庭", "大病家庭", "低保家庭", "困难党员"), Beneficiary.POOR, 2),
    "employment": Want(3, ("应届毕业生", "失业青年", "转岗职工")),
    "psychology": Want(3, ("备考家庭", "丧偶老人", "社区家庭"), most=2),
    "mediation": Want(5, ("楼上楼下邻居", "业委会", "居民议事会", "老旧小区居民"), most=2),
    "public_safety": Want(5, ("老旧小区", "沿街商铺", "校门口"), most=5),
    "emergency": Want(4, ("低洼小区", "高层楼组", "社区微型消防站"), most=5),
    "environment": Want(7, ("小区北门", "沿街花坛", "后弄堂", "垃圾厢房"), most=5),
    "home_repair": Want(8, ("独居老人家", "老旧公房", "楼组", "租住家庭"), most=2),
    "culture": Want(5, ("居民合唱队", "书画小组", "睦邻点", "邻里节")),
    "sports": Want(4, ("社区晨练队", "青少年球队", "广场舞队")),
    "venue": Want(5, ("业委会", "居民读书会", "社区团支部", "居民议事会"), most=2),
    "traffic": Want(4, ("学校周边", "小区出入口", "菜场门口"), most=4),
    "party_life": Want(4, ("楼宇党支部", "居民区党总支", "两新党支部"), most=2),
    "gov_service": Want(5, ("新居民", "退休居民", "退役军人家庭"), most=2),
    "digital": Want(6, ("老年居民", "社区老年学校", "居委会"), Beneficiary.ELDERLY),
    "new_groups": Want(3, ("外卖骑手", "快递站点", "沿街商户", "园区白领")),
}
"""By category; ``who`` begins the title."""

_ASKS = (
    "{who}需要{item}",
    "{who}盼{item}",
    "{who}求助：{item}",
    "{place}居民区：{who}想约{item}",
    "{item}（{place}居民区{who}）",
)
_URGENCY = {Urgency.NORMAL: 78, Urgency.URGENT: 17, Urgency.WHISTLE: 4, Urgency.EMERGENCY: 1}
_RISKY = frozenset({"environment", "sports"})


def community_want(community: Region, *, demand_id: str, catalogue: Catalogue, rng: Random, at: datetime) -> Demand:
    """Return what a community asks for; one in twelve asks for two things at once."""
    (category,) = rng.choices(list(WANTS), weights=[want.weight for want in WANTS.values()])
    return _demand(
        category, community, requester=f"community:{community.code}", demand_id=demand_id, catalogue=catalogue, rng=rng,
        at=at, channel=rng.choice((Channel.VISIT, Channel.GRID, Channel.HOTLINE, Channel.COUNCIL, Channel.ONLINE)),
    )  # fmt: skip


def unit_want(
    unit: Unit, community: Region, *, demand_id: str, catalogue: Catalogue, rng: Random, at: datetime
) -> Demand:
    """Return what a unit asks for: units have needs, too."""
    category = rng.choice(("venue", "health", "new_groups", "party_life", "employment", "emergency"))
    return _demand(
        category, community, requester=unit.enrolled.party, demand_id=demand_id, catalogue=catalogue, rng=rng, at=at,
        channel=Channel.UNIT,
    )  # fmt: skip


def _demand(
    category: str,
    community: Region,
    *,
    requester: str,
    demand_id: str,
    catalogue: Catalogue,
    rng: Random,
    at: datetime,
    channel: Channel,
) -> Demand:
    want = WANTS[category]
    items = rng.sample(catalogue.items_of(category), k=2 if rng.random() < 1 / 12 else 1)
    (urgency,) = rng.choices(list(_URGENCY), weights=list(_URGENCY.values()))
    minutes = rng.choice((30, 60, 60, 90, 120))
    window = hours.wanted(at, rng=rng, hours=rng.choice((3, 6, 12, 36, 72, 120)))
    title = rng.choice(_ASKS).format(
        who=rng.choice(want.who), item=items[0].zh, place=community.name.removesuffix("居委会")
    )
    return Demand(
        demand_id=demand_id,
        requester=requester,
        title=title,
        lines=tuple(
            DemandLine(
                item=item.item_id,
                quantity=min(rng.randint(1, want.most), rng.randint(1, want.most)),
                siblings=rng.random() < 0.6,
            )
            for item in items
        ),
        community=community.code,
        grid=_grid(rng),
        window=window,
        duration_minutes=minutes,
        deadline=window.start + timedelta(hours=2) if rng.random() < 0.2 else None,
        urgency=urgency,
        channel=channel,
        beneficiary=want.beneficiary,
        micro_wish=category == "relief" and len(items) == 1,
        risky=category in _RISKY and rng.random() < 0.3,
        posted_at=at,
    )


def _grid(rng: Random) -> Grid | None:
    """Return one of ten grids, or None: not every demand names its grid."""
    return f"G{rng.randint(1, 10):02d}" if rng.random() < 0.6 else None
