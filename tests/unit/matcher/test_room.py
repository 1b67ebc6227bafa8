"""Entries revised to fewer seats while assignments live: nobody keeps more than there is, and nothing is forgotten."""

from collections import Counter

from schemas.demands import Demand
from schemas.resources import Resource
from schemas.rounds import Proposal, RoundDecided
from tests.builders import HAIR, LAMP, PRESSURE, at, changed, demand, line, offered, posted, resource, revised
from tests.town import Town, pairs_of


def crowd(seats: int, *, capacity: int = 1, auto_accept: bool = False, renewable: bool = True) -> Town:
    """Return a town in which every seat of d1 is promised, each by a resource of its own."""
    town = Town(posted("d1", line(HAIR, seats)))
    for number in range(seats):
        town.tell(offered(f"r{number}", capacity=capacity, auto_accept=auto_accept, renewable=renewable))
    assert len(town.round().proposals) == seats
    return town


def promises(town: Town) -> tuple[Proposal, ...]:
    """Return what the last round proposed."""
    decided = town.journal[-1].event.data
    assert isinstance(decided, RoundDecided)
    return decided.proposals


def reasons(decided: RoundDecided) -> Counter[str]:
    return Counter(moved.reason for moved in decided.transitions)


def asked(seats: int) -> Demand:
    """Return d1 as it stood before."""
    return demand("d1", line(HAIR, seats))


def test_a_line_revised_to_fewer_seats_keeps_as_many_as_it_asks_for() -> None:
    town = crowd(3)
    town.tell(revised(asked(3), line(HAIR, 1)))
    decided = town.round()
    assert reasons(decided) == {"no_longer_allowed": 2}
    assert (decided.proposals, decided.size.line_seats) == ((), 0)
    assert town.why_line().filled == 1


def test_who_accepted_keeps_the_seat() -> None:
    town = crowd(3)
    town.answer(next(p for p in promises(town) if p.resource_id == "r1"), "accepted")
    town.tell(revised(asked(3), line(HAIR, 1)))
    decided = town.round(at(0.2))
    assert {moved.resource_id: moved.to for moved in decided.transitions} == {
        "r0": "revoked",
        "r1": "confirmed",
        "r2": "revoked",
    }


def test_seats_in_use_are_kept_whatever_their_number() -> None:
    """Seat 0 was declined; the two that live have numbers 1 and 2, and two are still asked for."""
    town = crowd(3)
    town.answer(next(p for p in promises(town) if p.seat == 0), "declined")
    town.tell(revised(asked(3), line(HAIR, 2)))
    decided = town.round()
    assert reasons(decided) == {"declined": 1}
    assert decided.size.line_seats == 0


def test_done_seats_count_before_promised_ones() -> None:
    """Two of three are done when the line is revised to two: the third is not needed any more."""
    town = crowd(3)
    for proposal in promises(town)[1:]:
        town.answer(proposal, "done")
    town.round()
    town.tell(revised(asked(3), line(HAIR, 2)))
    assert reasons(town.round()) == {"no_longer_allowed": 1}
    assert (town.why_line().verdict, town.why_line().filled) == ("matched", 2)


def test_goods_given_in_the_very_round_take_their_room() -> None:
    before = resource("r1", capacity=2, renewable=False)
    town = Town(offered("r1", capacity=2, renewable=False), posted("d1"), posted("d2"))
    town.answer(town.round().proposals[0], "done")
    town.tell(changed(before, capacity=1))
    assert reasons(town.round()) == {"done": 1, "no_longer_allowed": 1}


def test_each_of_several_entries_that_shrank_keeps_its_own() -> None:
    town = Town(*(posted(f"d{n}", line(HAIR, 3)) for n in range(3)), offered("r1", capacity=9))
    town.round()
    town.tell(*(revised(demand(f"d{n}", line(HAIR, 3)), line(HAIR, 2)) for n in range(3)))
    decided = town.round()
    assert Counter(moved.demand_id for moved in decided.transitions) == {"d0": 1, "d1": 1, "d2": 1}
    assert town.round().transitions == ()


def test_a_job_done_in_the_very_round_takes_its_room() -> None:
    town = crowd(2)
    town.answer(promises(town)[0], "done")
    town.tell(revised(asked(2), line(HAIR, 1)))
    assert reasons(town.round()) == {"done": 1, "no_longer_allowed": 1}


