"""People with several entries: in one place at a time, one job a round, the best entry for each, one price for all."""

from datetime import datetime, timedelta

from matcher.reasons.declining import preview_decline
from matcher.reasons.odds import preview_demand
from matcher.reasons.offers import demands_for, preview_offer
from matcher.reasons.solved import Solved, solved
from matcher.state.alarms import next_alarm_ms
from matcher.state.fold import from_ms
from matcher.state.pool import freeze
from schemas.policy import Policy, RegretWeights, Rules
from schemas.resources import ResourceKind
from schemas.rounds import Proposal
from tests.builders import (
    FAR,
    HAIR,
    HERE,
    LAMP,
    MEAL,
    SAME_STREET,
    at,
    changed,
    claimed,
    demand,
    line,
    offered,
    posted,
    resource,
    suspended,
    window,
)
from tests.property.large import as_if_large
from tests.town import Town, pairs_of

ONE_PLACE = Policy(rules=Rules(one_place=True))
WAY = Policy(rules=Rules(one_place=True, travel_minutes=30))
ANN = {"provider": "member:ann", "auto_accept": True}


def of_ann(*names: str, policy: Policy = ONE_PLACE) -> Town:
    """Return a town where Ann cuts hair by each of these entries."""
    return Town(*(offered(name, **ANN) for name in names), policy=policy)


def jobs(town: Town, *, hours: float = 0) -> list[list[tuple[str, str, float]]]:
    """Decide rounds as long as the next is due at once; return demand, resource and start (hour) that each gave."""
    found, now = [told(town.round(at(hours)).proposals)], at(hours)
    while next_alarm_ms(town.state) == town.state.round_at_ms + 1:
        now = from_ms(town.state.round_at_ms + 1)
        found.append(told(town.round(now).proposals))
    return [given for given in found if given]


def told(given: tuple[Proposal, ...]) -> list[tuple[str, str, float]]:
    return [(each.demand_id, each.resource_id, hour(each.starts_at)) for each in given]


def hour(moment: datetime) -> float:
    return (moment - at()) / timedelta(hours=1)


def asked(town: Town, *, hours: float = 0.1) -> Solved:
    return solved(freeze(town.state), now=at(hours), policy=town.policy)


# -- what is promised leaves all calendars ---------------------------------------------------------------------


def test_otherwise_every_entry_has_a_calendar_of_its_own_as_before() -> None:
    town = of_ann("r1", "r2", policy=Policy())
    town.tell(posted("d1", window=window(1, 2)), posted("d2", window=window(1, 2)))
    assert jobs(town) == [[("d1", "r1", 1), ("d2", "r2", 1)]]


def test_nobody_is_in_two_places_at_one_hour() -> None:
    town = of_ann("r1", "r2")
    town.tell(posted("d1", window=window(1, 2)), posted("d2", window=window(1, 2)))
    assert jobs(town) == [[("d1", "r1", 1)]]
    why = town.why_line("d2", now=at(0.1))
    assert (why.verdict, why.failing) == ("no_candidate", {"seats": 2})


def test_back_to_back_is_no_clash_and_the_second_job_follows_at_once() -> None:
    town = of_ann("r1", "r2", policy=WAY)
    town.tell(posted("d1", window=window(1, 3)), posted("d2", window=window(1, 3)))
    assert jobs(town) == [[("d1", "r1", 1)], [("d2", "r2", 2)]]


def test_the_way_between_two_places_is_kept() -> None:
    town = of_ann("r1", "r2", policy=WAY)
    town.tell(posted("d1", window=window(1, 3)), posted("d2", window=window(1, 4), community=SAME_STREET))
    assert jobs(town) == [[("d1", "r1", 1)], [("d2", "r2", 2.5)]]


def test_what_is_only_proposed_counts_and_a_no_gives_it_back() -> None:
    town = Town(offered("r1", provider="member:ann"), offered("r2", provider="member:ann"), policy=ONE_PLACE)
    town.tell(posted("d1", window=window(1, 2)))
    [given] = town.round().proposals
    town.tell(posted("d2", window=window(1, 2)))
    assert jobs(town, hours=0.1) == []
    town.answer(given, "declined")
    assert [len(each) for each in jobs(town, hours=0.2)] == [1], "for one of the two"


def test_a_job_that_is_done_keeps_nothing() -> None:
    town = of_ann("r1", "r2")
    town.tell(posted("d1", window=window(1, 2)))
    [given] = town.round().proposals
    town.answer(given, "done")
    town.tell(posted("d2", window=window(1, 2)))
    assert jobs(town, hours=0.1) == [[("d2", "r1", 1)]]


