"""Virtual time: the hours of the simulated year and the days on which departments work."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from deploy.simulate.source import LOCAL, Request

HOUR = timedelta(hours=1)
CLOSE = time(17, 0)
"""When a working day ends, local time: 94 % of the city's own closings lie before it."""
IDLE_SHARE = 0.2
"""A weekday with fewer closings than this share of the median weekday was no working day."""


def midnight(day: date) -> datetime:
    """Return the instant at which ``day`` begins in Boston, in UTC."""
    return datetime.combine(day, time.min, tzinfo=LOCAL).astimezone(UTC)


def hours(*, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the end of every hour from ``start`` on; the last one is not before ``end``."""
    now = start
    while now < end:
        now += HOUR
        yield now


def working_days(requests: Iterable[Request], *, year: int) -> frozenset[date]:
    """Return the weekdays of ``year`` on which the log shows departments at work.

    Holidays need no list: on them the city closed next to nothing. Where the log holds no closing at all (a part
    of a year, a made-up log), every weekday is a working day.
    """
    closings = Counter(request.closed_at.astimezone(LOCAL).date() for request in requests if request.closed_at)
    weekdays = [day for day in _days(year) if day.weekday() < 5]
    usual = median(closings[day] for day in weekdays)
    return frozenset(day for day in weekdays if closings[day] >= IDLE_SHARE * usual)


def closes(days: Iterable[date]) -> list[datetime]:
    """Return the instants at which the given working days end, in order, in UTC."""
    return [datetime.combine(day, CLOSE, tzinfo=LOCAL).astimezone(UTC) for day in sorted(days)]


def _days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)
