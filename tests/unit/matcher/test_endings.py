"""What becomes of an assignment: each answer and each change, and which of several counts."""

import pytest

from schemas.policy import Policy, Rules
from schemas.rounds import Proposal
from tests.builders import (
    HAIR,
    HERE,
    INSURANCE,
    LAMP,
    MEAL,
    PRESSURE,
    SAME_STREET,
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
    suspended,
    whistled,
    window,
)
from tests.town import Answer, Town, ended, pairs_of


def promised(*, policy: Policy | None = None, **offer: bool) -> tuple[Town, Proposal]:
    """Return a town in which r1 was given to d1, and the proposal."""
    town = Town(offered(**offer), posted(), policy=policy)
    (proposal,) = town.round().proposals
    return town, proposal


# -- answers ------------------------------------------------------------------------------------------------------


def test_without_an_answer_an_assignment_stays() -> None:
    town, _ = promised()
    decided = town.round(at(0.5))
    assert (decided.transitions, decided.proposals) == ((), ())


def test_an_acceptance_confirms_once() -> None:
    town, proposal = promised()
    town.answer(proposal, "accepted")
    assert ended(town.round()) == {proposal.assignment_id: ("confirmed", "accepted")}
    assert ended(town.round(at(8))) == {}


def test_who_accepts_beforehand_is_confirmed_at_once() -> None:
    town, proposal = promised(auto_accept=True)
    assert (proposal.auto_accepted, proposal.answer_by) == (True, None)
    town.answer(proposal, "accepted")
    assert ended(town.round(at(8))) == {}


def test_a_no_ends_it_and_the_pair_never_meets_again() -> None:
    town, proposal = promised()
    town.answer(proposal, "declined")
    decided = town.round()
    assert ended(decided) == {proposal.assignment_id: ("revoked", "declined")}
    assert decided.transitions[0].barred_until is None
    assert decided.proposals == ()
    town.tell(revised(demand(), urgency="emergency"), changed(resource()))
    assert town.round(at(7)).proposals == ()


def test_a_no_costs_nothing_both_sides_are_free_in_the_same_round() -> None:
    town, proposal = promised()
    town.tell(offered("r2", home=SAME_STREET), posted("d2", community=SAME_STREET))
    town.answer(proposal, "declined")
    assert pairs_of(town.round()) == [("d1", "r2"), ("d2", "r1")]


def test_a_no_after_yes_still_counts() -> None:
    town, proposal = promised(auto_accept=True)
    town.answer(proposal, "declined")
    assert ended(town.round()) == {proposal.assignment_id: ("revoked", "declined")}


def test_who_does_not_come_is_not_sent_again() -> None:
    town, proposal = promised(auto_accept=True)
    town.answer(proposal, "no_show")
    decided = town.round(at(2))
    assert ended(decided) == {proposal.assignment_id: ("revoked", "no_show")}
    assert decided.proposals == ()
    assert town.round(at(6)).proposals == ()


def test_a_done_job_fills_its_seat_for_good() -> None:
    town, proposal = promised()
    town.answer(proposal, "done")
    decided = town.round()
    assert ended(decided) == {proposal.assignment_id: ("fulfilled", "done")}
    assert town.round(at(1)).size.line_seats == 0


def test_when_one_of_two_is_done_the_other_is_still_open() -> None:
    town = Town(offered(), posted("d1", line(quantity=2)))
    town.answer(town.round().proposals[0], "done")
    town.tell(resource_gone("r1"))
    assert town.round().proposals == ()
    town.tell(offered("r2", capacity=2))
    assert pairs_of(town.round()) == [("d1", "r2")]


def test_a_renewable_seat_comes_back_in_the_round_that_sees_the_job_done() -> None:
    town, proposal = promised()
    town.tell(posted("d2"))
    town.answer(proposal, "done")
    decided = town.round()
    assert decided.transitions[0].used_up is False
    assert pairs_of(decided) == [("d2", "r1")]


def test_goods_are_used_up_by_the_job() -> None:
    town, proposal = promised(renewable=False)
    town.tell(posted("d2"))
    town.answer(proposal, "done")
    decided = town.round()
    assert decided.transitions[0].used_up is True
    assert decided.proposals == ()
    assert town.round(at(1)).size.resource_seats == 0


