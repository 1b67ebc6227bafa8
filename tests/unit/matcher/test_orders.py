"""Orders in a round: exactly the seats that were ordered, beside a round that is proved to be the best of the rest."""

import pytest

from schemas.base import Fact
from schemas.claims import seat_of
from schemas.demands import Urgency
from schemas.policy import Policy
from schemas.rounds import Proposal, RoundDecided
from tests.builders import HAIR, SHARD, claimed, dropped, line, offered, posted
from tests.town import Town, ended

ONE_PLACE = Policy.model_validate({"rules": {"one_place": True}})


def of_order(decided: RoundDecided, *, claim_id: str = "o1") -> list[Proposal]:
    """Return what a round gave an order, by the numbers of its seats."""
    ids = [seat_of(shard=SHARD, claim_id=claim_id, number=number) for number in range(9)]
    found = [each for each in decided.proposals if each.assignment_id in ids]
    return sorted(found, key=lambda each: ids.index(each.assignment_id))


def ordered(quantity: int = 2, *, by: str = "provider", claim_id: str = "o1", of: str = "d1", at: str = "r1") -> Fact:
    return claimed(of, at, by=by, claim_id=claim_id, quantity=quantity)  # type: ignore[arg-type]


def four(*facts: Fact) -> Town:
    """Return a town where four are asked for and four can be given."""
    return Town(offered("r1", capacity=4, renewable=False), posted("d1", line(HAIR, 4)), *facts)


def test_an_order_holds_as_many_seats_as_were_ordered_and_only_these_are_agreed() -> None:
    decided = four(ordered(2)).round()
    held = of_order(decided)
    assert [each.auto_accepted for each in held] == [True, True]
    others = [each for each in decided.proposals if each not in held]
    assert [each.auto_accepted for each in others] == [False, False], "the others are proposed, as ever"
    assert sorted(each.seat for each in decided.proposals) == [0, 1, 2, 3]
    assert sorted(each.resource_seat for each in decided.proposals) == [0, 1, 2, 3]
    [settled] = decided.claims
    assert (settled.outcome, settled.quantity) == ("honoured", 2)
    assert decided.certificate.holds
    assert decided.value == sum(each.value for each in others)


def test_what_a_requester_orders_waits_for_the_providers_word() -> None:
    town = four(ordered(2, by="requester"))
    held = of_order(town.round())
    assert [each.auto_accepted for each in held] == [False, False]
    for each in held:
        town.answer(each, "accepted")
    assert set(ended(town.round()).values()) == {("confirmed", "accepted")}


def test_what_was_ordered_is_not_lost_to_an_emergency_what_was_claimed_is() -> None:
    rival = posted("d2", line(HAIR, 4), urgency=Urgency.EMERGENCY)
    decided = four(ordered(2), rival).round()
    assert len(of_order(decided)) == 2
    assert [each.demand_id for each in decided.proposals].count("d2") == 2


def test_seats_delivered_are_never_given_again() -> None:
    town = four(ordered(2))
    first = town.round()
    for each in of_order(first):
        town.answer(each, "done")
    for each in first.proposals[2:]:
        town.answer(each, "declined")
    assert sorted(ended(town.round()).values()) == 2 * [("fulfilled", "done")] + 2 * [("revoked", "declined")]
    town.tell(offered("r2", capacity=9), posted("d2", line(HAIR, 9)))
    given = town.round().proposals
    assert [each.demand_id for each in given if each.resource_id == "r1"] == ["d2", "d2"], "two of four are used up"
    assert [each.demand_id for each in given].count("d1") == 2, "two of four are open"


def test_an_order_takes_the_place_of_what_was_proposed_of_the_pair_and_nobody_answered() -> None:
    town = four()
    first = town.round()
    town.answer(first.proposals[0], "accepted")
    town.tell(ordered(2))
    decided = town.round()
    given_way = [word for word in ended(decided).values() if word[0] == "revoked"]
    assert given_way == 2 * [("revoked", "ordered")]
    assert len(of_order(decided)) == len(decided.proposals) == 2
    assert town.restored().decide() == town.decide()
    assert town.round().transitions == ()


