"""A seat away from home: a hold that is granted, refused, answered, and what becomes of it when either side changes."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from matcher.round.publication import transfers_of
from matcher.state import snapshot
from matcher.state.columns import FOREVER
from matcher.state.fold import Fold, to_ms
from matcher.state.pool import open_seats
from schemas.demands import Urgency
from schemas.policy import Alliance, Escalation, Policy
from schemas.rounds import Proposal
from schemas.transfers import Passed, Returned, Transfer
from tests.builders import (
    HERE,
    LAMP,
    MEAL,
    SAME_CITY,
    SHARD,
    SMALL_CATALOGUE,
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
    window,
)
from tests.land import Land
from tests.town import Answer, ended, over_the_wire

NEXT, CITY, ALLY, ALLIANCE = "310106", "3101", "320102", "delta"
WEEK = window(1, 200)
WIDE: dict[str, Any] = {"home": SAME_CITY, "scope": ("3101",)}
CALL: dict[str, Any] = {"urgency": Urgency.WHISTLE, "window": WEEK}
MONTH = 60 * 24 * 30
UP_TO_CITY = Policy(escalation=Escalation(whistle=True, visit_minutes=MONTH))
"""Visits last, so that a test sees where a seat is."""
LEVELS = Policy(
    escalation=Escalation(
        district_hours=24,
        whistle=True,
        visit_minutes=MONTH,
        alliances=(Alliance(name="delta", regions=("31", "3201")),),
    )
)
HELPER, WISH = resource("r1", **WIDE), demand("d1", **CALL)


def held(*lines: Any, capacity: int = 1, policy: Policy = UP_TO_CITY) -> tuple[Land, Proposal]:
    """Return a land in which the helper of the next district holds a seat of a demand of ours, and that assignment."""
    land = Land(offered("r1", capacity=capacity, **WIDE), posted("d1", *lines, **CALL), policy=policy)
    land.settle()
    proposals = [proposal for decided in land.decided for proposal in decided.proposals]
    assert {(each.demand_id, each.resource_id) for each in proposals} == {("d1", "r1")}
    assert land.whereabouts("d1") == [NEXT]
    return land, proposals[0]


def returned(passed: list[Passed]) -> list[tuple[str, bool, datetime | None]]:
    return [(each.to, each.taken, each.until) for each in passed if isinstance(each, Returned)]


# -- answers -------------------------------------------------------------------------------------------------


def test_a_hold_that_is_granted_is_an_assignment_like_any_other() -> None:
    land, proposal = held()
    assert (proposal.requester, proposal.community) == (f"community:{HERE}", HERE)
    land.answer(proposal, "accepted", shard=NEXT)
    assert ended(land.round(NEXT, at(1))) == {proposal.assignment_id: ("confirmed", "accepted")}
    land.answer(proposal, "done", shard=NEXT)
    assert ended(land.round(NEXT, at(3))) == {proposal.assignment_id: ("fulfilled", "done")}
    assert land.settle(at(4)) == []
    assert land.whereabouts("d1") == [NEXT], "it stays where it was filled"
    assert [int(open_seats(state).sum()) for state in land.states.values()] == [0, 0, 0]
    assert {land.alarm_ms(shard) for shard in land.states} == {FOREVER}


@pytest.mark.parametrize("word", ["declined", "no_show"])
def test_a_no_brings_the_seat_back_in_that_round_and_the_pair_is_never_asked_for_again(word: Answer) -> None:
    land, proposal = held()
    land.answer(proposal, word, shard=NEXT)
    decided = land.round(NEXT, at(1))
    assert ended(decided) == {proposal.assignment_id: ("revoked", word)}
    assert returned(land.deliver()) == [(CITY, False, None)]
    assert land.whereabouts("d1") == [CITY]
    assert land.settle(at(100)) == []
    land.tell(changed(HELPER, capacity=3))
    land.settle(at(101))
    assert land.whereabouts("d1") == [CITY], "whatever becomes of the helper"


def test_no_answer_lets_the_pair_rest_for_the_time_that_the_round_says() -> None:
    land, proposal = held()
    assert proposal.answer_by == at(24)
    assert land.alarm_ms(NEXT) == to_ms(at(24))
    assert ended(land.round(NEXT, at(24))) == {proposal.assignment_id: ("expired", "no_answer")}
    assert returned(land.deliver()) == [(CITY, False, at(96))]
    land.round(CITY, at(24))
    assert land.alarm_ms(CITY) == to_ms(at(96))
    assert land.settle(at(95)) == []
    land.settle(at(96))
    assert land.whereabouts("d1") == [NEXT]


def test_a_helper_whom_others_have_is_left_alone_for_a_while_by_all_and_then_asked_again() -> None:
    land = Land(offered("r1", **WIDE), policy=UP_TO_CITY)
    land.settle()
    land.tell(posted("mine", community=SAME_CITY, window=WEEK), posted("d1", **CALL), posted("d2", **CALL))
    passed = land.settle(at(1))
    assert set(returned(passed)) == {(CITY, True, at(1.5))}
    assert [land.whereabouts(name) for name in ("d1", "d2")] == [[CITY], [CITY]]
    assert land.alarm_ms(CITY) == to_ms(at(1.5))
    (mine,) = land.state(NEXT).rounds.ids
    given = next(p for d in land.decided for p in d.proposals if p.assignment_id == mine)
    land.answer(given, "declined", shard=NEXT)
    land.round(NEXT, at(1.2))
    land.settle(at(1.5))
    assert sorted(land.whereabouts("d1") + land.whereabouts("d2")) == [CITY, NEXT]


@pytest.mark.parametrize(
    "news",
    [changed(HELPER, scope=(NEXT,)), changed(HELPER, windows=(window(300, 400),)), changed(HELPER, item=LAMP)],
    ids=["scope", "hours", "item"],
)
def test_what_the_home_does_not_allow_any_more_parts_the_pair_for_a_while(news: Any) -> None:
    """The city asks in good faith: the revision is at home when the wish for a hold comes."""
    land = Land(offered("r1", **WIDE), posted("d1", **CALL), policy=UP_TO_CITY)
    land.round(NEXT)
    land.round(SHARD)
    land.deliver()
    land.round(CITY)
    land.tell(news)
    land.deliver()
    decided = land.round(NEXT, at(1))
    assert decided.proposals == ()
    assert returned(land.deliver()) == [(CITY, False, at(1.5))]
    assert land.whereabouts("d1") == [CITY]


# -- the helper's side changes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("news", "reason", "taken"),
    [
        (resource_gone("r1"), "resource_gone", True),
        (changed(HELPER, item=MEAL, windows=(window(300, 400),)), "no_longer_allowed", False),
        (changed(HELPER, scope=(NEXT,)), "no_longer_allowed", False),
    ],
    ids=["withdrawn", "hours", "scope"],
)
def test_what_ends_a_hold_brings_the_seat_back_in_the_same_round(news: Any, reason: str, taken: bool) -> None:
    land, proposal = held()
    news = news.model_copy(update={"home": SAME_CITY}) if hasattr(news, "home") else news
    land.tell(news)
    decided = land.round(NEXT, at(1))
    assert ended(decided) == {proposal.assignment_id: ("revoked", reason)}
    assert decided.transfers is not None
    assert [each.taken for each in decided.transfers.returned] == [taken]
    assert [each.resource.version for each in decided.transfers.shown] == [2]
    land.settle(at(1))
    assert land.whereabouts("d1") == [CITY]


def test_a_helper_that_rests_keeps_what_it_promised_and_takes_nothing_new() -> None:
    land, proposal = held()
    land.tell(suspended("r1").model_copy(update={"home": SAME_CITY}), posted("d2", **CALL))
    land.settle(at(1))
    assert land.whereabouts("d1") == [NEXT]
    assert land.whereabouts("d2") == [CITY]
    land.answer(proposal, "declined", shard=NEXT)
    land.settle(at(2))
    assert land.whereabouts("d1") == [CITY]


# -- the asking side changes -------------------------------------------------------------------------------------


def seats(land: Land, count: int = 4) -> list[list[str]]:
    return [land.whereabouts("d1", 0, seat) for seat in range(count)]


def test_a_demand_that_asks_for_more_has_its_new_seats_at_home() -> None:
    land, _ = held()
    land.tell(revised(WISH, line(quantity=3), urgency=Urgency.NORMAL), offered("r2"))
    decided = land.round(SHARD, at(1))
    assert [(each.seat, each.resource_id) for each in decided.proposals] == [(1, "r2")]
    assert seats(land) == [[NEXT], [SHARD], [SHARD], [SHARD]]
    land.settle(at(1))
    assert seats(land)[0] == [NEXT]
    assert land.state(NEXT).demands.table.rows["asked"].tolist() == [3]
    assert len(land.state(NEXT).rounds.ids) == 1, "the next district has one of three"


def test_a_demand_that_asks_for_less_lets_go_what_is_beyond_wherever_it_is() -> None:
    land, first = held(line(quantity=2), capacity=2)
    land.tell(revised(demand("d1", line(quantity=2), **CALL), line(quantity=1)))
    land.settle(at(1))
    (left,) = land.state(NEXT).rounds.ids
    assert [moved.reason for decided in land.decided for moved in decided.transitions] == ["no_longer_allowed"]
    land.tell(revised(demand("d1", line(), version=2, **CALL), line(quantity=2)))
    land.settle(at(2))
    assert len(land.state(NEXT).rounds.ids) == 2, "the seat was still there"
    assert left in land.state(NEXT).rounds.ids
    assert first.demand_id == "d1"


def test_other_hours_part_a_pair_that_does_not_fit_them_and_find_another() -> None:
    land, proposal = held()
    land.tell(offered("r2", windows=(window(250, 300),), **WIDE))
    land.tell(changed(HELPER, windows=(window(0, 200),)))
    land.settle(at(1))
    land.tell(revised(WISH, window=window(240, 300)))
    land.settle(at(2))
    moved = [transition for decided in land.decided for transition in decided.transitions]
    assert [(each.assignment_id, each.reason) for each in moved] == [(proposal.assignment_id, "no_longer_allowed")]
    assert land.whereabouts("d1") == [NEXT]
    assert [p.resource_id for d in land.decided for p in d.proposals] == ["r1", "r2"]


def test_who_withdraws_is_heard_where_the_seat_is_and_the_helper_is_free() -> None:
    land, proposal = held()
    land.tell(demand_gone("d1"), posted("d2", community=SAME_CITY, window=WEEK))
    land.settle(at(1))
    moved = [(t.assignment_id, t.reason) for decided in land.decided for t in decided.transitions]
    assert moved == [(proposal.assignment_id, "demand_gone")]
    assert [p.demand_id for d in land.decided for p in d.proposals] == ["d1", "d2"]
    assert land.settle(at(1)) == []


def test_a_whistle_for_a_demand_that_waits_in_the_city_calls_it_on() -> None:
    land = Land(posted("d1", window=WEEK), policy=LEVELS)
    land.settle(at(24))
    assert land.whereabouts("d1") == [CITY]
    land.tell(whistled("d1"))
    land.settle(at(25))
    assert land.whereabouts("d1") == [ALLIANCE]


def test_a_demand_that_lapsed_away_from_home_is_open_there_again_once_it_has_more_time() -> None:
    land = Land(posted("d1", **CALL), policy=UP_TO_CITY)
    land.settle()
    assert [lapse.demand_id for lapse in land.round(CITY, at(200)).lapsed] == ["d1"]
    assert land.round(SHARD, at(200)).lapsed == (), "at home it has no seat that could lapse"
    land.tell(revised(WISH, window=window(1, 400)), offered("r1", **WIDE))
    land.settle(at(201))
    assert land.whereabouts("d1") == [NEXT]


def test_a_seat_of_our_own_comes_home_for_a_helper_of_ours_and_returns_when_that_fails() -> None:
    land = Land(posted("d1", **CALL), policy=UP_TO_CITY)
    land.settle()
    land.tell(offered("r1", scope=("3101",)))
    land.settle()
    assert land.whereabouts("d1") == [SHARD]
    (proposal,) = [p for d in land.decided for p in d.proposals]
    assert proposal.resource_id == "r1"
    land.answer(proposal, "declined", shard=SHARD)
    assert returned(land.settle(at(1))) == [(CITY, False, None)]
    assert land.whereabouts("d1") == [CITY]


def test_who_came_home_for_a_helper_in_vain_is_home_when_the_visit_is_over() -> None:
    """Not sent to the city again and again, as if that old wish for a hold still stood."""
    land = Land(
        offered("r1", scope=("3101",)), posted("d1", **CALL), policy=Policy(escalation=Escalation(whistle=True))
    )
    (first,) = land.round(SHARD).proposals
    land.answer(first, "declined", shard=SHARD)
    land.settle()
    land.tell(offered("r2", scope=("3101",)))
    land.settle(at(0, minutes=2))
    second = next(p for d in land.decided for p in d.proposals if p.resource_id == "r2")
    land.answer(second, "declined", shard=SHARD)
    assert [(each.resource_id, each.to) for each in land.settle(at(0, minutes=3)) if isinstance(each, Returned)] == [
        ("r2", CITY)
    ]
    passed = land.settle(at(0, minutes=10))
    assert [(each.resource_id, each.to) for each in passed if isinstance(each, Returned)] == [(None, SHARD)]
    assert land.whereabouts("d1") == [SHARD]


def test_what_comes_home_for_one_helper_may_be_given_to_another() -> None:
    land = Land(posted("d1", **CALL), policy=UP_TO_CITY)
    land.settle()
    land.tell(offered("r1", scope=("3101",)))
    land.round(SHARD)
    land.deliver()
    land.round(CITY)
    land.tell(resource_gone("r1"), offered("r2", auto_accept=True))
    land.deliver()
    assert [p.resource_id for p in land.round(SHARD, at(1)).proposals] == ["r2"]


def test_seats_that_were_asked_for_one_helper_are_not_given_to_another_of_the_next_district() -> None:
    land = Land(offered("r1", **WIDE), posted("d1", **CALL), policy=UP_TO_CITY)
    land.round(NEXT)
    land.round(SHARD)
    land.deliver()
    land.round(CITY)
    land.tell(resource_gone("r1").model_copy(update={"home": SAME_CITY}), offered("r2", **WIDE))
    land.deliver()
    assert land.round(NEXT, at(1)).proposals == (), "the city chooses among all who serve the city"
    land.settle(at(1))
    assert [p.resource_id for d in land.decided for p in d.proposals] == ["r2"]


# -- what is told out of turn ----------------------------------------------------------------------------------


def test_what_is_told_twice_counts_once() -> None:
    land, _ = held()
    letters = [over_the_wire(sent) for decided in land.decided for sent in transfers_of(decided)]
    before = {shard: snapshot.dump(state) for shard, state in land.states.items()}
    for letter in letters:
        assert isinstance(letter.data, Transfer)
        assert land.fold(letter, letter.key) is Fold.SEEN
    for shard, state in land.states.items():
        state.offsets = snapshot.load(before[shard], SMALL_CATALOGUE).offsets
        assert snapshot.dump(state) == before[shard]


def test_news_of_a_demand_that_never_was_here_are_no_news() -> None:
    land, _ = held()
    land.tell(whistled("d1", version=7))
    land.round(SHARD, at(1))
    land.deliver()
    (letter,) = [over_the_wire(sent) for sent in transfers_of(land.round(CITY, at(1)))]
    assert land.fold(letter, "310104") is Fold.APPLIED
    assert not land.state("310104").demands.is_known("d1")


def test_a_guest_known_in_a_newer_version_that_does_not_ask_for_the_seat_keeps_quiet() -> None:
    """The alliance asks by what it knows; the city's news came first. Nothing may ring for a seat that nobody wants."""
    land = Land(offered("r1", capacity=2, **WIDE | {"scope": ("31",)}), policy=LEVELS)
    land.tell(posted("d1", line(MEAL, 2), **CALL))
    before = demand("d1", line(MEAL, 2), **CALL)
    for shard in (NEXT, SHARD):
        land.round(shard)
    asking = [sent for sent in land.mail if sent.key == CITY]
    land.mail.clear()
    for letter in asking:
        land.fold(letter, letter.key)
    asked = [over_the_wire(sent) for sent in transfers_of(land.round(CITY)) if sent.key == NEXT]
    land.mail.clear()
    assert len(asked) == 2
    land.fold(asked[0], NEXT)
    land.tell(revised(before, line(MEAL, 1)))
    land.round(SHARD, at(1))
    land.deliver()
    land.round(CITY, at(1))
    news = [letter for letter in land.mail if letter.key == NEXT]
    fresh = Land(policy=LEVELS)
    fresh.tell(offered("r1", capacity=2, **WIDE))
    place = asked[1].data.model_copy(update={"shard": "other", "round_no": 9})
    for number, letter in enumerate([*news, event(place, event_id="late")]):
        known = letter.data
        if number < len(news):  # as if this shard had known the demand before
            fresh.fold(asked[0], NEXT)
        fresh.fold(event(known, event_id=f"x{number}"), NEXT)
    fresh.round(NEXT, at(1))
    assert int(open_seats(fresh.state(NEXT)).sum()) == 0
    assert fresh.alarm_ms(NEXT) > to_ms(at(1))
    fresh.round(NEXT, at(201))
    assert fresh.alarm_ms(NEXT) > to_ms(at(201)), "it lapsed: nothing is due any more"


