"""The hard rules: each alone decides whether a pair may be proposed at all."""

from typing import Any

import pytest

from schemas.policy import Policy, Rules
from schemas.resources import ResourceKind
from schemas.rounds import Proposal
from tests.builders import (
    HAIR,
    HERE,
    INSURANCE,
    LAMP,
    LICENCE,
    LOCK,
    MEAL,
    PRESSURE,
    SAME_DISTRICT,
    SAME_STREET,
    at,
    line,
    offered,
    posted,
    window,
)
from tests.town import Town


def proposed(offer: dict[str, Any], ask: dict[str, Any], *lines: Any, **rules: bool) -> Proposal | None:
    """Return what a round at noon proposes for one offer and one demand."""
    town = Town(offered(**offer), posted("d1", *lines, **ask), policy=Policy(rules=Rules(**rules)))
    proposals = town.decide().proposals
    return proposals[0] if proposals else None


# -- item ---------------------------------------------------------------------------------------------------------


def test_the_item_asked_for_is_given() -> None:
    assert proposed({"item": HAIR}, {}, line(HAIR, siblings=False))


def test_a_sibling_is_given_where_the_line_takes_it() -> None:
    assert proposed({"item": MEAL}, {}, line(HAIR, siblings=True))


def test_no_sibling_where_the_line_does_not_take_it() -> None:
    assert not proposed({"item": MEAL}, {}, line(HAIR, siblings=False))


def test_no_sibling_where_the_policy_forbids_it() -> None:
    assert not proposed({"item": MEAL}, {}, line(HAIR, siblings=True), siblings=False)
    assert proposed({"item": HAIR}, {}, line(HAIR, siblings=True), siblings=False)


def test_money_stands_in_for_nothing_else_but_is_given_to_who_asks_for_it() -> None:
    money = {"item": MEAL, "kind": ResourceKind.FUND}
    assert not proposed(money, {}, line(HAIR, siblings=True))
    assert proposed(money, {}, line(MEAL, siblings=True))
    assert proposed({"item": MEAL, "kind": ResourceKind.GOODS}, {}, line(HAIR, siblings=True))


def test_another_category_never() -> None:
    assert not proposed({"item": LAMP}, {}, line(HAIR, siblings=True))


# -- scope --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["31", "3101", "310105", HERE[:9], HERE])
def test_a_scope_covers_everything_below_its_prefix(scope: str) -> None:
    assert proposed({"scope": (scope,)}, {"community": HERE})


@pytest.mark.parametrize("scope", ["32", "3102", "310106", SAME_DISTRICT[:9], SAME_STREET])
def test_a_scope_covers_nothing_beside_its_prefix(scope: str) -> None:
    assert not proposed({"scope": (scope,)}, {"community": HERE})


def test_one_prefix_of_several_is_enough() -> None:
    assert proposed({"scope": (SAME_STREET, "32", HERE[:9])}, {"community": HERE})


# -- gates --------------------------------------------------------------------------------------------------------


def test_a_licensed_category_asks_for_the_licence() -> None:
    assert not proposed({"item": PRESSURE}, {}, line(PRESSURE))
    assert not proposed({"item": PRESSURE, "qualifications": (INSURANCE,)}, {}, line(PRESSURE))
    assert proposed({"item": PRESSURE, "qualifications": ("choir", LICENCE)}, {}, line(PRESSURE))


def test_insurance_is_asked_for_risky_work_only() -> None:
    assert proposed({"item": LAMP}, {"risky": False}, line(LAMP))
    assert not proposed({"item": LAMP}, {"risky": True}, line(LAMP))
    assert not proposed({"item": LAMP, "qualifications": (LICENCE,)}, {"risky": True}, line(LAMP))
    assert proposed({"item": LAMP, "qualifications": (INSURANCE,)}, {"risky": True}, line(LAMP))
    assert proposed({"item": LOCK, "qualifications": (INSURANCE,)}, {"risky": True}, line(LAMP))


def test_risky_work_of_an_open_category_needs_nothing() -> None:
    assert proposed({"item": HAIR}, {"risky": True}, line(HAIR))