def test_an_order_never_takes_the_place_of_another_order() -> None:
    town = four(ordered(3, by="requester"))
    town.round()
    town.tell(ordered(2, claim_id="o2"))
    decided = town.round()
    assert [each.outcome for each in decided.claims] == ["filled"]
    assert len(of_order(town.decide(), claim_id="o2")) == 0
    assert len(town.state.rounds.ids) == 4


def test_what_was_said_of_an_order_before_any_round_is_heeded_by_the_next_but_one_which_follows_at_once() -> None:
    town = four(ordered(2))
    for number in range(2):
        town.answer(seat_of(shard=SHARD, claim_id="o1", number=number), "done")
    decided = town.round()
    assert (len(of_order(decided)), decided.size.left_out) == (2, 1)
    assert set(ended(town.round()).values()) == {("fulfilled", "done")}
    assert town.state.rounds.filled == {(0, 0): 0b11}


def test_what_was_declined_is_open_again_and_one_taken_back_in_time_holds_nothing() -> None:
    town = four(ordered(2))
    for each in of_order(town.round()):
        town.answer(each, "declined")
    town.tell(offered("r2", capacity=9))
    assert [each.resource_id for each in town.round().proposals] == ["r2", "r2"]
    town = four(ordered(2), dropped(claimed(claim_id="o1")))
    assert of_order(town.round()) == []


@pytest.mark.parametrize(
    ("facts", "outcome", "rule"),
    [
        ((posted("d1", line(HAIR, 1)), offered("r1", capacity=4)), "filled", None),
        ((posted("d1", line(HAIR, 4)), offered("r1", capacity=1)), "not_allowed", "seats"),
        ((posted("d1", line(HAIR, 4)), offered("r1", capacity=4, scope=("32",))), "not_allowed", "scope"),
    ],
)
def test_an_order_holds_all_its_seats_or_none(facts: tuple[Fact, ...], outcome: str, rule: str | None) -> None:
    decided = Town(*facts, ordered(2)).round()
    assert [(each.outcome, each.rule) for each in decided.claims] == [(outcome, rule)]
    assert of_order(decided) == []
    assert not any(each.auto_accepted for each in decided.proposals)


def test_of_two_orders_on_more_than_there_is_the_first_counts() -> None:
    decided = four(ordered(3), ordered(2, claim_id="o2"), ordered(1, claim_id="o3")).round()
    assert [each.outcome for each in decided.claims] == ["honoured", "claimed_before", "honoured"]
    assert [len(of_order(decided, claim_id=name)) for name in ("o1", "o2", "o3")] == [3, 0, 1]


def test_one_person_gives_one_seat_a_round_and_another_order_is_ruled_on_next() -> None:
    ann = {"provider": "member:ann", "per_occasion": True}
    town = Town(offered("r1", **ann), offered("r2", **ann), posted("d1"), posted("d2"), policy=ONE_PLACE)
    town.tell(ordered(1), ordered(1, claim_id="o2", of="d2", at="r2"))
    decided = town.round()
    assert [each.claim_id for each in decided.claims] == ["o1"]
    assert len(decided.proposals) == 1
    assert decided.size.left_out
    assert [each.claim_id for each in town.round().claims] == ["o2"]


def test_an_order_of_a_teams_seats_is_matched_as_a_claim_is() -> None:
    team = posted("d1", line(HAIR, 2, together=True))
    decided = Town(offered("r1", capacity=2), team, ordered(2)).round()
    assert [(each.outcome, each.quantity) for each in decided.claims] == [("honoured", 2)]
    assert [each.auto_accepted for each in decided.proposals] == [True, True]


def test_a_snapshot_keeps_an_order_and_orders_leave_the_rest_of_a_record_as_it_was() -> None:
    town = four(ordered(2))
    assert town.restored().decide() == town.decide()
    plain = four(claimed(claim_id="o1")).decide()
    assert "quantity" not in plain.claims[0].model_dump()
