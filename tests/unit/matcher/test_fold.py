"""What becomes of single events: news, seen before, refused; and which rounds count."""

import pytest

from matcher.round.publication import events_of
from matcher.state import snapshot
from matcher.state.demands import DemandFold
from matcher.state.fold import EPOCH, Fold, StateBrokenError, from_ms, to_ms
from matcher.state.resources import ResourceFold
from matcher.state.responses import ResponseFold
from schemas.base import Fact
from schemas.demands import Urgency
from schemas.enrolment import EnrolmentKind, MemberClass, MemberEnrolled
from schemas.refusals import Refused
from tests.builders import (
    HERE,
    NOON,
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
    suspended,
    whistled,
)
from tests.town import Town, pairs_of


def refusal(town: Town, fact: Fact) -> str:
    """Tell a fact that is refused; return the code. But for the offset the state is as before."""
    before, offsets = snapshot.dump(town.state), dict(town.state.offsets)
    with pytest.raises(Refused) as refused:
        town.tell(fact)
    assert sum(town.state.offsets.values()) == sum(offsets.values()) + 1
    town.state.offsets = offsets
    assert snapshot.dump(town.state) == before
    return refused.value.code


@pytest.mark.parametrize(
    "fact", [offered(), posted(), changed(resource()), revised(demand()), resource_gone(), demand_gone()]
)
def test_news_is_applied_and_seen_when_it_comes_again(fact: Fact) -> None:
    town = Town()
    assert town.tell(fact) is Fold.APPLIED
    assert town.tell(fact) is Fold.SEEN


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (offered(version=3), offered(version=2)),
        (offered(version=3), changed(resource(version=2), title="同一版本，不同内容")),
        (offered(version=3), suspended(version=3)),
        (posted(version=3), posted(version=2)),
        (posted(version=3), whistled(version=3)),
        (posted(version=3), demand_gone(version=1)),
    ],
)
def test_what_is_not_newer_is_refused_as_stale(first: Fact, later: Fact) -> None:
    assert refusal(Town(first), later) == "stale_version"


def test_an_older_duplicate_is_refused_not_lost() -> None:
    town = Town(offered(), changed(resource()))
    assert refusal(town, offered()) == "stale_version"


def test_versions_may_be_skipped() -> None:
    town = Town(offered(version=1), posted(version=1))
    assert town.tell(changed(resource(version=7))) is Fold.APPLIED
    assert town.tell(whistled(version=9)) is Fold.APPLIED


@pytest.mark.parametrize(
    ("gone", "later"),
    [
        (resource_gone(version=2), changed(resource(version=2))),
        (resource_gone(version=2), suspended(version=3)),
        (resource_gone(version=2), resource_gone(version=3)),
        (demand_gone(version=2), revised(demand(version=2))),
        (demand_gone(version=2), whistled(version=3)),
        (demand_gone(version=2), demand_gone(version=3)),
    ],
)
def test_withdrawn_is_final(gone: Fact, later: Fact) -> None:
    assert refusal(Town(offered(), posted(), gone), later) == "already_withdrawn"


def test_what_is_withdrawn_before_it_was_known_stays_withdrawn() -> None:
    town = Town(resource_gone("r1", version=5), demand_gone("d1", version=5))
    assert refusal(town, offered("r1", version=1)) == "stale_version"
    assert refusal(town, posted("d1", version=6)) == "already_withdrawn"
    assert town.round().proposals == ()


@pytest.mark.parametrize("fact", [whistled("nobody"), suspended("nobody")])
def test_nobody_unknown_is_whistled_for_or_suspended(fact: Fact) -> None:
    town = Town(offered(), posted())
    assert refusal(town, fact) == "not_found"
    assert pairs_of(town.round()) == [("d1", "r1")]


@pytest.mark.parametrize("fact", [offered(item="care.unheard_of"), posted("d1", line("care.unheard_of"))])
def test_an_item_outside_the_catalogue_is_refused(fact: Fact) -> None:
    assert refusal(Town(), fact) == "unknown_item"


def test_one_unknown_line_refuses_the_whole_demand() -> None:
    assert refusal(Town(), posted("d1", line(), line("care.unheard_of"))) == "unknown_item"


