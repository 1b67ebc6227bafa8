"""What a round says of lines whose seats sit in another shard, and of claims on them."""

import pytest

from matcher.reasons.explain import why_demand
from matcher.state.pool import freeze
from schemas.demands import Urgency
from schemas.refusals import Refused
from schemas.why import LineWhy
from tests.builders import LAMP, NOON, SAME_CITY, at, claimed, demand_gone, event, line, offered, posted, window
from tests.land import Land

WHISTLE = {"urgency": Urgency.WHISTLE, "window": window(1, 200)}


def why(land: Land, shard: str, *, hours: float = 0, demand_id: str = "d1") -> tuple[LineWhy, ...]:
    frozen = freeze(land.state(shard), also=demand_id)
    return why_demand(frozen, now=at(hours), policy=land.policy, demand_id=demand_id).lines


def test_what_left_is_not_filled_at_home_but_elsewhere() -> None:
    land = Land(posted("d1", **WHISTLE))
    land.settle()
    [told] = why(land, "310105")
    assert (told.verdict, told.filled, told.asked) == ("elsewhere", 0, 1)
    assert told.remedies == ()


def test_the_level_where_it_sits_says_why_nobody_serves_it() -> None:
    land = Land(offered("r1", home=SAME_CITY, item=LAMP, scope=("3101",)), posted("d1", **WHISTLE))
    land.settle()
    [told] = why(land, "delta")
    assert (told.verdict, told.filled, told.considered) == ("no_candidate", 0, 0)
    [passed] = why(land, "3101")
    assert passed.verdict == "elsewhere"


def test_seats_are_filled_where_they_sit_and_open_where_they_are_open() -> None:
    land = Land(offered("r1"), posted("d1", line(quantity=3), **WHISTLE))
    land.settle()
    [home], [above] = why(land, "310105"), why(land, "delta")
    assert (home.verdict, home.filled) == ("elsewhere", 1)
    assert (above.verdict, above.filled) == ("no_candidate", 0)


def test_a_line_that_stayed_is_told_as_ever() -> None:
    land = Land(offered("r1"), posted("d1", line(), line(LAMP), **WHISTLE))
    land.settle()
    stayed, left = why(land, "310105")
    assert (stayed.verdict, stayed.filled) == ("matched", 1)
    assert left.verdict == "elsewhere"


def test_withdrawn_outranks_elsewhere() -> None:
    land = Land(posted("d1", **WHISTLE))
    land.settle()
    land.tell(demand_gone("d1"))
    assert [told.verdict for told in why(land, "310105")] == ["withdrawn"]


def test_who_never_heard_of_a_demand_cannot_say() -> None:
    land = Land(posted("d1", **WHISTLE))
    with pytest.raises(Refused, match="not_found"):
        why(land, "3101")


def test_a_claim_on_what_left_is_told_so_and_on_what_is_filled_as_ever() -> None:
    land = Land(posted("d1", **WHISTLE), posted("d2", line(LAMP)), offered("r2", item=LAMP))
    land.settle()
    land.tell(offered("r1", scope=("310105002",)))
    for number, made in enumerate((claimed("d1", "r1"), claimed("d2", "r2"))):
        land.fold(event(made, event_id=f"c{number}"), "310105")
    decided = land.round("310105", NOON)
    assert {claim.demand_id: claim.outcome for claim in decided.claims} == {"d1": "elsewhere", "d2": "filled"}
