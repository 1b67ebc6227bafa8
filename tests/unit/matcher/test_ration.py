"""A round that would be too big takes some lines on and leaves the others to the next, which follows at once."""

from collections import Counter

from matcher.columns import FOREVER
from matcher.fold import from_ms
from matcher.pool import next_alarm_ms
from schemas.demands import Urgency
from schemas.envelope import MAX_VALUE_BYTES, encode
from schemas.policy import Pace, Policy
from schemas.rounds import RoundDecided
from tests.builders import HAIR, LAMP, at, event, line, offered, posted
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
