"""What becomes of a team: whose members leave, whose line is revised, whose job has taken place."""

from typing import Any

import pytest

from matcher.state.alarms import next_alarm_ms
from matcher.state.pool import freeze
from tests.builders import (
    LAMP,
    at,
    changed,
    demand,
    demand_gone,
    line,
    offered,
    posted,
    resource,
    resource_gone,
    revised,
    window,
)
from tests.town import Town, ended, pairs_of
from tests.unit.matcher.teams import THREE, helpers, starts, team_of_three

# -- who leaves -------------------------------------------------------------------------------------


def test_when_one_says_no_the_others_are_free_and_may_be_matched_anew_at_once() -> None:
    town, given = team_of_three(offered("r9"))
    assert len(given) == 3
    town.answer(given[0], "accepted")
    town.answer(given[1], "declined")
    decided = town.round(at(0.5))
    assert ended(decided) == {
        given[0].assignment_id: ("revoked", "team_broken"),
        given[1].assignment_id: ("revoked", "declined"),
        given[2].assignment_id: ("revoked", "team_broken"),
    }
    anew = {resource_id for _, resource_id in pairs_of(decided)}
    assert len(anew) == 3
    assert given[1].resource_id not in anew
    assert {given[0].resource_id, given[2].resource_id} < anew


def test_partners_of_a_broken_team_serve_others_in_that_very_round() -> None:
    town, given = team_of_three()
    town.answer(given[0], "declined")
    town.tell(posted("d2", line(quantity=3)))
    assert pairs_of(town.round(at(0.5))) == [("d2", "r0"), ("d2", "r1"), ("d2", "r2")]


@pytest.mark.parametrize(
    ("leaves", "reason"),
    [
        (resource_gone("r1"), "resource_gone"),
        (changed(resource("r1"), windows=(window(20, 30),)), "no_longer_allowed"),
        (changed(resource("r1"), item=LAMP), "no_longer_allowed"),
    ],
)
def test_however_a_member_leaves_the_team_is_broken(leaves: Any, reason: str) -> None:
    town, given = team_of_three()
    town.tell(leaves)
    decided = town.round(at(0.5))
    assert sorted(word for _, word in ended(decided).values()) == sorted([reason, "team_broken", "team_broken"])
    assert decided.proposals == ()
    assert len(given) == 3


def test_a_member_who_does_not_answer_breaks_the_team() -> None:
    town, given = team_of_three()
    town.answer(given[0], "accepted")
    town.answer(given[1], "accepted")
    decided = town.round(given[2].answer_by)  # type: ignore[arg-type]
    assert ended(decided)[given[2].assignment_id] == ("expired", "no_answer")
    assert ended(decided)[given[0].assignment_id] == ("revoked", "team_broken")


def test_a_venue_that_shrinks_breaks_the_team_that_it_has_no_room_for() -> None:
    town = Town(offered("r1", capacity=3), posted("d1", line(quantity=3, together=True)))
    town.round()
    town.tell(changed(resource("r1", capacity=3), capacity=2))
    decided = town.round(at(0.5))
    reasons = sorted(word for _, word in ended(decided).values())
    assert reasons == ["no_longer_allowed", "team_broken", "team_broken"]
    assert decided.proposals == ()


def test_a_demand_that_is_withdrawn_takes_its_team_along() -> None:
    town, _ = team_of_three()
    town.tell(demand_gone())
    assert {word for _, word in ended(town.round(at(0.5))).values()} == {"demand_gone"}


# -- revisions --------------------------------------------------------------------------------------


def test_who_asks_for_fewer_keeps_those_who_are_still_needed() -> None:
    town, given = team_of_three()
    town.tell(revised(THREE, line(quantity=2, together=True)))
    decided = town.round(at(0.5))
    assert sorted(ended(decided).values()) == [("revoked", "no_longer_allowed")]
    assert decided.proposals == ()
    assert len(town.state.rounds.ids) == 2
    assert len(given) == 3


def test_who_asks_for_more_gets_all_anew_or_none() -> None:
    town, _ = team_of_three()
    town.tell(revised(THREE, line(quantity=4, together=True)))
    decided = town.round(at(0.5))
    assert {word for _, word in ended(decided).values()} == {"team_broken"}
    assert decided.proposals == ()
    town.tell(offered("r9"))
    assert len(town.round(at(1)).proposals) == 4


def test_a_line_that_becomes_a_team_keeps_its_seats_only_where_all_start_at_once() -> None:
    asked = demand("d1", line(quantity=2))
    early, late = (offered(name, windows=(window(*hours),)) for name, hours in (("r1", (1, 5)), ("r2", (3, 9))))
    for offers, kept in (((early, late), False), (helpers(2), True)):
        town = Town(*offers, posted("d1", *asked.lines))
        town.round()
        town.tell(revised(asked, line(quantity=2, together=True)))
        decided = town.round(at(0.5))
        assert (ended(decided) == {}) == kept
        assert starts(decided) == (set() if kept else {at(3)})


# -- once it has met --------------------------------------------------------------------------------


def test_once_a_seat_is_done_the_others_end_by_themselves_and_nothing_is_filled_again() -> None:
    town, given = team_of_three(offered("r9"))
    town.answer(given[0], "done")
    town.answer(given[1], "no_show")
    decided = town.round(at(2))
    assert ended(decided) == {
        given[0].assignment_id: ("fulfilled", "done"),
        given[1].assignment_id: ("revoked", "no_show"),
    }
    assert decided.proposals == ()
    town.answer(given[2], "done")
    last = town.round(at(3))
    assert ended(last) == {given[2].assignment_id: ("fulfilled", "done")}
    assert (last.proposals, last.lapsed) == ((), ())
    assert freeze(town.state).demand_ids == []
    assert next_alarm_ms(town.state) > 2**60


def test_a_later_version_does_not_fill_a_team_that_has_met() -> None:
    town, given = team_of_three(offered("r9"))
    for proposal in given:
        town.answer(proposal, "done")
    town.round(at(2))
    town.tell(revised(THREE, line(quantity=4, together=True)))
    assert town.round(at(3)).proposals == ()
    assert town.why_line(now=at(3)).verdict == "met"


def test_a_team_that_has_met_is_ordinary_once_it_is_no_team_any_more() -> None:
    town, given = team_of_three()
    for proposal in given:
        town.answer(proposal, "done")
    town.round(at(2))
    town.tell(revised(THREE, line(quantity=4)))
    assert len(town.round(at(3)).proposals) == 1
