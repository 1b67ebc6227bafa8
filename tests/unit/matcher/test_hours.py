"""Demands with hours that come again: each window is another chance to do the job once."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from matcher.reasons.odds import preview_demand
from matcher.reasons.solved import solved
from matcher.state import snapshot
from matcher.state.calendars import ALWAYS
from matcher.state.demands import asking
from matcher.state.fold import to_ms
from matcher.state.pool import freeze
from schemas.demands import Demand
from schemas.policy import Policy
from schemas.rounds import RoundDecided
from tests.builders import HAIR, at, changed, demand, line, offered, posted, resource, revised, window
from tests.town import Town


def afternoons(first: float = 2, hours: float = 3, rule: str = "FREQ=DAILY") -> dict[str, object]:
    """Return afternoons from ``first`` hours after noon on, that come again."""
    return {"first": {"start": at(first), "end": at(first + hours)}, "rule": rule}


LONG = window(0, 24 * 10)
DAILY = {"window": LONG, "recurring": (afternoons(),)}


def starts(decided: RoundDecided) -> list[float]:
    return [(proposal.starts_at - at()) / timedelta(hours=1) for proposal in decided.proposals]


def hours(**changes: object) -> list[tuple[float, float]]:
    """Return the hours of a demand, in hours after noon."""
    noon = to_ms(at())
    return [((start - noon) / 3_600_000, (end - noon) / 3_600_000) for start, end in asking(demand(**changes))]


def test_without_hours_the_window_alone_counts() -> None:
    assert asking(demand()) == ALWAYS
    assert "recurring" not in demand().model_dump_json()


def test_hours_are_spelt_out_within_the_window_and_joined_where_they_touch() -> None:
    assert hours(window=window(3, 60), recurring=(afternoons(),)) == [(3, 5), (26, 29), (50, 53)]
    both = (afternoons(2, 1, "FREQ=DAILY;COUNT=1"), afternoons(3, 2, "FREQ=DAILY;COUNT=1"))
    assert hours(window=LONG, recurring=both) == [(2, 5)]


def test_the_job_is_placed_in_the_first_window_in_which_both_sides_can() -> None:
    mornings = window(24, 27)
    for windows, start in (((), 2), ((mornings,), 26), ((window(0, 2), window(29, 30), window(50.5, 52)), 50.5)):
        town = Town(offered(windows=windows), posted("d1", **DAILY))
        assert starts(town.round()) == [start]


def test_windows_that_never_meet_for_long_enough_are_no_candidates() -> None:
    town = Town(offered(windows=(window(4.5, 8), window(20, 26.5))), posted("d1", **DAILY))
    assert town.round().proposals == ()
    assert town.why_line().failing == {"window": 1}
    assert [remedy.kind for remedy in town.why_line().remedies if remedy.kind == "time"] == []


def test_notice_puts_the_job_off_to_the_next_window() -> None:
    town = Town(offered(notice_minutes=5 * 60), posted("d1", **DAILY))
    assert starts(town.round()) == [26]
    assert starts(Town(offered(), posted("d1", **DAILY)).round(at(4.5))) == [26]


def test_each_window_is_another_chance_and_not_another_job() -> None:
    town = Town(offered(capacity=5), posted("d1", line(HAIR, 2), **DAILY))
    assert starts(town.round()) == [2, 2]
    assert town.round(at(30)).proposals == ()


def test_seats_lapse_when_the_window_ends_however_many_chances_went_by() -> None:
    town = Town(posted("d1", **DAILY))
    assert town.round(at(6)).lapsed == ()
    assert [lapse.demand_id for lapse in town.round(LONG.end).lapsed] == ["d1"]


def test_hours_that_come_again_on_both_sides() -> None:
    every_other = afternoons(2 + 24, 2, "FREQ=DAILY;INTERVAL=2")
    town = Town(offered(recurring=(every_other,)), posted("d1", **DAILY), posted("d2", window=LONG))
    assert sorted(starts(town.round())) == [26]


def test_a_demand_with_hours_does_not_move_one_without() -> None:
    town = Town(offered("r1"), offered("r2"), posted("d1", **DAILY), posted("d2", window=LONG))
    assert sorted(starts(town.round())) == [0, 2]


@pytest.mark.parametrize(
    ("recurring", "stands"), [((afternoons(1, 5),), True), ((afternoons(3, 5),), False), ((), True)]
)
def test_a_revision_of_hours_keeps_what_still_lies_in_them(recurring: tuple[object, ...], *, stands: bool) -> None:
    town = Town(offered(), posted("d1", **DAILY))
    assert starts(town.round()) == [2]
    town.tell(revised(demand("d1", **DAILY), recurring=recurring))
    assert [moved.reason for moved in town.round(at(0.1)).transitions] == ([] if stands else ["no_longer_allowed"])


def test_a_resource_that_changes_its_hours_is_held_against_those_of_the_demand() -> None:
    town = Town(offered(), posted("d1", **DAILY))
    town.round()
    town.tell(changed(resource(), windows=(window(0, 2.5), window(27, 30))))
    again = town.round(at(0.1))
    assert ([moved.to for moved in again.transitions], starts(again)) == (["revoked"], [27])


def test_a_snapshot_keeps_hours() -> None:
    town = Town(posted("d1", **DAILY), posted("d2"), posted("d3", **DAILY))
    other = town.restored()
    assert len(set(other.state.demands.hours)) == 2
    for each in (town, other):
        each.tell(posted("d4", window=LONG, recurring=(afternoons(3),)), offered(capacity=9))
    assert town.round() == other.round()
    assert snapshot.dump(town.state) == snapshot.dump(other.state)


def test_odds_of_a_demand_with_hours_are_those_of_the_round_with_it() -> None:
    town = Town(offered(windows=(window(0, 2.5), window(27, 30))), posted("d0", window=window(20, 21)))
    told = preview_demand(solved(freeze(town.state), now=at(), policy=Policy()), demand("d1", **DAILY))
    assert (told.lines[0].served, told.lines[0].starts_at) == (1, at(27))


def test_a_job_that_fits_no_window_cannot_be_asked_for() -> None:
    with pytest.raises(ValidationError, match="fits into none"):
        demand(**DAILY, duration_minutes=181)
    with pytest.raises(ValidationError, match="fits into none"):
        demand(window=window(6, 20), recurring=(afternoons(),))
    assert Demand.model_validate_json(demand(**DAILY).model_dump_json()).recurring
