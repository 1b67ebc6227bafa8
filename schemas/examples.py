"""One valid example of every event type: one story of November 2026 in Changning district, Shanghai (310105).

A service centre offers haircuts at home; a community asks for two. Round 1 proposes both seats; one is accepted,
one declined. Round 2, due because another demand lapses, confirms the first and gives the other to a member.
The regions are real, units and people are made up.
"""

from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final

from schemas import assignments, claims, deadletters, demands, enrolment, resources, responses, rounds, transfers
from schemas.base import Fact, Window
from schemas.envelope import Event, new_event
from schemas.stories import STORIES
from schemas.topics import TOPICS

_SHARD: Final = "310105"
_COMMUNITY: Final = "310105001001"
_CENTRE: Final = "unit:52310105MJ47000120"
_MEMBER: Final = "member:m-7f3a"
_HAIRCUT: Final = "elder_care.hair_cut"
_VETTED: Final = "vetted_home_visit"


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a moment of November 2026 in China's time."""
    return datetime.fromisoformat(f"2026-11-{day:02}T{hour:02}:{minute:02}:00+08:00")


_SATURDAY: Final = Window(start=_at(28, 9), end=_at(28, 12))

_RESOURCE: Final = resources.Resource(
    resource_id="r-20261116-0007",
    provider=_CENTRE,
    title="周末上门理发",
    detail="两名理发师，自带工具，服务行动不便的老人。",
    item=_HAIRCUT,
    kind=resources.ResourceKind.SKILL,
    capacity=2,
    windows=(_SATURDAY,),
    scope=("310105001",),
    home=_COMMUNITY,
    access=resources.AccessMode.FREE,
    delivery=resources.DeliveryMode.OFF_PEAK,
    notice_minutes=24 * 60,
    qualifications=(_VETTED,),
    serves=(demands.Beneficiary.ELDERLY, demands.Beneficiary.DISABLED),
    fitness=(demands.Fitness.ADULT, demands.Fitness.STANDING),
    admits=("310105001",),
    valid_from=_at(16, 0),
    offered_at=_at(16, 10, 20),
)
_DEMAND: Final = demands.Demand(
    demand_id="d-20261117-0031",
    requester=f"community:{_COMMUNITY}",
    title="两位独居老人需要上门理发",
    lines=(demands.DemandLine(item=_HAIRCUT, quantity=2),),
    community=_COMMUNITY,
    grid="G03-02",
    window=_SATURDAY,
    duration_minutes=60,
    deadline=_at(27, 18),
    channel=demands.Channel.VISIT,
    beneficiary=demands.Beneficiary.ELDERLY,
    micro_wish=True,
    needs=(demands.Fitness.ADULT,),
    cost_cap=0,
    posted_at=_at(17, 9, 5),
)