@pytest.mark.parametrize("word", ["declined", "no_show"])
def test_goods_that_were_not_given_are_still_there(word: Answer) -> None:
    town, proposal = promised(renewable=False)
    town.tell(posted("d2"))
    town.answer(proposal, word)
    assert pairs_of(town.round()) == [("d2", "r1")]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["done", "declined"], "declined"),
        (["accepted", "no_show"], "no_show"),
        (["done", "no_show", "declined"], "declined"),
        (["accepted", "done"], "done"),
        (["accepted", "declined"], "declined"),
    ],
)
def test_of_several_answers_the_order_of_arrival_does_not_matter(words: list[Answer], reason: str) -> None:
    for order in (words, words[::-1]):
        town, proposal = promised()
        for word in order:
            town.answer(proposal, word)
        assert [moved.reason for moved in town.round().transitions] == [reason]


def test_an_answer_to_nothing_changes_nothing() -> None:
    town, proposal = promised()
    town.answer("0" * 32, "declined")
    assert ended(town.round()) == {}
    town.answer(proposal, "declined")
    town.round()
    town.answer(proposal, "done")
    assert ended(town.round()) == {}


# -- no answer ----------------------------------------------------------------------------------------------------

HASTY = Policy(rules=Rules(answer_hours=2, expiry_pause_hours=3))


def test_no_answer_in_time_expires_and_the_pair_rests_for_a_while() -> None:
    town, proposal = promised(policy=HASTY)
    assert proposal.answer_by == at(2)
    assert ended(town.round(at(1.99))) == {}
    decided = town.round(at(2))
    assert ended(decided) == {proposal.assignment_id: ("expired", "no_answer")}
    assert decided.transitions[0].barred_until == at(5)
    assert decided.proposals == ()
    assert town.round(at(4.99)).proposals == ()
    assert pairs_of(town.round(at(5))) == [("d1", "r1")]


def test_while_the_pair_rests_both_may_meet_others() -> None:
    town, _ = promised(policy=HASTY)
    town.tell(offered("r2"), posted("d2"))
    assert pairs_of(town.round()) == [("d2", "r2")]
    assert pairs_of(town.round(at(2))) == [("d1", "r2"), ("d2", "r1")]


def test_an_answer_that_lies_in_the_log_counts_although_the_time_is_over() -> None:
    town, proposal = promised(policy=HASTY)
    town.answer(proposal, "accepted")
    assert ended(town.round(at(6))) == {proposal.assignment_id: ("confirmed", "accepted")}


def test_the_time_to_answer_ends_with_the_demand() -> None:
    town = Town(offered(), posted("d1", deadline=at(1.5)), policy=HASTY)
    assert town.round().proposals[0].answer_by == at(1.5)
    decided = town.round(at(1.5))
    assert [moved.reason for moved in decided.transitions] == ["no_answer"]
    assert [lapse.demand_id for lapse in decided.lapsed] == ["d1"]


def test_a_no_after_a_rest_is_for_ever() -> None:
    town, _ = promised(policy=HASTY)
    town.round(at(2))
    (again,) = town.round(at(5)).proposals
    town.answer(again, "declined")
    town.round(at(5.5))
    assert town.round(at(7.9)).proposals == ()


# -- changes of a side --------------------------------------------------------------------------------------------


def test_what_is_withdrawn_after_a_promise_frees_the_other_side_in_the_same_round() -> None:
    town, proposal = promised(auto_accept=True)
    town.tell(offered("r2"), resource_gone("r1"))
    decided = town.round()
    assert ended(decided) == {proposal.assignment_id: ("revoked", "resource_gone")}
    assert pairs_of(decided) == [("d1", "r2")]
    town.tell(posted("d2"), demand_gone("d1"))
    decided = town.round()
    assert [moved.reason for moved in decided.transitions] == ["demand_gone"]
    assert pairs_of(decided) == [("d2", "r2")]


def test_what_is_withdrawn_before_is_never_promised() -> None:
    assert Town(offered(), posted(), resource_gone()).round().proposals == ()
    assert Town(offered(), posted(), demand_gone()).round().proposals == ()


def test_a_job_reported_done_is_done_though_a_side_left() -> None:
    town, proposal = promised()
    town.answer(proposal, "done")
    town.tell(resource_gone("r1"), demand_gone("d1"))
    assert ended(town.round()) == {proposal.assignment_id: ("fulfilled", "done")}


