"""Periods of reports by the clock of a place: a month, a quarter, half a year, a year. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo

from schemas.refusals import Refused

Cycle = Literal["month", "quarter", "half-year", "year"]
CHINA: Final = "Asia/Shanghai"

_MONTHS: Final[dict[Cycle, int]] = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
_WRITTEN: Final[dict[Cycle, re.Pattern[str]]] = {
    "month": re.compile(r"-(0[1-9]|1[0-2])"),
    "quarter": re.compile(r"-Q([1-4])"),
    "half-year": re.compile(r"-H([12])"),
    "year": re.compile(r"()"),
}
_YEAR: Final = re.compile(r"20[0-9]{2}|21[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Period:
    """The ``number``-th stretch of a cycle in a year, counted from 1, by the clock of ``zone``."""

    cycle: Cycle
    year: int
    number: int
    zone: ZoneInfo

    @classmethod
    def of(cls, text: str, *, zone: str = CHINA, cycle: Cycle | None = None) -> Self:
        """Return the period that ``2026-11``, ``2026-Q4``, ``2026-H2`` or ``2026`` names.

        Raises:
            Refused: ``bad_time`` where it names none, or one of another ``cycle``; where there is no such ``zone``.
        """
        year, rest = text[:4], text[4:]
        for found, written in _WRITTEN.items():
            match = written.fullmatch(rest)
            if match and _YEAR.fullmatch(year) and cycle in (None, found):
                return cls(found, int(year), int(match[1] or 1), _zone(zone))
        raise Refused("bad_time", "a month is 2026-11, a quarter 2026-Q4, half a year 2026-H2, a year 2026")

    @property
    def text(self) -> str:
        """Return the period as it is written in an address."""
        rest = {"month": f"-{self.number:02}", "quarter": f"-Q{self.number}", "half-year": f"-H{self.number}"}
        return f"{self.year}{rest.get(self.cycle, '')}"

    @property
    def start(self) -> datetime:
        """Return the instant at which it begins, in UTC."""
        month = (self.number - 1) * _MONTHS[self.cycle] + 1
        return datetime(self.year, month, 1, tzinfo=self.zone).astimezone(UTC)

    @property
    def end(self) -> datetime:
        """Return the instant at which the next one begins, in UTC: it does not belong to this one."""
        return self._beside(1).start

    @property
    def before(self) -> Self:
        """Return the period before this one, of the same cycle."""
        return self._beside(-1)

    def begun(self, now: datetime) -> Self:
        """Return this period.

        Raises:
            Refused: ``too_early`` where it has not begun ``now``: there is nothing to tell of it.
        """
        if now < self.start:
            first = f"{self.start.astimezone(self.zone):%Y-%m-%d}"
            raise Refused(
                "too_early", f"{self.text} begins on {first}; there is nothing to report yet", field="path:period"
            )
        return self

    def _beside(self, step: int) -> Self:
        in_a_year = 12 // _MONTHS[self.cycle]
        year, place = divmod(self.year * in_a_year + self.number - 1 + step, in_a_year)
        return type(self)(self.cycle, year, place + 1, self.zone)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Refused("bad_time", f"{name[:40]!r} is no time zone of the IANA database", field="query:zone") from None
