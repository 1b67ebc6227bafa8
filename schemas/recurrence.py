"""Windows that come again, by RFC 5545 (iCalendar): the first one, the rule by which it repeats, the place's time zone.

1. The rule is expanded in local time, so that nine o'clock stays nine o'clock when summer time begins or ends. A local
   time that does not exist is taken with the offset before the gap, one that comes twice is the first (section 3.3.5).
2. Only whole days and more repeat: DAILY, WEEKLY, MONTHLY, YEARLY, with INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY,
   BYMONTH and WKST. The first window obeys the rule itself, so that expanding it always finds something and ends.
3. It reaches a year from its first window: an offer is looked at again once a year, and revised to go on.
"""

import calendar
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from pydantic import AfterValidator, Field, model_validator

from schemas.base import Fact, Window

REACH: Final = timedelta(days=366)
_YEARS: Final = (1970, 9990)
_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PARTS: Final = {
    "FREQ": re.compile("|".join(_FREQUENCIES)),
    "INTERVAL": re.compile(r"[1-9][0-9]{0,2}"),
    "COUNT": re.compile(r"[1-9][0-9]{0,2}"),
    "UNTIL": re.compile(r"[0-9]{8}(T[0-9]{6}Z)?"),
    "BYDAY": re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)){0,6}"),
    "BYMONTHDAY": re.compile(r"-?(3[01]|[12][0-9]|[1-9])(,-?(3[01]|[12][0-9]|[1-9])){0,30}"),
    "BYMONTH": re.compile(r"(1[0-2]|[1-9])(,(1[0-2]|[1-9])){0,11}"),
    "WKST": re.compile("|".join(_WEEKDAYS)),
}


def _rule(text: str) -> str:
    """Return a rule in its canonical order; raise ValueError where it is none, or one that we do not follow."""
    parts = dict(_part(part) for part in text.upper().removeprefix("RRULE:").split(";"))
    if len(parts) != text.count(";") + 1:
        raise ValueError("impossible_window: a part of the rule is said twice")
    if "FREQ" not in parts:
        raise ValueError("impossible_window: a rule says FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("impossible_window: a rule ends by COUNT or by UNTIL, not by both")
    if parts["FREQ"] in ("DAILY", "WEEKLY") and any(char.isdigit() for char in parts.get("BYDAY", "")):
        raise ValueError("impossible_window: only months and years have a first or a last weekday")
    return ";".join(f"{name}={parts[name]}" for name in _PARTS if name in parts)


def _part(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    known = _PARTS.get(name)
    if known is None or not known.fullmatch(value):
        raise ValueError(f"impossible_window: {text} is no part of a rule that is followed here")
    return name, value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"invalid_value: {name} is no time zone of the IANA database") from None
    return name


class Recurrence(Fact):
    """See the module's rules."""

    first: Annotated[Window, Field(description="The first window; its length by the clock is that of all.")]
    rule: Annotated[
        str,
        Field(
            max_length=200, examples=["FREQ=WEEKLY;BYDAY=SA,SU;COUNT=20"], description="A recurrence rule, RFC 5545."
        ),
        AfterValidator(_rule),
    ]
    zone: Annotated[
        str,
        Field(max_length=64, description="Whose clock the rule follows, as the IANA names it."),
        AfterValidator(_zone),
    ] = "Asia/Shanghai"
    except_on: Annotated[
        tuple[date, ...], Field(max_length=100, description="Days, by that clock, on which it does not begin.")
    ] = ()

    @model_validator(mode="after")
    def _the_first_obeys_its_rule(self) -> Self:
        if not _YEARS[0] <= self.first.start.year <= _YEARS[1]:
            raise ValueError("impossible_window: beyond the calendar")
        if self._local(self.first.end) - self._local(self.first.start) > timedelta(days=1):
            raise ValueError("impossible_window: a window that repeats is a day long at most")
        try:
            self._naive_rule()
        except ValueError:
            raise ValueError("impossible_window: UNTIL is no day and no moment") from None
        if not self._obeys(self._local(self.first.start)):
            raise ValueError("impossible_window: the first window does not obey the rule")
        return self

    def windows(self) -> tuple[Window, ...]:
        """Return every window within a year of the first one, in order."""
        zone = ZoneInfo(self.zone)
        length = self._local(self.first.end) - self._local(self.first.start)
        found = []
        for start in self._starts():
            begin, end = start.replace(tzinfo=zone), (start + length).replace(tzinfo=zone)
            if begin.timestamp() < end.timestamp():  # not swallowed whole by the hour that summer time takes away
                found.append(Window(start=begin, end=end))
        return tuple(found)

    def _starts(self) -> Iterator[datetime]:
        first, left_out = self._local(self.first.start), set(self.except_on)
        rule = rrulestr(self._naive_rule(), dtstart=first)
        last = first + REACH
        starts = (start.replace(microsecond=first.microsecond) for start in rule)  # which the rule cuts off
        return (start for start in takewhile(lambda moment: moment <= last, starts) if start.date() not in left_out)

    def _local(self, moment: datetime) -> datetime:
        """Return the clock of the place at ``moment``, without a zone."""
        return moment.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)

    def _naive_rule(self) -> str:
        """Return the rule with its end by the clock of the place; a day as the end means all of that day."""
        until = re.search(r"UNTIL=([0-9TZ]+)", self.rule)
        if until is None:
            return self.rule
        if until[1].endswith("Z"):
            moment = datetime.strptime(until[1], "%Y%m%dT%H%M%S%z")
            local = self._local(moment)
        else:
            local = datetime.strptime(until[1], "%Y%m%d").replace(hour=23, minute=59, second=59)  # noqa: DTZ007 - local
        return self.rule.replace(until[0], f"UNTIL={local:%Y%m%dT%H%M%S}")

    def _obeys(self, start: datetime) -> bool:
        parts = dict(part.split("=") for part in self.rule.split(";"))
        months, days = parts.get("BYMONTH"), parts.get("BYMONTHDAY")
        if months and str(start.month) not in months.split(","):
            return False
        if days and not {str(start.day), str(start.day - _days_in(start) - 1)} & set(days.split(",")):
            return False
        return "BYDAY" not in parts or any(
            _is_weekday(start, each, yearly=parts["FREQ"] == "YEARLY" and not months)
            for each in parts["BYDAY"].split(",")
        )


def _days_in(moment: datetime) -> int:
    return calendar.monthrange(moment.year, moment.month)[1]


def _is_weekday(moment: datetime, text: str, *, yearly: bool) -> bool:
    """Return whether a day is such a weekday, such as ``SA``, or ``-1FR``: the last Friday of its month or year."""
    if moment.weekday() != _WEEKDAYS.index(text[-2:]):
        return False
    if len(text) == 2:
        return True
    place, length = (
        (moment.timetuple().tm_yday, 365 + calendar.isleap(moment.year)) if yearly else (moment.day, _days_in(moment))
    )
    number = int(text[:-2])
    return (place - 1) // 7 + 1 == number if number > 0 else (length - place) // 7 + 1 == -number
