"""What leaves a shard: when open seats go up, whom they go to, what is shown above, how much fits into a record."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from matcher.round import escalation
from matcher.state.columns import FOREVER
from matcher.state.fold import to_ms
from schemas.demands import DemandPosted, Urgency
from schemas.policy import Escalation, Policy
from schemas.recurrence import Recurrence
from schemas.rounds import RoundDecided
from schemas.transfers import Asked, Carried, Escalated, Shown, Transfers
from tests.builders import (
    HERE,
    LAMP,
    MEAL,
    NOON,
    SAME_CITY,
    SHARD,
    at,
    changed,
    demand,
    demand_gone,
    event,
    line,
    offered,
    posted,
    resource,
    resource_gone,
    revised,
    suspended,
    whistled,
    window,
)
from tests.land import Land

NEXT, CITY, ALLY, ALLIANCE = "310106", "3101", "320102", "delta"
WEEK = window(1, 200)
WHISTLE = {"urgency": Urgency.WHISTLE, "window": WEEK}
ONCE = {"home": SAME_CITY, "scope": ("3101",), "auto_accept": True, "renewable": False}
DAILY = Recurrence(first=window(0, 2), rule="FREQ=DAILY;COUNT=300")


def let_go(decided: RoundDecided) -> Transfers:
    return decided.transfers or Transfers()


def up(decided: RoundDecided) -> list[tuple[str, str, int]]:
    """Return cause, target and number of seats of what a round escalated."""
    return [(each.cause, each.to, len(each.seats)) for each in let_go(decided).escalated]


def home(decided: RoundDecided) -> list[tuple[str, str]]:
    """Return the demands whose visit a round ends, and where they go."""
    return [(each.demand_id, each.to) for each in let_go(decided).returned if each.resource_id is None]


def policy(**rules: Any) -> Policy:
    return Policy(escalation=Escalation(**rules))


# -- when --------------------------------------------------------------------------------------------------


def test_a_demand_that_nobody_serves_visits_the_city_after_a_day_and_the_alliance_after_two() -> None:
    land = Land(posted(window=WEEK))
    assert up(land.round(SHARD, at(23.99))) == []
    assert land.alarm_ms(SHARD) == to_ms(at(24))
    decided = land.round(SHARD, at(24))
    assert up(decided) == [("time", CITY, 1)]
    assert let_go(decided).escalated[0].waited_minutes == 24 * 60
    assert land.alarm_ms(SHARD) == FOREVER
    land.deliver()
    assert land.alarm_ms(CITY) == to_ms(at(24, minutes=10))
    assert let_go(land.round(CITY, at(24, minutes=9))) == Transfers()
    assert home(land.round(CITY, at(24, minutes=10))) == [("d1", SHARD)]
    land.deliver()
    assert land.whereabouts("d1") == [SHARD]
    assert land.alarm_ms(SHARD) == to_ms(at(26)), "two hours after it left"
    assert up(land.round(SHARD, at(25.99))) == []
    assert up(land.round(SHARD, at(48))) == [("time", CITY, 1)]
    land.deliver()
    assert up(land.round(CITY, at(48))) == [("time", ALLIANCE, 1)], "it is two days old"
    land.deliver()
    assert land.whereabouts("d1") == [ALLIANCE]
    assert land.alarm_ms(ALLIANCE) == to_ms(at(48, minutes=10))
    assert home(land.round(ALLIANCE, at(48, minutes=10))) == [("d1", CITY)]
    land.deliver()
    assert home(land.round(CITY, at(48, minutes=10))) == [("d1", SHARD)]
    land.deliver()
    assert land.whereabouts("d1") == [SHARD]


def test_a_demand_lapses_where_it_is() -> None:
    land = Land(
        posted("d1", urgency=Urgency.WHISTLE, window=window(1, 2)), policy=policy(whistle=True, visit_minutes=300)
    )
    land.settle()
    assert land.alarm_ms(CITY) == to_ms(at(2)), "there it lapses, and nowhere else"
    assert [lapse.demand_id for lapse in land.round(CITY, at(2)).lapsed] == ["d1"]
    assert [land.alarm_ms(shard) for shard in (SHARD, CITY)] == [FOREVER] * 2


def test_without_an_alliance_the_city_is_the_end() -> None:
    land = Land(posted(**WHISTLE), policy=policy(whistle=True, city_hours=1))
    land.settle()
    assert land.whereabouts("d1") == [CITY]
    assert home(land.round(CITY, at(5))) == [("d1", SHARD)]


def test_a_street_hands_on_to_its_district() -> None:
    land = Land(policy=policy(street_hours=2, district_hours=3))
    street = HERE[:9]
    land.fold(event(posted(window=WEEK), event_id="posted"), street)
    assert up(land.round(street, at(2))) == [("time", SHARD, 1)]
    land.deliver()
    assert home(land.round(SHARD, at(2.5))) == [("d1", street)]
    land.deliver()
    assert up(land.round(street, at(4))) == [("time", SHARD, 1)]
    land.deliver()
    assert up(land.round(SHARD, at(4))) == [("time", CITY, 1)]


def test_a_visit_is_not_longer_for_a_hold_that_comes_to_nothing() -> None:
    """The clock goes on while a hold is asked: what comes back from there too late goes home."""
    land = Land(
        posted("d1", line(quantity=1), **WHISTLE), offered("r1", home=SAME_CITY, scope=("3101",)),
        policy=policy(whistle=True, again_minutes=5),
    )  # fmt: skip
    land.settle()
    (given,) = [proposal for decided in land.decided for proposal in decided.proposals]
    land.answer(given, "declined", shard=NEXT)
    land.round(NEXT, at(1))
    land.deliver()
    assert home(land.round(CITY, at(1))) == [("d1", SHARD)]


def test_who_became_a_team_on_the_way_comes_home_for_teams_are_matched_there() -> None:
    before = demand("d1", line(quantity=2), **WHISTLE)
    land = Land(posted("d1", line(quantity=2), **WHISTLE), offered("r1", home=SAME_CITY, scope=("3101",)))
    land.settle()
    assert [land.whereabouts("d1", 0, seat) for seat in range(2)] == [[NEXT], [ALLIANCE]]
    land.tell(revised(before, line(quantity=2, together=True)), offered("r2", capacity=2))
    land.settle(at(1))
    assert [land.whereabouts("d1", 0, seat) for seat in range(2)] == [[SHARD], [SHARD]]
    land.round(SHARD, at(1))
    assert sorted(p.seat for d in land.decided for p in d.proposals if p.resource_id == "r2") == [0, 1]


@pytest.mark.parametrize("urgency", [Urgency.WHISTLE, Urgency.EMERGENCY])
def test_a_whistle_that_finds_nobody_goes_all_the_way_at_once(urgency: Urgency) -> None:
    land = Land(posted(urgency=urgency, window=WEEK))
    assert up(land.round(SHARD)) == [("whistle", CITY, 1)]
    land.deliver()
    assert up(land.round(CITY)) == [("whistle", ALLIANCE, 1)]


def test_a_whistle_that_is_served_at_home_stays() -> None:
    land = Land(offered(), posted("d1", line(quantity=2), **WHISTLE))
    decided = land.round(SHARD)
    assert [proposal.seat for proposal in decided.proposals] == [0]
    assert [each.seats[0].seat for each in let_go(decided).escalated] == [1], "only what nobody takes leaves"


def test_a_line_that_nobody_may_serve_goes_up_at_any_price_gap() -> None:
    land = Land(posted(window=WEEK), policy=policy(price_gap=1_000_000))
    assert up(land.round(SHARD)) == [("price", CITY, 1)]


def test_a_line_goes_up_that_is_outbid_by_as_many_points_as_the_policy_names() -> None:
    """One helper, whose price is what the next best would give: 2,000 points more than the last one has."""
    wanted = {"d1": Urgency.EMERGENCY, "d2": Urgency.URGENT, "d3": Urgency.NORMAL}
    entries = offered(), *(posted(name, window=WEEK, urgency=urgency) for name, urgency in wanted.items())
    assert up(Land(*entries, policy=policy(price_gap=2_001)).round(SHARD)) == []
    decided = Land(*entries, policy=policy(price_gap=2_000)).round(SHARD)
    assert [each.demand.demand_id for each in let_go(decided).escalated] == ["d3"]


def test_a_policy_that_names_no_reason_lets_nothing_go() -> None:
    land = Land(offered(scope=("3101",)), posted("d1", line(MEAL), **WHISTLE), policy=Policy())
    assert land.round(SHARD).transfers is None


@pytest.mark.parametrize("asked", [(line(quantity=2, together=True),), (line(), line(MEAL))])
def test_teams_stay(asked: Any) -> None:
    land = Land(posted("d1", *asked, **WHISTLE, bundle=len(asked) > 1))
    assert up(land.round(SHARD, at(25))) == []


def test_of_a_line_that_was_cut_no_more_seats_leave_than_it_is_short_of() -> None:
    """Seat 2 is confirmed when the demand is revised to two seats: one is open, though two have no helper."""
    before = demand("d1", line(quantity=3), window=WEEK)
    land = Land(posted("d1", line(quantity=3), window=WEEK), offered("r1", capacity=3, auto_accept=True))
    given = land.round(SHARD).proposals
    for proposal in given[:2]:
        land.answer(proposal, "declined", shard=SHARD)
    land.tell(suspended("r1"))
    land.round(SHARD, at(1))
    land.tell(revised(before, line(quantity=2)))
    assert up(land.round(SHARD, at(24))) == [("time", CITY, 1)]


def test_a_team_of_whose_seats_one_was_filled_elsewhere_before_it_was_one_asks_for_nothing_and_rings_no_bell() -> None:
    before = demand("d1", line(quantity=2), urgency=Urgency.WHISTLE, window=window(1, 3))
    land = Land(DemandPosted(demand=before), offered("r1", **ONCE))
    land.settle()
    (given,) = [proposal for decided in land.decided for proposal in decided.proposals]
    land.answer(given, "done", shard=NEXT)
    land.tell(revised(before, line(quantity=2, together=True)))
    land.settle(at(1))
    assert land.whereabouts("d1", 0, 1) == [SHARD]
    land.round(SHARD, at(3))
    assert [land.alarm_ms(shard) for shard in (SHARD, NEXT, CITY)] == [FOREVER] * 3


# -- what is shown ------------------------------------------------------------------------------------------


def shown(decided: RoundDecided) -> list[tuple[str, str, int]]:
    return [(each.resource.resource_id, each.to, each.resource.version) for each in let_go(decided).shown]


def test_an_offer_for_more_than_the_district_is_shown_above_once_a_version() -> None:
    first = resource("r1", scope=("3101",))
    land = Land(offered("r1", scope=("3101",)), offered("r2"))
    assert shown(land.round(SHARD)) == [("r1", CITY, 1), ("r1", ALLIANCE, 1)]
    assert shown(land.round(SHARD)) == []
    land.tell(changed(first, capacity=2))
    assert shown(land.round(SHARD)) == [("r1", CITY, 2), ("r1", ALLIANCE, 2)]
    land.tell(suspended("r1", version=3))
    assert [each.resource.status for each in let_go(land.round(SHARD)).shown] == ["suspended"] * 2
    land.tell(resource_gone("r1", version=4))
    assert [each.resource.status for each in let_go(land.round(SHARD)).shown] == ["withdrawn"] * 2
    assert shown(land.round(SHARD)) == []


def test_what_serves_at_home_alone_is_not_shown_and_finds_the_demand_when_it_comes_home() -> None:
    land = Land(posted(**WHISTLE), policy=policy(whistle=True))
    land.settle()
    land.tell(offered("r1"))
    assert shown(land.round(SHARD)) == []
    assert land.settle() == []
    assert home(land.round(CITY, at(0, minutes=10))) == [("d1", SHARD)]
    land.deliver()
    assert [proposal.resource_id for proposal in land.round(SHARD, at(0, minutes=11)).proposals] == ["r1"]


# -- how much fits ------------------------------------------------------------------------------------------


def parts(land: Land, shard: str, now: datetime = NOON) -> Iterator[Transfers]:
    """Yield what the rounds of a shard let go, each at once after the one before, until none says it left out any."""
    decided = land.round(shard, now)
    while True:
        yield let_go(decided)
        if not decided.size.left_out:
            return
        assert land.alarm_ms(shard) == to_ms(decided.decided_at) + 1
        decided = land.round(shard, now)


def test_six_hundred_demands_go_up_in_two_records_and_their_news_follow_in_two() -> None:
    land = Land(*(posted(f"d{n:03}", **WHISTLE) for n in range(600)))
    sent = [each.escalated for each in parts(land, SHARD)]
    assert [len(each) for each in sent] == [escalation.MOST, 100]
    assert len({each.demand.demand_id for round_ in sent for each in round_}) == 600
    land.deliver()
    land.tell(*(demand_gone(f"d{n:03}") for n in range(600)))
    assert [len(each.carried) for each in parts(land, SHARD, at(1))] == [escalation.MOST, 100]


def test_an_offer_is_shown_to_all_above_or_to_none_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the fold, which marks it as shown, would keep it from the others for good."""
    monkeypatch.setattr(escalation, "MOST", 5)
    land = Land(*(offered(f"r{n}", scope=("3101",)) for n in range(6)))
    told = [[(each.resource.resource_id, each.to) for each in part.shown] for part in parts(land, SHARD)]
    assert [len(each) for each in told] == [4, 4, 4]
    assert sorted(each for part in told for each in part) == [
        (f"r{n}", to) for n in range(6) for to in (CITY, ALLIANCE)
    ]


