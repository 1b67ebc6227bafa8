"""What would have won for a team: of each kind the smallest change, each found by a round with it."""

from typing import Any

import pytest

from matcher.reasons import team_remedies
from matcher.reasons.odds import preview_demand
from matcher.reasons.solved import solved
from matcher.state.pool import freeze
from schemas.base import Fact
from schemas.demands import Urgency
from schemas.policy import ClaimWeights, Pace, Policy
from schemas.preview import DemandPreview
from schemas.recurrence import Recurrence
from schemas.why import Remedy
from tests.builders import (
    HAIR,
    HERE,
    LAMP,
    MEAL,
    PRESSURE,
    SAME_DISTRICT,
    SAME_STREET,
    at,
    claimed,
    demand,
    line,
    offered,
    posted,
    window,
)
from tests.town import Town
from tests.unit.matcher.teams import helpers

TRIO = line(quantity=3, together=True)


def preview(*facts: Fact, lines: Any = (TRIO,), policy: Policy | None = None, **changes: Any) -> DemandPreview:
    town = Town(*facts, policy=policy)
    return preview_demand(solved(freeze(town.state), now=at(), policy=town.policy), demand("new", *lines, **changes))


def told(*facts: Fact, **changes: Any) -> dict[str, Remedy]:
    """Return the remedies of a demand with a team by kind."""
    return {remedy.kind: remedy for remedy in preview(*facts, **changes).remedies}


def test_a_team_that_is_served_needs_no_change() -> None:
    assert told(*helpers(3)) == {}


def test_fewer_seats_are_as_many_as_could_be_had_at_once() -> None:
    found = told(*helpers(2))
    assert (found["seats"].quantity, found["seats"].seats, found["seats"].price) == (2, 2, 0)
    assert found["apart"].seats == 2


def test_those_who_have_no_time_at_once_could_serve_each_on_its_own() -> None:
    found = told(*(offered(f"r{hour}", windows=(window(hour, hour + 2),)) for hour in (1, 3, 5)))
    assert found["seats"].quantity == 1
    assert found["apart"].seats == 3
    assert next(iter(found)) == "seats"


def test_fewer_seats_are_the_most_that_others_do_not_outbid() -> None:
    rivals = [posted(f"d{number}", urgency=Urgency.EMERGENCY) for number in range(3)]
    found = told(*helpers(8), *rivals, lines=(line(quantity=8, together=True),))
    assert (found["seats"].quantity, found["seats"].price) == (6, 14_000)  # at seven, worth no more than all rivals


def test_a_team_is_moved_to_where_all_have_time_at_once() -> None:
    facts = (offered("r1", windows=(window(1, 9),)), offered("r2", windows=(window(4, 6.1),)))
    found = told(*facts, lines=(line(quantity=2, together=True),), window=window(1, 3), duration_minutes=60)
    assert (found["time"].minutes, found["time"].seats, found["time"].price) == (120, 2, 0)


def test_hours_that_come_again_are_not_moved() -> None:
    daily = Recurrence(first=window(2, 3), rule="FREQ=DAILY;COUNT=3")
    assert "time" not in told(
        *helpers(3, windows=(window(5, 9),)), window=window(0, 60), recurring=(daily,), duration_minutes=60
    )


def test_another_item_and_any_of_the_category_where_the_team_asks_for_one_only() -> None:
    strict = (line(quantity=2, siblings=False, together=True),)
    found = told(*helpers(2, item=MEAL), lines=strict)
    assert (found["item"].item, found["siblings"].seats) == (MEAL, 2)
    one_each = (offered("r1", item=MEAL), offered("r2"))
    assert "item" not in told(*one_each, lines=strict)
    assert told(*one_each, lines=strict)["siblings"].seats == 2


def test_the_nearest_place_where_the_whole_team_would_come() -> None:
    facts = (
        offered("r1", scope=(SAME_STREET, SAME_DISTRICT), home=SAME_STREET),
        offered("r2", scope=(SAME_DISTRICT,), home=SAME_DISTRICT),
    )
    place = told(*facts, lines=(line(quantity=2, together=True),), community=HERE)["place"]
    assert (place.community, place.shared) == (SAME_DISTRICT, "district")


def test_the_lowest_urgency_at_which_the_team_outbids_others_and_what_these_give_up() -> None:
    found = told(*helpers(3), *(posted(f"d{number}", urgency=Urgency.URGENT) for number in range(3)))
    assert set(found) == {"urgency"}
    assert (found["urgency"].urgency, found["urgency"].seats) == (Urgency.WHISTLE, 3)
    assert found["urgency"].price == 3 * 6_000
    assert "urgency" not in told(*helpers(2))  # nobody outbids it


def test_what_depends_on_which_of_equal_optima_is_found_is_not_told() -> None:
    rivals = [posted(f"d{number}", posted_at=at()) for number in range(3)]
    assert set(told(*helpers(3), *rivals, posted_at=at())) == {"urgency"}
    found = told(*helpers(4), *rivals, posted_at=at(), lines=(line(quantity=5, together=True),))
    assert (found["apart"].seats, found["apart"].price) == (1, 0)


