"""One round as a whole: odd pools, what the record says, and that it depends on nothing else."""

import hashlib

import pytest

from matcher.round.decide import SOLVER, decide
from matcher.round.proposals import assignment_id
from matcher.state.pool import freeze
from schemas.envelope import MAX_VALUE_BYTES, encode
from schemas.policy import Policy, ServiceWeights
from schemas.rounds import InputOffset
from tests.builders import (
    HAIR,
    HERE,
    LAMP,
    MEAL,
    SAME_DISTRICT,
    SAME_STREET,
    SHARD,
    at,
    demand_gone,
    event,
    line,
    offered,
    posted,
    resource_gone,
    suspended,
)
from tests.town import Town, pairs_of

# -- odd pools ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "town",
    [
        Town(),
        Town(offered()),
        Town(posted()),
        Town(offered(), suspended()),
        Town(offered(), resource_gone(), posted(), demand_gone()),
        Town(resource_gone(), demand_gone()),
        Town(offered(item=LAMP), posted("d1", line(HAIR))),
        Town(offered(valid_to=at(0.1)), posted()),
    ],
)
def test_a_round_without_pairs_decides_nothing_and_is_proven(town: Town) -> None:
    decided = town.round()
    assert (decided.proposals, decided.transitions, decided.lapsed) == ((), (), ())
    assert (decided.line_prices, decided.resource_prices) == ((), ())
    assert (decided.size.pairs, decided.size.components) == (0, 0)
    proof = decided.certificate
    assert (proof.holds, proof.value, proof.price_sum, proof.worst_gap) == (True, 0, 0, 0)


def test_quantities_and_capacities_above_one_are_given_seat_by_seat() -> None:
    town = Town(
        offered("r1", capacity=3), offered("r2"), posted("d1", line(quantity=2)), posted("d2", line(quantity=2))
    )
    decided = town.round()
    assert pairs_of(decided) == [("d1", "r1"), ("d1", "r1"), ("d2", "r1"), ("d2", "r2")]
    assert sorted(p.resource_seat for p in decided.proposals if p.resource_id == "r1") == [0, 1, 2]
    assert sorted((p.demand_id, p.seat) for p in decided.proposals) == [("d1", 0), ("d1", 1), ("d2", 0), ("d2", 1)]


def test_several_lines_of_a_demand_are_filled_on_their_own() -> None:
    town = Town(offered("r1"), offered("r2", item=LAMP), posted("d1", line(HAIR), line(LAMP), line(MEAL, 2)))
    assert sorted((p.line, p.resource_id) for p in town.round().proposals) == [(0, "r1"), (1, "r2")]
    town.tell(offered("r3", item=MEAL, capacity=5))
    assert [(p.line, p.seat, p.resource_seat) for p in town.round().proposals] == [(2, 0, 0), (2, 1, 1)]


def test_two_lines_of_one_demand_compete_like_strangers() -> None:
    town = Town(offered("r1"), posted("d1", line(MEAL), line(HAIR)))
    (proposal,) = town.round().proposals
    assert (proposal.line, proposal.offered_item) == (1, HAIR)


def test_seats_freed_are_given_again_lowest_first() -> None:
    town = Town(offered("r1", capacity=3), posted("d1"), posted("d2"), posted("d3"))
    first = town.round().proposals
    for proposal in first:
        if proposal.resource_seat != 1:
            town.answer(proposal, "done")
    town.tell(posted("d4"), posted("d5"))
    assert sorted(p.resource_seat for p in town.round().proposals) == [0, 2]


def test_nothing_is_decided_twice() -> None:
    town = Town(offered("r1", capacity=2), posted("d1"), posted("d2"))
    assert len(town.round().proposals) == 2
    again = town.round()
    assert (again.proposals, again.transitions, again.size.line_seats, again.size.resource_seats) == ((), (), 0, 0)


def test_a_thousand_seats_meet_ten_thousand() -> None:
    lines = [line(HAIR, 1000) for _ in range(3)]
    town = Town(*(offered(f"r{n}", capacity=10_000) for n in range(3)), posted("d1", *lines))
    decided = town.round()
    assert len(decided.proposals) == 3000
    assert len({(p.line, p.seat) for p in decided.proposals}) == 3000
    assert len({(p.resource_id, p.resource_seat) for p in decided.proposals}) == 3000
    assert decided.certificate.holds


# -- what the record says ----------------------------------------------------------------------------------------


def test_the_record_says_what_decided_it() -> None:
    town = Town(offered(), posted(), policy=Policy(name="street", version=4))
    inputs = [InputOffset(topic="cobuild.demands.v1", partition=3, offset=17)]
    decided = decide(freeze(town.state), now=at(1), policy=town.policy, cause="whistle", inputs=inputs)
    assert (decided.shard, decided.round_no, decided.decided_at, decided.cause) == (SHARD, 1, at(1), "whistle")
    assert (decided.policy.name, decided.policy.version) == ("street", 4)
    assert decided.policy == town.policy.ref
    assert (decided.solver, decided.inputs) == (SOLVER, tuple(inputs))