_ACCEPTED: Final = "b8bbed8057bfb92b98ac62a34a2f573d"
_DECLINED: Final = "1ceffdcaf2f57dfb6cd3f102249a085f"
_UNANSWERED: Final = "6f0c1d4be2a95f7730d1a4c8e95b20fa"
_PROPOSAL: Final = rounds.Proposal(
    assignment_id="81eee6106b5e77fb7b85a2dded060218",
    demand_id=_DEMAND.demand_id,
    line=0,
    seat=1,
    demand_version=1,
    resource_id="r-20261118-0002",
    resource_seat=0,
    resource_version=1,
    requester=_DEMAND.requester,
    provider=_MEMBER,
    item=_HAIRCUT,
    offered_item=_HAIRCUT,
    community=_COMMUNITY,
    starts_at=_at(28, 9),
    ends_at=_at(28, 10),
    value=4_620,
    terms={"service": 2_000, "waiting": 1_120, "nearness": 1_000, "fit": 500},
    margin=4_620,
    auto_accepted=False,
    answer_by=_at(20, 18),
)
_ROUND: Final = rounds.RoundDecided(
    shard=_SHARD,
    round_no=2,
    decided_at=_at(19, 18),
    cause="alarm",
    policy=rounds.PolicyRef(name="default", version=1, digest="39e56706bcc562c6"),
    solver="cobuild 1 / scipy 1.17.1 / numpy 2.4.6",
    inputs=(
        rounds.InputOffset(topic="cobuild.demands.v1", partition=2, offset=2),
        rounds.InputOffset(topic="cobuild.resources.v1", partition=2, offset=2),
        rounds.InputOffset(topic="cobuild.responses.v1", partition=2, offset=2),
    ),
    transitions=(
        rounds.Transition(
            assignment_id=_DECLINED,
            demand_id=_DEMAND.demand_id,
            resource_id=_RESOURCE.resource_id,
            to="revoked",
            reason="declined",
        ),
        rounds.Transition(
            assignment_id=_ACCEPTED,
            demand_id=_DEMAND.demand_id,
            resource_id=_RESOURCE.resource_id,
            to="confirmed",
            reason="accepted",
        ),
    ),
    lapsed=(rounds.Lapse(demand_id="d-20261117-0040", version=1),),
    proposals=(_PROPOSAL,),
    line_prices=(rounds.LinePrice(demand_id=_DEMAND.demand_id, line=0, price=4_620),),
    resource_prices=(),
    certificate=rounds.Certificate(value=4_620, price_sum=4_620, worst_gap=0, holds=True),
    size=rounds.RoundSize(lines=1, line_seats=1, resources=2, resource_seats=2, pairs=1, components=1),
)
_GARBAGE: Final = b'{"demand": '


def _changed(**change: object) -> resources.Resource:
    return resources.Resource.model_validate(_RESOURCE.model_dump() | change)


def _resource_events() -> list[tuple[datetime, Fact]]:
    centre = enrolment.UnitEnrolled(
        uscc=_CENTRE.removeprefix("unit:"),
        name="长宁区为老服务中心（示例）",
        community=_COMMUNITY,
        industry_system="民政",
        enrolled_at=_at(12, 14),
    )
    member = enrolment.MemberEnrolled(
        member_ref=_MEMBER.removeprefix("member:"),
        member_class=enrolment.MemberClass.IN_SERVICE,
        kind=enrolment.EnrolmentKind.UNIT_LINK,
        home_unit=_CENTRE,
        community="310105001002",
        skills=(_HAIRCUT,),
        qualifications=(_VETTED,),
        enrolled_at=_at(13, 19, 30),
    )
    centre_left = enrolment.UnitLeft(
        uscc=_CENTRE.removeprefix("unit:"),
        version=2,
        community=_COMMUNITY,
        left_at=_at(30, 17),
        reason="迁往仙霞新村",
        to="310105005001",
    )
    member_left = enrolment.MemberLeft(
        member_ref=_MEMBER.removeprefix("member:"),
        version=2,
        member_class=enrolment.MemberClass.IN_SERVICE,
        kind=enrolment.EnrolmentKind.UNIT_LINK,
        community="310105001002",
        left_at=_at(30, 18),
        reason="调往外地工作",
    )
    rests = resources.ResourceSuspended(
        resource_id=_RESOURCE.resource_id, version=3, home=_COMMUNITY, reason="理发师外出培训一周"
    )
    gone = resources.ResourceWithdrawn(resource_id=_RESOURCE.resource_id, version=4, home=_COMMUNITY, reason="项目到期")
    return [
        (_at(12, 14), centre),
        (_at(13, 19, 30), member),
        (_at(16, 10, 20), resources.ResourceOffered(resource=_RESOURCE)),
        (_at(21, 9), resources.ResourceRevised(resource=_changed(version=2, capacity=3))),
        (_at(29, 9), rests),
        (_at(30, 9), gone),
        (_at(30, 17), centre_left),
        (_at(30, 18), member_left),
    ]


def _demand_events() -> list[tuple[datetime, Fact]]:
    revised = demands.Demand.model_validate(_DEMAND.model_dump() | {"version": 2, "duration_minutes": 45})
    whistled = demands.DemandWhistled(
        demand_id="d-20261119-0002", version=2, community="310105001003", reason="楼道消防通道被堵，需要当天清理"
    )
    withdrawn = demands.DemandWithdrawn(
        demand_id="d-20261119-0005", version=2, community="310105001004", reason="家属已自行解决"
    )
    return [
        (_at(17, 9, 5), demands.DemandPosted(demand=_DEMAND)),
        (_at(17, 9, 40), demands.DemandRevised(demand=revised)),
        (_at(19, 15), whistled),
        (_at(19, 16), withdrawn),
    ]