# -- snapshots ---------------------------------------------------------------------------------------------------


def test_after_every_step_a_snapshot_goes_on_the_same() -> None:
    steps: list[Callable[[Land], object]] = [
        lambda land: land.tell(offered("r1", **WIDE), offered("r2", home="320102001001", scope=("31",))),
        lambda land: land.tell(posted("d1", line(quantity=3), **CALL)),
        lambda land: land.settle(),
        lambda land: land.tell(whistled("d1")),
        lambda land: [land.answer(p, "declined", shard=s) for s, p in alive(land)[:1]],
        lambda land: land.settle(at(1)),
        lambda land: land.tell(resource_gone("r1").model_copy(update={"home": SAME_CITY})),
        lambda land: land.settle(at(2)),
        lambda land: land.tell(demand_gone("d1", version=9)),
        lambda land: land.settle(at(3)),
    ]
    plain, restored = Land(policy=LEVELS), Land(policy=LEVELS)
    for step in steps:
        for shard, state in restored.states.items():
            restored.states[shard] = snapshot.load(snapshot.dump(state), SMALL_CATALOGUE)
        step(plain)
        step(restored)
        assert restored.decided == plain.decided
    assert {s: snapshot.dump(state) for s, state in restored.states.items()} == {
        s: snapshot.dump(state) for s, state in plain.states.items()
    }
    assert len(plain.decided) > 30