def test_a_policy_may_waive_the_gates() -> None:
    assert proposed({"item": PRESSURE}, {}, line(PRESSURE), gates=False)
    assert proposed({"item": LAMP}, {"risky": True}, line(LAMP), gates=False)


# -- time ---------------------------------------------------------------------------------------------------------


def slot(offer: dict[str, Any], ask: dict[str, Any]) -> tuple[float, float] | None:
    """Return the proposed start and end, in hours after noon."""
    given = proposed(offer, ask)
    if given is None:
        return None
    return (given.starts_at - at()).total_seconds() / 3600, (given.ends_at - at()).total_seconds() / 3600


def test_a_job_starts_as_early_as_both_windows_allow() -> None:
    assert slot({}, {"window": window(1, 9)}) == (1, 2)
    assert slot({"windows": (window(3, 5),)}, {"window": window(1, 9)}) == (3, 4)
    assert slot({"windows": (window(0, 5),)}, {"window": window(2, 9)}) == (2, 3)


def test_a_job_fits_exactly_or_not_at_all() -> None:
    assert slot({"windows": (window(3, 4),)}, {"duration_minutes": 60}) == (3, 4)
    assert slot({"windows": (window(3, 4),)}, {"duration_minutes": 61}) is None
    assert slot({"windows": (window(8, 12),)}, {"window": window(1, 9), "duration_minutes": 60}) == (8, 9)
    assert slot({"windows": (window(8, 12),)}, {"window": window(1, 9), "duration_minutes": 61}) is None


def test_windows_that_only_touch_have_no_common_time() -> None:
    assert slot({"windows": (window(9, 12),)}, {"window": window(1, 9), "duration_minutes": 1}) is None


def test_windows_of_one_resource_that_touch_or_overlap_are_one() -> None:
    long = {"window": window(0, 9), "duration_minutes": 180}
    assert slot({"windows": (window(2, 3), window(3, 5))}, long) == (2, 5)
    assert slot({"windows": (window(3, 5), window(2, 4))}, long) == (2, 5)
    assert slot({"windows": (window(2, 6), window(3, 4))}, long) == (2, 5)
    assert slot({"windows": (window(2, 3), window(4, 6))}, long) is None


def test_a_window_too_short_is_passed_over_for_a_later_one() -> None:
    assert slot({"windows": (window(6, 8), window(2, 3))}, {"duration_minutes": 90}) == (6, 7.5)


def test_validity_bounds_the_windows() -> None:
    assert slot({"valid_from": at(4)}, {}) == (4, 5)
    assert slot({"valid_to": at(2)}, {}) == (1, 2)
    assert slot({"valid_to": at(1.5)}, {}) is None
    assert slot({"valid_from": at(3.5), "windows": (window(3, 4), window(6, 8))}, {}) == (6, 7)
    assert slot({"valid_to": at(2), "windows": (window(3, 4),)}, {}) is None


def test_nothing_starts_in_the_past() -> None:
    assert slot({}, {"window": window(-3, 9)}) == (0, 1)
    assert slot({"windows": (window(-3, 0.5),)}, {"window": window(-3, 9)}) is None


def test_minimum_notice_is_kept() -> None:
    assert slot({"notice_minutes": 60}, {"window": window(1, 9)}) == (1, 2)
    assert slot({"notice_minutes": 90}, {"window": window(1, 9)}) == (1.5, 2.5)
    assert slot({"notice_minutes": 480}, {"window": window(1, 9)}) == (8, 9)
    assert slot({"notice_minutes": 481}, {"window": window(1, 9)}) is None


def test_windows_in_other_time_zones_are_the_same_instants() -> None:
    shanghai = {"windows": ({"start": "2026-11-21T15:00:00+08:00", "end": "2026-11-21T16:00:00+08:00"},)}
    assert slot(shanghai, {}) == (3, 4)


def test_many_windows_are_all_looked_at() -> None:
    short = [window(n / 2, n / 2 + 0.25) for n in range(-40, 23)]
    assert slot({"windows": (*short, window(30, 31))}, {"window": window(1, 40)}) == (30, 31)