def test_an_entry_that_rests_keeps_its_promise_on_the_others() -> None:
    town = of_ann("r1", "r2")
    town.tell(posted("d1", window=window(1, 2)))
    town.round()
    town.tell(suspended("r1", version=2), posted("d2", window=window(1, 2)), posted("d3", window=window(5, 6)))
    assert jobs(town, hours=0.1) == [[("d3", "r2", 5)]]


def test_an_entry_held_per_occasion_is_booked_around_the_others() -> None:
    town = Town(offered("r1", **ANN), offered("r2", per_occasion=True, **ANN), policy=ONE_PLACE)
    town.tell(*(posted(f"d{n}", window=window(1, 4)) for n in range(4)))
    assert jobs(town) == [[("d0", "r1", 1)], [("d1", "r2", 2)], [("d2", "r2", 3)]]


def test_only_what_a_person_does_in_person_counts() -> None:
    unit = {"provider": "unit:91310105MA1FPX1234", "auto_accept": True}
    goods = ANN | {"kind": ResourceKind.GOODS}
    for one, other in ((unit, unit), (ANN, goods), (goods, goods), (ANN, ANN | {"provider": "member:bob"})):
        town = Town(offered("r1", **one), offered("r2", **other), policy=ONE_PLACE)
        town.tell(posted("d1", window=window(1, 2)), posted("d2", window=window(1, 2)))
        assert len(jobs(town)[0]) == 2


# -- one job a round, and the best one ---------------------------------------------------------------------------


def test_each_line_takes_the_entry_that_is_worth_most_to_it() -> None:
    town = Town(offered("r1", item=MEAL, **ANN), offered("r2", **ANN), policy=ONE_PLACE)
    town.tell(posted("d1", line(HAIR)))
    decided = town.round()
    assert pairs_of(decided) == [("d1", "r2")]
    assert decided.proposals[0].margin == 2_000, "the sibling entry is what the line would have had instead"


def test_a_person_goes_where_that_is_worth_most_and_all_entries_have_that_price() -> None:
    town = Town(offered("r1", **ANN), offered("r2", item=LAMP, **ANN), policy=ONE_PLACE)
    town.tell(posted("d1", window=window(1, 2)), posted("d2", line(LAMP), window=window(1, 2), urgency="urgent"))
    decided = town.round()
    assert pairs_of(decided) == [("d2", "r2")]
    assert decided.certificate.holds
    assert {price.resource_id: price.price for price in decided.resource_prices} == {"r1": 4_000, "r2": 4_000}
    assert decided.size.left_out == 1


def test_nobody_is_outbid_by_the_other_entry_of_who_serves_them() -> None:
    regretful = ONE_PLACE.model_copy(update={"regret": RegretWeights(per_hour=10)})
    town = of_ann("r1", "r2", policy=regretful)
    town.tell(posted("d1", line(HAIR, 2), window=window(1, 2)))
    decided = town.round()
    assert pairs_of(decided) == [("d1", "r1")]
    assert decided.outbid == ()
    town.tell(posted("d2", window=window(4, 5)), posted("d3", window=window(4, 5)))
    assert [lost.demand_id for lost in town.round(at(0.1)).outbid] == ["d3"]


def test_an_entry_that_is_used_up_has_no_part_in_it() -> None:
    town = Town(offered("r1", renewable=False, **ANN), offered("r2", **ANN), policy=ONE_PLACE)
    town.tell(posted("d1", window=window(1, 2)))
    [given] = town.round().proposals
    town.answer(given, "done")
    town.tell(posted("d2", window=window(1, 2)), posted("d3", window=window(1, 2)))
    decided = town.round(at(0.1))
    assert pairs_of(decided) == [("d2", "r2")]
    assert [price.resource_id for price in decided.resource_prices] == ["r2"]


def test_a_team_does_not_take_a_person_twice() -> None:
    town = of_ann("r1", "r2")
    town.tell(posted("d1", line(HAIR, 2, together=True)))
    assert jobs(town) == []
    assert town.why_line("d1").verdict == "incomplete"
    town.tell(offered("r3", provider="member:bob", auto_accept=True))
    assert {pair[1] for pair in jobs(town, hours=0.1)[0]} == {"r1", "r3"}


def test_a_team_takes_the_entry_that_can_be_had_when_it_meets() -> None:
    """Ann's better entry is open at another hour than Bob's only one."""
    town = Town(
        offered("r1", windows=[window(1, 2)], home=HERE, **ANN),
        offered("r2", windows=[window(5, 6)], home=SAME_STREET, **ANN),
        offered("r3", provider="member:bob", auto_accept=True, windows=[window(5, 6)]),
        policy=ONE_PLACE,
    )
    town.tell(posted("d1", line(HAIR, 2, together=True)))
    assert jobs(town) == [[("d1", "r2", 5), ("d1", "r3", 5)]]


