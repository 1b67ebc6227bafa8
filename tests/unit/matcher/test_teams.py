"""Teams: all seats at one start or none; what the record says of them, and what is told why."""

from typing import Any

import pytest
from pydantic import ValidationError

from matcher.round import decide, endings
from schemas.demands import Demand, Urgency
from schemas.policy import Pace, Policy
from schemas.recurrence import Recurrence
from schemas.rounds import RoundDecided
from tests.builders import (
    HAIR,
    LAMP,
    MEAL,
    PRESSURE,
    at,
    demand,
    demand_gone,
    line,
    offered,
    posted,
    window,
)
from tests.property.large import as_if_large
from tests.town import Town, pairs_of
from tests.unit.matcher.teams import helpers, starts

# -- what is proposed -------------------------------------------------------------------------------


def test_a_line_that_cannot_be_filled_wholly_gets_nothing() -> None:
    town = Town(*helpers(2), posted("d1", line(quantity=3, together=True)))
    assert town.round().proposals == ()
    town.tell(offered("r9"))
    assert len(town.round(at(1)).proposals) == 3


def test_seats_of_one_line_start_together_though_each_could_start_earlier() -> None:
    town = Town(
        offered("r1", windows=(window(1, 5),)),
        offered("r2", windows=(window(3, 9),)),
        posted("d1", line(quantity=2, together=True)),
    )
    decided = town.round()
    assert pairs_of(decided) == [("d1", "r1"), ("d1", "r2")]
    assert starts(decided) == {at(3)}


def test_those_who_never_have_time_at_once_make_no_team() -> None:
    town = Town(
        offered("r1", windows=(window(1, 3),)),
        offered("r2", windows=(window(3, 5),)),
        posted("d1", line(quantity=2, together=True)),
    )
    assert town.round().proposals == ()


def test_a_start_is_found_that_is_the_earliest_of_nobody() -> None:
    """Each could come earlier, but only in the second window of both do they meet."""
    town = Town(
        offered("r1", windows=(window(1, 2), window(5, 7))),
        offered("r2", windows=(window(3, 4), window(5, 8))),
        posted("d1", line(quantity=2, together=True)),
    )
    assert starts(town.round()) == {at(5)}


def test_a_team_meets_as_early_as_its_members_can() -> None:
    town = Town(offered("r1", notice_minutes=150), offered("r2"), posted("d1", line(quantity=2, together=True)))
    assert starts(town.round()) == {at(2.5)}


def test_a_team_meets_in_the_first_of_the_demands_own_hours_that_suit_all() -> None:
    """Both are there at 3, but it may only be done from 2 to 3, or at these hours a day later."""
    daily = Recurrence(first=window(2, 3), rule="FREQ=DAILY;COUNT=3")
    town = Town(
        offered("r1", windows=(window(1, 30),)),
        offered("r2", windows=(window(3, 9), window(25, 30))),
        posted("d1", line(quantity=2, together=True), window=window(0, 60), recurring=(daily,)),
    )
    assert starts(town.round()) == {at(26)}


def test_a_bundle_is_a_venue_and_three_people_at_one_hour() -> None:
    town = Town(
        offered("venue", item=LAMP, windows=(window(4, 6),)),
        *helpers(3),
        posted("d1", line(LAMP), line(HAIR, 3), bundle=True),
    )
    decided = town.round()
    assert len(decided.proposals) == 4
    assert starts(decided) == {at(4)}


def test_a_bundle_without_its_venue_leaves_the_people_to_others() -> None:
    town = Town(*helpers(3), posted("d1", line(LAMP), line(HAIR, 3), bundle=True), posted("d2", line(HAIR, 2)))
    assert [demand_id for demand_id, _ in pairs_of(town.round())] == ["d2", "d2"]


def test_lines_that_share_a_resource_do_not_both_count_its_seat() -> None:
    town = Town(offered("r1"), posted("d1", line(HAIR), line(MEAL), bundle=True))
    assert town.round().proposals == ()