def test_a_resource_revised_to_fewer_seats_gives_some_back_to_the_pool() -> None:
    town = Town(offered("r1", capacity=3), posted("d1"), posted("d2"), posted("d3"))
    town.round()
    town.tell(changed(resource("r1", capacity=3), capacity=2), offered("r2"))
    decided = town.round()
    assert reasons(decided) == {"no_longer_allowed": 1}
    assert [pair[1] for pair in pairs_of(decided)] == ["r2"]


def test_used_up_goods_count_against_a_smaller_stock() -> None:
    before = resource("r1", capacity=3, renewable=False)
    town = Town(offered("r1", capacity=3, renewable=False), posted("d1"), posted("d2"), posted("d3"))
    town.answer(town.round().proposals[0], "done")
    town.round()
    town.tell(changed(before, capacity=2))
    decided = town.round()
    assert reasons(decided) == {"no_longer_allowed": 1}
    assert (decided.proposals, decided.size.resource_seats) == ((), 0)


def test_a_renewable_seat_that_came_back_leaves_its_room_to_others() -> None:
    before = resource("r1", capacity=2)
    town = Town(offered("r1", capacity=2), posted("d1"), posted("d2"))
    town.answer(town.round().proposals[0], "done")
    town.tell(changed(before, capacity=1))
    assert reasons(town.round()) == {"done": 1}


def test_more_seats_later_are_matched_again() -> None:
    town = crowd(2, capacity=2)
    town.tell(revised(asked(2), line(HAIR, 1)))
    town.round()
    town.tell(revised(asked(1), line(HAIR, 3), version=3))
    assert len(town.round().proposals) == 2


def test_a_line_that_was_served_does_not_hide_the_others_when_it_shrinks() -> None:
    """Two haircuts are done; the list now asks for one haircut and one lamp: the lamp is still open."""
    town = crowd(2)
    for proposal in promises(town):
        town.answer(proposal, "done")
    town.round()
    town.tell(revised(asked(2), line(HAIR, 1), line(LAMP)), offered("lamp", item=LAMP))
    assert pairs_of(town.round()) == [("d1", "lamp")]


def test_a_line_taken_off_the_list_does_not_hide_the_others() -> None:
    before = demand("d1", line(PRESSURE), line(HAIR))
    town = Town(offered("r1"), posted("d1", line(PRESSURE), line(HAIR)))
    town.answer(town.round().proposals[0], "done")
    town.round()
    town.tell(revised(before, line(PRESSURE)), offered("nurse", item=PRESSURE, qualifications=("medical_licence",)))
    assert pairs_of(town.round()) == [("d1", "nurse")]


def test_a_promise_for_a_line_taken_off_the_list_is_revoked() -> None:
    town = Town(offered("r1"), offered("r2", item=LAMP), posted("d1", line(HAIR), line(LAMP)))
    town.round()
    town.tell(revised(demand("d1", line(HAIR), line(LAMP)), line(HAIR)))
    assert [(moved.resource_id, moved.reason) for moved in town.round().transitions] == [("r2", "no_longer_allowed")]


def test_a_job_done_for_a_line_taken_off_the_list_is_still_done() -> None:
    before = demand("d1", line(HAIR), line(LAMP))
    town = Town(offered("r1"), offered("r2", item=LAMP, renewable=False), posted("d1", line(HAIR), line(LAMP)))
    town.answer(next(p for p in town.round().proposals if p.resource_id == "r2"), "done")
    town.tell(revised(before, line(HAIR)), posted("d2", line(LAMP, 2)), offered("r3", item=LAMP, capacity=2))
    decided = town.round()
    assert reasons(decided) == {"done": 1}
    assert pairs_of(decided) == [("d2", "r3"), ("d2", "r3")]


def test_the_order_of_shrinking_and_rounds_in_the_log_does_not_matter() -> None:
    """The revision lies before the round in the demands' topic, but a reader may meet them the other way round."""
    town = crowd(2)
    town.tell(revised(asked(2), line(HAIR, 1), line(LAMP)))
    decided = town.decide()
    other = town.retold(sorted(town.journal, key=lambda entry: entry.topic, reverse=True))
    town.state = other
    assert town.decide() == decided


def test_capacity_taken_and_given_back_is_counted_once() -> None:
    before: Resource = resource("r1", capacity=2)
    town = Town(offered("r1", capacity=2), posted("d1"), posted("d2"))
    town.round()
    town.tell(changed(before, capacity=1))
    town.round()
    town.tell(changed(before, capacity=2, version=3))
    assert len(town.round().proposals) == 1
