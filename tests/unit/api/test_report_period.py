"""Periods of reports: they follow each other without a gap, by the clock of the place."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.language import Language
from api.reports.period import Period
from api.reports.texts import FIGURES, OUTCOMES, cell, period_name, span
from schemas.claims import Outcome
from schemas.refusals import Refused

TEXTS = st.builds(
    lambda year, rest: f"{year}{rest}",
    st.integers(2001, 2198),
    st.sampled_from(
        ["", "-H1", "-H2", *(f"-Q{each}" for each in range(1, 5)), *(f"-{each:02}" for each in range(1, 13))]
    ),
)


@given(text=TEXTS, zone=st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York"]))
def test_a_period_is_written_as_it_is_read_and_ends_where_the_next_begins(text: str, zone: str) -> None:
    period = Period.of(text, zone=zone)
    assert period.text == text
    assert period.before.end == period.start < period.end
    assert period.start.astimezone(period.zone).day == 1
    assert Period.of(period.before.text, zone=zone) == period.before


def test_a_year_is_its_quarters_and_a_quarter_its_months() -> None:
    year = Period.of("2026")
    quarters = [Period.of(f"2026-Q{each}") for each in range(1, 5)]
    assert (quarters[0].start, quarters[-1].end) == (year.start, year.end)
    assert Period.of("2026-H2").start == quarters[2].start == Period.of("2026-07").start
    assert year.start == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert year.end - year.start == timedelta(days=365)


def test_a_month_of_summer_time_is_an_hour_short() -> None:
    march = Period.of("2026-03", zone="America/New_York")
    assert march.end - march.start == timedelta(days=31, hours=-1)


@pytest.mark.parametrize(
    "text", ["", "2026-", "2026-00", "2026-13", "2026-1", "2026-Q5", "2026-H3", "0026", "２０２６"]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        Period.of(text)
    assert refused.value.code == "bad_time"


def test_a_period_is_told_once_it_has_begun() -> None:
    december = Period.of("2026-12")
    assert december.begun(december.start) is december
    with pytest.raises(Refused, match="2026-12 begins on 2026-12-01") as refused:
        december.begun(december.start - timedelta(microseconds=1))
    assert (refused.value.code, refused.value.field) == ("too_early", "path:period")


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("2026-11", "2026 年 11 月", "November 2026"),
        ("2026-Q4", "2026 年第四季度", "the fourth quarter of 2026"),
        ("2026-H1", "2026 年上半年", "the first half of 2026"),
        ("2026", "2026 年度", "2026"),
    ],
)
def test_a_period_has_a_name_in_sentences(text: str, zh: str, en: str) -> None:
    assert (period_name(Period.of(text), "zh"), period_name(Period.of(text), "en")) == (zh, en)


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../etc/passwd", "/etc/localtime"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(Refused) as refused:
        Period.of("2026", zone=zone)
    assert (refused.value.code, refused.value.field) == ("bad_time", "query:zone")


@pytest.mark.parametrize(
    ("seconds", "language", "said"),
    [(None, "zh", "—"), (0, "zh", "不到 1 秒"), (59, "en", "59 s"), (3_600, "zh", "1 小时"),
     (93_784, "zh", "1 天 2 小时"), (86_403, "en", "1 d")],
)  # fmt: skip
def test_spans_are_said_in_two_units_at_most(seconds: int | None, language: Language, said: str) -> None:
    assert span(seconds, language) == said


def test_a_title_cannot_break_a_table() -> None:
    assert cell("一 | 二\n三") == "一 \\| 二 三"


def test_every_outcome_of_a_claim_has_words() -> None:
    assert set(OUTCOMES) == set(Outcome.__args__)  # type: ignore[attr-defined] # a Literal
    assert all(all(names) for names in FIGURES.values())
