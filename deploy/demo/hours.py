"""When people and places of the demo are free, over the next two weeks, and when things are wanted."""

from datetime import datetime, timedelta, timezone
from random import Random

from schemas.base import Window

SHANGHAI = timezone(timedelta(hours=8))
"""China has one time zone and no daylight saving."""
DAYS = 14


def evenings_and_weekends(at: datetime) -> tuple[Window, ...]:
    """18 to 21 o'clock on weekdays, 9 to 17 at weekends: when people in work have time."""
    return _windows(at, weekday=(18, 21), weekend=(9, 17))


def office_hours(at: datetime) -> tuple[Window, ...]:
    """9 to 17 o'clock on weekdays."""
    return _windows(at, weekday=(9, 17), weekend=None)


def off_peak(at: datetime) -> tuple[Window, ...]:
    """错时: when a unit does not need its rooms and bays itself."""
    return _windows(at, weekday=(17, 22), weekend=(8, 22))


def wanted(at: datetime, *, rng: Random, hours: int) -> Window:
    """A stretch that begins on a full hour between 8 and 19 o'clock in the next ten days and lasts ``hours``."""
    day = at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    start = day + timedelta(days=rng.randint(1, 10), hours=rng.randint(8, 19))
    return Window(start=start, end=start + timedelta(hours=hours))


def _windows(at: datetime, *, weekday: tuple[int, int], weekend: tuple[int, int] | None) -> tuple[Window, ...]:
    """Return one window a day, from the day of ``at`` on, without those that are over."""
    first = at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [first + timedelta(days=number) for number in range(DAYS)]
    hours = [(day, weekday if day.weekday() < 5 else weekend) for day in days]
    windows = [
        Window(start=day + timedelta(hours=span[0]), end=day + timedelta(hours=span[1])) for day, span in hours if span
    ]
    return tuple(window for window in windows if window.end > at)
