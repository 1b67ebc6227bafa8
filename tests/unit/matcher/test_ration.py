"""A round that would be too big takes some lines on and leaves the others to the next, which follows at once."""

from collections import Counter

import pytest

from matcher.round import decide, endings
from matcher.state.alarms import next_alarm_ms
from matcher.state.columns import FOREVER
from matcher.state.fold import from_ms
from schemas.demands import Urgency
from schemas.envelope import MAX_VALUE_BYTES, encode
from schemas.policy import Pace, Policy
from schemas.rounds import RoundDecided
from tests.builders import (
    HAIR,
    HERE,
    LAMP,
    SAME_STREET,
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
)
from tests.town import Town, pairs_of

TWO = Policy(pace=Pace(most_seats=2))


def until_quiet(town: Town, *, most_rounds: int = 60) -> list[RoundDecided]:
    """Decide rounds as long as one must follow at once."""
    decided = [town.round(at())]
    while (alarm := next_alarm_ms(town.state)) < FOREVER and from_ms(alarm) < at(minutes=1):
        decided.append(town.round(from_ms(alarm)))
        assert len(decided) <= most_rounds
    return decided


def test_a_round_that_fits_leaves_nobody_out() -> None:
    town = Town(offered(capacity=9), posted("d1", line(quantity=2)), policy=TWO)
    assert town.round().size.left_out == 0
    assert next_alarm_ms(town.state) > town.state.round_at_ms + 1


def test_rounds_follow_at_once_until_everybody_was_served() -> None:
    town = Town(offered(capacity=9), *(posted(f"d{n}") for n in range(7)), policy=TWO)
    decided = until_quiet(town)
    assert [each.size.left_out for each in decided] == [5, 3, 1, 0]
    assert sorted(pair[0] for each in decided for pair in pairs_of(each)) == [f"d{n}" for n in range(7)]
    assert all(each.certificate.holds for each in decided)


def test_whistles_and_emergencies_go_first() -> None:
    town = Town(offered(capacity=9), *(posted(f"d{n}") for n in range(5)), policy=TWO)
    town.tell(posted("d8", urgency=Urgency.WHISTLE), posted("d9", urgency=Urgency.EMERGENCY))
    assert [pair[0] for pair in pairs_of(town.round())] == ["d8", "d9"]


def test_the_others_take_turns_even_where_nobody_is_served() -> None:
    """Each round proposes one seat and it is declined: still every demand comes to its turn."""
    town = Town(*(offered(f"r{n}") for n in range(12)), *(posted(f"d{n}") for n in range(6)))
    town.policy = Policy(pace=Pace(most_seats=1))
    seen: Counter[str] = Counter()
    for _ in range(12):
        (proposal,) = town.round().proposals
        seen[proposal.demand_id] += 1
        town.answer(proposal, "declined")
    assert set(seen) == {f"d{n}" for n in range(6)}


def test_a_line_larger_than_a_round_is_taken_on_alone() -> None:
    town = Town(offered(capacity=9), posted("d1", line(quantity=5)), posted("d2"), policy=TWO)
    decided = until_quiet(town)
    assert [Counter(pair[0] for pair in pairs_of(each)) for each in decided] == [{"d1": 5}, {"d2": 1}]


def test_lines_without_a_candidate_take_no_room() -> None:
    town = Town(offered(), *(posted(f"a{n}", line(LAMP, 9)) for n in range(9)), posted("d1", line(HAIR, 2)), policy=TWO)
    decided = town.round()
    assert (pairs_of(decided), decided.size.left_out) == ([("d1", "r1")], 0)


def test_more_demands_than_seats_come_to_rest() -> None:
    town = Town(offered(capacity=3), *(posted(f"d{n}") for n in range(30)), policy=TWO)
    assert sum(len(each.proposals) for each in until_quiet(town)) == 3


def test_who_waits_is_told_that_the_next_round_will_try() -> None:
    town = Town(offered(capacity=9), *(posted(f"d{n}") for n in range(5)), policy=TWO)
    assert {town.why_line(f"d{n}").verdict for n in range(5)} == {"next_round"}


def test_a_restart_does_not_forget_that_somebody_waits() -> None:
    town = Town(offered(capacity=9), *(posted(f"d{n}") for n in range(5)), policy=TWO)
    town.round()
    assert next_alarm_ms(town.restored().state) == next_alarm_ms(town.state) == town.state.round_at_ms + 1


def test_the_largest_demand_there_may_be_never_makes_a_record_too_large_for_the_log() -> None:
    lines = [line(HAIR, 1000) for _ in range(20)]
    town = Town(offered("r" * 60, capacity=10_000), offered("s" * 60, capacity=10_000), posted("d" * 60, *lines))
    sizes, given = [], 0
    for decided in until_quiet(town):
        sizes.append(len(encode(event(decided, event_id="round"))[2]))
        given += len(decided.proposals)
    assert given == 20_000
    assert max(sizes) < MAX_VALUE_BYTES


# -- the past -----------------------------------------------------------------------------------------------------


def test_more_endings_than_a_record_holds_are_said_in_several_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "MOST", 3)
    town = Town(offered("r1", capacity=9), posted("d1", line(quantity=8)))
    town.round()
    town.tell(resource_gone("r1"), offered("r2", capacity=9))
    decided = until_quiet(town)
    assert [len(each.transitions) for each in decided] == [3, 3, 2]
    assert [len(each.proposals) for each in decided] == [3, 3, 2]
    assert all(each.certificate.holds for each in decided)


def test_nobody_who_said_no_is_asked_again_while_a_round_is_still_to_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both say no and only one no fits into the round; both pairs have another seat to fill."""
    monkeypatch.setattr(endings, "MOST", 1)
    town = Town()
    for number, place in enumerate((HERE, SAME_STREET)):
        town.tell(offered(f"r{number}", scope=(place,)), posted(f"d{number}", community=place))
    for proposal in town.round().proposals:
        town.answer(proposal, "declined")
    for number, place in enumerate((HERE, SAME_STREET)):
        town.tell(changed(resource(f"r{number}", scope=(place,)), capacity=2))
        town.tell(revised(demand(f"d{number}", community=place), line(quantity=2)))
    decided = until_quiet(town)
    assert [len(each.transitions) for each in decided] == [1, 1]
    assert [each.proposals for each in decided] == [(), ()]


def test_more_lapses_than_a_record_holds_are_said_in_several_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "MOST_LAPSES", 2)
    town = Town(offered(capacity=9, notice_minutes=9999), *(posted(f"d{n}", deadline=at()) for n in range(5)))
    decided = until_quiet(town)
    assert [len(each.lapsed) for each in decided] == [2, 2, 1]
    assert sorted(lapse.demand_id for each in decided for lapse in each.lapsed) == [f"d{n}" for n in range(5)]


def test_a_large_withdrawal_never_makes_a_record_too_large_for_the_log() -> None:
    lines, name = [line(HAIR, 1000) for _ in range(7)], "d" * 60
    town = Town(offered("r" * 60, capacity=7_000), posted(name, *lines))
    until_quiet(town)
    town.tell(demand_gone(name), posted("e" * 60, *lines))
    decided = until_quiet(town)
    assert sum(len(each.transitions) for each in decided) == sum(len(each.proposals) for each in decided) == 7_000
    assert max(len(encode(event(each, event_id="round"))[2]) for each in decided) < MAX_VALUE_BYTES
