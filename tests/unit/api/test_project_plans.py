"""A project's plan in cells: milestones and lines of the budget come back as they went, and people may be brief."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.imports.plans import budget, milestones, of_budget, of_milestones
from schemas.lives.budget import BudgetLine
from schemas.lives.project_steps import Milestone
from schemas.refusals import Refused

_odd = st.text(st.sampled_from("|｜/／\\\n 12:0开"), min_size=1, max_size=12) | st.text(min_size=1, max_size=12)
# A text has no blanks around it, and U+0000 is in none.
texts = _odd.map(lambda text: text.replace("\0", "").strip() + "桌")
moments = st.datetimes(datetime(2026, 12, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
funds = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,8}", fullmatch=True)


@given(found=st.lists(st.builds(Milestone, title=texts, due=moments), max_size=3))
@example(found=[Milestone(title="a\\", due="2026-12-01T00:00Z"), Milestone(title="8:30 开门", due="2026-12-02T00:00Z")])
@example(found=[Milestone(title="年底", due="9999-12-31T20:00Z")])
def test_milestones_come_back_as_they_went(found: list[Milestone]) -> None:
    assert [Milestone(**each) for each in milestones(of_milestones(found))] == found


@given(found=st.lists(st.builds(BudgetLine, title=texts, earmark=texts, fund=funds, amount=st.integers(1, 10**13))))
@example(found=[BudgetLine(title="a/b", earmark="c/d|e\\", fund="r-1", amount=1)])
def test_a_budget_comes_back_as_it_went(found: list[BudgetLine]) -> None:
    assert [BudgetLine(**each) for each in budget(of_budget(found))] == found


def test_people_may_write_days_and_sums_as_they_are_used_to() -> None:
    opened, full = milestones("2030年6月1日 开桌\n2030/7/1 8：30 满月 | ")
    assert (opened["due"].isoformat(), opened["title"]) == ("2030-06-02T00:00:00+08:00", "开桌")
    assert (full["due"].isoformat(), full["title"]) == ("2030-07-01T08:30:00+08:00", "满月")
    (line,) = budget("r-1 300,000分 餐具／只用于助餐")
    assert line == {"fund": "r-1", "amount": 300_000, "title": "餐具", "earmark": "只用于助餐"}


@pytest.mark.parametrize("text", ["开桌", "2030-06-01", "2030-13-01 开桌", "2030-06-01 开桌 | 满月"])
def test_a_milestone_without_a_day_or_a_name_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="bad_time"):
        milestones(text)


@pytest.mark.parametrize("text", ["r-1", "r-1 餐具 / 助餐", "r-1 300 餐具", "300 餐具 / 助餐", "r-1 3.5 餐具 / 助餐"])
def test_a_line_without_fund_sum_or_earmark_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="invalid_value"):
        budget(text)
