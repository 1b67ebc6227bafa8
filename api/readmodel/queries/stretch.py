"""A region and a half-open stretch of time: what happened then and there, and how long things took."""

from collections.abc import Iterable
from datetime import datetime
from statistics import median_low
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, ColumnElement, and_, type_coerce

from api.readmodel.queries.filters import in_region

_SECOND = 1_000_000


class Stretch(NamedTuple):
    """A region (a prefix, "" for the country) and a half-open stretch of time."""

    region: str
    since: datetime
    until: datetime

    def has(self, at: Column[datetime], community: Column[str]) -> ColumnElement[bool]:
        """Whether something happened then and there."""
        return and_(at >= self.since, at < self.until, in_region(community, self.region))


def micros(column: Column[datetime]) -> ColumnElement[int]:
    """Return an instant as the whole number that the database keeps."""
    return type_coerce(column, BigInteger)


def median_s(stays: Iterable[Any]) -> int | None:
    """Return the lower median of spans of microseconds, in whole seconds; None of nothing."""
    found = sorted(stays)
    return median_low(found) // _SECOND if found else None