def test_enrolments_are_understood_and_left_to_others() -> None:
    enrolled = MemberEnrolled(
        member_ref="m-1",
        member_class=MemberClass.RESIDENT,
        kind=EnrolmentKind.RESIDENCE,
        community=HERE,
        enrolled_at=NOON,
    )
    assert Town().tell(enrolled) is Fold.ASIDE


@pytest.mark.parametrize("fold", [Town().state.resources, Town().state.demands, Town().state.responses])
def test_a_fact_of_another_topic_is_left_to_others(fold: ResourceFold | DemandFold | ResponseFold) -> None:
    assert fold.fold(event(Town().decide(), event_id="round")) is Fold.ASIDE


def test_a_topic_that_the_matcher_does_not_fold_is_left_to_others() -> None:
    town = Town(offered(), posted())
    for published in events_of(town.round()):
        assert town.fold(published) is Fold.ASIDE


def test_a_whistle_makes_a_demand_urgent_at_once() -> None:
    town = Town(offered(), posted("d1"), posted("d2", urgency=Urgency.URGENT), whistled("d1"))
    assert pairs_of(town.round()) == [("d1", "r1")]


def test_a_whistle_does_not_calm_an_emergency() -> None:
    town = Town(posted("d1", urgency=Urgency.EMERGENCY), whistled("d1"), offered())
    assert town.round().proposals[0].terms["urgency"] == town.policy.urgency.emergency


def test_a_revision_says_anew_how_urgent_it_is() -> None:
    town = Town(posted("d1"), whistled("d1"), revised(demand("d1", version=2), urgency="normal"), offered())
    assert "urgency" not in town.round().proposals[0].terms


def test_what_lies_before_the_offset_was_seen() -> None:
    town = Town(offered("r1"), offered("r2"))
    other = event(offered("r3"), event_id="late")
    assert town.state.fold(other, topic="cobuild.resources.v1", offset=1) is Fold.SEEN
    assert town.state.fold(other, topic="cobuild.resources.v1", offset=9) is Fold.APPLIED
    assert town.state.offsets == {"cobuild.resources.v1": 10}


# -- answers ------------------------------------------------------------------------------------------------------


def test_the_same_answer_twice_is_seen() -> None:
    town = Town(offered(), posted())
    (proposal,) = town.round().proposals
    assert town.answer(proposal, "accepted") is Fold.APPLIED
    assert town.answer(proposal, "accepted") is Fold.SEEN
    assert town.answer(proposal, "done") is Fold.APPLIED


# -- rounds -------------------------------------------------------------------------------------------------------


def test_the_first_round_with_a_number_counts() -> None:
    town = Town(offered(), posted())
    ours = town.decide(at(0))
    town.tell(offered("r2", home="310105009009"))
    theirs = town.decide(at(0.1))
    assert town.tell(ours) is Fold.APPLIED
    assert town.tell(theirs) is Fold.VOID
    assert (town.state.round_no, town.state.round_at_ms) == (1, to_ms(at(0)))


def test_a_void_round_leaves_no_trace() -> None:
    town = Town(offered(), posted())
    late = town.decide(at(1))
    town.round(at(0))
    before = snapshot.dump(town.state)
    offsets = dict(town.state.offsets)
    assert town.tell(late) is Fold.VOID
    town.state.offsets = offsets
    assert snapshot.dump(town.state) == before


def test_a_round_that_skips_a_number_stops_the_worker() -> None:
    town = Town(offered(), posted())
    skipping = town.decide().model_copy(update={"round_no": 3})
    with pytest.raises(StateBrokenError):
        town.tell(skipping)


def test_a_round_that_moves_what_does_not_live_stops_the_worker() -> None:
    town = Town(offered(), posted())
    (proposal,) = town.round().proposals
    town.answer(proposal, "declined")
    twice = town.round()
    with pytest.raises(StateBrokenError):
        town.tell(twice.model_copy(update={"round_no": 3}))


def test_rounds_are_numbered_from_one() -> None:
    town = Town()
    assert [town.round(at(hour)).round_no for hour in range(3)] == [1, 2, 3]


def test_moments_are_whole_milliseconds_rounded_down() -> None:
    assert to_ms(EPOCH) == 0
    assert from_ms(to_ms(NOON)) == NOON
    assert to_ms(NOON.replace(microsecond=1999)) - to_ms(NOON) == 1