def test_offers_and_demands_of_many_hours_are_told_in_several_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalation, "MOST_HOURS", 700)
    daily = {"recurring": (DAILY,), "window": window(0, 24 * 300)}
    land = Land(
        *(offered(f"r{n}", item=LAMP, scope=("3101",), recurring=(DAILY,)) for n in range(3)),
        *(posted(f"d{n}", urgency=Urgency.WHISTLE, **daily) for n in range(5)),
    )
    told = list(parts(land, SHARD))
    assert [len(part.shown) for part in told] == [2, 2, 2]
    assert [len(part.escalated) for part in told] == [2, 2, 1]
    land.deliver()
    land.tell(*(offered(f"h{n}", home=SAME_CITY, scope=("3101",)) for n in range(5)))
    land.round(NEXT)
    land.deliver()
    land.policy = policy(whistle=True)
    assert [len(part.asked) for part in parts(land, CITY)] == [2, 2, 1]


def test_seats_by_the_thousand_go_up_and_come_home_in_several_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalation, "MOST_HOURS", 1_000)
    monkeypatch.setattr(escalation, "MOST_BACK", 2_500)
    land = Land(*(posted(f"d{n}", line(quantity=1_000), **WHISTLE) for n in range(3)), policy=policy(whistle=True))
    assert [len(part.escalated) for part in parts(land, SHARD)] == [2, 1]
    land.deliver()
    assert [len(part.returned) for part in parts(land, CITY, at(1))] == [2_500, 500]


