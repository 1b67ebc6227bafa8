"""What one entry shows after each thing that can happen to it."""

from datetime import timedelta

import pytest

from api.readmodel.queries.assignments import answers_of, assignment_why, get_assignment, list_assignments
from api.readmodel.queries.demands import demand_detail, get_demand
from api.readmodel.queries.parties import get_member, list_units
from api.readmodel.queries.resources import get_resource
from api.readmodel.queries.rounds import get_round, prices_of
from api.readmodel.views import AssignmentView, DemandView, ResourceView
from matcher.round.decide import decide
from matcher.state.pool import freeze
from matcher.state.shard import ShardState
from schemas.demands import Urgency
from schemas.responses import AssignmentDeclined
from schemas.rounds import Lapse
from tests.unit.readmodel.story import CATALOGUE, POLICY, START, Story
from tests.unit.readmodel.world import fill, model_of, new_model

ACCEPT, DECLINE, DONE, NO_SHOW = range(4)


def demand(story: Story, number: int = 0) -> DemandView:
    with model_of(story).read() as connection:
        found = get_demand(connection, demand_id=f"d-{number}")
    assert found is not None
    return found


def resource(story: Story, number: int = 0) -> ResourceView:
    with model_of(story).read() as connection:
        found = get_resource(connection, resource_id=f"r-{number}")
    assert found is not None
    return found


def only_assignment(story: Story) -> AssignmentView:
    with model_of(story).read() as connection:
        (found,) = list_assignments(connection).rows
    return found


def paired(*, quantity: int = 1, number: int = 0, auto: bool = False) -> Story:
    """One demand and one resource, matched in the first round. Resource 0 is used up by a job, 2 comes back."""
    story = Story()
    story.offer(number, item=0, auto=auto)
    story.post(number, lines=[(0, quantity)])
    story.decide(number)
    return story


def test_a_new_demand_is_open() -> None:
    story = Story()
    story.post(0, lines=[(0, 2), (1, 1)])
    found = demand(story)
    assert (found.state, found.asked, found.filled, found.open_seats) == ("open", 3, 0, 3)
    assert found.demand.posted_at == START
    assert found.categories == ("culture",)


def test_a_demand_goes_from_partly_matched_to_fulfilled() -> None:
    story = paired(quantity=2)
    assert (demand(story).state, demand(story).open_seats) == ("partly_matched", 1)
    story.offer(2, item=0)
    story.decide(0)
    assert (demand(story).state, demand(story).filled, demand(story).open_seats) == ("matched", 2, 0)
    for choice in (0, 1):
        story.answer(choice, kind=DONE)
    story.decide(0)
    assert (demand(story).state, demand(story).fulfilled) == ("fulfilled", 2)


def test_open_seats_lapse_and_a_later_version_opens_them_again() -> None:
    story = Story()
    story.post(0, lines=[(0, 1)], hours=5)
    story.wait(6)
    story.decide(0)
    assert (demand(story).state, demand(story).open_seats) == ("lapsed", 0)
    story.post(0, lines=[(0, 1)], hours=48)
    assert (demand(story).state, demand(story).open_seats, demand(story).version) == ("open", 1, 2)


def test_a_whistle_raises_urgency_and_version_of_the_entry() -> None:
    story = Story()
    story.post(0, lines=[(0, 1)])
    story.change_demand(0, whistle=True)
    found = demand(story)
    assert (found.version, found.demand.version, found.demand.urgency) == (2, 2, Urgency.WHISTLE)


def test_withdrawn_is_for_good() -> None:
    story = Story()
    story.post(0, lines=[(0, 1)])
    story.offer(0, item=0)
    story.change_demand(0, whistle=False)
    story.end_resource(0, suspend=False)
    story.post(0, lines=[(0, 5)])
    story.offer(0, item=0)
    assert (demand(story).state, demand(story).version, demand(story).open_seats) == ("withdrawn", 2, 0)
    assert (resource(story).state, resource(story).version, resource(story).free) == ("withdrawn", 2, 0)
    assert resource(story).reason == "不便"


