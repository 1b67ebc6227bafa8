"""Seats that serve per occasion: booked for one time after another, never for two at once, with the way between."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from matcher.pairs.slots import without
from matcher.reasons.declining import preview_decline
from matcher.reasons.odds import preview_demand
from matcher.reasons.offers import demands_for
from matcher.reasons.solved import Solved, solved
from matcher.state import snapshot
from matcher.state.alarms import next_alarm_ms
from matcher.state.fold import from_ms
from matcher.state.pool import freeze
from schemas.policy import Policy, Rules
from schemas.resources import ResourceKind
from schemas.rounds import RoundDecided
from tests.builders import (
    FAR,
    HAIR,
    HERE,
    SAME_STREET,
    at,
    changed,
    claimed,
    demand,
    demand_gone,
    line,
    offered,
    posted,
    resource,
    window,
)
from tests.town import Town

TRAVEL = Policy(rules=Rules(travel_minutes=30))
AGAIN = {"per_occasion": True, "auto_accept": True}


def hour(moment: datetime) -> float:
    return (moment - at()) / timedelta(hours=1)


def jobs(decided: RoundDecided) -> list[tuple[str, float, int]]:
    """Return demand, start in hours after noon, and resource seat of each proposal."""
    return [(p.demand_id, hour(p.starts_at), p.resource_seat) for p in decided.proposals]


def until_quiet(town: Town, hours: float = 0) -> list[list[tuple[str, float, int]]]:
    """Decide rounds as long as the next is due at once; return what each gave that gave something."""
    found, now = [jobs(town.round(at(hours)))], at(hours)
    while next_alarm_ms(town.state) == town.state.round_at_ms + 1:
        now = from_ms(town.state.round_at_ms + 1)
        found.append(jobs(town.round(now)))
    return [given for given in found if given]


def asked(town: Town) -> Solved:
    return solved(freeze(town.state), now=at(0.1), policy=town.policy)


def test_otherwise_a_seat_is_held_until_the_job_is_done_as_before() -> None:
    town = Town(offered(auto_accept=True), posted("d1", window=window(1, 3)), posted("d2", window=window(5, 9)))
    assert until_quiet(town) == [[("d1", 1, 0)]]
    assert town.round(at(4)).proposals == ()
    assert "per_occasion" not in resource().model_dump_json()


def test_a_venue_is_booked_slot_by_slot_and_back_to_back_is_no_clash() -> None:
    town = Town(offered(**AGAIN), *(posted(f"d{n}", window=window(1, 4)) for n in range(1, 5)))
    rounds = until_quiet(town)
    assert rounds == [[("d1", 1, 0)], [("d2", 2, 0)], [("d3", 3, 0)]]
    assert town.why_line("d4", now=at(0.1)).failing == {"seats": 1}


def test_every_round_is_an_optimum_with_its_proof_and_says_who_waits_for_the_next() -> None:
    town = Town(offered(**AGAIN), posted("d1", window=window(1, 3)), posted("d2", window=window(1, 3)))
    first = town.round()
    assert (first.certificate.holds, first.size.left_out, first.size.resource_seats) == (True, 1, 1)
    second = town.round(at(minutes=1))
    assert (second.certificate.holds, second.size.left_out, second.size.resource_seats) == (True, 0, 1)


def test_a_job_goes_into_a_gap_only_where_it_fits() -> None:
    town = Town(
        offered(**AGAIN), posted("d1", window=window(1, 2)), posted("d2", window=window(3.5, 4.5)), posted("d3")
    )
    assert until_quiet(town) == [[("d1", 1, 0)], [("d2", 3.5, 0)], [("d3", 2, 0)]]
    town.tell(posted("d4", window=window(1, 9), duration_minutes=90))
    assert jobs(town.round(at(0.5))) == [("d4", 4.5, 0)]


def test_seats_nobody_holds_go_first_then_the_one_that_is_free_first() -> None:
    town = Town(
        offered(capacity=2, **AGAIN),
        posted("d1", window=window(1, 2)),
        posted("d2", window=window(1, 4), duration_minutes=120),
        posted("d3", window=window(1, 9)),
        posted("d4", window=window(1, 9)),
    )
    assert until_quiet(town) == [[("d1", 1, 0), ("d2", 1, 1)], [("d3", 2, 0)], [("d4", 3, 0)]]


def test_a_helper_may_do_both_seats_of_a_line_one_after_the_other() -> None:
    town = Town(offered(**AGAIN), posted("d1", line(HAIR, 2), window=window(1, 3)))
    assert until_quiet(town) == [[("d1", 1, 0)], [("d1", 2, 0)]]


def test_what_is_proposed_holds_its_slot_like_what_is_confirmed() -> None:
    town = Town(offered(per_occasion=True), posted("d1", window=window(1, 2)), posted("d2", window=window(1, 2)))
    assert until_quiet(town) == [[("d1", 1, 0)]]


def elsewhere(demand_id: str, start: float, end: float, **changes: Any) -> Any:
    return posted(demand_id, **{"community": SAME_STREET, "window": window(start, end)} | changes)


@pytest.mark.parametrize(
    ("changes", "policy", "start"),
    [
        ({}, TRAVEL, 3.5),
        ({}, Policy(), 3),
        ({"community": HERE}, TRAVEL, 3),
    ],
)
def test_the_way_from_one_community_to_another_takes_its_time(
    changes: dict[str, Any], policy: Policy, start: float
) -> None:
    town = Town(offered(**AGAIN), posted("d1", window=window(2, 3)), policy=policy)
    town.round()
    town.tell(elsewhere("d2", 1.75, 9, **changes))
    assert jobs(town.round()) == [("d2", start, 0)]


def test_the_way_to_the_next_job_counts_as_well() -> None:
    town = Town(offered(**AGAIN), posted("d1", window=window(3, 4)), policy=TRAVEL)
    town.round()
    town.tell(elsewhere("d2", 1, 3))
    assert jobs(town.round()) == [("d2", 1, 0)]
    town.tell(elsewhere("d3", 2, 3))
    assert jobs(town.round()) == []


@pytest.mark.parametrize("kind", [ResourceKind.VENUE, ResourceKind.FACILITY])
def test_people_come_to_a_venue_so_it_has_no_way(kind: ResourceKind) -> None:
    town = Town(offered(kind=kind, **AGAIN), posted("d1", window=window(2, 3)), policy=TRAVEL)
    town.round()
    town.tell(elsewhere("d2", 1.75, 9))
    assert jobs(town.round()) == [("d2", 3, 0)]


def test_between_two_jobs_in_two_places_each_way_counts() -> None:
    town = Town(offered(**AGAIN), posted("d1", window=window(1, 2)), elsewhere("d2", 4, 5), policy=TRAVEL)
    until_quiet(town)
    town.tell(posted("d3", window=window(1, 9), duration_minutes=90))
    assert jobs(town.round()) == [("d3", 2, 0)], "from 2 to 3:30 at the place of the first, then half an hour's way"
    other = Town(offered(**AGAIN), posted("d1", window=window(1, 2)), elsewhere("d2", 4, 5), policy=TRAVEL)
    until_quiet(other)
    other.tell(posted("d3", community=SAME_STREET, window=window(1, 9), duration_minutes=90))
    assert jobs(other.round()) == [("d3", 2.5, 0)]


@pytest.mark.parametrize("word", ["declined", "no_show"])
def test_a_slot_given_back_is_had_in_the_same_round(word: Any) -> None:
    town = Town(offered(**AGAIN), posted("d1", window=window(1, 2)), posted("d2", window=window(1, 2)))
    (first,) = town.round().proposals
    town.answer(first, word)
    assert jobs(town.round(at(0.2))) == [("d2", 1, 0)]


def test_what_is_withdrawn_or_done_gives_its_slot_back() -> None:
    for end in ("gone", "done"):
        town = Town(offered(**AGAIN), posted("d1", window=window(1, 2)), posted("d2", window=window(4, 5)))
        until_quiet(town)
        if end == "gone":
            town.tell(demand_gone("d1"))
        else:
            town.answer(next(iter(town.state.rounds.row_of)), "done")
            town.answer(list(town.state.rounds.row_of)[1], "done")
        town.tell(posted("d3", window=window(1, 2)))
        assert jobs(town.round(at(0.2))) == [("d3", 1, 0)]


def test_hours_that_come_again_are_booked_one_by_one() -> None:
    daily = {"first": {"start": at(1), "end": at(2)}, "rule": "FREQ=DAILY"}
    week = window(0, 24 * 7)
    town = Town(offered(recurring=(daily,), **AGAIN), *(posted(f"d{n}", window=week) for n in range(1, 4)))
    assert until_quiet(town) == [[("d1", 1, 0)], [("d2", 25, 0)], [("d3", 49, 0)]]


def test_a_demand_with_hours_and_a_seat_with_jobs_meet_where_both_are_free() -> None:
    daily = {"first": {"start": at(1), "end": at(3)}, "rule": "FREQ=DAILY"}
    town = Town(offered(**AGAIN), posted("d1", window=window(1, 3), duration_minutes=120))
    town.round()
    town.tell(posted("d2", window=window(0, 100), recurring=(daily,), duration_minutes=90))
    assert jobs(town.round()) == [("d2", 25, 0)]


def test_who_is_no_longer_held_per_occasion_keeps_one_job_a_seat() -> None:
    town = Town(offered(**AGAIN), posted("d1", window=window(1, 2)), posted("d2", window=window(4, 5)))
    until_quiet(town)
    town.tell(changed(resource(**AGAIN), per_occasion=False), posted("d3", window=window(7, 8)))
    decided = town.round(at(0.2))
    assert [(moved.to, moved.reason) for moved in decided.transitions] == [("revoked", "no_longer_allowed")]
    assert decided.proposals == ()
    assert len(town.state.rounds.ids) == 1


def test_what_is_held_per_occasion_from_now_on_is_booked_around_what_it_holds() -> None:
    town = Town(offered(auto_accept=True), posted("d1", window=window(1, 2)), posted("d2", window=window(1, 3)))
    town.round()
    town.tell(changed(resource(auto_accept=True), per_occasion=True))
    decided = town.round(at(0.2))
    assert (decided.transitions, jobs(decided)) == ((), [("d2", 2, 0)])


def test_a_seat_that_is_no_more_takes_its_jobs_along() -> None:
    town = Town(offered(capacity=2, **AGAIN), posted("d1", line(HAIR, 2), window=window(1, 2)))
    assert until_quiet(town) == [[("d1", 1, 0), ("d1", 1, 1)]]
    town.tell(changed(resource(capacity=2, **AGAIN), capacity=1))
    decided = town.round(at(0.2))
    assert [moved.reason for moved in decided.transitions] == ["no_longer_allowed"]
    assert [int(seat) for seat in town.state.rounds.live.rows["resource_seat"]] == [0]


def test_a_job_outside_its_hours_after_a_revision_is_revoked_and_placed_anew() -> None:
    town = Town(offered(**AGAIN), posted("d1", window=window(1, 9)), posted("d2", window=window(1, 9)))
    until_quiet(town)
    town.tell(changed(resource(**AGAIN), windows=(window(2, 9),)))
    decided = town.round(at(0.2))
    assert [moved.demand_id for moved in decided.transitions] == ["d1"]
    assert jobs(decided) == [("d1", 3, 0)]


def test_a_snapshot_keeps_bookings() -> None:
    town = Town(offered(kind=ResourceKind.VENUE, **AGAIN), posted("d1", window=window(1, 3)), policy=TRAVEL)
    town.round()
    other = town.restored()
    for each in (town, other):
        each.tell(elsewhere("d2", 1, 4))
    assert jobs(town.round()) == [("d2", 2, 0)]
    other.round()
    assert snapshot.dump(town.state) == snapshot.dump(other.state)


def test_previews_see_what_is_committed() -> None:
    town = Town(offered(**AGAIN), posted("d1", window=window(1, 2)), posted("d2", window=window(4, 6)))
    until_quiet(town)
    told = preview_demand(asked(town), demand("d9", window=window(1, 9), duration_minutes=60))
    assert (told.lines[0].served, told.lines[0].starts_at) == (1, at(2))
    town.tell(posted("d3", window=window(1, 6), duration_minutes=120))
    offer = demands_for(asked(town), resource_id="r1")
    assert [(chance.demand_id, chance.starts_at) for chance in offer.chances] == [("d3", at(2))]


def test_what_a_decline_would_move_is_not_told_as_exact_where_a_slot_comes_free() -> None:
    town = Town(offered(**AGAIN), posted("d1", window=window(1, 2)), posted("d2", window=window(1, 2)))
    (first,) = town.round().proposals
    assert not preview_decline(asked(town), assignment_id=first.assignment_id).exact


def test_a_resource_that_does_not_serve_the_place_waits_for_nobody() -> None:
    town = Town(offered(**AGAIN), posted("d1", window=window(1, 2)), posted("d2", community=FAR, window=window(1, 9)))
    assert town.round().size.left_out == 0


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ([], [(0, 10)]),
        ([(2, 4)], [(0, 2), (4, 10)]),
        ([(0, 4), (4, 6)], [(6, 10)]),
        ([(5, 6), (2, 4), (3, 5)], [(0, 2), (6, 10)]),
        ([(-5, 1), (9, 15)], [(1, 9)]),
        ([(-5, 15)], []),
        ([(10, 12)], [(0, 10)]),
    ],
)
def test_what_is_left_of_a_calendar(taken: list[tuple[int, int]], left: list[tuple[int, int]]) -> None:
    assert list(without(((0, 10),), taken)) == left
    assert list(without((), taken)) == []


def test_what_cannot_be_held_per_occasion() -> None:
    with pytest.raises(ValidationError, match="used up"):
        resource(per_occasion=True, renewable=False)
    with pytest.raises(ValidationError, match="100 seats at most"):
        resource(per_occasion=True, capacity=101)


def test_a_team_meets_where_everybody_is_free_beside_what_they_promised() -> None:
    town = Town(
        *(offered(f"r{n}", **AGAIN) for n in (1, 2)),
        posted("d1", window=window(1, 2)),
        posted("d2", window=window(3, 4)),
    )
    until_quiet(town)
    town.tell(posted("team", line(HAIR, 2, together=True), window=window(1, 9), duration_minutes=90))
    assert sorted(jobs(town.round(at(0.2)))) == [("team", 4, 0), ("team", 4, 0)]
    town.tell(posted("late", line(HAIR, 2, together=True), window=window(1, 4)))
    assert sorted(jobs(town.round(at(0.3)))) == [("late", 2, 0), ("late", 2, 0)]


def test_a_team_takes_the_seat_that_is_free_at_its_start() -> None:
    town = Town(
        offered("r1", capacity=2, **AGAIN),
        posted("d1", window=window(1, 2)),
        posted("d2", window=window(1, 5), duration_minutes=240),
    )
    until_quiet(town)
    town.tell(offered("r2", windows=(window(3, 4), window(6, 9)), auto_accept=True))
    town.tell(posted("team", line(HAIR, 2, together=True), window=window(1, 9)))
    assert sorted(jobs(town.round(at(0.2)))) == [("team", 3, 0), ("team", 3, 0)]


def test_a_second_claim_on_a_seat_is_ruled_on_beside_what_the_first_got() -> None:
    town = Town(
        offered(**AGAIN),
        posted("d1", window=window(1, 3)),
        posted("d2", window=window(1, 3)),
        claimed("d1"),
        claimed("d2"),
    )
    first, second = town.round(), town.round(at(minutes=1))
    assert [(told.demand_id, told.outcome) for told in first.claims] == [("d1", "honoured")]
    assert first.size.left_out > 0
    assert [(told.demand_id, told.outcome) for told in second.claims] == [("d2", "honoured")]
    assert jobs(second) == [("d2", 2, 0)]


def test_a_claim_on_a_time_that_is_taken_is_told_so() -> None:
    town = Town(offered(**AGAIN), posted("d1", window=window(1, 2)))
    town.round()
    town.tell(posted("d2", window=window(1, 2)), claimed("d2"))
    assert [(told.outcome, told.rule) for told in town.round(at(minutes=1)).claims] == [("not_allowed", "seats")]
