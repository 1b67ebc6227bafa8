"""A budget however it is spent: no line above its amount, nothing ever taken out of the book."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.lives.budget import BudgetLine, Spending, reverse, spend, spent_of
from schemas.refusals import Refused
from schemas.stories.teller import CENTRE, day

BUDGET = tuple(BudgetLine(title="餐具", amount=amount, fund="r-1", earmark="助餐") for amount in (100, 40))
SPENT = st.tuples(st.just("spend"), st.integers(1, 3), st.integers(1, 60))
REVERSED = st.tuples(st.just("reverse"), st.integers(1, 8), st.just(0))


@given(attempts=st.lists(SPENT | REVERSED, max_size=12))
def test_no_line_is_overspent_and_the_book_only_grows(attempts: list[tuple[str, int, int]]) -> None:
    book: tuple[Spending, ...] = ()
    for what, number, amount in attempts:
        before = book
        try:
            if what == "spend":
                book = spend(BUDGET, book, Spending(line=number, amount=amount, purpose="碗", by=CENTRE, at=day(1)))
            else:
                book = reverse(book, number, at=day(2), reason="录错")
        except Refused as refused:
            assert refused.code in ("over_budget", "unknown_reference", "already_done")
            if refused.code == "over_budget":
                assert spent_of(number, book) + amount > BUDGET[number - 1].amount, "refused only what is too much"
            continue
        assert [entry.amount for entry in book][: len(before)] == [entry.amount for entry in before]
        assert len(book) == len(before) + (what == "spend")
        for place, line in enumerate(BUDGET, start=1):
            counted = sum(entry.amount for entry in book if entry.line == place and entry.reversed_at is None)
            assert spent_of(place, book) == counted <= line.amount
