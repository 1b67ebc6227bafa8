"""The demo's lists: big enough, varied, valid, and the same for the same seed."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from deploy.demo.neighbours import neighbours
from deploy.demo.proportions import changning, putuo
from deploy.demo.script import Script
from schemas.catalogue import load_catalogue
from schemas.demands import DemandPosted, DemandWhistled, DemandWithdrawn, Urgency
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.envelope import decode, encode, new_event
from schemas.regions import Regions
from schemas.resources import ResourceOffered, ResourceWithdrawn
from schemas.uscc import parse_uscc, unit_kind

START = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def script(*, seed: int = 1, start: datetime = START, scale: float = 1.0) -> Script:
    district = changning(regions=Regions.builtin("cn"), scale=scale)
    return Script(district=district, catalogue=load_catalogue(None), seed=seed, start=start)


@pytest.fixture(scope="module")
def stock():
    return script().stock()


@pytest.fixture(scope="module")
def cues():
    performance = script(scale=0.1)
    performance.stock()
    return list(islice(performance.trickle(), 3000))


def of(model, facts):
    return [fact for fact in facts if isinstance(fact, model)]


def test_the_district_has_the_proportions_of_the_published_figures(stock):
    assert len(of(UnitEnrolled, stock)) == 500
    assert len(of(MemberEnrolled, stock)) == 3_238
    seats = sum(line.quantity for fact in of(DemandPosted, stock) for line in fact.demand.lines)
    assert 1_000 <= seats < 1_020


def test_the_rest_of_the_1600_seats_arrives_within_the_first_minutes(cues):
    early = [cue.fact.demand for cue in cues if cue.at_s < 300 and isinstance(cue.fact, DemandPosted)]
    assert sum(line.quantity for demand in early for line in demand.lines) >= 600


def test_everything_lies_in_real_communities_of_changning(stock):
    real = {region.code for region in Regions.builtin("cn").communities("310105")}
    homes = {fact.community for fact in of(UnitEnrolled, stock) + of(MemberEnrolled, stock)}
    homes |= {fact.resource.home for fact in of(ResourceOffered, stock)}
    homes |= {fact.demand.community for fact in of(DemandPosted, stock)}
    assert homes == real


def test_no_two_units_share_a_code_or_a_name_and_all_codes_are_valid(stock):
    units = of(UnitEnrolled, stock)
    assert len({unit.uscc for unit in units}) == len({unit.name for unit in units}) == len(units)
    assert all(parse_uscc(unit.uscc) == unit.uscc and unit.uscc[2:8] == "310105" for unit in units)
    assert {unit_kind(unit.uscc)[0] for unit in units} >= {"office", "public institution", "company", "sole trader"}


def test_every_entry_has_an_id_of_its_own(stock, cues):
    facts = stock + [cue.fact for cue in cues]
    members = [fact.member_ref for fact in of(MemberEnrolled, stock)]
    assert len(set(members)) == len(members)
    for ids in (
        [fact.resource.resource_id for fact in of(ResourceOffered, facts[len(stock) :])],
        [fact.demand.demand_id for fact in of(DemandPosted, facts[len(stock) :])],
    ):
        assert len(set(ids)) == len(ids)


def test_everything_survives_the_log(stock):
    for number, fact in enumerate(stock):
        event = new_event(fact, id=f"e{number}", source="/demo", key="310105", time=START)
        key, headers, value = encode(event)
        assert decode(topic=event.topic.name, key=key, headers=headers, value=value) == event


def test_items_are_those_of_the_catalogue_and_nearly_all_of_them(stock):
    items = load_catalogue(None).items
    offered = {fact.resource.item for fact in of(ResourceOffered, stock)}
    asked = {line.item for fact in of(DemandPosted, stock) for line in fact.demand.lines}
    assert offered | asked <= items.keys()
    assert len(offered) > 0.95 * len(items)
    assert len({item.partition(".")[0] for item in asked}) == 20


def test_demands_are_mixed(stock):
    demands = [fact.demand for fact in of(DemandPosted, stock)]
    lines = Counter(len(demand.lines) for demand in demands)
    assert set(lines) == {1, 2}
    assert lines[1] > 5 * lines[2]
    assert {demand.urgency for demand in demands} >= {Urgency.NORMAL, Urgency.URGENT, Urgency.WHISTLE}
    assert {line.quantity for demand in demands for line in demand.lines} >= {1, 2, 3, 4}
    assert max(line.quantity for demand in demands for line in demand.lines) <= 5
    assert any(demand.requester.startswith("unit:") for demand in demands)
    assert all(demand.window.start >= START for demand in demands)
    assert all(START - timedelta(hours=72) <= demand.posted_at <= START for demand in demands)
    assert len({demand.title for demand in demands}) > 0.6 * len(demands)


def test_next_door_some_units_offer_to_the_whole_city_and_to_nobody_of_the_district_alone():
    facts = neighbours(putuo(regions=Regions.builtin("cn")), catalogue=load_catalogue(None), seed=1, start=START)
    units, offers = of(UnitEnrolled, facts), [fact.resource for fact in of(ResourceOffered, facts)]
    assert len(units) == 30
    assert len({offer.resource_id for offer in offers}) == len(offers) == 120
    assert {(offer.scope, offer.home[:6]) for offer in offers} == {(("3101",), "310107")}
    assert {offer.provider for offer in offers} == {unit.party for unit in units}


def test_some_offers_lack_what_the_gate_asks_for_and_most_have_it(stock):
    catalogue = load_catalogue(None)
    gated = [
        (catalogue.category_of(fact.resource.item).required(risky=False), fact.resource)
        for fact in of(ResourceOffered, stock)
    ]
    holding = [gate in resource.qualifications for gate, resource in gated if gate]
    assert 0.7 < sum(holding) / len(holding) < 0.95


def test_the_same_seed_and_start_tell_the_same_story(stock, cues):
    again = script(scale=0.1)
    again.stock()
    assert list(islice(again.trickle(), 500)) == cues[:500]
    assert script().stock() == stock
    assert script(seed=2).stock() != stock


def test_another_start_makes_new_entries_by_the_same_people(stock):
    later = script(start=START + timedelta(hours=1)).stock()
    assert [unit.uscc for unit in of(UnitEnrolled, later)] == [unit.uscc for unit in of(UnitEnrolled, stock)]
    ids = {fact.demand.demand_id for fact in of(DemandPosted, stock)}
    assert not ids & {fact.demand.demand_id for fact in of(DemandPosted, later)}


def test_facts_come_in_order_and_at_a_lively_pace(cues):
    times = [cue.at_s for cue in cues]
    assert times == sorted(times)
    first_minute = sum(at_s < 60 for at_s in times)
    assert 120 <= first_minute <= 300
    last_minute = sum(times[-1] - 60 < at_s for at_s in times)
    assert last_minute < 0.5 * first_minute


def test_changes_name_entries_that_came_before_and_each_is_changed_once(cues):
    small_stock = script(scale=0.1).stock()
    posted = {fact.demand.demand_id for fact in of(DemandPosted, small_stock)}
    offered = {fact.resource.resource_id for fact in of(ResourceOffered, small_stock)}
    kinds: Counter[type] = Counter()
    for cue in cues:
        kinds[type(cue.fact)] += 1
        match cue.fact:
            case DemandPosted(demand=demand):
                posted.add(demand.demand_id)
            case ResourceOffered(resource=resource):
                offered.add(resource.resource_id)
            case DemandWhistled(demand_id=gone, version=2) | DemandWithdrawn(demand_id=gone, version=2):
                posted.remove(gone)
            case ResourceWithdrawn(resource_id=gone, version=2):
                offered.remove(gone)
    assert kinds[DemandWhistled] > 20
    assert kinds[DemandWithdrawn] > 20
    assert kinds[ResourceWithdrawn] > 20
    assert kinds[MemberEnrolled] > 100
