"""Entries as they travel: another shard has on its tables what the home has, but for what is the home's affair."""

from hypothesis import given
from hypothesis import strategies as st

from matcher.round.carrying import carried_demand, carried_resource
from matcher.state.calendars import Calendar
from matcher.state.columns import Rows
from matcher.state.pool import Frozen, freeze
from matcher.state.shard import ShardState
from schemas.demands import Demand, DemandPosted
from schemas.resources import Resource, ResourceOffered
from schemas.transfers import CarriedDemand, CarriedResource
from tests.builders import NOON, SHARD, SMALL_CATALOGUE, demand_gone, suspended, whistled
from tests.property.strategies import FEWER, demands, resources
from tests.town import Town

OF_HOME = ("mark", "guest", "since", "in_person", "lender", "shown")
NUMBERS = ("hours", "requester", "calendar", "provider", "scope", "admission", "first_line", "net")
"""Numbers of shared values: what they stand for is compared."""


def same(here: Rows, there: Rows) -> None:
    for name in here.dtype.names or ():
        if name not in (*OF_HOME, *NUMBERS):
            assert here[name].tolist() == there[name].tolist(), name


def hours_of(frozen: Frozen) -> list[Calendar]:
    return [frozen.hours[int(row["hours"])] for row in frozen.demands]


def offers_of(frozen: Frozen) -> list[tuple[object, ...]]:
    return [
        (
            frozen.scopes[int(row["scope"])],
            frozen.calendars[int(row["calendar"])],
            frozen.admissions[int(row["admission"])],
        )
        for row in frozen.resources
    ]


@FEWER
@given(asked=demands("d1"), news=st.sampled_from(["none", "whistled", "withdrawn"]))
def test_a_demand_is_elsewhere_what_it_is_at_home(asked: Demand, news: str) -> None:
    town = Town(DemandPosted(demand=asked))
    town.tell(*{"none": [], "whistled": [whistled("d1")], "withdrawn": [demand_gone("d1")]}[news])
    here = freeze(town.state, also="d1")
    carried = CarriedDemand.model_validate_json(carried_demand(here, 0).model_dump_json())
    away = ShardState("3101", SMALL_CATALOGUE)
    row = away.demands.put_guest(carried)
    away.seats.move(row, (0, 0), 1)
    there = freeze(away, also="d1")
    same(here.demands, there.demands)
    assert here.lines.tolist() == there.lines.tolist()
    assert (here.requesters, here.demand_ids) == (there.requesters, there.demand_ids)
    assert hours_of(here) == hours_of(there)
    assert carried_demand(there, 0) == carried
    assert carried.open == (news != "withdrawn")


@FEWER
@given(offer=resources("r1"), rests=st.booleans())
def test_a_resource_is_elsewhere_what_it_is_at_home(offer: Resource, rests: bool) -> None:
    town = Town(ResourceOffered(resource=offer.model_copy(update={"home": SHARD + offer.home[6:]})))
    town.tell(*([suspended("r1")] if rests else []))
    here = freeze(town.state)
    carried = CarriedResource.model_validate_json(carried_resource(here, 0).model_dump_json())
    away = ShardState("3101", SMALL_CATALOGUE)
    away.resources.put_shown(carried, lender=SHARD)
    there = freeze(away)
    same(here.resources, there.resources)
    assert (here.providers, here.resource_ids) == (there.providers, there.resource_ids)
    assert offers_of(here) == offers_of(there)
    assert carried_resource(there, 0) == carried
    assert there.resources["lender"].tolist() == [int(SHARD)]
    assert offer.offered_at == NOON
