"""A stretch of time that a read is about, as its address names it."""

from datetime import datetime, timedelta
from typing import Final

from api.problems import Rejection
from schemas.base import Window
from schemas.refusals import FieldRefusal

_YEARS: Final = (1970, 9000)
"""Far enough from either end of the calendar to add and take away days."""


def span_of(start: datetime, end: datetime, *, most: timedelta) -> Window:
    """Return the stretch; raise Rejection ``impossible_window`` where it is none, too long, or beyond the calendar."""
    if _YEARS[0] <= start.year <= _YEARS[1] and start < end <= start + most:
        return Window(start=start, end=end)
    detail = f"after its begin, and within {most.days} days of it"
    raise Rejection("impossible_window", detail, fields=[FieldRefusal("query:to", "impossible_window", detail)])


def after(start: datetime, length: timedelta) -> datetime:
    """Return the moment so much later, or the same where the calendar ends before."""
    try:
        return start + length
    except OverflowError:
        return start
