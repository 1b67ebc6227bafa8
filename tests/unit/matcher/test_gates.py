"""Gates that entries set, and those of the catalogue: each alone decides, is counted, and binds later too."""

from typing import Any

import pytest

from matcher.pairs.gates import binding
from matcher.state.pool import freeze
from schemas.catalogue import Category, load_catalogue
from schemas.demands import Beneficiary, Fitness
from schemas.policy import Policy, Rules
from schemas.resources import AccessMode
from tests.builders import (
    FAR,
    HERE,
    SAME_DISTRICT,
    at,
    changed,
    demand,
    line,
    offered,
    posted,
    resource,
    revised,
    window,
)
from tests.town import Town, ended, pairs_of

PAID: dict[str, Any] = {"access": AccessMode.PAID}
GATES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("beneficiary", {"serves": (Beneficiary.ELDERLY,)}, {"beneficiary": Beneficiary.CHILDREN}),
    ("beneficiary", {"serves": (Beneficiary.ELDERLY,)}, {}),
    ("fitness", {}, {"needs": (Fitness.ADULT,)}),
    ("fitness", {"fitness": (Fitness.ADULT, Fitness.NIGHT)}, {"needs": (Fitness.ADULT, Fitness.HEIGHTS)}),
    ("cost", PAID | {"fee": 31}, {"cost_cap": 30}),
    ("cost", PAID | {"fee": 1}, {"cost_cap": 0}),
    ("cost", PAID, {"cost_cap": 10**9}),
    ("admission", {"admits": (SAME_DISTRICT,)}, {}),
    ("admission", {"admits": ("team:others", SAME_DISTRICT[:9])}, {}),
]
"""A rule, and what of either side breaks it."""
OPEN: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"serves": (Beneficiary.POOR, Beneficiary.ELDERLY)}, {"beneficiary": Beneficiary.ELDERLY}),
    ({}, {"beneficiary": Beneficiary.ILL}),
    ({"fitness": (Fitness.LIFTING, Fitness.ADULT)}, {"needs": (Fitness.ADULT,)}),
    ({"fitness": (Fitness.LIFTING,)}, {}),
    (PAID | {"fee": 30}, {"cost_cap": 30}),
    (PAID | {"fee": 0}, {"cost_cap": 0}),
    (PAID, {}),
    ({"access": AccessMode.BOOKING}, {"cost_cap": 0}),
    ({"admits": (HERE[:9],)}, {}),
    ({"admits": ("31",)}, {}),
    ({"admits": (f"community:{HERE}",)}, {}),
    ({"admits": ("32", "team:asks")}, {"requester": "team:asks"}),
]
"""What of both sides goes together."""


@pytest.mark.parametrize(("rule", "offer", "ask"), GATES)
def test_what_a_gate_keeps_apart_is_not_proposed_and_is_counted_under_its_name(
    rule: str, offer: dict[str, Any], ask: dict[str, Any]
) -> None:
    town = Town(offered(**offer), posted(**ask))
    assert town.decide().proposals == ()
    why = town.why_line()
    assert (why.verdict, why.failing) == ("no_candidate", {rule: 1})


@pytest.mark.parametrize(("offer", "ask"), OPEN)
def test_what_no_gate_keeps_apart_is_proposed(offer: dict[str, Any], ask: dict[str, Any]) -> None:
    assert pairs_of(Town(offered(**offer), posted(**ask)).decide()) == [("d1", "r1")]


def test_entries_that_set_no_gate_do_not_cost_the_time_to_look() -> None:
    assert binding(freeze(Town(offered(), offered("r2", **PAID), posted()).state)) == ()


@pytest.mark.parametrize(("rule", "offer", "ask"), GATES)
def test_a_gate_binds_beside_entries_that_set_none(rule: str, offer: dict[str, Any], ask: dict[str, Any]) -> None:
    """Each gate is looked at for the whole pool as soon as one entry sets it."""
    town = Town(offered("r1", **offer), posted("d1", **ask), offered("r2", item="health.talk"), posted("d2", line()))
    assert ("d1", "r1") not in pairs_of(town.decide())
    assert len(binding(freeze(town.state))) >= 1
    assert rule in town.why_line("d1").failing


