"""Orders in drawn pools: each holds just its seats or none, no seat is had twice, and the rest is still the optimum."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from matcher.pairs.teams import ALONE, team_of
from matcher.state.pool import freeze
from schemas.base import Fact
from schemas.claims import ClaimMade, seat_of
from schemas.policy import Policy
from tests.builders import SHARD
from tests.property.large import as_if_large
from tests.property.strategies import FEWER, claims, policies, pools
from tests.town import Town


@st.composite
def orders(draw: st.DrawFn, facts: list[Fact]) -> list[ClaimMade]:
    """Draw claims, most of which are orders of a few seats."""
    made = [claim for claim in draw(claims(facts, most=4)) if isinstance(claim, ClaimMade)]
    return [claim.model_copy(update={"quantity": draw(st.sampled_from([None, 1, 1, 2, 3]))}) for claim in made]


@FEWER
@given(facts=pools(), policy=policies(), data=st.data())
def test_an_order_holds_its_seats_or_none_and_the_rest_is_proved(
    facts: list[Fact], policy: Policy, data: st.DataObject
) -> None:
    town = Town(*facts, policy=policy)
    made = {claim.claim_id: claim for claim in data.draw(orders(facts))}
    town.tell(*made.values())
    in_teams = _in_teams(town)
    decided = town.decide()
    assert decided.certificate.holds
    assert town.restored().decide() == decided
    given_to = Counter(each.assignment_id for each in decided.proposals)
    held = set()
    for settled in decided.claims:
        ids = {seat_of(shard=SHARD, claim_id=settled.claim_id, number=n) for n in range(settled.quantity or 0)}
        pinned = settled.outcome == "honoured" and (settled.demand_id, settled.line) not in in_teams
        assert sum(given_to[name] for name in ids) == (len(ids) if pinned else 0)
        held |= ids
    matched = [each for each in decided.proposals if each.assignment_id not in held]
    assert decided.value == sum(each.value for each in matched)
    assert max(given_to.values(), default=1) == 1
    seats = Counter((each.demand_id, each.line, each.seat) for each in decided.proposals)
    assert max(seats.values(), default=1) == 1
    with as_if_large():
        assert town.decide().value == decided.value or decided.team_parts or decided.size.left_out
    town.round()
    following = town.round()
    assert not {each.claim_id for each in following.claims} & {each.claim_id for each in decided.claims}


def _in_teams(town: Town) -> set[tuple[str, int]]:
    """Return the lines of teams, whose seats are matched whatever was ordered."""
    frozen = freeze(town.state)
    team = team_of(frozen)
    return {
        (frozen.demand_ids[frozen.line_demand[row]], int(frozen.line_no[row]))
        for row in range(len(frozen.lines))
        if team[row] != ALONE
    }
