"""Claims: honoured when allowed, first come first, never over a rule; and what was accepted stays where it is."""

import pytest

from matcher.state.fold import Fold
from matcher.state.responses import ResponseFold
from schemas.base import Fact
from schemas.claims import ClaimMade
from schemas.demands import Urgency
from schemas.policy import ClaimWeights, Policy
from schemas.refusals import Refused
from schemas.rounds import RoundDecided
from schemas.rules import Rule
from tests.builders import (
    FAR,
    HAIR,
    LAMP,
    PRESSURE,
    SAME_DISTRICT,
    at,
    claimed,
    demand_gone,
    dropped,
    event,
    line,
    offered,
    posted,
    resource_gone,
    suspended,
    window,
)
from tests.town import Town, ended, pairs_of


def told(decided: RoundDecided) -> dict[str, tuple[str, Rule | None]]:
    """Return what became of claims: id -> outcome and rule."""
    return {claim.claim_id: (claim.outcome, claim.rule) for claim in decided.claims}


def outcome(*facts: Fact, claim: ClaimMade, policy: Policy | None = None) -> tuple[str, Rule | None]:
    """Return what becomes of one claim in a round at noon."""
    return told(Town(*facts, claim, policy=policy).decide())[claim.claim_id]


# -- honoured -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["provider", "requester"])
def test_a_claim_wins_over_what_would_have_been_nearer_and_more_urgent(by: str) -> None:
    facts = [offered("r1"), posted("d1", urgency=Urgency.URGENT), posted("d2", community=SAME_DISTRICT)]
    assert pairs_of(Town(*facts).decide()) == [("d1", "r1")]
    decided = Town(*facts, claimed("d2", "r1", by=by)).decide()  # type: ignore[arg-type]
    assert pairs_of(decided) == [("d2", "r1")]
    assert list(told(decided).values()) == [("honoured", None)]


def test_the_bonus_is_a_term_of_its_own() -> None:
    town = Town(offered(), posted(), claimed())
    (proposal,) = town.decide().proposals
    assert proposal.terms == {"service": 2000, "nearness": 1500, "fit": 500, "claim": 5000}
    assert proposal.value == 9000
    (proposal,) = town.decide(policy=Policy(claim=ClaimWeights(bonus=7))).proposals
    assert proposal.terms["claim"] == 7


@pytest.mark.parametrize("urgency", [Urgency.WHISTLE, Urgency.EMERGENCY])
def test_a_whistle_and_an_emergency_outbid_a_claim(urgency: Urgency) -> None:
    claim = claimed("d1", "r1")
    town = Town(offered("r1"), posted("d1"), posted("d2", urgency=urgency), claim)
    decided = town.round()
    assert pairs_of(decided) == [("d2", "r1")]
    assert told(decided) == {claim.claim_id: ("outbid", None)}


def test_a_provider_that_claims_has_said_yes_a_requester_has_not_said_it_for_the_provider() -> None:
    by_provider = Town(offered(), posted(), claimed(by="provider")).decide().proposals[0]
    by_requester = Town(offered(), posted(), claimed(by="requester")).decide().proposals[0]
    assert (by_provider.auto_accepted, by_provider.answer_by) == (True, None)
    assert not by_requester.auto_accepted
    assert by_requester.answer_by


def test_a_claim_is_over_with_the_round_that_settled_it() -> None:
    town = Town(offered(capacity=2), posted("d1"), claimed())
    assert len(town.round().claims) == 1
    assert town.round().claims == ()
    town.tell(posted("d2"))
    (proposal,) = town.round().proposals
    assert "claim" not in proposal.terms


def test_without_claims_a_record_is_written_as_before() -> None:
    decided = Town(offered(), posted()).decide()
    assert decided.claims == ()
    assert "claims" not in decided.model_dump()


# -- two on one seat --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["d1", "d2"])
def test_of_two_claims_on_one_seat_the_first_counts_and_the_other_is_told(first: str) -> None:
    second = "d2" if first == "d1" else "d1"
    town = Town(offered("r1"), posted("d1"), posted("d2"))
    town.tell(claimed(first, "r1", by="requester"), claimed(second, "r1", by="provider"))
    decided = town.decide()
    assert pairs_of(decided) == [(first, "r1")]
    assert sorted(told(decided).values()) == [("claimed_before", None), ("honoured", None)]
    assert not decided.proposals[0].auto_accepted or first == second


