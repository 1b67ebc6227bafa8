"""The book of a fund: whatever is entered in whatever order, its sums agree, and nothing is spent that is not there."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.lifecycle import Step, take
from schemas.lives.fund import FUND, EntryKind, Fund, FundEarmarked, FundGranted, FundReleased, FundReversed, FundUsed
from schemas.refusals import Refused
from schemas.stories.fund import STORY
from schemas.stories.teller import HALL, day

amounts = st.integers(1, 6_000_000)
numbers = st.integers(1, 9)
entries = st.one_of(
    st.tuples(st.just(FundGranted), st.fixed_dictionaries({"amount": amounts})),
    st.tuples(st.just(FundEarmarked), st.fixed_dictionaries({"amount": amounts, "purpose": st.just("扶手")})),
    st.tuples(st.just(FundUsed), st.fixed_dictionaries({"amount": amounts, "against": numbers})),
    st.tuples(st.just(FundReleased), st.fixed_dictionaries({"against": numbers})),
    st.tuples(st.just(FundReversed), st.fixed_dictionaries({"entry": numbers, "reason": st.just("误记")})),
)


@given(st.lists(entries, max_size=14))
def test_the_book_is_never_overdrawn_and_forgets_nothing(attempts: list[tuple[type[Step], dict[str, Any]]]) -> None:
    book: Fund = take(FUND, None, STORY[0])
    for fact, said in attempts:
        ours = {"id": book.id, "step": book.step + 1, "community": book.community, "by": HALL, "document": "文1"}
        step = fact.model_validate(ours | {"at": day(1) + timedelta(hours=book.step)} | said)
        before = book
        try:
            book = take(FUND, book, step)
        except Refused as refused:
            assert refused.code in ("over_spent", "not_found", "not_reversible")
            continue
        kept = [entry.model_copy(update={"reversed_by": None}) for entry in book.entries[: len(before.entries)]]
        assert kept == [entry.model_copy(update={"reversed_by": None}) for entry in before.entries]
        assert book.free >= 0
        assert book.granted == book.free + book.set_aside + book.used
        assert all(book.left_of(entry.number) >= 0 for entry in book._standing(EntryKind.EARMARK))
