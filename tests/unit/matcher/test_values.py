"""What a pair is worth: each term seen alone, under a policy in which nothing else counts."""

from typing import Any

import pytest

from schemas.demands import Urgency
from schemas.policy import FitWeights, NearnessWeights, Policy, ServiceWeights, UrgencyWeights, WaitingWeights
from schemas.rounds import Proposal
from tests.builders import (
    FAR,
    HAIR,
    HERE,
    MEAL,
    NO_VALUE,
    SAME_CITY,
    SAME_DISTRICT,
    SAME_STREET,
    at,
    line,
    offered,
    posted,
)
from tests.town import Town, pairs_of


def only(**weights: Any) -> Policy:
    """Return a policy in which nothing but these weights is worth anything."""
    return NO_VALUE.model_copy(update=weights)


def single(town: Town, *, hours: float = 0) -> Proposal | None:
    """Return the one proposal of a round, or None."""
    proposals = town.decide(at(hours)).proposals
    assert len(proposals) <= 1
    return proposals[0] if proposals else None


def test_under_a_policy_that_values_nothing_nothing_is_proposed() -> None:
    assert single(Town(offered(), posted(), policy=NO_VALUE)) is None


def test_service_is_worth_its_base_whoever_serves() -> None:
    policy = only(service=ServiceWeights(base=7))
    for home in (HERE, FAR):
        proposal = single(Town(offered(home=home), posted(urgency=Urgency.EMERGENCY), policy=policy))
        assert proposal is not None
        assert (proposal.value, proposal.terms) == (7, {"service": 7})


@pytest.mark.parametrize(
    ("urgency", "points"),
    [(Urgency.NORMAL, 1), (Urgency.URGENT, 20), (Urgency.WHISTLE, 300), (Urgency.EMERGENCY, 4000)],
)
def test_urgency_counts_by_its_level(urgency: Urgency, points: int) -> None:
    policy = only(urgency=UrgencyWeights(normal=1, urgent=20, whistle=300, emergency=4000))
    proposal = single(Town(offered(), posted(urgency=urgency), policy=policy))
    assert proposal is not None
    assert (proposal.value, proposal.terms) == (points, {"urgency": points})


@pytest.mark.parametrize(
    ("posted_hours_ago", "points"),
    [(0.99, 0), (1, 5), (1.99, 5), (3, 15), (4, 20), (5, 20), (500, 20)],
)
def test_waiting_counts_full_hours_up_to_the_cap(posted_hours_ago: float, points: int) -> None:
    policy = only(waiting=WaitingWeights(per_hour=5, cap_hours=4))
    proposal = single(Town(offered(), posted(posted_at=at(-posted_hours_ago)), policy=policy))
    assert (proposal.value if proposal else 0) == points


def test_waiting_grows_from_round_to_round() -> None:
    town = Town(offered(), posted(), policy=only(waiting=WaitingWeights(per_hour=5)))
    assert single(town, hours=0) is None
    assert [p.value for hours in (1, 2, 7) if (p := single(town, hours=hours))] == [5, 10, 35]


def test_a_demand_posted_by_a_clock_that_runs_ahead_has_not_waited() -> None:
    policy = only(service=ServiceWeights(base=7), waiting=WaitingWeights(per_hour=5))
    proposal = single(Town(offered(), posted(posted_at=at(3)), policy=policy))
    assert proposal is not None
    assert proposal.value == 7


@pytest.mark.parametrize(
    ("home", "points"), [(HERE, 50), (SAME_STREET, 40), (SAME_DISTRICT, 30), (SAME_CITY, 20), (FAR, 10)]
)
def test_nearness_counts_by_the_smallest_region_shared(home: str, points: int) -> None:
    weights = NearnessWeights(community=50, street=40, district=30, city=20, beyond=10)
    proposal = single(Town(offered(home=home), posted(community=HERE), policy=only(nearness=weights)))
    assert proposal is not None
    assert (proposal.value, proposal.terms) == (points, {"nearness": points})


@pytest.mark.parametrize(("item", "points"), [(HAIR, 9), (MEAL, 4)])
def test_fit_counts_the_exact_item_and_a_sibling_apart(item: str, points: int) -> None:
    policy = only(fit=FitWeights(exact=9, sibling=4))
    proposal = single(Town(offered(item=item), posted("d1", line(HAIR)), policy=policy))
    assert proposal is not None
    assert (proposal.value, proposal.terms) == (points, {"fit": points})
    assert (proposal.item, proposal.offered_item) == (HAIR, item)


def test_a_sibling_that_costs_more_than_the_service_is_worth_is_not_proposed() -> None:
    town = Town(offered(item=MEAL), posted("d1", line(HAIR)))
    for sibling, proposed in ((-1999, True), (-2000, False), (-2001, False)):
        policy = only(service=ServiceWeights(base=2000), fit=FitWeights(exact=0, sibling=sibling))
        decided = town.decide(policy=policy)
        assert bool(decided.proposals) is proposed
        assert decided.size.pairs == int(proposed)


def test_a_value_is_the_sum_of_its_terms_and_zero_terms_are_left_out() -> None:
    proposal = single(Town(offered(home=SAME_STREET), posted(urgency=Urgency.URGENT, posted_at=at(-3))))
    assert proposal is not None
    assert proposal.terms == {"service": 2000, "urgency": 2000, "waiting": 60, "nearness": 1000, "fit": 500}
    assert proposal.value == sum(proposal.terms.values())
    fresh = single(Town(offered(home=FAR), posted()))
    assert fresh is not None
    assert fresh.terms == {"service": 2000, "fit": 500}


def test_the_greatest_weights_there_may_be_add_up_exactly() -> None:
    most = 1_000_000
    policy = Policy(
        service=ServiceWeights(base=most),
        urgency=UrgencyWeights(emergency=most),
        waiting=WaitingWeights(per_hour=most, cap_hours=24 * 366),
        nearness=NearnessWeights(community=most),
        fit=FitWeights(exact=most, sibling=-most),
    )
    town = Town(policy=policy)
    for number in range(3):
        town.tell(offered(f"r{number}", item=HAIR if number else MEAL))
        town.tell(posted(f"d{number}", urgency=Urgency.EMERGENCY, posted_at=at(-24 * 400 - number)))
    decided = town.decide()
    assert sum(p.value for p in decided.proposals) == 3 * (24 * 366 + 3) * most + most
    assert decided.certificate.holds


def test_the_pressing_and_the_near_are_served_first() -> None:
    town = Town(offered("r1", home=SAME_DISTRICT), posted("d1"), posted("d2", urgency=Urgency.URGENT))
    assert pairs_of(town.decide()) == [("d2", "r1")]
    town.tell(offered("r2", home=HERE))
    assert len(town.decide().proposals) == 2
