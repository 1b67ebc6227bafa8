"""For who wants to help: which open demands an offer would serve, who would get it, and who else could do it."""

import pytest

from matcher.reasons.offers import demands_for, preview_offer
from matcher.reasons.solved import Solved, solved
from matcher.state.pool import freeze
from schemas.demands import Urgency
from schemas.preview import OfferPreview
from schemas.refusals import Refused
from tests.builders import HERE, MEAL, SAME_STREET, at, line, offered, posted, resource, resource_gone
from tests.town import Town, pairs_of


def round_of(town: Town) -> Solved:
    return solved(freeze(town.state), now=at(), policy=town.policy)


def given(told: OfferPreview) -> dict[str, int]:
    """Return the seats that each demand would be given."""
    return {chance.demand_id: chance.given for chance in told.chances if chance.given}


def test_what_nobody_else_can_serve_is_said_to_be_so() -> None:
    town = Town(offered("r1", scope=(HERE,)), posted("d1"), posted("d2", community=SAME_STREET))
    told = preview_offer(round_of(town), resource("z", capacity=2))
    assert {chance.demand_id: chance.only for chance in told.chances} == {"d1": False, "d2": True}
    assert given(told) == {"d2": 1}
    assert (told.given, told.demands) == (1, 2)
    assert told.adds == next(chance.value for chance in told.chances if chance.demand_id == "d2")


def test_where_others_do_as_well_an_offer_adds_nothing_and_is_not_given() -> None:
    town = Town(offered("r1"), posted("d1"))
    told = preview_offer(round_of(town), resource("z"))
    assert (told.demands, told.given, told.adds) == (1, 0, 0)
    assert (told.chances[0].value > 0, told.chances[0].adds, told.chances[0].only) == (True, 0, False)


def test_the_pressing_demand_gets_the_only_seat() -> None:
    town = Town(posted("d1"), posted("d2", urgency=Urgency.WHISTLE), posted("d3", line(MEAL)))
    told = preview_offer(round_of(town), resource("z"))
    assert given(told) == {"d2": 1}
    assert [chance.demand_id for chance in told.chances][:2] == ["d2", "d1"]
    assert told.chances[0].adds - told.chances[1].adds == told.chances[0].value - told.chances[1].value


@pytest.mark.parametrize("name", ["a-new", "z-new"])
def test_between_demands_worth_the_same_an_offer_on_the_list_goes_where_the_round_gives_it(name: str) -> None:
    """A preview, from the round without the offer, may find the other of two optima; the list may not."""
    facts = (offered("r0"), offered("r1", home=SAME_STREET), posted("d0"), posted("d1"))
    town = Town(*facts, offered(name))
    told = demands_for(round_of(town), resource_id=name)
    assert list(given(told).items()) == [(d, 1) for d, r in pairs_of(town.decide()) if r == name]
    foretold = preview_offer(round_of(Town(*facts)), resource(name))
    assert (foretold.given, foretold.adds) == (told.given, told.adds)
    assert {(c.demand_id, c.adds) for c in foretold.chances} == {(c.demand_id, c.adds) for c in told.chances}


@pytest.mark.parametrize("name", ["r1", "r2"])
def test_an_offer_that_is_gone_or_never_came_is_not_found(name: str) -> None:
    town = Town(offered("r1"), posted("d1"), resource_gone("r1"))
    with pytest.raises(Refused, match="not_found"):
        demands_for(round_of(town), resource_id=name)