def test_what_alone_is_too_much_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalation, "MOST_HOURS", 10)
    land = Land(offered("r1", scope=("3101",), recurring=(DAILY,)), offered("r2", scope=("3101",), recurring=(DAILY,)))
    assert [len(part.shown) for part in parts(land, SHARD)] == [2, 2]


def test_a_full_record_of_what_recurs_daily_fits_into_one_message_of_the_log() -> None:
    land = Land(*(offered(f"r{n:03}", scope=("3101",), recurring=(DAILY,)) for n in range(120)))
    decided = land.decide(SHARD)
    assert decided.size.left_out > 0
    assert len(decided.model_dump_json()) < 2 * 1024 * 1024


# -- what a shard above does --------------------------------------------------------------------------------


def test_the_city_asks_the_best_helper_first_and_no_more_often_than_it_has_seats() -> None:
    land = Land(
        offered("near", home=SAME_CITY, scope=("3101",)),
        offered("far", home="320102001001", scope=("31", "32")),
        posted("d1", **WHISTLE),
    )
    land.round(NEXT)
    land.round(ALLY)
    land.round(SHARD)
    land.deliver()
    decided = land.round(CITY)
    (asked,) = let_go(decided).asked
    assert (asked.to, asked.resource_id, decided.proposals) == (NEXT, "near", ())
    assert decided.certificate.value == asked.value > 0
    assert land.whereabouts("d1") == [], "in the mail"
    assert land.deliver() == [asked]
    assert land.whereabouts("d1") == [NEXT]


