"""Large pools: a shortlist of each line's best pairs, and what was left off, decide as all pairs at once do.

Small towns are made to go the way of large ones, with shortlists so short that much is left off.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.round.matched import Matching
from matcher.round.matching import match
from matcher.solving import grid
from matcher.solving.market import Solution
from matcher.solving.prices import certificate, margins, outbidding
from matcher.state.columns import Ints
from schemas.base import Fact
from schemas.demands import Demand
from schemas.policy import Pace, Policy
from tests.builders import SMALL_CATALOGUE, at
from tests.property.agreement import assert_best, assert_seats_are_single, assert_true
from tests.property.large import as_if_large, opened
from tests.property.oracle import Book
from tests.property.strategies import FEWER, demands, policies, pools
from tests.property.test_matcher_candidates import district
from tests.property.test_matcher_previews import NEWCOMER, previewed, whole, with_it
from tests.town import Town


def among_all(full: Matching, large: Matching) -> Ints:
    """Return where the pairs of a large pool's market are among all allowed pairs."""
    width = len(full.market.supply)
    keys = full.pairs.line * width + full.pairs.resource
    place = np.searchsorted(keys, large.pairs.line * width + large.pairs.resource)
    assert (keys[place] == large.pairs.line * width + large.pairs.resource).all()
    return place


def assert_as_all_pairs(full: Matching, large: Matching) -> None:
    """Assert that the market of a large pool has the optimum, prices and margins that all pairs give."""
    place = among_all(full, large)
    assert (full.market.worth[place] == large.market.worth).all()
    assert (full.pairs.start[place] == large.pairs.start).all()
    taken = np.zeros(len(full.market.line), np.int64)
    taken[place] = large.solution.taken
    solution = Solution(taken, large.solution.components)
    assert certificate(full.market, solution, large.prices) == full.certificate == large.certificate
    assert full.prices.line.tolist() == large.prices.line.tolist()
    assert full.prices.resource.tolist() == large.prices.resource.tolist()
    assert margins(full.market, solution, full.prices)[place].tolist() == large.margins.tolist()
    assert full.allowed == large.allowed == len(full.pairs.line)
    assert full.left_out.tolist() == large.left_out.tolist()


@given(
    facts=pools(most=5, teams=False),
    policy=policies(),
    spare=st.integers(0, 2),
    block=st.integers(1, 9),
    together=st.booleans(),
)
def test_a_shortlisted_round_is_the_best_that_all_pairs_allow(
    facts: list[Fact], policy: Policy, spare: int, block: int, together: bool
) -> None:
    town, book = Town(*facts, policy=policy), Book(SMALL_CATALOGUE)
    for fact in facts:
        book.read(fact)
    with as_if_large(spare=spare, block=block, together=together):
        decided = town.decide(at())
    pool = book.pool(at(), policy)
    assert_best(book, decided, pool)
    assert_true(book, pool, decided, now=at(), policy=policy)
    assert_seats_are_single(book, decided, {})


@given(facts=pools(most=6, teams=False), policy=policies(), spare=st.integers(0, 2))
def test_prices_margins_and_what_outbids_are_those_of_all_pairs(facts: list[Fact], policy: Policy, spare: int) -> None:
    board, seats = opened(Town(*facts, policy=policy), policy)
    full = match(board, seats)
    with as_if_large(spare=spare):
        bare, large = match(board, seats, rivals=False), match(board, seats)
    assert_as_all_pairs(full, bare)
    assert_as_all_pairs(full, large)
    taken = np.zeros(len(full.market.line), np.int64)
    taken[among_all(full, large)] = large.solution.taken
    for line in range(len(full.market.need)):
        expected = outbidding(full.market, Solution(taken, 1), line)
        assert outbidding(large.market, large.solution, line).tolist() == expected.tolist()


@pytest.mark.parametrize(("offers", "asks", "spare"), [(300, 150, 2), (120, 250, 1), (400, 60, 0)])
def test_a_district_with_plenty_or_with_little(offers: int, asks: int, spare: int) -> None:
    policy = Policy(pace=Pace(most_seats=4_000))
    board, seats = opened(Town(*district(5, offers=offers, asks=asks), policy=policy), policy)
    full = match(board, seats)
    assert full.allowed > 1_000
    with as_if_large(spare=spare, block=2_000):
        assert_as_all_pairs(full, match(board, seats, rivals=False))
        assert_as_all_pairs(full, match(board, seats))


def test_most_of_a_large_pool_is_left_off_and_never_looked_at_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    allowed = grid.allowed
    board, seats = opened(Town(*district(6, offers=600, asks=60)), Policy())
    full = match(board, seats)
    monkeypatch.setattr(
        grid,
        "allowed",
        lambda board, mine, theirs: looked_at.append(mine.size * theirs.size) or allowed(board, mine, theirs),
    )
    with as_if_large(spare=4, block=1_000):
        large = match(board, seats, rivals=False)
    assert_as_all_pairs(full, large)
    assert len(large.pairs.line) < 0.2 * large.allowed
    assert max(looked_at) <= 1_000


def test_a_round_takes_on_the_same_lines_however_large_its_pool() -> None:
    policy = Policy(pace=Pace(most_seats=40))
    board, seats = opened(Town(*district(7, offers=200, asks=100), policy=policy), policy)
    full = match(board, seats)
    assert full.left_out.any()
    with as_if_large(block=500):
        assert_as_all_pairs(full, match(board, seats))


@FEWER
@given(
    facts=pools(most=6, teams=False),
    demand=demands(NEWCOMER, teams=False),
    policy=policies().map(whole),
    spare=st.integers(0, 2),
)
def test_a_demand_put_into_a_large_round_adds_what_a_round_with_it_would(
    facts: list[Fact], demand: Demand, policy: Policy, spare: int
) -> None:
    before, after = Town(*facts, policy=policy).decide(), with_it(facts, demand, policy)
    with as_if_large(spare=spare, changes=sum(line.quantity for line in demand.lines)):
        told = previewed(Town(*facts, policy=policy), demand)
    assert told.adds == after.certificate.value - before.certificate.value
