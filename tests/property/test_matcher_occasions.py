"""Seats that serve per occasion, booked until nothing more fits: never twice at a time, never with too short a way."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.demands import DemandPosted
from schemas.policy import Policy, Rules
from schemas.resources import ResourceKind, ResourceOffered
from schemas.rounds import Proposal
from tests.builders import HAIR, HERE, SAME_STREET, SMALL_CATALOGUE, at, demand, line, resource
from tests.property.agreement import assert_agreed, assert_no_jobs_meet
from tests.property.large import as_if_large
from tests.property.oracle import Book
from tests.property.strategies import FEWER, windows
from tests.town import Town

TRAVEL = Policy(rules=Rules(travel_minutes=30))


@st.composite
def bookable(draw: st.DrawFn, name: str) -> ResourceOffered:
    """Draw a helper or a venue that is held per occasion."""
    kind = draw(st.sampled_from([ResourceKind.SKILL, ResourceKind.VENUE]))
    capacity, opens = draw(st.integers(1, 2)), draw(st.lists(windows(), max_size=2))
    return ResourceOffered(
        resource=resource(
            name, kind=kind, capacity=capacity, per_occasion=True, windows=opens, auto_accept=draw(st.booleans())
        )
    )


@st.composite
def asked(draw: st.DrawFn, name: str) -> DemandPosted:
    """Draw a demand of an hour or two in one of two communities."""
    return DemandPosted(
        demand=demand(
            name,
            line(HAIR, draw(st.integers(1, 2))),
            community=draw(st.sampled_from([HERE, SAME_STREET])),
            window=draw(windows(shortest=4)),
            duration_minutes=draw(st.sampled_from([30, 60, 120])),
        )
    )


def distance(one: Proposal, other: Proposal) -> timedelta:
    """Return the time between two jobs; negative where they meet."""
    return max(other.starts_at - one.ends_at, one.starts_at - other.ends_at)


@FEWER
@given(st.data())
def test_rounds_that_follow_at_once_fill_every_seat_and_no_two_jobs_meet(data: st.DataObject) -> None:
    town, book, now = Town(policy=TRAVEL), Book(SMALL_CATALOGUE), at()
    facts = [data.draw(bookable(f"r{n}")) for n in range(data.draw(st.integers(1, 2)))]
    facts += [data.draw(asked(f"d{n}")) for n in range(data.draw(st.integers(2, 4)))]
    for fact in facts:
        town.tell(fact)
        book.read(fact)
    given_, more = list[Proposal](), True
    while more:
        decided = town.decide(now)
        assert_agreed(book, town, decided, now=now, policy=TRAVEL)
        with as_if_large():
            assert town.decide(now).certificate == decided.certificate
        assert town.round(now) == decided
        book.read(decided)
        given_ += decided.proposals
        more, now = decided.size.left_out > 0, now + timedelta(milliseconds=1)
    assert not town.decide(now).proposals, "the last round that follows at once leaves nothing that still fits"
    assert_no_jobs_meet(given_)
    for one in given_:
        for other in given_:
            if one is not other and (one.resource_id, one.resource_seat) == (other.resource_id, other.resource_seat):
                moves = book.resources[one.resource_id].kind is ResourceKind.SKILL and one.community != other.community
                assert distance(one, other) >= timedelta(minutes=30 if moves else 0)