def test_a_bundle_is_told_once_what_changes_all_of_it() -> None:
    facts = (offered("lamp", item=LAMP, windows=(window(5, 9),)), *helpers(2))
    found = preview(
        *facts, lines=(line(LAMP), line(HAIR, 2)), bundle=True, window=window(1, 3), duration_minutes=60
    ).remedies
    assert [remedy.kind for remedy in found] == ["time", "apart"]
    time, apart = found
    assert (time.line, time.minutes, time.seats, time.in_all) == (0, 180, 1, 3)
    assert (apart.line, apart.seats, apart.in_all) == (0, 0, 2)


def test_a_bundle_asks_for_fewer_in_the_line_that_lacks_them_or_in_several() -> None:
    lamps = [offered(f"lamp{number}", item=LAMP) for number in range(2)]
    bundle = {"lines": (line(LAMP, 2), line(HAIR, 4)), "bundle": True}
    seats = told(*lamps, *helpers(3), **bundle)["seats"]
    assert (seats.line, seats.quantity, seats.quantities, seats.in_all) == (1, 3, None, 5)
    seats = told(*lamps[:1], *helpers(3), **bundle)["seats"]
    assert (seats.line, seats.quantity, seats.quantities, seats.in_all) == (0, None, (1, 3), 4)
    assert "seats" not in told(*helpers(3), **bundle)  # a line of none is no line


def test_a_line_of_a_bundle_may_let_siblings_do() -> None:
    lines = (line(LAMP), line(HAIR, 2, siblings=False))
    found = told(offered("lamp", item=LAMP), offered("r1"), offered("r2", item=MEAL), lines=lines, bundle=True)
    assert (found["siblings"].line, found["siblings"].seats, found["siblings"].in_all) == (1, 2, 3)


def test_why_tells_the_same_of_a_team_on_the_list() -> None:
    facts = helpers(2)
    before = preview(*facts, posted_at=at(-1)).remedies
    assert before
    assert Town(*facts, posted("d1", TRIO, posted_at=at(-1))).why_line().remedies == before


def test_why_of_a_bundle_tells_what_changes_a_line_there_and_the_rest_at_the_first() -> None:
    town = Town(offered("lamp", item=LAMP), *helpers(2), posted("d1", line(LAMP), line(HAIR, 3), bundle=True))
    lamp, hair = town.why().lines
    assert [remedy.kind for remedy in lamp.remedies] == ["apart"]
    assert [(remedy.kind, remedy.quantity) for remedy in hair.remedies] == [("seats", 2)]


def test_each_line_of_a_demand_with_a_team_is_tried_by_itself() -> None:
    town = Town(*helpers(2), posted("d1", line(quantity=2, together=True), line(LAMP, 2), line(PRESSURE)))
    served, lamp, pressure = town.why().lines
    assert (served.remedies, lamp.remedies, pressure.remedies) == ((), (), ())
    town.tell(offered("lamp", item=LAMP))
    _, lamp, _ = town.why().lines
    assert [(remedy.kind, remedy.quantity) for remedy in lamp.remedies] == [("seats", 1)]


def test_a_claim_on_the_demand_counts_for_what_it_might_be() -> None:
    policy = Policy(claim=ClaimWeights(bonus=9_000))
    facts = (*helpers(2, windows=(window(3, 6),)), posted("d2", urgency=Urgency.EMERGENCY, duration_minutes=180))
    pair = posted("d1", line(quantity=2, together=True), window=window(1, 3), duration_minutes=120)
    alone = {remedy.kind for remedy in Town(*facts, pair, policy=policy).why_line().remedies}
    assert "time" not in alone
    picked = Town(*facts, pair, claimed("d1", "r1", by="requester"), policy=policy).why_line().remedies
    assert "time" in {remedy.kind for remedy in picked}


def test_a_demand_has_only_so_many_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team_remedies, "MOST_ROUNDS", 1)
    assert set(told(*helpers(2))) == {"seats"}


def test_among_too_many_pairs_nothing_is_tried_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    others = (offered("lamp", item=LAMP), posted("d9", line(LAMP, 2)))  # of another category: they do not count
    town = Town(*helpers(2), *others, posted("d1", TRIO))
    monkeypatch.setattr(team_remedies, "MOST_TO_WEIGH", 2)
    assert not preview(*helpers(2), *others).untried
    assert (town.why_line().untried, bool(town.why_line().remedies)) == (False, True)
    monkeypatch.setattr(team_remedies, "MOST_TO_WEIGH", 1)
    assert (preview(*helpers(2), *others).untried, preview(*helpers(2)).remedies) == (True, ())
    assert (town.why_line().untried, town.why_line().remedies) == (True, ())
    assert not town.why_line("d9").untried  # no team
    assert not preview(*helpers(3)).untried  # served


def test_a_round_without_room_for_all_promises_nothing() -> None:
    town = Town(*helpers(2), posted("d1", TRIO), posted("d2"), posted("d3"), policy=Policy(pace=Pace(most_seats=1)))
    assert town.why_line("d1").remedies == ()


def test_what_is_over_has_no_remedies() -> None:
    assert told(*helpers(2), deadline=at(-1), window=window(-3, 9)) == {}
