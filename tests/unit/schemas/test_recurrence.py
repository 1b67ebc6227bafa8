"""Windows that come again: by the clock of their place, through summer time, with days left out, for a year."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.recurrence import REACH, Recurrence

BOSTON, SHANGHAI = "America/New_York", "Asia/Shanghai"


def recurrence(start: str, rule: str, *, zone: str = SHANGHAI, hours: float = 2, **more: Any) -> Recurrence:
    """Return windows of some hours that begin at a local ``start`` and come again by ``rule``."""
    begin = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    return Recurrence.model_validate(
        {"first": {"start": begin, "end": begin + timedelta(hours=hours)}, "rule": rule, "zone": zone, **more}
    )


def local(found: Recurrence) -> list[str]:
    """Return when the windows begin by the clock of their place."""
    return [window.start.astimezone(ZoneInfo(found.zone)).strftime("%Y-%m-%d %H:%M") for window in found.windows()]


def test_every_saturday_morning() -> None:
    found = recurrence("2026-11-21T09:00", "FREQ=WEEKLY;BYDAY=SA;COUNT=3")
    assert local(found) == ["2026-11-21 09:00", "2026-11-28 09:00", "2026-12-05 09:00"]
    assert all(window.end - window.start == timedelta(hours=2) for window in found.windows())


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=WEEKLY;BYDAY=SA,SU;COUNT=4", ["11-21", "11-22", "11-28", "11-29"]),
        ("FREQ=DAILY;INTERVAL=10;COUNT=3", ["11-21", "12-01", "12-11"]),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=3", ["11-21", "12-05", "12-19"]),
        ("FREQ=MONTHLY;BYDAY=3SA;COUNT=3", ["11-21", "12-19", "01-16"]),
        ("FREQ=MONTHLY;BYDAY=-2SA;COUNT=3", ["11-21", "12-19", "01-23"]),
        ("FREQ=MONTHLY;BYMONTHDAY=21,-1;COUNT=3", ["11-21", "11-30", "12-21"]),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=3SA", ["11-21", "11-20"]),
        ("FREQ=WEEKLY;UNTIL=20261205", ["11-21", "11-28", "12-05"]),
        ("FREQ=WEEKLY;UNTIL=20261205T005959Z", ["11-21", "11-28"]),
        ("FREQ=WEEKLY;UNTIL=20261205T010000Z", ["11-21", "11-28", "12-05"]),
    ],
)
def test_rules(rule: str, days: list[str]) -> None:
    assert [text[5:10] for text in local(recurrence("2026-11-21T09:00", rule))] == days


def test_days_may_be_left_out() -> None:
    found = recurrence("2026-11-21T09:00", "FREQ=WEEKLY;COUNT=3", except_on=[date(2026, 11, 28)])
    assert local(found) == ["2026-11-21 09:00", "2026-12-05 09:00"]


def test_a_day_left_out_is_a_day_of_the_place() -> None:
    found = recurrence("2026-11-21T23:30", "FREQ=DAILY;COUNT=2", zone=BOSTON, except_on=[date(2026, 11, 22)])
    assert local(found) == ["2026-11-21 23:30"], "in UTC it is the 22nd already"


def test_nine_o_clock_stays_nine_o_clock_when_summer_time_begins_and_ends() -> None:
    spring = recurrence("2015-03-07T09:00", "FREQ=DAILY;COUNT=3", zone=BOSTON).windows()
    assert [window.start.hour for window in spring] == [14, 13, 13]
    autumn = recurrence("2015-10-31T09:00", "FREQ=DAILY;COUNT=3", zone=BOSTON).windows()
    assert [window.start.hour for window in autumn] == [13, 14, 14]


def test_the_hours_of_a_night_that_summer_time_shortens_end_by_the_clock() -> None:
    nights = recurrence("2015-03-06T22:00", "FREQ=DAILY;COUNT=3", zone=BOSTON, hours=8).windows()
    assert [(window.end - window.start) / timedelta(hours=1) for window in nights] == [8, 7, 8]


def test_a_day_by_the_clock_may_last_twenty_five_hours() -> None:
    found = recurrence("2015-11-01T00:00", "FREQ=DAILY;COUNT=2", zone=BOSTON, hours=24).windows()
    assert [(window.end - window.start) / timedelta(hours=1) for window in found] == [25, 24]


def test_a_time_that_does_not_exist_is_taken_with_the_offset_before_the_gap() -> None:
    found = recurrence("2015-03-07T02:30", "FREQ=DAILY;COUNT=2", zone=BOSTON)
    assert local(found) == ["2015-03-07 02:30", "2015-03-08 03:30"]


def test_a_time_that_comes_twice_is_the_first() -> None:
    found = recurrence("2015-10-31T01:30", "FREQ=DAILY;COUNT=2", zone=BOSTON, hours=0.25).windows()
    assert found[1].start == datetime(2015, 11, 1, 5, 30, tzinfo=UTC)


def test_it_reaches_a_year() -> None:
    days = recurrence("2026-11-21T09:00", "FREQ=DAILY").windows()
    assert len(days) == REACH.days + 1
    assert len(recurrence("2024-02-29T09:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29").windows()) == 1


def test_it_is_written_in_one_way() -> None:
    one = recurrence("2026-11-21T09:00", "rrule:count=3;byday=SA;freq=weekly")
    assert one == recurrence("2026-11-21T09:00", "FREQ=WEEKLY;COUNT=3;BYDAY=SA")
    assert Recurrence.model_validate_json(one.model_dump_json()) == one


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "WEEKLY",
        "COUNT=3",
        "FREQ=HOURLY",
        "FREQ=SECONDLY;COUNT=3",
        "FREQ=WEEKLY;BYHOUR=9",
        "FREQ=WEEKLY;COUNT=0",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;COUNT=3;UNTIL=20270101",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=1SA",
        "FREQ=WEEKLY;BYDAY=SO",
        "FREQ=WEEKLY;",
        "FREQ=WEEKLY;BYDAY=SU",
        "FREQ=DAILY;BYMONTH=2",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=1SA",
        "FREQ=WEEKLY;UNTIL=20269999T000000Z",
        "FREQ=WEEKLY;UNTIL=2026-12-01",
    ],
)
def test_what_is_no_rule_of_ours_is_refused(rule: str) -> None:
    with pytest.raises(ValidationError, match="impossible_window"):
        recurrence("2026-11-21T09:00", rule)


def test_other_things_that_cannot_be() -> None:
    with pytest.raises(ValidationError, match="no time zone"):
        Recurrence.model_validate(
            {
                "first": {"start": "2026-11-21T09:00Z", "end": "2026-11-21T10:00Z"},
                "rule": "FREQ=DAILY",
                "zone": "Mars/Olympus",
            }
        )
    with pytest.raises(ValidationError, match="a day long at most"):
        recurrence("2026-11-21T09:00", "FREQ=WEEKLY", hours=25)
    for year in ("0001-01-02", "9999-12-30"):
        with pytest.raises(ValidationError, match="beyond the calendar"):
            recurrence(f"{year}T09:00", "FREQ=WEEKLY")


_MOMENTS = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2028, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([ZoneInfo(BOSTON), ZoneInfo(SHANGHAI)]),
)
_RULES = (
    "FREQ=DAILY",
    "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=MONTHLY",
    "FREQ=YEARLY",
    "FREQ=MONTHLY;BYMONTHDAY={day}",
    "FREQ=WEEKLY;BYDAY={weekday},MO",
    "FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}",
    "FREQ=DAILY;BYMONTHDAY={last}",
)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


_LENGTHS = st.integers(1, 23 * 60)
"""Minutes by the clock; where summer time ends, more than these may last longer than a day."""


@given(start=_MOMENTS, minutes=_LENGTHS, rule=st.sampled_from(_RULES))
def test_every_window_is_of_the_rule_in_order_and_within_a_year(start: datetime, minutes: int, rule: str) -> None:
    zone = start.tzinfo
    assert isinstance(zone, ZoneInfo)
    start = start.astimezone(UTC).astimezone(zone)  # a time that exists
    days = (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    text = rule.format(
        day=start.day, weekday=_WEEKDAYS[start.weekday()], month=start.month, last=start.day - days.day - 1
    )
    found = Recurrence.model_validate(
        {"first": {"start": start, "end": start + timedelta(minutes=minutes)}, "rule": text, "zone": zone.key}
    )
    windows = found.windows()
    assert windows[0].start <= found.first.start
    assert len(windows) <= REACH.days + 1
    for one, other in pairwise(windows):
        assert one.start < other.start <= found.first.start + REACH + timedelta(hours=1)
    clock = {window.start.astimezone(zone).replace(tzinfo=None).time() for window in windows}
    assert start.replace(tzinfo=None).time() in clock
