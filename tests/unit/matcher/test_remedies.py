"""What would have won: of each kind the smallest change, found where there is one, and told cheapest first."""

from typing import Any

import pytest

from matcher.reasons.odds import preview_demand
from matcher.reasons.solved import solved
from matcher.state.pool import freeze
from schemas.base import Fact
from schemas.demands import Demand, Urgency
from schemas.policy import ClaimWeights, NearnessWeights, Policy, ServiceWeights, UrgencyWeights, WaitingWeights
from schemas.preview import DemandPreview
from schemas.why import Remedy
from tests.builders import (
    HAIR,
    HERE,
    MEAL,
    PRESSURE,
    SAME_DISTRICT,
    SAME_STREET,
    TALK,
    at,
    claimed,
    demand,
    line,
    offered,
    posted,
    window,
)
from tests.town import Town

BY_URGENCY = Policy(
    service=ServiceWeights(base=10),
    urgency=UrgencyWeights(normal=0, urgent=5, whistle=20, emergency=40),
    waiting=WaitingWeights(per_hour=0),
    nearness=NearnessWeights(community=0, street=0, district=0, city=0, beyond=0),
)


def preview(*facts: Fact, asked: Demand, policy: Policy | None = None) -> DemandPreview:
    town = Town(*facts, policy=policy)
    return preview_demand(solved(freeze(town.state), now=at(), policy=town.policy), asked)


def told(*facts: Fact, policy: Policy | None = None, **changes: Any) -> dict[str, Remedy]:
    """Return the remedies of a demand by kind."""
    lines = changes.pop("lines", (line(),))
    found = preview(*facts, asked=demand("new", *lines, **changes), policy=policy)
    return {remedy.kind: remedy for remedy in found.remedies}


def test_what_is_served_needs_no_change() -> None:
    assert told(offered("r1")) == {}


def test_a_shift_is_the_smallest_by_quarters_of_an_hour_that_reaches_who_is_there() -> None:
    late = told(offered("r1", windows=(window(3.1, 6),)), window=window(1, 3), duration_minutes=60)
    assert (late["time"].minutes, late["time"].seats, late["time"].price) == (75, 1, 0)
    early = told(offered("r1", windows=(window(1, 3.9),)), window=window(5, 7), duration_minutes=60)
    assert early["time"].minutes == -135
    both = told(
        offered("r1", windows=(window(1, 3),)), offered("r2", windows=(window(9, 12),)), window=window(4, 6),
        duration_minutes=60,
    )  # fmt: skip
    assert both["time"].minutes == -120


def test_what_is_told_of_a_shift_keeps_its_deadline_as_far_off() -> None:
    found = told(
        offered("r1", windows=(window(8, 12),)), window=window(1, 3), duration_minutes=60, deadline=at(0.5)
    )  # the deadline moves along, so it has not passed then
    assert found["time"].minutes == 6 * 60


def test_another_item_and_any_of_the_category_where_the_line_asks_for_one_only() -> None:
    found = told(offered("r1", item=MEAL), lines=(line(HAIR, siblings=False),))
    assert found["item"].item == MEAL
    assert found["siblings"].seats == 1
    assert "item" not in told(offered("r1", item=TALK), lines=(line(HAIR, siblings=False),))


def test_the_nearest_place_that_is_served_and_how_wide_the_gap_is() -> None:
    there = (
        offered("r1", scope=(SAME_DISTRICT,), home=SAME_DISTRICT),
        offered("r2", scope=(SAME_STREET,), home=SAME_STREET),
    )
    place = told(*there, community=HERE)["place"]
    assert (place.community, place.shared) == (SAME_STREET, "street")
    place = told(there[0], community=HERE)["place"]
    assert (place.community, place.shared) == (SAME_DISTRICT, "district")


def test_the_lowest_level_of_urgency_that_wins_and_what_it_costs_others() -> None:
    rival = posted("d1", urgency=Urgency.URGENT)
    found = told(offered("r1"), rival, policy=BY_URGENCY)
    assert set(found) == {"urgency"}
    assert (found["urgency"].urgency, found["urgency"].seats) == (Urgency.WHISTLE, 1)
    assert found["urgency"].price > 0  # the rival's


def test_as_many_seats_as_there_are() -> None:
    found = told(offered("r1", capacity=2), lines=(line(quantity=5),))
    assert (found["seats"].quantity, found["seats"].seats) == (2, 2)


def test_what_no_change_of_the_demand_can_mend_is_not_told() -> None:
    assert told(offered("r1", item=PRESSURE), lines=(line(PRESSURE),)) == {}  # nobody has the licence
    assert told() == {}


@pytest.mark.parametrize("quantity", [2, 3])
def test_what_fills_the_line_comes_before_what_fills_some_of_it(quantity: int) -> None:
    """Of those that fill it, the cheapest first; fewer seats always do."""
    facts = (
        offered("r1"),
        offered("r2", windows=(window(20, 24),), capacity=quantity),
        offered("r3", item=MEAL),
    )
    found = preview(
        *facts, asked=demand("new", line(quantity=quantity, siblings=False), window=window(1, 3), duration_minutes=60)
    )
    fills = [remedy.kind == "seats" or remedy.seats == quantity for remedy in found.remedies]
    assert fills == sorted(fills, reverse=True)
    assert found.remedies[0].kind == "seats"
    assert {"time", "siblings"} <= {remedy.kind for remedy in found.remedies}


def test_a_claim_on_the_demand_counts_for_what_it_might_be() -> None:
    """The claimed offer is there later, where only the claim beats the rival."""
    policy = BY_URGENCY.model_copy(update={"claim": ClaimWeights(bonus=100)})
    facts = (
        offered("r1", windows=(window(3, 6),)),
        posted("d1", urgency=Urgency.WHISTLE),
        posted("d2", window=window(1, 3), duration_minutes=60),
    )
    alone = Town(*facts, policy=policy).why_line("d2")
    assert "time" not in {remedy.kind for remedy in alone.remedies}
    picked = Town(*facts, claimed("d2", "r1", by="requester"), policy=policy).why_line("d2")
    [time] = [remedy for remedy in picked.remedies if remedy.kind == "time"]
    assert (time.minutes, time.seats) == (60, 1)
    assert time.price > 0