def test_another_weight_is_another_policy_by_its_digest() -> None:
    assert Policy().ref.digest != Policy(service=ServiceWeights(base=2001)).ref.digest
    assert Policy().ref == Policy().ref


def test_the_size_counts_what_was_open() -> None:
    town = Town(
        offered("r1", capacity=3),
        offered("r2", item=LAMP),
        posted("d1", line(HAIR, 2), line(MEAL)),
        posted("d2", line(LAMP, 4, siblings=False)),
    )
    size = town.decide().size
    assert (size.lines, size.line_seats, size.resources, size.resource_seats) == (3, 7, 2, 4)
    assert (size.pairs, size.components) == (3, 2)


def test_prices_are_told_where_they_are_not_zero() -> None:
    town = Town(offered("r1"), posted("d1"), posted("d2", community=SAME_STREET), posted("d3", community=SAME_DISTRICT))
    decided = town.decide()
    assert [(price.demand_id, price.line, price.price) for price in decided.line_prices] == [("d1", 0, 500)]
    assert [(price.resource_id, price.price) for price in decided.resource_prices] == [("r1", 3500)]


def test_an_assignments_id_is_a_function_of_round_and_seats() -> None:
    (proposal,) = Town(offered(), posted()).round().proposals
    text = f"{SHARD}|1|d1|0|0|r1|0"
    assert proposal.assignment_id == hashlib.sha256(text.encode()).hexdigest()[:32]
    same = {"shard": SHARD, "round_no": 1, "demand": "d1", "line": 0, "seat": 0, "resource": "r1", "held": 0}
    others = [{"round_no": 2}, {"seat": 1}, {"held": 1}, {"line": 1}, {"demand": "d2"}, {"shard": "310106"}]
    ids = {assignment_id(**same | other) for other in [{}, *others]}
    assert len(ids) == 1 + len(others)
    assert proposal.assignment_id in ids


def test_proposals_and_transitions_are_in_a_fixed_order() -> None:
    town = Town(*(offered(f"r{n}") for n in (3, 1, 2, 0)), *(posted(f"d{n}") for n in (2, 0, 3, 1)))
    decided = town.round()
    assert [p.demand_id for p in decided.proposals] == ["d0", "d1", "d2", "d3"]
    for proposal in decided.proposals:
        town.answer(proposal, "accepted")
    moved = [transition.assignment_id for transition in town.round().transitions]
    assert moved == sorted(moved)
    assert len(moved) == 4


def test_a_tie_goes_the_same_way_whoever_came_first() -> None:
    one = Town(offered("r1"), offered("r2"), posted("d1"), posted("d2"), posted("d3"))
    other = Town(posted("d3"), offered("r2"), posted("d1"), offered("r1"), posted("d2"))
    assert one.decide().proposals == other.decide().proposals


# -- purity -------------------------------------------------------------------------------------------------------


def test_deciding_changes_nothing_and_depends_on_nothing_else() -> None:
    town = Town(offered("r1", home=HERE), offered("r2"), posted("d1"), posted("d2"))
    frozen = freeze(town.state)
    first = decide(frozen, now=at(), policy=town.policy, cause="interval", inputs=[])
    town.round()
    town.tell(offered("r3"), demand_gone("d1"))
    assert decide(frozen, now=at(), policy=town.policy, cause="interval", inputs=[]) == first
    assert decide(frozen, now=at(), policy=town.policy, cause="interval", inputs=[]).model_dump_json() == (
        first.model_dump_json()
    )


def test_a_frozen_pool_is_a_copy() -> None:
    town = Town(offered("r1"), posted("d1"))
    frozen = freeze(town.state)
    ids = list(frozen.demand_ids), list(frozen.resource_ids)
    town.tell(*(offered(f"x{n}") for n in range(40)), *(posted(f"x{n}") for n in range(40)))
    town.round()
    assert (frozen.demand_ids, frozen.resource_ids) == ids
    assert (len(frozen.demands), len(frozen.resources), len(frozen.live), frozen.round_no) == (1, 1, 0, 0)


def test_only_what_is_open_is_frozen() -> None:
    town = Town(*(offered(f"r{n}", renewable=False) for n in range(20)), *(posted(f"d{n}") for n in range(20)))
    for proposal in town.round().proposals:
        town.answer(proposal, "done")
    town.round()
    frozen = freeze(town.state)
    assert (frozen.demand_ids, frozen.live_ids, len(frozen.lines)) == ([], [], 0)


def test_a_record_of_a_thousand_proposals_fits_into_one_message() -> None:
    town = Town(offered(capacity=1000), posted("d1", line(quantity=1000)))
    decided = town.round()
    _, _, value = encode(event(decided, event_id="round"))
    assert len(decided.proposals) == 1000
    assert len(value) < MAX_VALUE_BYTES / 8
