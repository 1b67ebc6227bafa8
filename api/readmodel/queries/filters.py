"""What lists can be narrowed by, and how that is said in SQL."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ColumnElement, and_, or_, true

LEVELS = (2, 4, 6, 9, 12)
"""How many digits name a region of each level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to narrow a list by; an empty or missing part does not narrow.

    ``region`` is a prefix of 2, 4, 6, 9 or 12 digits. ``party`` is who offers (resources), asks (demands) or
    does either (assignments). ``since`` and ``until`` bound the time the list is sorted by: posted, offered,
    proposed, decided, refused; ``until`` itself is left out.
    """

    region: str = ""
    category: str | None = None
    item: str | None = None
    state: str | None = None
    party: str | None = None
    since: datetime | None = None
    until: datetime | None = None


NO_FILTER = Filter()


def in_region(column: Column[str], prefix: str) -> ColumnElement[bool]:
    """Whether a column of 12-digit codes lies in the region of ``prefix``; a range, so that an index serves it."""
    if not prefix:
        return true()
    if len(prefix) == 12:
        return column == prefix
    return column.between(prefix.ljust(12, "0"), prefix.ljust(12, "9"))


def in_place(column: Column[str], place: str) -> ColumnElement[bool]:
    """Whether a column of communities, each with a grid or without, lies in a region or a grid."""
    if len(place) < LEVELS[-1]:
        return true() if not place else column.between(place.ljust(12, "0"), place.ljust(12, "9") + "~")
    return or_(column == place, column.startswith(f"{place}-", autoescape=True))


def shard_meets(column: Column[str], prefix: str) -> ColumnElement[bool]:
    """Whether a column of shards shares ground with the region of ``prefix``."""
    if not prefix:
        return true()
    above = [prefix[:level] for level in LEVELS if level <= len(prefix)]
    return or_(column.in_(above), and_(column > prefix, column <= prefix.ljust(12, "9")))


def between(column: Column[datetime], filter: Filter) -> ColumnElement[bool]:
    """Whether a time lies in the filter's stretch."""
    parts: list[ColumnElement[bool]] = [true()]
    if filter.since is not None:
        parts.append(column >= filter.since)
    if filter.until is not None:
        parts.append(column < filter.until)
    return and_(*parts)


def equals(column: Column[str], wanted: str | None) -> ColumnElement[bool]:
    """Whether a column holds ``wanted``, if anything is wanted."""
    return true() if wanted is None else column == wanted
