"""Calendars: when something can be had, as half-open stretches; many of them as a table to look up the first fit in."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from matcher.state.columns import FOREVER, Bools, Ints, Rows
from matcher.state.fold import from_ms, to_ms
from schemas.base import Window
from schemas.transfers import Span

Calendar = tuple[tuple[int, int], ...]
"""Half-open stretches (start ms, end ms), sorted, not overlapping."""

ALWAYS: Final[Calendar] = ((-FOREVER, FOREVER),)
NEVER: Final = 2**61
"""Later than every window: no slot."""

NEAR_MS: Final = 31 * 24 * 3_600_000
"""Windows farther than this from every demand are left aside: a calendar may hold a year of them."""


def calendar_of(windows: Iterable[Window], *, first: int = -FOREVER, last: int = FOREVER) -> Calendar:
    """Return windows as a calendar, joined where they touch, from ``first`` to ``last`` (ms)."""
    return joined(((to_ms(window.start), to_ms(window.end)) for window in windows), first=first, last=last)


def calendar_of_spans(spans: Iterable[Span]) -> Calendar:
    """Return spans as a calendar; where they have no bound it has none."""
    return joined(
        (-FOREVER if span.start is None else to_ms(span.start), FOREVER if span.end is None else to_ms(span.end))
        for span in spans
    )


def spans_of(calendar: Calendar) -> tuple[Span, ...]:
    """Return a calendar as spans."""
    return tuple(
        Span(start=None if start <= -FOREVER else from_ms(start), end=None if end >= FOREVER else from_ms(end))
        for start, end in calendar
    )


def joined(stretches: Iterable[tuple[int, int]], *, first: int = -FOREVER, last: int = FOREVER) -> Calendar:
    """Return stretches (ms) of any order as a calendar, from ``first`` to ``last``."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        low, high = max(start, first), min(end, last)
        if low >= high:
            continue
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def near(calendar: Calendar, demands: Rows, *, now_ms: int) -> Calendar:
    """Return the part of a calendar that can matter to some demand, or to one that is moved by a month."""
    if not len(demands):
        return ()
    since = max(now_ms, int(demands["start"].min()) - NEAR_MS)
    first = bisect_right(calendar, since, key=lambda window: window[1])
    last = bisect_left(calendar, int(demands["end"].max()) + NEAR_MS, key=lambda window: window[0])
    return calendar[first:last]


@dataclass(frozen=True, slots=True)
class Timetable:
    """Calendars side by side: ``starts``, ``ends`` (calendars, windows), padded with empty windows."""

    starts: Ints
    ends: Ints

    @classmethod
    def of(cls, calendars: Sequence[Calendar]) -> Self:
        """Return the table of ``calendars``, a row each."""
        width = max((len(calendar) for calendar in calendars), default=0)
        starts = np.zeros((len(calendars), width), np.int64)
        ends = np.full((len(calendars), width), -NEVER, np.int64)
        for row, calendar in enumerate(calendars):
            for column, (start, end) in enumerate(calendar):
                starts[row, column], ends[row, column] = start, end
        return cls(starts, ends)

    @property
    def binds(self) -> bool:
        """Whether some calendar has an end."""
        return bool((self.starts > -FOREVER).any() or (self.ends < FOREVER).any())

    def first_fit(self, row: Ints, since: Ints, duration: Ints) -> Ints:
        """Return the first start at or after ``since`` of so long a job within one window of its row, or NEVER.

        All three are broadcast against each other; the result has their common shape.
        """
        best = np.full(np.broadcast_shapes(np.shape(row), np.shape(since), np.shape(duration)), NEVER, np.int64)
        for window in range(self.starts.shape[1]):
            begin = np.maximum(since, self.starts[row, window])
            best = np.where((begin + duration <= self.ends[row, window]) & (begin < best), begin, best)
        return best

    def hold(self, row: Ints, start: Ints, end: Ints) -> Bools:
        """Return whether the slots (n,) from ``start`` to ``end`` each lie within one window of their row."""
        inside = (self.starts[row] <= start[:, None]) & (end[:, None] <= self.ends[row])
        return np.asarray(inside.any(axis=1), bool)
