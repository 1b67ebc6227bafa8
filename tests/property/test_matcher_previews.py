"""What a preview says is what a whole round with the demand in it would say; every change it suggests really wins."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from matcher.reasons.odds import preview_demand
from matcher.reasons.solved import solved
from matcher.state.pool import freeze
from schemas.base import Fact, Window
from schemas.demands import Demand, DemandPosted, DemandRevised
from schemas.policy import Pace, Policy
from schemas.preview import DemandPreview
from schemas.rounds import RoundDecided
from schemas.why import Remedy
from tests.builders import at
from tests.property.strategies import FEWER, claims, demands, policies, pools
from tests.town import Town

NEWCOMER = "z-new"


def whole(policy: Policy) -> Policy:
    """Return the policy without a bound on what one round takes on."""
    return policy.model_copy(update={"pace": Pace()})


def previewed(town: Town, demand: Demand) -> DemandPreview:
    return preview_demand(solved(freeze(town.state), now=at(), policy=town.policy), demand)


def with_it(facts: Sequence[Fact], demand: Demand, policy: Policy) -> RoundDecided:
    return Town(*facts, DemandPosted(demand=demand), policy=policy).decide()


def seats_of(decided: RoundDecided, demand_id: str) -> Counter[int]:
    return Counter(proposal.line for proposal in decided.proposals if proposal.demand_id == demand_id)


def teams(demand_id: str) -> st.SearchStrategy[Demand]:
    """Draw a demand with a team."""
    return demands(demand_id).filter(
        lambda drawn: drawn.bundle or any(line.together and line.quantity > 1 for line in drawn.lines)
    )


def remedied(demand: Demand, remedy: Remedy) -> Demand:
    """Return the demand with the change made to it, as a person would make it."""
    lines, fields = list(demand.lines), demand.model_dump()
    match remedy.kind:
        case "item":
            lines[remedy.line] = lines[remedy.line].model_copy(update={"item": remedy.item})
        case "siblings":
            lines[remedy.line] = lines[remedy.line].model_copy(update={"siblings": True})
        case "seats" if remedy.quantities:
            lines = [line.model_copy(update={"quantity": n}) for line, n in zip(lines, remedy.quantities, strict=True)]
        case "seats":
            lines[remedy.line] = lines[remedy.line].model_copy(update={"quantity": remedy.quantity})
        case "apart" if demand.bundle and len(lines) > 1:
            fields["bundle"] = False
        case "apart":
            fields["bundle"] = False
            lines[remedy.line] = lines[remedy.line].model_copy(update={"together": False})
        case "place":
            fields["community"] = remedy.community
        case "urgency":
            fields["urgency"] = remedy.urgency
        case "time":
            shift = timedelta(minutes=remedy.minutes or 0)
            fields["window"] = Window(start=demand.window.start + shift, end=demand.window.end + shift)
            fields["deadline"] = demand.deadline and demand.deadline + shift
    return Demand(**fields | {"lines": tuple(lines)})


@given(facts=pools(teams=False), demand=demands(NEWCOMER, teams=False), policy=policies().map(whole))
def test_a_preview_is_what_a_round_with_the_demand_would_give(
    facts: list[Fact], demand: Demand, policy: Policy
) -> None:
    town = Town(*facts, policy=policy)
    before = town.decide()
    told, after = previewed(town, demand), with_it(facts, demand, policy)
    assert told.exact
    assert told.adds == after.certificate.value - before.certificate.value
    given_seats = seats_of(after, NEWCOMER)
    if len(demand.lines) == 1:  # of equal optima the preview's gives the least away
        assert told.lines[0].served <= given_seats[0]
        if not told.adds:
            assert told.lines[0].served == 0
    assert all(line.price is None or line.price >= 0 for line in told.lines)
    assert town.decide() == before


@FEWER
@given(facts=pools(teams=False), demand=demands(NEWCOMER, teams=False), policy=policies().map(whole))
def test_a_preview_tells_what_why_tells_once_it_is_posted(facts: list[Fact], demand: Demand, policy: Policy) -> None:
    told = previewed(Town(*facts, policy=policy), demand)
    town = Town(*facts, DemandPosted(demand=demand), policy=policy)
    given_seats = seats_of(town.decide(), NEWCOMER)
    if [given_seats[line.line] for line in told.lines] != [line.served for line in told.lines]:
        return  # another of several optima
    for odds, why in zip(told.lines, town.why(NEWCOMER).lines, strict=True):
        assert odds.considered == why.considered
        if odds.served == 0 and odds.verdict in ("outbid", "no_candidate"):
            assert (odds.verdict, odds.eligible, odds.failing) == (why.verdict, why.eligible, why.failing)
            if len(demand.lines) == 1:
                assert (odds.short_by, odds.scarce) == (why.short_by, why.scarce)


@FEWER
@given(facts=pools(teams=False), demand=demands(NEWCOMER, teams=False), policy=policies().map(whole))
def test_every_change_that_is_suggested_wins_in_a_whole_round(
    facts: list[Fact], demand: Demand, policy: Policy
) -> None:
    told = previewed(Town(*facts, policy=policy), demand)
    alone = Town(*facts, policy=policy).decide().certificate.value
    for remedy in told.remedies:
        after = with_it(facts, remedied(demand, remedy), policy)
        seats = seats_of(after, NEWCOMER)
        if len(demand.lines) == 1:
            assert seats[0] >= remedy.seats
            assert remedy.kind == "seats" or remedy.seats > told.lines[0].served
        again = previewed(Town(*facts, policy=policy), remedied(demand, remedy))
        assert again.adds == after.certificate.value - alone
        assert again.lines[remedy.line].served == remedy.seats
        assert remedy.price >= 0


@FEWER
@given(facts=pools(teams=False), policy=policies().map(whole), data=st.data())
def test_what_would_have_won_for_a_posted_demand_wins_when_it_is_revised(
    facts: list[Fact], policy: Policy, data: st.DataObject
) -> None:
    facts += data.draw(claims(facts))
    town = Town(*facts, policy=policy)
    posted = [fact.demand for fact in facts if isinstance(fact, DemandPosted) and len(fact.demand.lines) == 1]
    for demand in posted:
        now = seats_of(town.decide(), demand.demand_id)[0]
        for remedy in town.why(demand.demand_id).lines[0].remedies:
            better = remedied(demand, remedy).model_copy(update={"version": 2})
            other = Town(*facts, DemandRevised(demand=better), policy=policy)
            seats = seats_of(other.decide(), demand.demand_id)[0]
            assert seats >= remedy.seats
            assert seats > now or (remedy.kind == "seats" and seats == better.lines[0].quantity == now)


@FEWER
@given(facts=pools(teams=False), policy=policies().map(whole))
def test_remedies_come_cheapest_first_and_one_of_a_kind(facts: list[Fact], policy: Policy) -> None:
    town = Town(*facts, policy=policy)
    for fact in facts:
        if isinstance(fact, DemandPosted):
            for line in town.why(fact.demand.demand_id).lines:
                assert len({remedy.kind for remedy in line.remedies}) == len(line.remedies)
                fills = [r.price for r in line.remedies if r.seats >= line.asked - line.filled]
                assert fills == sorted(fills)


@FEWER
@given(facts=pools(), demand=teams(NEWCOMER), policy=policies().map(whole))
def test_every_change_that_is_suggested_for_a_team_wins_in_a_whole_round(
    facts: list[Fact], demand: Demand, policy: Policy
) -> None:
    told = previewed(Town(*facts, policy=policy), demand)
    for remedy in told.remedies:
        better = remedied(demand, remedy)
        after = with_it(facts, better, policy)
        if all(part.certified for part in after.team_parts):
            assert_won(demand, better, remedy, seats_of(after, NEWCOMER), sum(line.served for line in told.lines))
    assert_once_each(told.remedies)


@FEWER
@given(facts=pools(), demand=teams("d-team"), policy=policies().map(whole), data=st.data())
def test_what_would_have_won_for_a_team_on_the_list_wins_when_it_is_revised(
    facts: list[Fact], demand: Demand, policy: Policy, data: st.DataObject
) -> None:
    facts = [*facts, DemandPosted(demand=demand)]
    facts += data.draw(claims(facts))
    town = Town(*facts, policy=policy)
    before = seats_of(town.decide(), demand.demand_id).total()
    remedies = [remedy for line in town.why(demand.demand_id).lines for remedy in line.remedies]
    for remedy in remedies:
        better = remedied(demand, remedy).model_copy(update={"version": 2})
        after = Town(*facts, DemandRevised(demand=better), policy=policy).decide()
        if all(part.certified for part in after.team_parts):
            assert_won(demand, better, remedy, seats_of(after, demand.demand_id), before)
    assert_once_each(remedies)


def assert_won(demand: Demand, better: Demand, remedy: Remedy, seats: Counter[int], before: int) -> None:
    """Hold a remedy against the round with the better demand: of several lines the seats may be shared otherwise."""
    if remedy.in_all is not None:
        assert seats.total() >= remedy.in_all
        if better.bundle:
            assert seats.total() == remedy.in_all == sum(line.quantity for line in better.lines)
    elif len(demand.lines) == 1:
        assert seats[0] >= remedy.seats
        if better.bundle or better.lines[0].together:
            assert seats[0] == remedy.seats == better.lines[0].quantity
    if remedy.kind != "seats":
        assert seats.total() > before
    assert remedy.price >= 0


def assert_once_each(remedies: Sequence[Remedy]) -> None:
    """Hold that of each kind one is told for a line, the smallest."""
    assert len({(remedy.line, remedy.kind) for remedy in remedies}) == len(remedies)


@FEWER
@given(facts=pools(), demand=demands(NEWCOMER), policy=policies().map(whole))
def test_what_is_said_to_be_exact_is_what_a_round_gives_with_teams_too(
    facts: list[Fact], demand: Demand, policy: Policy
) -> None:
    told, after = previewed(Town(*facts, policy=policy), demand), with_it(facts, demand, policy)
    before = Town(*facts, policy=policy).decide()
    if not told.exact:
        assert before.team_parts
        return
    assert told.adds == after.value - before.value
    if len(demand.lines) == 1 and demand.lines[0].together and demand.lines[0].quantity > 1:
        served = told.lines[0].served
        assert served in (0, demand.lines[0].quantity)
        assert (served == 0) == (told.lines[0].verdict != "served")