def test_a_suspended_resource_has_no_free_seat_until_it_is_revised() -> None:
    story = Story()
    story.offer(0, item=0, capacity=3)
    story.end_resource(0, suspend=True)
    assert (resource(story).state, resource(story).free) == ("suspended", 0)
    story.offer(0, item=0, capacity=2)
    assert (resource(story).state, resource(story).free, resource(story).reason) == ("published", 2, None)


def test_an_older_or_equal_version_changes_nothing() -> None:
    story = Story()
    story.post(0, lines=[(0, 1)])
    story.post(0, lines=[(0, 2)])
    story.post(0, lines=[(0, 3)], step=0)
    story.post(0, lines=[(0, 3)], step=-1)
    assert (demand(story).version, demand(story).asked) == (2, 2)


def test_an_item_that_the_catalogue_does_not_know_is_not_listed() -> None:
    story = Story()
    story.post(0, lines=[(0, 1), (3, 1)])
    story.offer(0, item=3)
    with model_of(story).read() as connection:
        assert get_demand(connection, demand_id="d-0") is None
        assert get_resource(connection, resource_id="r-0") is None


@pytest.mark.parametrize(("number", "free"), [(0, 0), (2, 1)])
def test_a_seat_comes_back_after_the_job_only_if_it_is_renewable(number: int, free: int) -> None:
    story = paired(number=number)
    assert (resource(story, number).live, resource(story, number).free) == (1, 0)
    story.answer(0, kind=DONE)
    story.decide(number)
    found = resource(story, number)
    assert (found.live, found.fulfilled, found.free) == (0, 1, free)


def test_what_serves_per_occasion_has_its_seats_free_for_other_times() -> None:
    story = Story()
    story.offer(0, item=0, again=True)
    story.post(0, lines=[(0, 1)])
    story.decide(0)
    assert (resource(story).live, resource(story).free) == (1, 1)


def test_answers_show_at_once_and_rounds_rule() -> None:
    story = paired()
    assert (only_assignment(story).state, only_assignment(story).answer) == ("proposed", None)
    story.answer(0, kind=ACCEPT)
    assert (only_assignment(story).state, only_assignment(story).answer) == ("accepted", "accepted")
    story.decide(0)
    assert only_assignment(story).state == "confirmed"
    story.answer(0, kind=DONE)
    assert (only_assignment(story).state, only_assignment(story).answer) == ("confirmed", "done")
    story.decide(0)
    assert (only_assignment(story).state, only_assignment(story).reason) == ("fulfilled", "done")


def test_a_no_shows_as_declined_before_and_after_its_round() -> None:
    story = paired()
    story.answer(0, kind=DECLINE)
    assert only_assignment(story).state == "declined"
    story.decide(0)
    found = only_assignment(story)
    assert (found.state, found.reason, found.answer) == ("declined", "declined", "declined")
    assert demand(story).state == "open"
    assert resource(story).free == 1


def test_a_no_is_not_overruled_by_a_later_yes() -> None:
    story = paired()
    story.answer(0, kind=DECLINE)
    story.answer(0, kind=ACCEPT)
    assert (only_assignment(story).state, only_assignment(story).answer) == ("declined", "declined")


def test_an_answer_under_another_shard_does_not_count() -> None:
    story = paired()
    answer = AssignmentDeclined(assignment_id=story.rounds[0].proposals[0].assignment_id, shard="310104", at=story.now)
    story.say(answer, shard="310104")
    assert (only_assignment(story).state, only_assignment(story).answer) == ("proposed", None)
    story.decide(0)
    assert only_assignment(story).state == "proposed"


def test_a_second_round_of_a_number_is_void() -> None:
    story = paired(quantity=2)
    story.wait(1)
    second = story.decide(0)
    story.say(
        story.rounds[0].model_copy(update={"lapsed": (Lapse(demand_id="d-0", version=1),), "line_prices": ()}),
        shard="310105",
    )
    assert demand(story).state == "partly_matched"
    with model_of(story).read() as connection:
        prices = prices_of(connection, shard="310105")
        assert get_round(connection, shard="310105", round_no=1) == story.rounds[0]
    assert prices is not None
    assert (prices.round_no, prices.lines) == (2, second.line_prices)


