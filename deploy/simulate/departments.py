"""The departments at work: they read what was assigned to them and report it done when their day ends.

A seat is held from its round to the report. What was assigned before a working day's end is reported at that end,
so a seat does one job per working day; what comes in at night or on a holiday takes a seat of the next working day.
"""

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from deploy.simulate.cast import SOURCE, resource_id_of
from deploy.simulate.source import Cell
from schemas.assignments import AssignmentConfirmed, AssignmentExpired, AssignmentRevoked
from schemas.base import Fact
from schemas.envelope import Event, new_event
from schemas.responses import AssignmentDone

Closes = Mapping[str, Sequence[datetime]]
"""By resource, the instants at which its working days end, in ascending order."""


def every_day(cells: Iterable[Cell], closes: Sequence[datetime]) -> Closes:
    """Every resource works on every working day: the plain reading of "so many a day"."""
    return {resource_id_of(cell): closes for cell in cells}


def active_days(cells: Iterable[Cell], closes: Sequence[datetime]) -> Closes:
    """Every resource works on as many days as its department was seen at this work, evenly spread over the year."""
    return {resource_id_of(cell): _spread(closes, cell.active_days) for cell in cells}


class Departments:
    """All departments together; ``hear`` what the matcher says, ``reports`` says what they answer."""

    def __init__(self, closes: Closes) -> None:
        self._closes = closes
        self._due: list[tuple[datetime, str, str]] = []
        self._held: set[str] = set()

    @property
    def jobs_in_work(self) -> int:
        """How many jobs were assigned and are not yet done."""
        return len(self._held)

    def hear(self, events: Iterable[Event[Fact]]) -> None:
        """Take note of jobs that were assigned, or taken away again."""
        for event in events:
            match event.data:
                case AssignmentConfirmed() as confirmed:
                    self._take(confirmed)
                case AssignmentRevoked(assignment_id=gone) | AssignmentExpired(assignment_id=gone):
                    self._held.discard(gone)

    def reports(self, now: datetime) -> list[Event[Fact]]:
        """Return a report of every job whose working day has ended by ``now``; each is returned once."""
        found: list[Event[Fact]] = []
        while self._due and self._due[0][0] <= now:
            closed_at, assignment_id, shard = heapq.heappop(self._due)
            if assignment_id in self._held:
                self._held.remove(assignment_id)
                done = AssignmentDone(assignment_id=assignment_id, shard=shard, at=closed_at)
                found.append(new_event(done, id=f"done-{assignment_id}", source=SOURCE, key=shard, time=closed_at))
        return found

    def _take(self, confirmed: AssignmentConfirmed) -> None:
        """Plan the job's report; a confirmation that is read twice plans it once."""
        if confirmed.assignment_id in self._held:
            return
        self._held.add(confirmed.assignment_id)
        closes = self._closes[confirmed.resource_id]
        next_close = bisect_right(closes, confirmed.at)
        if next_close < len(closes):
            heapq.heappush(self._due, (closes[next_close], confirmed.assignment_id, confirmed.shard))


def _spread(closes: Sequence[datetime], count: int) -> Sequence[datetime]:
    """Return ``count`` of the closes, evenly spread; all of them where there are no more."""
    if count >= len(closes):
        return closes
    return [closes[(2 * place + 1) * len(closes) // (2 * count)] for place in range(count)]