def test_two_providers_may_claim_two_seats_of_one_line() -> None:
    town = Town(offered("r1"), offered("r2"), offered("r3"), posted("d1", line(HAIR, 2)))
    town.tell(*(claimed("d1", name) for name in ("r3", "r2", "r1")))
    decided = town.decide()
    assert pairs_of(decided) == [("d1", "r2"), ("d1", "r3")]
    assert [outcome for outcome, _ in told(decided).values()] == ["honoured", "honoured", "claimed_before"]


def test_a_claim_stands_for_as_many_seats_as_both_sides_have() -> None:
    town = Town(offered("r1", capacity=3), offered("r2", capacity=9), posted("d1", line(HAIR, 5)))
    town.tell(claimed("d1", "r1"))
    given = [proposal.resource_id for proposal in town.decide().proposals]
    assert (given.count("r1"), given.count("r2")) == (3, 2)


def test_the_later_claim_may_get_by_worth_what_the_earlier_one_did_not_win() -> None:
    town = Town(offered("r1"), posted("d1"), posted("d2", urgency=Urgency.EMERGENCY))
    town.tell(claimed("d1", "r1"), claimed("d2", "r1"))
    assert list(told(town.decide()).values()) == [("outbid", None), ("honoured", None)]


# -- not honoured -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "offer", "ask"),
    [
        ("item", {"item": LAMP}, {}),
        ("scope", {"scope": ("32",)}, {}),
        ("gate", {"item": PRESSURE}, {"lines": (line(PRESSURE),)}),
        ("cost", {"access": "paid", "fee": 9}, {"cost_cap": 8}),
        ("admission", {"admits": ("team:others",)}, {}),
        ("window", {"windows": (window(20, 30),)}, {}),
        ("notice", {"notice_minutes": 60 * 24}, {}),
    ],
)
def test_no_rule_is_bent_for_a_claim_and_the_rule_is_named(rule: str, offer: dict[str, object], ask: object) -> None:
    assert outcome(offered(**offer), posted(**ask), claim=claimed()) == ("not_allowed", rule)  # type: ignore[arg-type]


def test_a_resource_without_a_free_seat_fails_by_seats_and_a_full_line_is_filled() -> None:
    town = Town(offered("r1"), posted("d1"))
    town.round()
    town.tell(offered("r2"), posted("d2"), claimed("d2", "r1"), claimed("d1", "r2"))
    assert list(told(town.decide()).values()) == [("not_allowed", "seats"), ("filled", None)]
    assert outcome(offered(), suspended(), posted(), claim=claimed()) == ("not_allowed", "seats")


@pytest.mark.parametrize("by", ["provider", "requester"])
def test_a_declined_pair_does_not_come_back_by_a_claim_of_either_side(by: str) -> None:
    town = Town(offered(), posted())
    town.answer(town.round().proposals[0], "declined")
    town.tell(claimed(by=by))  # type: ignore[arg-type]
    decided = town.round()
    assert decided.proposals == ()
    assert list(told(decided).values()) == [("not_allowed", "barred")]


@pytest.mark.parametrize("gone", [demand_gone(), resource_gone()])
def test_what_is_gone_cannot_be_claimed(gone: Fact) -> None:
    assert outcome(offered(), posted(), gone, claim=claimed()) == ("gone", None)


def test_neither_can_a_line_that_never_was_nor_a_demand_that_lapsed() -> None:
    assert outcome(offered(), posted(), claim=claimed(line=1)) == ("gone", None)
    town = Town(offered(), posted(deadline=at(1)), claimed())
    assert list(told(town.decide(at(2))).values()) == [("gone", None)]
    town = Town(posted(deadline=at(1)))
    town.round(at(2))
    town.tell(offered(), claimed())
    assert list(told(town.decide(at(2))).values()) == [("gone", None)]


def test_a_pair_that_even_the_bonus_makes_worth_nothing_is_told_so() -> None:
    policy = Policy.model_validate({"service": {"base": 0}, "fit": {"exact": -9000}, "nearness": {"community": 0}})
    assert outcome(offered(), posted(), claim=claimed(), policy=policy) == ("not_allowed", "worth")