def test_two_claims_on_one_person_are_ruled_on_in_turn() -> None:
    town = of_ann("r1", "r2")
    town.tell(posted("d1", window=window(1, 2)), posted("d2", window=window(1, 2)), posted("d3", window=window(5, 6)))
    town.tell(claimed("d1", "r1", claim_id="c1"), claimed("d3", "r2", claim_id="c2"))
    first = town.round()
    assert [(each.claim_id, each.outcome) for each in first.claims] == [("c1", "honoured")]
    second = town.round(from_ms(next_alarm_ms(town.state)))
    assert [(each.claim_id, each.outcome) for each in second.claims] == [("c2", "honoured")]


def test_a_large_pool_does_the_same() -> None:
    town = Town(offered("r1", **ANN), offered("r2", item=MEAL, **ANN), offered("r3", home=FAR), policy=WAY)
    town.tell(*(posted(f"d{n}", line(HAIR if n % 2 else MEAL), window=window(1, 4)) for n in range(4)))
    small = town.decide()
    with as_if_large():
        large = town.decide()
    assert large.certificate == small.certificate
    assert large.resource_prices == small.resource_prices


# -- what is told --------------------------------------------------------------------------------------------------


def test_a_preview_knows_that_the_person_is_promised() -> None:
    town = of_ann("r1", "r2")
    town.tell(posted("d1", window=window(1, 2)))
    town.round()
    told_ = preview_demand(asked(town), demand("d2", line(HAIR), window=window(1, 2)))
    assert (told_.lines[0].verdict, told_.lines[0].failing) == ("no_candidate", {"seats": 2})
    assert preview_demand(asked(town), demand("d2", line(HAIR), window=window(2, 4))).lines[0].served == 1


def test_a_preview_knows_what_a_person_would_leave_for_it() -> None:
    town = Town(offered("r1", **ANN), offered("r2", item=LAMP, **ANN), policy=ONE_PLACE)
    town.tell(posted("d1"))
    for urgency, served in (("normal", 0), ("urgent", 1)):
        told_ = preview_demand(asked(town), demand("d2", line(LAMP), urgency=urgency))
        assert told_.lines[0].served == served
        assert told_.exact
    assert told_.adds == 2_000


def test_who_loses_a_person_to_another_entry_is_told_the_price_of_the_person() -> None:
    town = Town(offered("r1", **ANN), offered("r2", item=LAMP, **ANN), policy=ONE_PLACE)
    town.tell(posted("d1", urgency="urgent"), posted("d2", line(LAMP)))
    why = town.why_line("d2")
    assert (why.verdict, why.price, why.best_value, why.short_by) == ("outbid", 6_000, 4_000, 2_000)
    odds = preview_demand(asked(town, hours=0), demand("d3", line(LAMP))).lines[0]
    assert (odds.verdict, odds.short_by) == ("outbid", 2_000)
    assert [remedy.kind for remedy in why.remedies] == ["urgency"]


def test_an_entry_more_adds_what_the_person_does_better_by_it() -> None:
    town = Town(offered("r1", item=MEAL, **ANN), policy=ONE_PLACE)
    town.tell(posted("d1", line(HAIR)))
    told_ = preview_offer(asked(town), resource("r2", **ANN))
    assert (told_.adds, told_.given, [chance.adds for chance in told_.chances]) == (2_000, 1, [2_000])
    town.tell(offered("r2", **ANN))
    assert demands_for(asked(town), resource_id="r2").adds == 2_000
    assert demands_for(asked(town), resource_id="r1").adds == 0


def test_a_decline_gives_the_person_back_to_every_entry() -> None:
    town = Town(offered("r1", **ANN), offered("r2", item=LAMP, **ANN), policy=ONE_PLACE)
    town.tell(posted("d1", window=window(1, 2)))
    [given] = town.round().proposals
    town.tell(posted("d2", line(LAMP), window=window(1, 2)))
    told_ = preview_decline(asked(town), assignment_id=given.assignment_id)
    assert [(move.demand_id, move.before, move.after) for move in told_.moves] == [("d2", None, "r2")]
    assert told_.exact
    assert not told_.refilled


def test_who_becomes_a_person_in_a_revision_keeps_what_was_promised() -> None:
    town = Town(offered("r1", **ANN), offered("r2", **ANN | {"kind": ResourceKind.GOODS}), policy=ONE_PLACE)
    town.tell(posted("d1", window=window(1, 2)), posted("d2", window=window(1, 2)))
    assert len(jobs(town)[0]) == 2
    town.tell(changed(resource("r2", **ANN | {"kind": ResourceKind.GOODS}), kind=ResourceKind.SKILL))
    town.tell(offered("r3", **ANN), posted("d3", window=window(1, 2)), posted("d4", window=window(3, 4)))
    decided = town.round(at(0.1))
    assert decided.transitions == ()
    assert pairs_of(decided) == [("d4", "r3")]