def test_news_follow_a_demand_from_shard_to_shard_and_only_there() -> None:
    land = Land(offered("r1", home=SAME_CITY, scope=("3101",)), posted(**WHISTLE))
    land.settle()
    assert land.whereabouts("d1") == [NEXT]
    land.tell(whistled("d1", version=5))
    passed = land.settle(at(1))
    told = [(each.to, each.demand.version) for each in passed if isinstance(each, Carried)]
    assert told == [(CITY, 5), (NEXT, 5)]
    assert land.state(NEXT).demands.table.rows["version"].tolist() == [5]


def test_who_asks_again_after_the_pause_finds_the_same_helper_free() -> None:
    """Two districts want the one helper of a third; who came too late asks again after half an hour."""
    land = Land(
        offered("r1", home=SAME_CITY, scope=("3101",), auto_accept=True),
        posted("d1", **WHISTLE),
        posted("d2", community="310104001001", **WHISTLE),
        policy=policy(whistle=True, visit_minutes=24 * 60),
    )
    land.settle()
    assert sorted([land.whereabouts("d1"), land.whereabouts("d2")]) == [[CITY], [NEXT]]
    (live,) = [p for d in land.decided for p in d.proposals]
    land.answer(live, "declined", shard=NEXT)
    land.round(NEXT, at(0, minutes=10))
    land.deliver()
    late = land.round(CITY, at(0, minutes=11))
    assert [each.demand.demand_id for each in let_go(late).asked] == []
    assert land.alarm_ms(CITY) <= to_ms(at(0, minutes=30))
    due = land.round(CITY, at(0, minutes=30))
    assert [each.resource_id for each in let_go(due).asked] == ["r1"]
    assert {type(each) for each in land.settle(at(0, minutes=31))} <= {Asked, Shown, Escalated, Carried}
    assert [p.demand_id for d in land.decided[-8:] for p in d.proposals] == ["d2" if live.demand_id == "d1" else "d1"]
