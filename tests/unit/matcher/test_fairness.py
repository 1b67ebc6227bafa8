"""Fairness: load and regret each alone, what counts and for how long, and what it cost."""

import pytest

from matcher.state.fold import to_ms
from matcher.state.pool import freeze
from schemas.base import Fact
from schemas.demands import Urgency
from schemas.policy import LoadWeights, NearnessWeights, Policy, RegretWeights, ServiceWeights, UrgencyWeights
from schemas.resources import ResourceOffered
from schemas.rounds import FairnessCost, RoundDecided
from tests.builders import (
    FAR,
    HAIR,
    HERE,
    LAMP,
    NO_VALUE,
    SAME_DISTRICT,
    at,
    demand,
    demand_gone,
    line,
    offered,
    posted,
    revised,
    window,
)
from tests.town import Town, pairs_of

BASE = ServiceWeights(base=100)
LOAD = NO_VALUE.model_copy(update={"service": BASE, "load": LoadWeights(per_assignment=10, cap=3, span_days=2)})
REGRET = NO_VALUE.model_copy(
    update={
        "service": BASE,
        "urgency": UrgencyWeights(normal=0, urgent=50),
        "regret": RegretWeights(per_hour=7, cap_hours=4),
    }
)
LONG = window(1, 900)


def ann(resource_id: str, **changes: object) -> ResourceOffered:
    """Return something that Ann offers."""
    return offered(resource_id, provider="member:ann", **changes)


def load_of(decided: RoundDecided, resource_id: str) -> int:
    """Return the points of load of the one pair with this resource."""
    (proposal,) = (p for p in decided.proposals if p.resource_id == resource_id)
    return proposal.terms.get("load", 0)


def regrets(decided: RoundDecided) -> list[tuple[str, int]]:
    return [(lost.demand_id, lost.line) for lost in decided.outbid]


def test_without_terms_of_fairness_a_record_says_nothing_of_it_and_is_written_as_before() -> None:
    decided = Town(offered(), posted("d1"), posted("d2")).decide()
    assert (decided.outbid, decided.fairness) == ((), None)
    assert not {"outbid", "fairness"} & set(decided.model_dump())
    assert RoundDecided.model_validate_json(decided.model_dump_json()) == decided


# -- load ---------------------------------------------------------------------------------------------------


def test_each_assignment_that_the_provider_holds_takes_points_off_up_to_the_cap() -> None:
    town = Town(policy=LOAD)
    for number, points in enumerate((0, -10, -20, -30, -30)):
        town.tell(ann(f"r{number}"), posted(f"d{number}"))
        assert load_of(town.round(at()), f"r{number}") == points


def test_what_another_provider_holds_does_not_count() -> None:
    town = Town(ann("r1"), posted("d1"), policy=LOAD)
    town.round()
    town.tell(offered("r2", provider="member:bob"), posted("d2"))
    assert load_of(town.round(), "r2") == 0


@pytest.mark.parametrize(("hours", "points"), [(1, -10), (24, -10), (47, 0), (48, 0)])
def test_what_was_done_counts_for_the_days_of_the_span(hours: float, points: int) -> None:
    """Noon in Shanghai is four in the morning of the day by which is counted."""
    town = Town(ann("r1"), posted("d1"), policy=LOAD)
    town.answer(town.round().proposals[0], "done")
    town.round()
    town.tell(posted("d2", window=LONG))
    assert load_of(town.decide(at(hours)), "r1") == points


@pytest.mark.parametrize("word", ["declined", "no_show"])
def test_a_no_costs_nothing_from_the_very_round_that_hears_it(word: str) -> None:
    town = Town(ann("r1"), posted("d1"), policy=LOAD)
    town.answer(town.round().proposals[0], word)  # type: ignore[arg-type]
    town.tell(posted("d2"))
    assert load_of(town.round(), "r1") == 0
    town.tell(ann("r2"), posted("d3"))
    assert load_of(town.round(), "r2") == -10  # for d2, which it now holds