def test_a_claim_for_a_team_that_cannot_be_filled_is_told_so_and_one_for_a_team_that_can_wins() -> None:
    team = posted("d1", line(HAIR, 2, together=True))
    assert outcome(offered("r1"), team, claim=claimed()) == ("incomplete", None)
    town = Town(
        *(offered(name, home=FAR, scope=("31", "32")) for name in ("r1", "r2", "r3")), team, claimed("d1", "r3")
    )
    decided = town.decide()
    assert "r3" in {resource for _, resource in pairs_of(decided)}
    assert list(told(decided).values()) == [("honoured", None)]
    assert sorted(given.auto_accepted for given in decided.proposals) == [False, True]


# -- waiting ------------------------------------------------------------------------------------------------------


def test_a_claim_that_is_read_before_its_entries_waits_for_them() -> None:
    town = Town(claimed(), offered())
    assert town.round().claims == ()
    town.tell(posted())
    assert list(told(town.round()).values()) == [("honoured", None)]


def test_but_not_for_ever() -> None:
    town = Town(claimed(), offered())
    assert town.decide(at(0.99)).claims == ()
    assert list(told(town.decide(at(1))).values()) == [("gone", None)]


def test_a_claim_waits_with_its_line_where_the_round_has_no_room() -> None:
    policy = Policy.model_validate({"pace": {"most_seats": 1}})
    town = Town(offered("r1"), offered("r2"), posted("d1"), posted("d2"), policy=policy)
    town.tell(claimed("d1", "r1"), claimed("d2", "r2"))
    assert [len(town.round().claims), len(town.round().claims), len(town.round().claims)] == [1, 1, 0]


def test_a_claim_taken_back_in_time_has_no_effect_and_one_taken_back_too_late_neither() -> None:
    claim = claimed("d2", "r1")
    town = Town(offered("r1"), posted("d1", urgency=Urgency.URGENT), posted("d2"), claim)
    late = town.restored()
    town.tell(dropped(claim))
    decided = town.round()
    assert (pairs_of(decided), decided.claims) == ([("d1", "r1")], ())
    late.round()
    late.tell(dropped(claim))
    assert ended(late.round()) == {}


# -- the fold -------------------------------------------------------------------------------------------------------


def test_a_claim_is_heard_once_and_its_id_is_its_own() -> None:
    town = Town(offered(), posted(), claimed(claim_id="c1"))
    assert town.tell(claimed(claim_id="c1")) is Fold.SEEN
    with pytest.raises(Refused, match="duplicate_id"):
        town.tell(claimed("d9", claim_id="c1"))
    assert town.tell(dropped(claimed(claim_id="c1"))) is Fold.APPLIED
    assert town.tell(dropped(claimed(claim_id="c1"))) is Fold.SEEN
    with pytest.raises(Refused, match="not_found"):
        town.tell(dropped(claimed(claim_id="c2")))


def test_a_claim_that_is_heard_after_the_round_that_settled_it_is_not_open() -> None:
    fold, claim = ResponseFold(), claimed(claim_id="c1")
    fold.settle(["c1"])
    assert fold.fold(event(claim, event_id="e1")) is Fold.APPLIED
    assert (list(fold.claims), list(fold.open)) == (["c1"], [])


def test_a_snapshot_keeps_claims_in_their_order_and_which_of_them_are_over() -> None:
    town = Town(offered("r1"), posted("d2"), claimed("d2", "r1", claim_id="z"), claimed("d1", "r1", claim_id="a"))
    assert town.restored().decide() == town.decide()
    town.round()
    town.tell(posted("d1"), offered("r2"), claimed("d1", "r2", claim_id="b"))
    again = town.restored()
    assert again.decide() == town.decide()
    assert again.tell(claimed("d2", "r1", claim_id="z")) is Fold.SEEN


# -- pins -------------------------------------------------------------------------------------------------------------


def test_what_was_accepted_stays_whatever_comes_later() -> None:
    town = Town(offered("r1", home=FAR, scope=("31", "32")), posted("d1"))
    (held,) = town.round().proposals
    town.answer(held, "accepted")
    town.round()
    town.tell(posted("d2", urgency=Urgency.EMERGENCY), claimed("d2", "r1"))
    for hours in (0, 1, 5):
        decided = town.round(at(hours))
        assert (decided.transitions, decided.proposals) == ((), ())
    assert list(town.state.rounds.row_of) == [held.assignment_id]


def test_what_was_proposed_stays_too_until_it_is_answered() -> None:
    town = Town(offered("r1"), posted("d1"))
    town.round()
    town.tell(posted("d2", urgency=Urgency.EMERGENCY))
    decided = town.round()
    assert (decided.transitions, decided.proposals) == ((), ())