def test_two_lines_together_are_two_teams() -> None:
    town = Town(
        *helpers(2),
        offered("lamp", item=LAMP),
        posted("d1", line(HAIR, 2, together=True), line(LAMP, 2, together=True)),
    )
    assert {proposal.line for proposal in town.round().proposals} == {0}


def test_a_team_goes_where_it_is_worth_more_than_the_others_together() -> None:
    rivals = [posted(f"d{number}", urgency=Urgency.URGENT) for number in range(2, 4)]
    assert {name for name, _ in pairs_of(team_and(*rivals))} == {"d2", "d3"}
    assert {name for name, _ in pairs_of(team_and(rivals[0]))} == {"d1"}


def team_and(*rivals: Any) -> RoundDecided:
    """Return the round of a team of two whistles' worth less than two urgent ones and more than one."""
    return Town(*helpers(2), posted("d1", line(quantity=2, together=True), posted_at=at(-48)), *rivals).round()


def test_one_seat_alone_is_no_team() -> None:
    decided = Town(offered("r1"), posted("d1", line(together=True))).round()
    assert len(decided.proposals) == 1
    assert decided.team_parts == ()
    assert decided.certificate.value == decided.proposals[0].value


# -- what the record says ---------------------------------------------------------------------------


def test_the_record_tells_the_parts_with_teams_from_what_prices_prove() -> None:
    town = Town(
        *helpers(3),
        offered("doctor", item=PRESSURE, qualifications=("medical_licence",)),
        posted("d1", line(quantity=2, together=True)),
        posted("d2"),
        posted("d3", line(PRESSURE)),
    )
    decided = town.round()
    (part,) = decided.team_parts
    assert [(found.demand_id, found.line) for found in part.lines] == [("d1", 0), ("d2", 0)]
    assert part.certified
    assert part.bound == part.value == sum(p.value for p in decided.proposals if p.demand_id != "d3")
    assert decided.certificate.value == sum(p.value for p in decided.proposals if p.demand_id == "d3")
    assert decided.certificate.holds


def test_ordinary_lines_beside_a_team_are_priced_by_the_seats_it_leaves() -> None:
    town = Town(
        *helpers(3),
        posted("d1", line(quantity=2, together=True), urgency=Urgency.WHISTLE),
        posted("d2", urgency=Urgency.URGENT),
        posted("d3"),
    )
    decided = town.round()
    assert sorted({name for name, _ in pairs_of(decided)}) == ["d1", "d2"]
    assert {price.price for price in decided.resource_prices} == {4_000}
    assert {price.demand_id: price.price for price in decided.line_prices} == {"d2": 2_000}


def test_a_record_names_the_lines_that_were_given_seats_before_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "MOST_LINES", 2)
    rivals = [posted(name, urgency=Urgency.URGENT) for name in ("d2", "d3")]
    town = Town(*helpers(2), posted("d1", line(quantity=2, together=True)), *rivals)
    (part,) = town.decide().team_parts
    assert [found.demand_id for found in part.lines] == ["d2", "d3"]


def test_a_large_pool_staffs_its_teams_with_a_bound_from_prices_for_all_pairs() -> None:
    town = Town(
        *helpers(9),
        offered("lamp", item=LAMP),
        posted("d1", line(quantity=3, together=True)),
        *[posted(f"d{number}") for number in range(2, 6)],
        posted("d9", line(LAMP)),
    )
    plain = town.decide()
    with as_if_large():
        large = town.decide()
    assert [name for name, _ in pairs_of(large)] == [name for name, _ in pairs_of(plain)]
    assert large.certificate == plain.certificate
    (part,) = large.team_parts
    assert part.certified
    assert [found.demand_id for found in part.lines] == ["d1", "d2", "d3", "d4", "d5"]


