"""A pool of middling size: the array operations find the pairs that plain loops find, in blocks of any size."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.pairs import candidates
from schemas.base import Fact
from schemas.demands import Urgency
from schemas.policy import Policy
from tests.builders import (
    HERE,
    INSURANCE,
    LICENCE,
    SAME_CITY,
    SAME_DISTRICT,
    SAME_STREET,
    SHARD,
    SMALL_CATALOGUE,
    at,
    line,
    offered,
    posted,
    window,
)
from tests.property.agreement import matcher_pairs
from tests.property.oracle import Book, proven
from tests.property.strategies import FEWER
from tests.town import Town

PLACES = (HERE, SAME_STREET, SAME_DISTRICT, f"{SHARD}003007")
SCOPES = ((SHARD,), (SHARD,), (HERE[:9],), (SAME_DISTRICT, SAME_STREET), ("3101",), ("32",))


def district(seed: int, *, offers: int, asks: int) -> list[Fact]:
    """Return many entries, drawn by a seed because drawing them one by one would take too long."""
    draw, items = random.Random(seed), sorted(SMALL_CATALOGUE.items)
    facts: list[Fact] = []
    for number in range(offers):
        starts = sorted(draw.sample(range(0, 24), draw.choice([0, 1, 3])))
        facts.append(
            offered(
                f"r{number}",
                item=draw.choice(items),
                home=draw.choice([*PLACES, SAME_CITY]),
                scope=draw.choice(SCOPES),
                windows=tuple(window(start / 2, start / 2 + draw.choice([1, 2, 5])) for start in starts),
                capacity=draw.choice([1, 1, 3]),
                notice_minutes=draw.choice([0, 0, 90]),
                qualifications=draw.choice([(), (LICENCE,), (INSURANCE,), (LICENCE, INSURANCE)]),
            )
        )
    for number in range(asks):
        start = draw.randint(0, 12) / 2
        asked = [line(draw.choice(items), draw.choice([1, 1, 4]), siblings=draw.random() < 0.7) for _ in range(2)]
        facts.append(
            posted(
                f"d{number}",
                *asked,
                community=draw.choice(PLACES),
                window=window(start, start + draw.choice([2, 3, 8])),
                duration_minutes=draw.choice([30, 60, 120]),
                urgency=draw.choice(list(Urgency)),
                risky=draw.random() < 0.5,
                posted_at=at(-draw.randint(0, 50)),
            )
        )
    draw.shuffle(facts)
    return facts


@FEWER
@given(seed=st.integers(0, 2**32), block=st.sampled_from([1, 7, 100, candidates.BLOCK]))
def test_pairs_values_and_starts_are_those_of_plain_loops(seed: int, block: int) -> None:
    facts = district(seed, offers=24, asks=16)
    town, book, policy = Town(*facts), Book(SMALL_CATALOGUE), Policy()
    for fact in facts:
        book.read(fact)
    pool = book.pool(at(), policy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidates, "BLOCK", block)
        found, decided = matcher_pairs(town, at(), policy), town.decide()
    assert found == {pair: (worth.total, worth.starts_at) for pair, worth in pool.pairs.items()}
    assert list(found) == sorted(found, key=lambda pair: (pair[0], pair[1], pair[2]))
    assert proven(decided, pool) is None
    assert sum(proposal.value for proposal in decided.proposals) == decided.certificate.value