def test_the_less_burdened_is_chosen_and_the_round_says_what_that_cost() -> None:
    near = NearnessWeights(community=5, street=0, district=0, city=0, beyond=0)
    town = Town(ann("r1", home=HERE), posted("d1"), policy=LOAD.model_copy(update={"nearness": near}))
    town.round()
    town.tell(ann("r2", home=HERE), offered("r3", home=SAME_DISTRICT), posted("d2"))
    decided = town.round()
    assert pairs_of(decided) == [("d2", "r3")]
    assert decided.fairness == FairnessCost(value=100, best=105)


def test_a_pair_whose_load_outweighs_its_worth_is_not_proposed_and_that_costs_its_worth() -> None:
    policy = LOAD.model_copy(update={"load": LoadWeights(per_assignment=100)})
    town = Town(ann("r1"), posted("d1"), policy=policy)
    town.round()
    town.tell(ann("r2"), posted("d2"))
    decided = town.round()
    assert decided.proposals == ()
    assert decided.fairness == FairnessCost(value=0, best=100)


def test_days_that_no_policy_looks_back_to_are_forgotten() -> None:
    town = Town(ann("r1"), posted("d1"), policy=LOAD)
    town.answer(town.round().proposals[0], "done")
    town.round()
    town.round(at(24 * 89))
    assert len(freeze(town.state).served) == 1
    town.round(at(24 * 90))
    assert len(freeze(town.state).served) == 0


# -- regret -------------------------------------------------------------------------------------------------


def rivals(*more: Fact) -> Town:
    """Return a town in which the urgent ``d1`` outbid ``d2`` for the only seat at noon."""
    urgent = posted("d1", urgency=Urgency.URGENT, window=LONG)
    town = Town(offered(), urgent, posted("d2", window=LONG), *more, policy=REGRET)
    assert pairs_of(town.round()) == [("d1", "r1")]
    return town


def credit(town: Town, hours: float, demand_id: str = "d2") -> int:
    """Return the credit that a line would be served with if another seat came up then."""
    other = town.restored()
    other.tell(offered("r-new"))
    (proposal,) = (p for p in other.decide(at(hours)).proposals if p.demand_id == demand_id)
    return proposal.terms.get("regret", 0)


@pytest.mark.parametrize(("hours", "points"), [(0, 0), (0.99, 0), (1, 7), (3.5, 21), (4, 28), (90, 28)])
def test_each_full_hour_since_a_line_was_outbid_counts_up_to_the_cap(hours: float, points: int) -> None:
    town = rivals()
    assert credit(town, hours) == points


def test_a_line_is_said_to_be_outbid_once() -> None:
    town = Town(offered(), posted("d1", urgency=Urgency.URGENT), posted("d2"), policy=REGRET)
    assert regrets(town.round()) == [("d2", 0)]
    town.tell(offered("r2"), posted("d3", urgency=Urgency.URGENT))
    decided = town.round()
    assert pairs_of(decided) == [("d3", "r2")]
    assert regrets(decided) == []


def test_to_find_nobody_is_not_to_be_outbid() -> None:
    alone = Town(posted("d1"), policy=REGRET)
    too_few = Town(offered(), posted("d1", line(HAIR, 3)), policy=REGRET)
    another_trade = Town(offered(), posted("d1"), posted("d2", line(LAMP)), policy=REGRET)
    another_place = Town(offered(scope=(HERE,)), posted("d1"), posted("d2", community=FAR), policy=REGRET)
    for town in (alone, too_few, another_trade, another_place):
        assert regrets(town.decide()) == []


def test_a_seat_that_went_elsewhere_in_an_earlier_round_does_not_outbid() -> None:
    town = Town(offered(), posted("d1"), policy=REGRET)
    town.round()
    town.tell(posted("d2"))
    assert regrets(town.round()) == []


