"""Several stretches of time in one cell, to be read and to be written: windows, and windows that come again.

    2030-06-01 09:00/2030-06-01 12:00 | 2030-06-08 09:00/2030-06-08 12:00
    2030-06-01 09:00/2030-06-01 12:00 FREQ=WEEKLY;BYDAY=SA TZID=Asia/Shanghai EXDATE=2030-06-15

The words behind a window are those of RFC 5545. Every reader takes the text of a cell and raises Refused ``bad_time``.
"""

import re
from datetime import datetime
from typing import Any

from api.imports.words import LOCAL, instant
from schemas.base import Window
from schemas.recurrence import Recurrence
from schemas.refusals import Refused

_BETWEEN = re.compile(r"[|｜\n]")
_WORD = re.compile(r"\s+(?=(?:RRULE:)?FREQ=|TZID=|EXDATE=)")
_NAMES = {"FREQ": "rule", "TZID": "zone", "EXDATE": "except_on"}


def written(moment: datetime) -> str:
    """Return an instant as a cell holds it, by Shanghai's clock; seconds only where there are some."""
    try:
        local = moment.astimezone(LOCAL).replace(tzinfo=None)
    except OverflowError:  # the last hours of the calendar are over in Shanghai
        return moment.isoformat()
    return local.isoformat(" ", "auto" if local.second or local.microsecond else "minutes")


def windows(text: str) -> tuple[dict[str, datetime], ...]:
    """Return the windows that a cell names."""
    return tuple(_window(part) for part in _BETWEEN.split(text) if part.strip())


def recurring(text: str) -> tuple[dict[str, Any], ...]:
    """Return the windows that come again, as ``Recurrence`` takes them."""
    return tuple(_recurrence(part) for part in _BETWEEN.split(text) if part.strip())


def of_windows(found: tuple[Window, ...]) -> str:
    """Return windows as ``windows`` reads them."""
    return " | ".join(map(_of_window, found))


def of_recurring(found: tuple[Recurrence, ...]) -> str:
    """Return windows that come again as ``recurring`` reads them."""
    return " | ".join(map(_of_recurrence, found))


def _window(text: str) -> dict[str, datetime]:
    start, between, end = text.partition("/")
    if not between:
        raise Refused("bad_time", "2030-06-01 09:00/2030-06-01 12:00")
    return {"start": instant(start), "end": instant(end, ends=True)}


def _recurrence(text: str) -> dict[str, Any]:
    first, *words = _WORD.split(text.strip())
    told: dict[str, Any] = {"first": _window(first)}
    for word in words:
        name, _, value = word.removeprefix("RRULE:").partition("=")
        told[_NAMES[name]] = word if name == "FREQ" else value.split(",") if name == "EXDATE" else value
    if "rule" not in told:
        raise Refused("bad_time", "2030-06-01 09:00/2030-06-01 12:00 FREQ=WEEKLY;BYDAY=SA")
    return told


def _of_window(window: Window) -> str:
    return f"{written(window.start)}/{written(window.end)}"


def _of_recurrence(found: Recurrence) -> str:
    days = ",".join(day.isoformat() for day in found.except_on)
    return f"{_of_window(found.first)} {found.rule} TZID={found.zone}" + (f" EXDATE={days}" if days else "")
