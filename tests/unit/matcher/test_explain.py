"""Why a line stands where it stands: the rule that fails first, or what it would have taken to win."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.demands import Urgency
from schemas.policy import FitWeights, Policy, ServiceWeights, UrgencyWeights
from schemas.recurrence import Recurrence
from schemas.refusals import Refused
from schemas.why import LineWhy
from tests.builders import (
    HAIR,
    HERE,
    LAMP,
    MEAL,
    NO_VALUE,
    PRESSURE,
    SAME_DISTRICT,
    SAME_STREET,
    at,
    demand_gone,
    line,
    offered,
    posted,
    suspended,
    window,
)
from tests.town import Town, pairs_of


def why(*facts: Any, hours: float = 0, policy: Policy | None = None) -> LineWhy:
    """Return why the first line of ``d1`` stands where it stands."""
    return Town(*facts, policy=policy).why_line("d1", now=at(hours))


# -- the first failing rule ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "offer", "ask"),
    [
        ("item", {"item": MEAL}, {"lines": (line(HAIR, siblings=False),)}),
        ("scope", {"scope": (SAME_STREET,)}, {}),
        ("gate", {"item": PRESSURE}, {"lines": (line(PRESSURE),)}),
        ("window", {"windows": (window(20, 30),)}, {}),
        ("window", {"windows": (window(1, 1.5),)}, {}),
        ("notice", {"notice_minutes": 600}, {}),
    ],
)
def test_each_rule_is_named_where_it_alone_fails(rule: str, offer: dict[str, Any], ask: dict[str, Any]) -> None:
    told = why(offered(**offer), posted("d1", **ask))
    assert (told.verdict, told.considered, told.eligible) == ("no_candidate", 1, 0)
    assert told.failing == {rule: 1}
    assert told.best_value is told.price is told.short_by is None


@pytest.mark.parametrize("hours", [(-4, -1), (-4, 0.25)])
def test_a_common_time_that_is_over_is_none(hours: tuple[float, float]) -> None:
    """What is past is no matter of notice, whether the window is over or only what is left of it is too short."""
    ask = posted("d1", window=window(-4, 6), duration_minutes=60)
    assert why(offered(windows=(window(*hours),)), ask).failing == {"window": 1}
    every_other_day = Recurrence(first=window(-24, -22), rule="FREQ=DAILY;INTERVAL=2;COUNT=3")
    ask = posted("d1", window=window(-72, 48), recurring=(every_other_day,))
    assert why(offered(valid_to=at(4)), ask).failing == {"window": 1}


def test_a_seat_that_is_held_is_named() -> None:
    town = Town(offered(), posted("d0", posted_at=at(-9)))
    town.round()
    town.tell(posted("d1"))
    told = town.why_line()
    assert (told.verdict, told.failing) == ("no_candidate", {"seats": 1})


def test_only_resources_with_a_free_seat_are_eligible() -> None:
    town = Town(offered("r1"), posted("d0"))
    town.round()
    town.tell(offered("r2"), posted("d1"))
    told = town.why_line()
    assert (told.verdict, told.considered, told.eligible, told.failing) == ("next_round", 2, 1, {"seats": 1})


def test_a_suspended_resource_has_no_seats() -> None:
    assert why(offered(), suspended(), posted("d1")).failing == {"seats": 1}


def test_a_declined_pair_is_named() -> None:
    town = Town(offered(), posted("d1"))
    town.answer(town.round().proposals[0], "declined")
    assert town.why_line().failing == {"barred": 1}
    town.round()
    assert town.why_line(now=at(5)).failing == {"barred": 1}


def test_a_pair_without_worth_is_named() -> None:
    policy = NO_VALUE.model_copy(update={"fit": FitWeights(exact=0, sibling=-1)})
    told = why(offered("r1"), offered("r2", item=MEAL), posted("d1"), policy=policy)
    assert (told.verdict, told.eligible, told.failing) == ("no_candidate", 0, {"worth": 2})


def test_rules_are_tried_in_order_and_each_resource_counts_once() -> None:
    told = why(
        offered("r1", item=MEAL, scope=("32",), windows=(window(20, 30),)),
        offered("r2", scope=("32",), windows=(window(20, 30),)),
        offered("r3", windows=(window(20, 30),), notice_minutes=9999),
        offered("r4", notice_minutes=9999),
        offered("r5", item=LAMP),
        posted("d1", line(HAIR, siblings=False)),
    )
    assert told.considered == 4  # the lamp is of another category
    assert told.failing == {"item": 1, "scope": 1, "window": 1, "notice": 1}


def test_a_list_without_the_category_considers_nobody() -> None:
    told = why(offered(item=LAMP), posted("d1"))
    assert (told.verdict, told.considered, told.failing) == ("no_candidate", 0, {})


# -- verdicts -----------------------------------------------------------------------------------------------------


def test_the_next_round_will_serve_it() -> None:
    told = why(offered(), posted("d1"))
    assert (told.verdict, told.asked, told.filled, told.eligible, told.best_value) == ("next_round", 1, 0, 1, 4000)
    assert told.price == 0


def test_a_seat_held_or_done_counts_as_filled() -> None:
    town = Town(offered(capacity=2), posted("d1", line(quantity=2)))
    first, second = town.round().proposals
    assert (town.why_line().verdict, town.why_line().filled) == ("matched", 2)
    town.answer(first, "done")
    town.round()
    assert (town.why_line().verdict, town.why_line().filled) == ("matched", 2)
    town.answer(second, "declined")
    assert (town.why_line().verdict, town.why_line().filled) == ("no_candidate", 1)


def test_what_was_filled_in_time_is_matched_even_after_its_time() -> None:
    town = Town(offered(auto_accept=True), posted("d1", line(HAIR), line(PRESSURE)))
    town.round()
    town.round(at(10))
    done, missing = town.why("d1", now=at(11)).lines
    assert (done.verdict, done.filled) == ("matched", 1)
    assert (missing.verdict, missing.filled) == ("lapsed", 0)


def test_time_that_runs_out_is_told_before_a_round_says_so() -> None:
    assert why(posted("d1"), hours=9).verdict == "lapsed"
    assert why(posted("d1"), hours=8.99).verdict == "no_candidate"


def test_a_withdrawn_demand_has_nothing_filled() -> None:
    town = Town(offered(), posted("d1", line(quantity=3)))
    town.tell(demand_gone("d1"))
    assert (town.why_line().verdict, town.why_line().filled, town.why_line().asked) == ("withdrawn", 0, 3)


def test_a_withdrawn_demand_keeps_what_was_done() -> None:
    town = Town(offered(capacity=2), posted("d1", line(quantity=2)))
    town.answer(town.round().proposals[0], "done")
    town.round()
    town.tell(demand_gone("d1"))
    town.round()
    assert (town.why_line().verdict, town.why_line().filled) == ("withdrawn", 1)


def test_who_was_never_posted_cannot_be_explained() -> None:
    town = Town(offered())
    with pytest.raises(Refused) as refused:
        town.why("d9")
    assert refused.value.code == "not_found"
    town.tell(demand_gone("d9", version=1))
    with pytest.raises(Refused):
        town.why("d9")


def test_every_line_gets_its_own_reason() -> None:
    told = Town(offered(), posted("d1", line(HAIR), line(PRESSURE), line(LAMP, 2))).why("d1")
    assert [(each.line, each.item, each.asked, each.verdict) for each in told.lines] == [
        (0, HAIR, 1, "next_round"),
        (1, PRESSURE, 1, "no_candidate"),
        (2, LAMP, 2, "no_candidate"),
    ]


def test_asking_changes_nothing() -> None:
    town = Town(offered(), posted("d1"), posted("d2"))
    before = town.decide()
    town.why("d1")
    assert town.decide() == before


# -- outbid -------------------------------------------------------------------------------------------------------

BY_URGENCY = NO_VALUE.model_copy(
    update={
        "service": ServiceWeights(base=100),
        "urgency": UrgencyWeights(normal=0, urgent=30, whistle=300, emergency=5000),
    }
)


def test_the_loser_of_one_seat_is_short_by_what_its_holder_is_worth_more() -> None:
    told = why(offered(), posted("d0", urgency=Urgency.WHISTLE), posted("d1"), policy=BY_URGENCY)
    assert (told.verdict, told.best_value, told.price, told.short_by) == ("outbid", 100, 400, 300)


def test_the_cheapest_of_several_rivals_counts() -> None:
    told = why(
        offered("r1"),
        offered("r2"),
        posted("d0", urgency=Urgency.WHISTLE),
        posted("d1"),
        posted("d2", urgency=Urgency.URGENT),
        policy=BY_URGENCY,
    )
    assert (told.eligible, told.price, told.short_by) == (2, 130, 30)


def test_a_rival_that_can_go_elsewhere_costs_only_the_difference() -> None:
    """d0, on r1, would move to r2 in another street, worth 1,100 less there, and d2 would lose its seat of 4,000."""
    told = why(
        offered("r1", home=HERE, scope=(HERE,)),
        offered("r2", home=SAME_DISTRICT, capacity=1),
        posted("d0", urgency=Urgency.EMERGENCY),
        posted("d1", window=window(1, 9)),
        posted("d2", community=SAME_DISTRICT, urgency=Urgency.NORMAL),
    )
    assert told.verdict == "outbid"
    assert (told.best_value, told.price, told.short_by) == (4000, 4000 + 1100, 1100)


def test_a_line_does_not_outbid_itself() -> None:
    """It asks for two and gets one of r1; r1 has no other holder, so only the seat of r2 can be won."""
    told = why(
        offered("r1"),
        offered("r2", scope=(HERE,)),
        posted("d0", urgency=Urgency.WHISTLE, lines=(line(siblings=False),)),
        posted("d1", line(quantity=2)),
        policy=BY_URGENCY,
    )
    assert (told.verdict, told.eligible, told.short_by) == ("outbid", 1, 300)
    assert told.failing == {"seats": 1}


def test_a_line_that_has_every_seat_there_is_has_no_rival() -> None:
    told = why(offered(), posted("d1", line(quantity=2)))
    assert (told.verdict, told.eligible, told.failing, told.short_by) == ("no_candidate", 0, {"seats": 1}, None)


@pytest.mark.parametrize("more", [lambda gap: gap + 1, lambda gap: gap, lambda gap: gap - 1])
def test_raising_the_urgency_by_more_than_the_gap_wins(more: Callable[[int], int]) -> None:
    town = Town(
        offered("r1"),
        offered("r2", item=MEAL),
        posted("d0", urgency=Urgency.WHISTLE),
        posted("d1", urgency=Urgency.URGENT, community=SAME_STREET),
        posted("d2", urgency=Urgency.WHISTLE, community=SAME_DISTRICT),
    )
    gap = town.why_line("d1").short_by
    assert gap is not None
    assert "d1" not in dict(pairs_of(town.decide()))
    raised = town.policy.urgency.urgent + more(gap)
    policy = town.policy.model_copy(update={"urgency": town.policy.urgency.model_copy(update={"urgent": raised})})
    wins = "d1" in dict(pairs_of(town.decide(policy=policy)))
    if more(gap) != gap:  # at the gap itself both are best
        assert wins is (more(gap) > gap)
