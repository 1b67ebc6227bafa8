"""Every round of a small pool is the best there is: checked by trying everything, and by its own proof."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Fact
from schemas.policy import Policy
from tests.builders import SMALL_CATALOGUE, at
from tests.property.agreement import assert_agreed
from tests.property.oracle import Book
from tests.property.strategies import policies, pools
from tests.town import Answer, Town

ANSWERS = st.none() | st.sampled_from(get_args(Answer))


@given(facts=pools(), policy=policies())
def test_a_round_gives_the_most_that_the_open_seats_are_worth(facts: list[Fact], policy: Policy) -> None:
    town, book = Town(*facts, policy=policy), Book(SMALL_CATALOGUE)
    for fact in facts:
        book.read(fact)
    assert_agreed(book, town, town.decide(at()), now=at(), policy=policy)


@given(facts=pools(most=3), policy=policies(), said=st.lists(ANSWERS, max_size=8), hours=st.integers(0, 8))
def test_the_next_round_keeps_every_no_and_gives_what_came_back(
    facts: list[Fact], policy: Policy, said: list[Answer | None], hours: int
) -> None:
    town, book = Town(*facts, policy=policy), Book(SMALL_CATALOGUE)
    for fact in facts:
        book.read(fact)
    first = town.round(at())
    book.read(first)
    for proposal, word in zip(first.proposals, said, strict=False):
        if word is not None:
            town.answer(proposal, word)
            book.read(town.journal[-1].event.data)
    second = town.decide(at(hours / 2))
    assert_agreed(book, town, second, now=at(hours / 2), policy=policy)
    noes = {(p.demand_id, p.resource_id) for p, word in zip(first.proposals, said, strict=False) if word == "declined"}
    assert not noes & {(p.demand_id, p.resource_id) for p in second.proposals}