def _response_events() -> list[tuple[datetime, Fact]]:
    return [
        (_at(17, 14), responses.AssignmentAccepted(assignment_id=_ACCEPTED, shard=_SHARD, at=_at(17, 14))),
        (
            _at(17, 15),
            responses.AssignmentDeclined(
                assignment_id=_DECLINED, shard=_SHARD, at=_at(17, 15), reason="当天只有一名理发师"
            ),
        ),
        (
            _at(28, 10),
            responses.AssignmentDone(assignment_id=_ACCEPTED, shard=_SHARD, by="requester", at=_at(28, 10)),
        ),
        (
            _at(28, 10, 30),
            responses.AssignmentNoShow(
                assignment_id=_PROPOSAL.assignment_id, shard=_SHARD, by="requester", at=_at(28, 10, 30)
            ),
        ),
    ]


def _claim_events() -> list[tuple[datetime, Fact]]:
    made = claims.ClaimMade(
        claim_id="c-20261119-0003",
        by="requester",
        demand_id=_DEMAND.demand_id,
        resource_id=_RESOURCE.resource_id,
        shard=_SHARD,
        at=_at(19, 17, 40),
    )
    dropped = claims.ClaimDropped(claim_id=made.claim_id, shard=_SHARD, at=_at(19, 17, 50))
    return [(fact.at, fact) for fact in (made, dropped)]


def _transfer_events() -> list[tuple[datetime, transfers.Transfer]]:
    """A seat goes up to the city (3101) after a day, down to a helper of the next district, and back."""
    to_city, shown_by = "3101", "310104"
    demand = transfers.CarriedDemand(
        demand_id="d-20261118-0009",
        version=1,
        requester=_DEMAND.requester,
        lines=(demands.DemandLine(item=_HAIRCUT),),
        community=_COMMUNITY,
        window=_SATURDAY,
        duration_minutes=60,
        lapses_at=_SATURDAY.end,
        urgency=demands.Urgency.NORMAL,
        beneficiary=demands.Beneficiary.ELDERLY,
        needs=(demands.Fitness.ADULT,),
        posted_at=_at(18, 9),
    )
    offer = transfers.CarriedResource(
        resource_id="r-20261110-0044",
        version=1,
        status="open",
        provider="member:m-2b61",
        item=_HAIRCUT,
        capacity=1,
        renewable=True,
        per_occasion=False,
        stays_put=False,
        hours=(transfers.Span(start=_SATURDAY.start, end=_SATURDAY.end),),
        scope=("3101",),
        home="310104003001",
        booked=False,
        notice_minutes=0,
        qualifications=(_VETTED,),
        fitness=(demands.Fitness.ADULT,),
        fee=0,
    )
    seat = transfers.SeatRef(line=0, seat=0)
    asked = transfers.Asked(
        to=shown_by,
        demand=demand,
        seat=seat,
        resource_id=offer.resource_id,
        resource_version=offer.version,
        starts_at=_SATURDAY.start,
        value=3_200,
    )
    returned = transfers.Returned(
        to=to_city,
        demand_id=demand.demand_id,
        seat=seat,
        resource_id=offer.resource_id,
        taken=True,
        until=_at(19, 9, 30),
    )
    shown = transfers.Shown(to=to_city, resource=offer)
    changed = transfers.Carried(to=to_city, demand=demand.model_copy(update={"version": 2, "lapses_at": _at(28, 10)}))
    up = transfers.Escalated(to=to_city, demand=demand, seats=(seat,), cause="time", waited_minutes=24 * 60)
    return [
        (at, made(shard=shard, round_no=round_no, number=0, at=at, passed=passed))
        for at, made, shard, round_no, passed in (
            (_at(18, 8), transfers.ResourceShown, shown_by, 41, shown),
            (_at(19, 12), transfers.DemandCarried, _SHARD, 7, changed),
            (_at(19, 9), transfers.DemandEscalated, _SHARD, 6, up),
            (_at(19, 9, 0), transfers.HoldAsked, to_city, 1, asked),
            (_at(19, 9, 0), transfers.SeatReturned, shown_by, 42, returned),
        )
    ]