def test_the_credit_outlives_a_proposal_that_came_to_nothing_and_ends_with_one_that_is_confirmed() -> None:
    town = rivals()
    town.tell(offered("r2"), offered("r3", windows=(window(20, 24),)))
    first = next(p for p in town.round(at(2)).proposals if p.demand_id == "d2")
    town.answer(first, "declined")
    second = next(p for p in town.round(at(3)).proposals if p.demand_id == "d2")
    assert second.terms["regret"] == 21
    town.answer(second, "accepted")
    town.round(at(3))
    assert not town.state.rounds.outbid


def test_the_credit_ends_at_once_where_the_provider_accepted_beforehand() -> None:
    town = rivals(posted("d3", line(LAMP)))
    town.tell(offered("r2", auto_accept=True))
    town.round(at(1))
    assert not town.state.rounds.outbid


@pytest.mark.parametrize("auto_accept", [False, True])
def test_the_clock_starts_anew_where_one_seat_is_confirmed_and_another_outbid_in_the_same_round(
    *, auto_accept: bool
) -> None:
    town = Town(offered(), posted("d1", urgency=Urgency.URGENT), posted("d2", line(HAIR, 2)), policy=REGRET)
    assert regrets(town.round()) == [("d2", 0)]
    town.tell(*(offered(name, auto_accept=auto_accept) for name in ("r2", "r3")))
    town.tell(posted("d3", urgency=Urgency.EMERGENCY))
    decided = town.round(at(2))
    assert sorted(p.demand_id for p in decided.proposals) == ["d2", "d3"]
    assert regrets(decided) == ([("d2", 0)] if auto_accept else [])
    assert list(town.state.rounds.outbid.values()) == [to_ms(at(2 if auto_accept else 0))]


def test_the_credit_ends_when_the_demand_lapses_even_if_it_is_opened_again() -> None:
    town = Town(offered(), posted("d1", urgency=Urgency.URGENT), posted("d2", deadline=at(1)), policy=REGRET)
    town.round()
    town.round(at(1))
    town.tell(revised(demand("d2", deadline=at(1)), deadline=None, window=LONG))
    assert credit(town, 5) == 0


def test_regret_of_demands_that_are_gone_does_not_trouble_an_empty_pool() -> None:
    town = Town(offered(), posted("d1", urgency=Urgency.URGENT), posted("d2"), policy=REGRET)
    assert regrets(town.round()) == [("d2", 0)]
    town.tell(demand_gone("d1", version=2), demand_gone("d2", version=2))
    town.round(at(1))
    assert regrets(town.round(at(2))) == []


def test_regret_can_turn_a_round_and_what_it_cost_is_said() -> None:
    town = rivals()
    town.tell(offered("r2"), posted("d3", urgency=Urgency.URGENT, window=LONG))
    policy = REGRET.model_copy(update={"regret": RegretWeights(per_hour=30)})
    assert pairs_of(town.decide(at(1), policy=policy)) == [("d3", "r2")]
    turned = town.decide(at(2), policy=policy)
    assert pairs_of(turned) == [("d2", "r2")]
    assert turned.fairness == FairnessCost(value=100, best=150)


def test_old_records_are_read_as_before() -> None:
    town = Town(offered(), posted())
    decided = town.decide()
    told = decided.model_dump(mode="json")
    assert RoundDecided.model_validate(told).fairness is None


def test_a_snapshot_keeps_both_and_knows_providers_by_name() -> None:
    town = rivals()
    town.tell(ann("r8"), posted("d8", line(HAIR, 2), window=LONG))
    policy = Policy(load=LoadWeights(per_assignment=10), regret=RegretWeights(per_hour=7))
    for proposal in town.round().proposals:
        town.answer(proposal, "done")
    town.round()
    again = town.restored()
    for each in (town, again):
        each.tell(ann("r9"), offered("r7", provider="member:zoe"), posted("d9", window=LONG))
    assert again.decide(at(5), policy=policy) == town.decide(at(5), policy=policy)