@pytest.mark.parametrize(("rule", "offer", "ask"), GATES)
def test_a_resource_revised_so_that_it_breaks_a_gate_loses_its_assignment(
    rule: str, offer: dict[str, Any], ask: dict[str, Any]
) -> None:
    town = Town(offered(), posted())
    town.answer(town.round().proposals[0], "accepted")
    (held,) = ended(town.round())
    if ask:
        town.tell(revised(demand(), **ask))
    if offer:
        town.tell(changed(resource(), **offer))
    decided = town.round()
    assert ended(decided) == {held: ("revoked", "no_longer_allowed")}, rule
    assert decided.proposals == ()


@pytest.mark.parametrize(("offer", "ask"), OPEN)
def test_a_revision_that_breaks_no_gate_keeps_the_assignment(offer: dict[str, Any], ask: dict[str, Any]) -> None:
    requester = {"requester": ask["requester"]} if "requester" in ask else {}
    town = Town(offered(), posted(**requester))
    town.round()
    town.tell(revised(demand(**requester), **ask), changed(resource(), **offer))
    assert town.round().transitions == ()


def test_nobody_stands_on_two_admission_lists_by_accident() -> None:
    town = Town(
        offered("r1", admits=("team:one",)),
        offered("r2", admits=("team:two",)),
        posted("d1", requester="team:two"),
        posted("d2", requester="team:one"),
        posted("d3", requester="team:three"),
        posted("d4", community=FAR, requester="team:one"),
    )
    assert pairs_of(town.decide()) == [("d1", "r2"), ("d2", "r1")]


def test_the_gates_survive_a_snapshot() -> None:
    town = Town(*(offered(f"r{n}", **offer) for n, (_, offer, _) in enumerate(GATES)))
    town.tell(posted("d1", needs=(Fitness.ADULT,), cost_cap=30))
    again = town.restored()
    assert again.decide() == town.decide()
    assert again.why_line() == town.why_line()


# -- booking --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("access", "notice", "start"),
    [(AccessMode.FREE, 0, 0), (AccessMode.BOOKING, 0, 3), (AccessMode.BOOKING, 240, 4), (AccessMode.FREE, 60, 1)],
)
def test_what_is_booked_starts_after_the_notice_that_bookings_need(
    access: AccessMode, notice: int, start: float
) -> None:
    policy = Policy(rules=Rules(booking_minutes=180))
    town = Town(offered(access=access, notice_minutes=notice), posted(window=window(0, 9)), policy=policy)
    assert [proposal.starts_at for proposal in town.decide().proposals] == [at(start)]


def test_a_booking_that_comes_too_late_fails_by_notice() -> None:
    policy = Policy(rules=Rules(booking_minutes=60 * 9))
    town = Town(offered(access=AccessMode.BOOKING), posted(window=window(0, 9)), policy=policy)
    assert town.decide().proposals == ()
    assert town.why_line().failing == {"notice": 1}
    assert Town(offered(access=AccessMode.BOOKING), posted(window=window(0, 9))).decide().proposals


# -- the catalogue's own ----------------------------------------------------------------------------------------

CATEGORIES = sorted(load_catalogue().categories.values(), key=lambda category: category.category_id)


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.category_id)
@pytest.mark.parametrize("risky", [False, True])
def test_the_gate_of_each_category_binds(category: Category, risky: bool) -> None:
    catalogue = load_catalogue()
    item = next(item.item_id for item in catalogue.items.values() if item.category_id == category.category_id)
    gate = category.required(risky=risky)
    others = tuple(sorted(catalogue.qualifications - {gate}))

    def served(*held: str) -> bool:
        offer = offered(item=item, qualifications=held)
        return bool(Town(offer, posted("d1", line(item), risky=risky), catalogue=catalogue).decide().proposals)

    assert served(*others) is (gate is None)
    assert served(*([gate] if gate else []))


def test_the_gates_of_the_catalogue_are_licences_vetting_training_insurance_and_agreement() -> None:
    assert {category.gate for category in CATEGORIES} == {
        "none",
        "agreement",
        "insurance",
        "insurance_if_risky",
        "licence_for_counselling",
        "licence_for_electric_gas",
        "licence_for_formal_advice",
        "medical_licence",
        "trained_mediator",
        "vetted_home_visit",
        "vetted_minors",
    }