def test_a_resource_that_rests_keeps_its_promise_and_gets_no_new_one() -> None:
    town, proposal = promised()
    town.tell(suspended("r1"), posted("d2"))
    decided = town.round()
    assert (decided.transitions, decided.proposals) == ((), ())
    town.answer(proposal, "done")
    assert town.round().proposals == ()
    town.tell(changed(resource(version=2)))
    assert pairs_of(town.round()) == [("d2", "r1")]


def test_a_whistle_changes_nothing_for_those_already_promised() -> None:
    town, _ = promised()
    town.tell(whistled("d1"))
    assert ended(town.round()) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"item": LAMP},
        {"scope": ("32",)},
        {"windows": (window(3, 9),)},
        {"windows": (window(1, 1.5),)},
        {"valid_to": at(1.5)},
    ],
)
def test_a_resource_revised_so_that_it_no_longer_fits_is_revoked(changes: dict[str, object]) -> None:
    town, proposal = promised(auto_accept=True)
    town.tell(changed(resource(auto_accept=True), **changes))
    assert ended(town.round()) == {proposal.assignment_id: ("revoked", "no_longer_allowed")}


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "另一个名字"},
        {"capacity": 5},
        {"windows": (window(1, 2),)},
        {"windows": (window(1, 1.5), window(1.5, 2))},
        {"valid_from": at(1), "valid_to": at(2)},
        {"scope": (HERE,)},
        {"item": MEAL},
        {"notice_minutes": 60 * 24},
        {"renewable": False},
    ],
)
def test_a_resource_revised_so_that_it_still_fits_keeps_its_promise(changes: dict[str, object]) -> None:
    town, _ = promised()
    town.tell(changed(resource(), **changes))
    assert ended(town.round()) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": (line(HAIR, siblings=False), line(PRESSURE))},
        {"title": "另一个名字"},
        {"urgency": "urgent"},
        {"window": window(1, 2)},
        {"duration_minutes": 30},
        {"risky": True},
    ],
)
def test_a_demand_revised_in_something_else_keeps_its_promise(changes: dict[str, object]) -> None:
    town, _ = promised()
    town.tell(revised(demand(), **changes))
    assert ended(town.round()) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": (line(PRESSURE),)},
        {"lines": (line(MEAL, siblings=False),)},
        {"window": window(1.5, 9)},
        {"window": window(0, 1)},
        {"duration_minutes": 61},
    ],
)
def test_a_demand_revised_so_that_the_promise_no_longer_fits_is_matched_anew(changes: dict[str, object]) -> None:
    town, proposal = promised()
    town.tell(revised(demand(), **changes))
    assert ended(town.round()) == {proposal.assignment_id: ("revoked", "no_longer_allowed")}


def test_a_longer_job_gets_a_longer_slot_from_the_same_resource() -> None:
    town, _ = promised()
    town.tell(revised(demand(), duration_minutes=120))
    (again,) = town.round().proposals
    assert (again.starts_at, again.ends_at, again.resource_id) == (at(1), at(3), "r1")


def test_a_demand_that_became_risky_loses_those_without_insurance() -> None:
    before = demand("d1", line(LAMP, 2))
    town = Town(offered("r1", item=LAMP), offered("r2", item=LAMP, qualifications=(INSURANCE,)))
    town.tell(posted("d1", line(LAMP, 2)))
    town.round()
    town.tell(revised(before, risky=True))
    assert [(moved.resource_id, moved.reason) for moved in town.round().transitions] == [("r1", "no_longer_allowed")]


def test_notice_was_kept_when_it_was_promised() -> None:
    town = Town(offered(notice_minutes=60), posted())
    town.round()
    town.tell(changed(resource(), notice_minutes=60 * 24))
    assert ended(town.round(at(0.5))) == {}


def test_a_policy_that_forbids_siblings_ends_only_what_changes_afterwards() -> None:
    strict = Policy(rules=Rules(siblings=False))
    town = Town(offered(item=MEAL), posted())
    town.round()
    assert ended(town.round(policy=strict)) == {}
    town.tell(revised(demand(), title="改过"))
    assert list(ended(town.round(policy=strict)).values()) == [("revoked", "no_longer_allowed")]
