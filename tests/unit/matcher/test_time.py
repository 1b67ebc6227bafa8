"""What time alone does: demands lapse, answers fall due, pairs rest; and the alarm that says when."""

from datetime import datetime

from matcher.state.alarms import next_alarm_ms
from matcher.state.columns import FOREVER
from matcher.state.fold import from_ms
from schemas.policy import Policy, Rules
from schemas.rounds import Lapse
from tests.builders import PRESSURE, at, demand, line, offered, posted, revised, whistled, window
from tests.town import Town, pairs_of

HASTY = Policy(rules=Rules(answer_hours=2, expiry_pause_hours=3))


def alarm(town: Town) -> datetime | None:
    """Return when time alone makes the next round due."""
    ms = next_alarm_ms(town.state)
    return None if ms == FOREVER else from_ms(ms)


def test_nothing_open_means_no_alarm() -> None:
    town = Town(offered())
    assert alarm(town) is None
    assert (town.state.round_no, town.state.round_at_ms) == (0, 0)
    town.round()
    assert alarm(town) is None


def test_open_seats_lapse_at_the_end_of_the_window() -> None:
    town = Town(posted("d1", window=window(1, 9)))
    assert alarm(town) == at(9)
    assert town.round(at(8.99)).lapsed == ()
    assert town.round(at(9)).lapsed == (Lapse(demand_id="d1", version=1),)
    assert alarm(town) is None
    assert town.round(at(10)).lapsed == ()


def test_the_deadline_comes_first_where_it_is_earlier() -> None:
    town = Town(posted("d1", window=window(1, 9), deadline=at(4)), posted("d2", window=window(1, 9), deadline=at(40)))
    assert alarm(town) == at(4)
    assert [lapse.demand_id for lapse in town.round(at(4)).lapsed] == ["d1"]
    assert alarm(town) == at(9)


def test_what_lapses_is_not_proposed_in_the_same_round() -> None:
    town = Town(posted("d1", window=window(1, 90), deadline=at(4)))
    town.round()
    town.tell(offered())
    decided = town.round(at(4))
    assert (len(decided.lapsed), decided.proposals, decided.size.lines) == (1, (), 0)
    assert town.round(at(5)).proposals == ()


def test_a_demand_partly_served_lapses_for_the_rest_and_keeps_what_it_has() -> None:
    town = Town(offered(auto_accept=True), posted("d1", line(quantity=2)))
    town.round()
    decided = town.round(at(9))
    assert ([lapse.demand_id for lapse in decided.lapsed], decided.transitions) == (["d1"], ())


def test_a_demand_fully_served_does_not_lapse() -> None:
    town = Town(offered(auto_accept=True), posted("d1"))
    town.round()
    assert alarm(town) is None
    assert town.round(at(9)).lapsed == ()


def test_a_seat_given_back_after_its_time_lapses_at_once() -> None:
    town = Town(offered(auto_accept=True), posted("d1"))
    (proposal,) = town.round().proposals
    town.round(at(9))
    town.answer(proposal, "declined")
    assert [lapse.demand_id for lapse in town.round(at(10)).lapsed] == ["d1"]


def test_a_later_version_opens_what_had_lapsed() -> None:
    town = Town(posted("d1"))
    town.round(at(9))
    town.tell(revised(demand("d1"), window=window(10, 20)), offered())
    assert pairs_of(town.round(at(9.5))) == [("d1", "r1")]


def test_a_version_that_came_while_the_round_was_decided_is_not_lapsed_by_it() -> None:
    town = Town(posted("d1"))
    late = town.decide(at(9))
    town.tell(revised(demand("d1"), window=window(10, 20)), offered())
    town.tell(late)
    assert pairs_of(town.round(at(9.5))) == [("d1", "r1")]


def test_a_whistle_after_the_end_lapses_again_and_then_rests() -> None:
    town = Town(posted("d1"))
    town.round(at(9))
    town.tell(whistled("d1"))
    assert alarm(town) == at(9)
    assert town.round(at(9.5)).lapsed == (Lapse(demand_id="d1", version=2),)
    assert alarm(town) is None


def test_an_answer_falls_due() -> None:
    town = Town(offered(), posted("d1"), policy=HASTY)
    (proposal,) = town.round().proposals
    assert alarm(town) == at(2) == proposal.answer_by
    town.answer(proposal, "accepted")
    town.round(at(1))
    assert alarm(town) is None


def test_a_pair_has_rested() -> None:
    town = Town(offered(), posted("d1"), policy=HASTY)
    town.round()
    town.round(at(2))
    assert alarm(town) == at(5)
    town.round(at(5))
    assert alarm(town) == at(7)


def test_of_several_rests_the_first_to_end_rings() -> None:
    town = Town(offered("r1"), posted("d1", window=window(1, 30)), policy=HASTY)
    town.round()
    town.tell(offered("r2"), posted("d2", window=window(1, 30)))
    town.round(at(1))
    town.round(at(2))
    town.round(at(3))
    ends = sorted(town.state.rounds.rests.values())
    assert len(ends) == 2
    assert alarm(town) == at(5) == from_ms(ends[0]) < from_ms(ends[1])


def test_a_rest_that_holds_up_nobody_raises_no_alarm() -> None:
    town = Town(offered(), posted("d1"), policy=HASTY)
    town.round()
    town.tell(offered("r2", auto_accept=True))
    town.round(at(2))
    assert alarm(town) is None


def test_a_declined_pair_never_raises_an_alarm() -> None:
    town = Town(offered(), posted("d1", window=window(1, 90)))
    town.answer(town.round().proposals[0], "declined")
    town.round()
    assert alarm(town) == at(90)


def test_a_round_at_the_alarm_leaves_no_alarm_behind_it() -> None:
    """However often: otherwise a host that runs every due round would never come to rest."""
    town = Town(offered(), posted("d1", line(), line(PRESSURE)), posted("d2", deadline=at(3)), policy=HASTY)
    rounds, now = 0, at()
    town.round(now)
    while (due := alarm(town)) is not None:
        assert due > now
        now, rounds = due, rounds + 1
        town.round(now)
        assert rounds < 20
    assert now == at(9)