def test_a_lapse_that_another_shard_knew_of_an_older_version_takes_nothing_back() -> None:
    story = Story()
    story.post(0, lines=[(0, 1)], step=2)
    for shard, version in (("310105", 2), ("310104", 1)):
        lapsed = (Lapse(demand_id="d-0", version=version),)
        empty = decide(freeze(ShardState(shard, CATALOGUE)), now=story.now, policy=POLICY, cause="alarm", inputs=())
        story.say(empty.model_copy(update={"lapsed": lapsed}), shard=shard)
    model = new_model()
    fill(model, [[located] for located in story.located()])
    with model.read() as connection:
        found = get_demand(connection, demand_id="d-0")
    assert found is not None
    assert found.state == "lapsed"


def test_no_answer_expires_and_no_show_is_revoked() -> None:
    expired = paired()
    expired.wait(13)
    expired.decide(0)
    assert (only_assignment(expired).state, only_assignment(expired).reason) == ("expired", "no_answer")
    missed = paired(auto=True)
    assert only_assignment(missed).state == "confirmed"
    missed.answer(0, kind=NO_SHOW)
    missed.decide(0)
    assert (only_assignment(missed).state, only_assignment(missed).reason) == ("revoked", "no_show")


def test_why_gives_the_terms_the_prices_and_the_proof_of_the_round() -> None:
    story = paired()
    story.answer(0, kind=ACCEPT)
    decided = story.rounds[0]
    (proposal,) = decided.proposals
    with model_of(story).read() as connection:
        why = assignment_why(connection, assignment_id=proposal.assignment_id)
    assert why is not None
    assert why.assignment.terms == proposal.terms
    assert sum(why.assignment.terms.values()) == why.assignment.value == proposal.value
    assert (why.line_price, why.resource_price) == (
        next((row.price for row in decided.line_prices if row.demand_id == "d-0"), None),
        next((row.price for row in decided.resource_prices if row.resource_id == "r-0"), None),
    )
    assert why.certificate == decided.certificate
    assert (why.policy, why.solver, why.decided_at) == (decided.policy, decided.solver, decided.decided_at)
    assert [(row.answer, row.by, row.at) for row in why.answers] == [("accepted", "provider", story.now)]


def test_why_of_nothing_is_nothing() -> None:
    with model_of(paired()).read() as connection:
        assert assignment_why(connection, assignment_id="0" * 32) is None
        assert answers_of(connection, assignment_id="0" * 32) == ()


def test_a_demand_in_detail_has_its_lines_and_its_matches() -> None:
    story = Story()
    story.offer(0, item=0)
    story.post(0, lines=[(0, 2), (2, 1)])
    story.decide(0)
    with model_of(story).read() as connection:
        detail = demand_detail(connection, demand_id="d-0")
        assert detail is not None
        found = get_assignment(connection, assignment_id=detail.assignments[0].assignment_id)
    assert [(line.line, line.quantity, line.filled) for line in detail.lines] == [(0, 2, 1), (1, 1, 0)]
    assert [line.category for line in detail.lines] == ["culture", "party_life"]
    assert detail.assignments == (found,)
    assert found is not None
    assert (found.demand_title, found.resource_title) == ("需求 0", "资源 0")


def test_a_line_that_was_revised_away_is_gone() -> None:
    story = Story()
    story.post(0, lines=[(0, 2), (2, 1)])
    with model_of(story).read() as connection:
        before = demand_detail(connection, demand_id="d-0")
    story.post(0, lines=[(1, 1)])
    with model_of(story).read() as connection:
        after = demand_detail(connection, demand_id="d-0")
    assert before is not None
    assert after is not None
    assert (len(before.lines), before.view.asked) == (2, 3)
    assert [(line.item, line.quantity) for line in after.lines] == [(after.view.demand.lines[0].item, 1)]
    assert after.view.asked == 1


def test_a_member_who_reports_elsewhere_has_moved() -> None:
    story = Story()
    story.enrol(0, street=0)
    story.wait(5)
    story.enrol(0, street=1)
    with model_of(story).read() as connection:
        (member,) = get_member(connection, member_ref="m-0")
        (unit,) = list_units(connection).rows
    assert (member.version, member.enrolment.community) == (2, "310104002001")
    assert unit.unit.enrolled_at == START + timedelta(hours=5)
