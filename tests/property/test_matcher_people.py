"""People with several entries: one job a round, never two that meet, and every round the best there is."""

from datetime import timedelta
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from matcher.state.alarms import next_alarm_ms
from schemas.base import Fact
from schemas.demands import Demand, DemandPosted, Urgency
from schemas.policy import Policy, Rules
from schemas.resources import Resource, ResourceKind, ResourceOffered
from tests.builders import (
    HAIR,
    HERE,
    LAMP,
    MEAL,
    SAME_CITY,
    SAME_STREET,
    SHARD,
    SMALL_CATALOGUE,
    at,
    demand,
    line,
    resource,
    window,
)
from tests.property import test_matcher_previews as previews
from tests.property import test_matcher_what_if as what_if
from tests.property.agreement import assert_agreed
from tests.property.large import as_if_large
from tests.property.oracle import Book
from tests.property.strategies import FEWER, claims, policies, windows
from tests.property.test_matcher_order import without_inputs
from tests.town import Answer, Town

ITEMS = st.sampled_from([HAIR, HAIR, MEAL, LAMP])
WAY = Policy(rules=Rules(one_place=True, travel_minutes=30))


@st.composite
def entries(draw: st.DrawFn, name: str) -> Resource:
    """Draw what one of two members offers; now and then goods, which need nobody to be there."""
    again = draw(st.booleans())
    return resource(
        name,
        provider=draw(st.sampled_from(["member:ann", "member:ann", "member:bob"])),
        kind=draw(st.sampled_from([ResourceKind.SKILL] * 5 + [ResourceKind.GOODS])),
        item=draw(ITEMS),
        per_occasion=again,
        renewable=again or draw(st.booleans()),
        windows=draw(st.lists(windows(shortest=2), max_size=2)),
        scope=(SHARD,),
        home=draw(st.sampled_from([HERE, SAME_STREET, SAME_CITY])),
        auto_accept=draw(st.booleans()),
        qualifications=("insurance",),
    )


@st.composite
def wishes(draw: st.DrawFn, name: str, *, teams: bool = True) -> Demand:
    """Draw a demand of one or two lines in one of two communities."""
    quantity = st.sampled_from([1, 1, 2])
    asked = st.builds(line, ITEMS, quantity, siblings=st.booleans(), together=st.sampled_from([False, teams]))
    return demand(
        name,
        *draw(st.lists(asked, min_size=1, max_size=2)),
        community=draw(st.sampled_from([HERE, SAME_STREET])),
        window=draw(st.just(window(0, 9)) | windows(shortest=4)),
        duration_minutes=draw(st.sampled_from([30, 60, 120])),
        urgency=draw(st.sampled_from([Urgency.NORMAL, Urgency.URGENT])),
        bundle=teams and draw(st.sampled_from([False, False, True])),
    )


@st.composite
def crowds(draw: st.DrawFn, *, teams: bool = True) -> list[Fact]:
    """Draw two to four entries of two members, and what is asked of them."""
    facts: list[Fact] = [ResourceOffered(resource=draw(entries(f"r{n}"))) for n in range(draw(st.integers(2, 4)))]
    facts += [DemandPosted(demand=draw(wishes(f"d{n}", teams=teams))) for n in range(draw(st.integers(1, 3)))]
    return facts


def in_one_place(policy: Policy) -> Policy:
    """Return the policy with the rule that this is about."""
    return policy.model_copy(update={"rules": policy.rules.model_copy(update={"one_place": True})})


RULED = st.just(WAY) | policies().map(in_one_place)
WHOLE = RULED.map(previews.whole)


@FEWER
@given(facts=crowds(), policy=RULED, data=st.data())
def test_over_many_rounds_nobody_is_in_two_places(facts: list[Fact], policy: Policy, data: st.DataObject) -> None:
    """``assert_agreed`` holds every round against the oracle, and every new job against all others of the person."""
    town, book, now = Town(policy=policy), Book(SMALL_CATALOGUE), at()
    for fact in [*facts, *data.draw(claims(facts))]:
        town.tell(fact)
        book.read(fact)
    for turn in range(data.draw(st.integers(1, 6))):
        decided = town.decide(now)
        assert_agreed(book, town, decided, now=now, policy=policy)
        with as_if_large():
            assert town.decide(now).value == decided.value or decided.team_parts or decided.size.left_out
        assert town.restored().decide(now) == town.round(now) == decided
        book.read(decided)
        if next_alarm_ms(town.state) == town.state.round_at_ms + 1:
            now += timedelta(milliseconds=1)
            continue
        for proposal in decided.proposals:
            if word := data.draw(st.none() | st.sampled_from(get_args(Answer))):
                town.answer(proposal, word)
                book.read(town.journal[-1].event.data)
        late = data.draw(st.none() | wishes(f"late{turn}"))
        if late is not None:
            town.tell(DemandPosted(demand=late))
            book.read(DemandPosted(demand=late))
        now += timedelta(minutes=data.draw(st.sampled_from([1, 30, 90])))


@FEWER
@given(facts=crowds(), policy=RULED, data=st.data())
def test_who_came_first_does_not_matter(facts: list[Fact], policy: Policy, data: st.DataObject) -> None:
    town, other = Town(*facts, policy=policy), Town(*data.draw(st.permutations(facts)), policy=policy)
    assert without_inputs(town.decide()) == without_inputs(other.decide())


@FEWER
@given(facts=crowds(teams=False), asked=wishes(previews.NEWCOMER, teams=False), policy=WHOLE)
def test_a_preview_knows_that_a_person_has_one_seat(facts: list[Fact], asked: Demand, policy: Policy) -> None:
    town = Town(*facts, policy=policy)
    told, after = previews.previewed(town, asked), previews.with_it(facts, asked, policy)
    assert told.exact
    assert told.adds == after.certificate.value - town.decide().certificate.value


@FEWER
@given(facts=crowds(teams=False), offer=entries(what_if.NEWCOMER), policy=WHOLE)
def test_an_offer_of_who_offers_more_adds_what_a_round_with_it_does(
    facts: list[Fact], offer: Resource, policy: Policy
) -> None:
    town, after = Town(*facts, policy=policy), Town(*facts, ResourceOffered(resource=offer), policy=policy)
    told = what_if.preview_offer(what_if.round_of(town), offer)
    assert told.adds == what_if.value(after) - what_if.value(town)
    assert all(chance.adds <= told.adds for chance in told.chances)
    assert not told.adds or max(chance.adds for chance in told.chances) > 0
    posted = what_if.demands_for(what_if.round_of(after), resource_id=what_if.NEWCOMER)
    assert posted.given == what_if.seats_of_newcomer(after).total()
    assert what_if.apart_from_ties(posted) == what_if.apart_from_ties(told)


@FEWER
@given(facts=crowds(), policy=WHOLE.map(what_if.calm), data=st.data())
def test_a_decline_gives_a_person_back_to_all_entries(facts: list[Fact], policy: Policy, data: st.DataObject) -> None:
    town = Town(*facts, policy=policy)
    promised = town.round().proposals
    if not promised:
        return
    town.tell(DemandPosted(demand=data.draw(wishes("late"))))
    chosen, before = data.draw(st.sampled_from(promised)), town.decide()
    told = what_if.preview_decline(what_if.round_of(town), assignment_id=chosen.assignment_id)
    town.answer(chosen, "declined")
    after = town.decide()
    lost = sum(p.value for p in promised if p.assignment_id in {chosen.assignment_id, *told.ends})
    if told.exact and told.worth == chosen.value:
        assert lost - told.loss == after.value - before.value