def _assignment_events() -> list[tuple[datetime, Fact]]:
    at = _at(19, 18)
    proposed = assignments.AssignmentProposed(shard=_SHARD, round_no=2, at=at, assignment=_PROPOSAL)
    confirmed = assignments.AssignmentConfirmed(
        shard=_SHARD,
        round_no=2,
        at=at,
        assignment_id=_ACCEPTED,
        demand_id=_DEMAND.demand_id,
        resource_id=_RESOURCE.resource_id,
        reason="accepted",
    )
    revoked = assignments.AssignmentRevoked(
        shard=_SHARD,
        round_no=2,
        at=at,
        assignment_id=_DECLINED,
        demand_id=_DEMAND.demand_id,
        resource_id=_RESOURCE.resource_id,
        reason="declined",
    )
    expired = assignments.AssignmentExpired(
        shard=_SHARD,
        round_no=3,
        at=_at(20, 18),
        assignment_id=_UNANSWERED,
        demand_id="d-20261119-0002",
        resource_id="r-20261110-0001",
    )
    fulfilled = assignments.AssignmentFulfilled(
        shard=_SHARD,
        round_no=9,
        at=_at(28, 10),
        assignment_id=_ACCEPTED,
        demand_id=_DEMAND.demand_id,
        resource_id=_RESOURCE.resource_id,
    )
    return [(fact.at, fact) for fact in (proposed, confirmed, revoked, expired, fulfilled)]


def _refused() -> deadletters.RecordRefused:
    return deadletters.RecordRefused(
        topic="cobuild.demands.v1",
        partition=2,
        offset=17,
        code="invalid_json",
        detail="Invalid JSON: EOF while parsing a value at line 1 column 11",
        key=b64encode(_SHARD.encode()),
        headers=(("ce_type", b64encode(b"cn.cobuild.demand.posted.v1")),),
        value=b64encode(_GARBAGE),
        value_sha256=sha256(_GARBAGE).hexdigest(),
        refused_at=_at(19, 18, 1),
    )


_REPLAYED: Final = deadletters.RecordReplayed(
    topic="cobuild.demands.v1",
    partition=5,
    offset=3,
    new_partition=2,
    new_offset=18,
    new_key=_SHARD,
    replayed_at=_at(19, 18, 30),
)


def _example(name: str, source: str, time: datetime, data: Fact) -> Event[Fact]:
    key = data.passed.to if isinstance(data, transfers.Transfer) else _SHARD
    return new_event(data, id=f"example-{name}", source=source, key=key, time=time)


def _in_order(events: Iterable[Event[Fact]]) -> dict[str, Event[Fact]]:
    """Return the events by type, in the order of the topic registry; of several the last."""
    found = {event.type: event for event in events}
    return {event.name: found[event.name] for topic in TOPICS for event in topic.events if event.name in found}


_STORY: Final = [
    *(
        ("cobuild/api", *event)
        for event in (*_resource_events(), *_demand_events(), *_response_events(), *_claim_events())
    ),
    *(("cobuild/matcher", *event) for event in _transfer_events()),
    ("cobuild/matcher", _at(19, 18), _ROUND),
    *(("cobuild/matcher", *event) for event in _assignment_events()),
    ("cobuild/matcher", _at(19, 18, 1), _refused()),
    ("cobuild/operators", _at(19, 18, 30), _REPLAYED),
]
EXAMPLES: Final[dict[str, Event[Fact]]] = _in_order(
    [
        *(_example(f"{number:02}", *told) for number, told in enumerate(_STORY, start=1)),
        *(
            _example(f"{kind}-{number:02}", "cobuild/api", step.at, step)
            for kind, story in STORIES.items()
            for number, step in enumerate(story, start=1)
        ),
    ]
)
"""By event type, in the order of the topic registry."""
