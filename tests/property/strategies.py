"""Small pools drawn so that entries meet often: few items, few places, windows on a half-hour grid that touch."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st

from schemas.base import Fact, Window
from schemas.claims import Side
from schemas.demands import Beneficiary, Demand, DemandLine, DemandPosted, Fitness, Urgency
from schemas.policy import (
    ClaimWeights,
    FitWeights,
    LoadWeights,
    NearnessWeights,
    Pace,
    Policy,
    RegretWeights,
    Rules,
    ServiceWeights,
    UrgencyWeights,
    WaitingWeights,
)
from schemas.recurrence import Recurrence
from schemas.resources import AccessMode, Resource, ResourceKind, ResourceOffered
from tests.builders import (
    FAR,
    HAIR,
    HERE,
    INSURANCE,
    LAMP,
    LICENCE,
    LOCK,
    MEAL,
    NOON,
    PRESSURE,
    SAME_CITY,
    SAME_DISTRICT,
    SAME_STREET,
    SHARD,
    claimed,
    demand,
    resource,
)

ITEMS = st.sampled_from([HAIR] * 6 + [MEAL] * 3 + [PRESSURE, LAMP, LOCK])
PLACES = st.sampled_from([HERE, HERE, SAME_STREET, SAME_DISTRICT])
HOMES = st.sampled_from([HERE, SAME_STREET, SAME_DISTRICT, SAME_CITY, FAR])
SCOPES = st.sampled_from(
    [(SHARD,)] * 6 + [("31",), ("3101",), (HERE[:9],), (HERE,), (SAME_STREET, SAME_DISTRICT[:9]), ("32",)]
)
HALF_HOUR = timedelta(minutes=30)
REQUESTERS = st.sampled_from([f"community:{HERE}", "team:asks"])
BENEFICIARIES = st.sampled_from([Beneficiary.GENERAL, Beneficiary.GENERAL, Beneficiary.ELDERLY])
SERVES = st.sampled_from([(), (), (), (Beneficiary.ELDERLY,), (Beneficiary.GENERAL, Beneficiary.CHILDREN)])
ADMITS = st.sampled_from([(), (), (), (), (HERE[:9],), ("team:asks", SAME_DISTRICT[:9])])
ACCESS: list[dict[str, Any]] = [
    {},
    {},
    {"access": AccessMode.BOOKING},
    {"access": AccessMode.PAID},
    {"access": AccessMode.PAID, "fee": 30},
]
_ACCESS = st.sampled_from(ACCESS)
KINDS = st.sampled_from([ResourceKind.SKILL, ResourceKind.SKILL, ResourceKind.VENUE, ResourceKind.FUND])
PROVIDERS = st.sampled_from([None, None, "team:one", "team:two", "member:ann", "member:ann"])
"""Some resources belong to the same provider."""
POINTS = st.integers(0, 12)
SELDOM_POINTS = st.sampled_from([0, 0, 1, 3, 12])
FEWER = settings(max_examples=max(settings().max_examples * 3 // 10, 25))
"""For properties whose examples are long lives, or many rounds."""
SELDOM = st.sampled_from([None, None, None, True])
"""True now and then; otherwise None, for a field that is mostly left out."""


@cache
def moments(first: int = -2, last: int = 10, *, since: datetime = NOON) -> st.SearchStrategy[datetime]:
    """Draw a half hour, counted in hours from ``since``."""
    return st.integers(2 * first, 2 * last).map(lambda half: since + half * HALF_HOUR)


@cache
@st.composite
def windows(draw: st.DrawFn, *, shortest: int = 1, since: datetime = NOON) -> Window:
    """Draw a window of at least ``shortest`` half hours around ``since``."""
    start = since + draw(st.integers(-4, 14)) * HALF_HOUR
    return Window(start=start, end=start + draw(st.integers(shortest, 12)) * HALF_HOUR)


@cache
@st.composite
def recurrences(draw: st.DrawFn, *, shortest: int = 1, since: datetime = NOON) -> Recurrence:
    """Draw windows that come again; some began days before ``since``."""
    first = draw(windows(shortest=shortest, since=since - draw(st.integers(0, 2)) * timedelta(days=1)))
    return Recurrence(first=first, rule=draw(st.sampled_from(("FREQ=DAILY;COUNT=5", "FREQ=DAILY;INTERVAL=2;COUNT=3"))))


@cache
@st.composite
def resources(draw: st.DrawFn, resource_id: str, *, version: int = 1, since: datetime = NOON) -> Resource:
    """Draw a resource."""
    per_occasion, kind = draw(st.sampled_from((False, False, True))), draw(KINDS)
    provider = draw(PROVIDERS) or f"team:{resource_id}"
    alone = provider.startswith("member:") and kind is ResourceKind.SKILL
    return resource(
        resource_id,
        version=version,
        provider=provider,
        item=draw(ITEMS),
        capacity=1 if alone else draw(st.sampled_from((1, 1, 2, 3))),
        renewable=per_occasion or draw(st.booleans()),
        per_occasion=per_occasion,
        kind=kind,
        windows=tuple(draw(st.just([]) | st.lists(windows(since=since), min_size=1, max_size=3))),
        recurring=tuple(draw(st.just([]) | st.just([]) | st.lists(recurrences(since=since), min_size=1, max_size=1))),
        scope=draw(SCOPES),
        home=draw(HOMES),
        notice_minutes=draw(st.sampled_from((0, 0, 0, 45, 180))),
        qualifications=draw(st.sampled_from(((), (LICENCE,), (INSURANCE,), (INSURANCE, LICENCE, "choir")))),
        serves=draw(SERVES),
        fitness=draw(st.sampled_from(((), (Fitness.ADULT,), (Fitness.LIFTING, Fitness.ADULT)))),
        admits=draw(ADMITS),
        **draw(_ACCESS),
        auto_accept=draw(st.booleans()),
        valid_from=draw(SELDOM) and draw(moments(-2, 3, since=since)),
        valid_to=draw(SELDOM) and draw(moments(4, 10, since=since)),
    )


@cache
@st.composite
def demands(draw: st.DrawFn, demand_id: str, *, version: int = 1, since: datetime = NOON, teams: bool = True) -> Demand:
    """Draw a demand of one or two lines; some in teams, unless told otherwise."""
    recurring = draw(st.just(()) | st.just(()) | st.tuples(recurrences(since=since, shortest=4)))
    wide = st.just(Window(start=since - 3 * timedelta(days=1), end=since + 2 * timedelta(days=1)))
    return demand(
        demand_id,
        *draw(st.lists(lines(teams=teams), min_size=1, max_size=2)),
        version=version,
        community=draw(PLACES),
        window=draw(
            wide
            if recurring
            else st.just(Window(start=since, end=since + 20 * HALF_HOUR)) | windows(shortest=4, since=since)
        ),
        recurring=recurring,
        duration_minutes=draw(st.sampled_from((30, 60, 120))),
        deadline=draw(SELDOM) and draw(moments(0, 10, since=since)),
        urgency=draw(st.sampled_from(tuple(Urgency))),
        risky=draw(st.booleans()),
        requester=draw(REQUESTERS),
        beneficiary=draw(BENEFICIARIES),
        needs=draw(st.sampled_from(((), (), (), (Fitness.ADULT,), (Fitness.ADULT, Fitness.LIFTING)))),
        cost_cap=draw(st.sampled_from((None, None, 0, 30))),
        bundle=teams and draw(st.sampled_from((False, False, False, True))),
        posted_at=draw(moments(-4, 1, since=since)),
    )


@cache
def lines(*, teams: bool = True) -> st.SearchStrategy[DemandLine]:
    """Draw a line of a demand."""
    return st.builds(
        DemandLine,
        item=ITEMS,
        quantity=st.sampled_from([1, 1, 2, 3]),
        siblings=st.sampled_from([True, True, False]),
        together=st.sampled_from([False, False, teams]),
    )


@st.composite
def pools(draw: st.DrawFn, *, most: int = 4, teams: bool = True) -> list[Fact]:
    """Draw what was offered and posted, in any order."""
    counts = st.sampled_from([0, *range(1, most + 1), most, most])
    facts: list[Fact] = [ResourceOffered(resource=draw(resources(f"r{n}"))) for n in range(draw(counts))]
    facts += [DemandPosted(demand=draw(demands(f"d{n}", teams=teams))) for n in range(draw(counts))]
    return draw(st.permutations(facts))


@st.composite
def claims(draw: st.DrawFn, facts: list[Fact], *, most: int = 3) -> list[Fact]:
    """Draw claims on what was offered and posted."""
    offers = [fact.resource.resource_id for fact in facts if isinstance(fact, ResourceOffered)]
    asked = [fact.demand.demand_id for fact in facts if isinstance(fact, DemandPosted)]
    if not (offers and asked):
        return []
    pairs = draw(st.lists(st.tuples(st.sampled_from(asked), st.sampled_from(offers)), max_size=most))
    return [
        claimed(
            *pair, line=draw(st.sampled_from((0, 0, 1))), by=draw(st.sampled_from(get_args(Side))), claim_id=f"c{n}"
        )
        for n, pair in enumerate(pairs)
    ]


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Draw small weights, so that ties and worthless pairs are common."""
    return Policy(
        service=ServiceWeights(base=draw(POINTS)),
        urgency=UrgencyWeights(normal=draw(POINTS), urgent=draw(POINTS), whistle=draw(POINTS), emergency=draw(POINTS)),
        waiting=WaitingWeights(per_hour=draw(POINTS), cap_hours=draw(st.integers(0, 4))),
        nearness=NearnessWeights(
            community=draw(POINTS), street=draw(POINTS), district=draw(POINTS), city=draw(POINTS), beyond=draw(POINTS)
        ),
        fit=FitWeights(exact=draw(st.integers(-2, 12)), sibling=draw(st.integers(-12, 5))),
        claim=ClaimWeights(bonus=draw(st.sampled_from((0, 3, 20)))),
        load=LoadWeights(
            per_assignment=draw(SELDOM_POINTS), cap=draw(st.integers(0, 3)), span_days=draw(st.integers(1, 2))
        ),
        regret=RegretWeights(per_hour=draw(SELDOM_POINTS), cap_hours=draw(st.integers(0, 4))),
        rules=Rules(
            siblings=draw(st.sampled_from((True, True, True, False))),
            booking_minutes=draw(st.sampled_from((0, 0, 90))),
            travel_minutes=draw(st.sampled_from((0, 0, 30, 45))),
            one_place=draw(st.booleans()),
            gates=draw(st.sampled_from((True, True, False))),
            answer_hours=draw(st.integers(1, 3)),
            expiry_pause_hours=draw(st.integers(1, 3)),
        ),
        pace=Pace(most_seats=draw(st.sampled_from((4000, 4000, 4000, 1, 2, 3)))),
    )