def test_a_bundle_has_at_most_a_thousand_seats() -> None:
    assert demand("d1", line(quantity=500), line(quantity=500), bundle=True).bundle
    assert demand("d1", line(quantity=1_000), line(quantity=500)).lines[1].quantity == 500
    with pytest.raises(ValidationError, match="team_too_large"):
        demand("d1", line(quantity=500), line(quantity=501), bundle=True)


def test_rounds_of_before_say_nothing_of_teams() -> None:
    decided = Town(offered("r1"), posted("d1")).round()
    assert "team_parts" not in decided.model_dump_json()
    assert RoundDecided.model_validate_json(decided.model_dump_json()) == decided
    written = demand("d1").model_dump_json()
    assert "bundle" not in written
    assert "together" not in written
    assert Demand.model_validate_json(written) == demand("d1")


# -- rationing, of seats and of words ---------------------------------------------------------------


def test_a_round_that_is_full_leaves_a_team_out_whole() -> None:
    policy = Policy(pace=Pace(most_seats=2))
    town = Town(*helpers(4), posted("d1"), posted("d2", line(quantity=2, together=True)), policy=policy)
    first = town.round()
    assert {name for name, _ in pairs_of(first)} == {"d1"}
    assert first.size.left_out == 1
    assert pairs_of(town.round(at(minutes=1))) == [("d2", "r1"), ("d2", "r2")]


def test_a_team_larger_than_a_round_gets_one_of_its_own() -> None:
    town = Town(*helpers(4), posted("d1", line(quantity=3, together=True)), policy=Policy(pace=Pace(most_seats=2)))
    assert len(town.round().proposals) == 3


def test_a_team_ends_in_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = [posted(f"d{number}", line(quantity=2, together=True)) for number in range(5)]
    town = Town(*helpers(10), *facts)
    assert len(town.round().proposals) == 10
    monkeypatch.setattr(endings, "MOST", 3)
    town.tell(*(demand_gone(f"d{number}") for number in range(5)))
    left = []
    while town.state.rounds.ids:
        decided = town.round(at(minutes=len(left) + 1))
        assert len(decided.transitions) == 2
        assert len({moved.demand_id for moved in decided.transitions}) == 1
        left.append(decided.size.left_out)
    assert left == [8, 6, 4, 2, 0]


# -- why --------------------------------------------------------------------------------------------


def test_a_team_that_is_one_short_is_told_how_many_could_come_at_once() -> None:
    town = Town(*helpers(3), posted("d1", line(quantity=4, together=True)))
    told = town.why_line()
    assert (told.verdict, told.at_best, told.eligible, told.short_by) == ("incomplete", 3, 3, None)


def test_those_who_could_come_at_another_hour_do_not_count() -> None:
    town = Town(
        offered("r1", windows=(window(1, 3),)),
        *(offered(f"s{number}", windows=(window(4, 6),)) for number in range(2)),
        posted("d1", line(quantity=3, together=True)),
    )
    assert town.why_line().at_best == 2


def test_a_bundle_is_told_which_line_is_missing() -> None:
    town = Town(*helpers(3), posted("d1", line(LAMP), line(HAIR, 3), bundle=True))
    assert [(told.verdict, told.at_best) for told in town.why().lines] == [("no_candidate", 0), ("incomplete", 3)]


def test_a_team_that_could_meet_and_may_not_was_outbid() -> None:
    town = Town(*helpers(2), posted("d1", line(quantity=2, together=True)), posted("d2", urgency=Urgency.WHISTLE))
    told = town.why_line()
    assert (told.verdict, told.at_best) == ("outbid", 2)


def test_a_line_whose_resources_are_all_with_a_team_was_outbid_by_nobody_knows_how_much() -> None:
    town = Town(*helpers(2), posted("d1", line(quantity=2, together=True), urgency=Urgency.WHISTLE), posted("d2"))
    told = town.why_line("d2")
    assert (told.verdict, told.eligible, told.price, told.short_by) == ("outbid", 2, None, None)