def alive(land: Land) -> list[tuple[str, Proposal]]:
    every = {p.assignment_id: p for decided in land.decided for p in decided.proposals}
    return [(shard, every[name]) for shard in sorted(land.states) for name in sorted(land.state(shard).rounds.ids)]


def test_who_is_out_for_a_hold_while_the_city_restarts_still_comes_home() -> None:
    land, proposal = held(policy=Policy(escalation=Escalation(whistle=True)))
    land.states[CITY] = snapshot.load(snapshot.dump(land.state(CITY)), SMALL_CATALOGUE)
    land.answer(proposal, "declined", shard=NEXT)
    land.settle(at(1))
    assert land.whereabouts("d1") == [SHARD]


def test_a_no_to_a_helper_that_leaves_in_the_next_round_is_told_the_same_after_a_restart() -> None:
    """A snapshot forgets the noes of who is gone for good; what a round says of the seat must not hang on it."""
    land, proposal = held(line(quantity=2), capacity=2)
    second = next(p for _, p in alive(land) if p.assignment_id != proposal.assignment_id)
    land.answer(proposal, "declined", shard=NEXT)
    land.round(NEXT, at(1))
    land.tell(resource_gone("r1").model_copy(update={"home": SAME_CITY}))
    plain = land.decide(NEXT, at(2))
    assert ended(plain) == {second.assignment_id: ("revoked", "resource_gone")}
    land.states[NEXT] = snapshot.load(snapshot.dump(land.state(NEXT)), SMALL_CATALOGUE)
    assert land.decide(NEXT, at(2)) == plain


def test_a_rest_that_is_over_is_not_told_as_one() -> None:
    land, proposal = held()
    land.round(NEXT, at(24))
    land.settle(at(24))
    assert land.whereabouts("d1") == [CITY]
    land.tell(posted("mine", community=SAME_CITY, urgency=Urgency.EMERGENCY, window=window(90, 110)))
    land.settle(at(96))
    assert returned(_passed(land)) == [(CITY, False, at(96)), (CITY, True, at(96.5))], "now the helper is busy"
    assert proposal.resource_id == "r1"


def _passed(land: Land) -> list[Passed]:
    return [each for decided in land.decided if decided.transfers for each in decided.transfers.every()]
