"""Calendars less what is committed: of seats that are held per occasion, and of people with several entries.

Of a resource that is held per occasion, a seat is taken only while a job on it lasts.

1. A seat without a live assignment is had as the resource is.
2. Where every seat has some, the resource is *full*: what is committed is taken from the calendar of each seat, with
   the way between two places before and after it. One job may begin when the other ends: stretches are half-open.
3. A round gives a full resource one seat more, the one that is free first; so no two of its jobs meet that nobody
   compared, and a round stays a plain transport problem. The next round follows at once.
4. What a member does in person, through whichever entry, takes from the calendars of all, where the policy says that a
   person is in one place (``people``): an open entry of somebody with jobs is full, and all these jobs are its seat's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.state.calendars import Calendar, joined
from matcher.state.columns import Bools, Ints
from matcher.state.pool import Frozen
from schemas.policy import Policy

NOT_FULL: Final = -1
Job = tuple[int, int, int]
"""Start and end (ms) of a live assignment, and its place."""
Busy = dict[int, dict[int, list[Job]]]
"""Resource row -> seat -> its jobs."""


def busy(frozen: Frozen, *, stays: Bools, policy: Policy) -> Busy:
    """Return what keeps open seats busy for a time, of the live assignments that stay (live,)."""
    live, found = frozen.live, Busy()
    for row in np.flatnonzero(stays & frozen.resources["per_occasion"][live["resource"]]).tolist():
        seats = found.setdefault(int(live["resource"][row]), {})
        seats.setdefault(int(live["resource_seat"][row]), []).append(_job(frozen, row))
    return found | _engaged(frozen, stays) if policy.rules.one_place else found


def _engaged(frozen: Frozen, stays: Bools) -> Busy:
    """Return all jobs of each person, for every entry of that person that may have another; each has one seat."""
    there, taken = frozen.resources["in_person"].copy(), frozen.live["resource"][stays]
    there[taken] &= frozen.resources["per_occasion"][taken]
    mine, provider = np.flatnonzero(there), frozen.resources["provider"]
    held = np.flatnonzero(stays & frozen.resources["in_person"][frozen.live["resource"]])
    member = provider[frozen.live["resource"][held]]
    concerned, jobs = np.isin(member, provider[mine]), dict[int, list[Job]]()
    for row, person in zip(held[concerned].tolist(), member[concerned].tolist(), strict=True):
        jobs.setdefault(person, []).append(_job(frozen, row))
    return {
        row: {0: jobs[person]}
        for row, person in zip(mine.tolist(), provider[mine].tolist(), strict=True)
        if person in jobs
    }


def _job(frozen: Frozen, row: int) -> Job:
    held = frozen.live[row]
    return int(held["starts"]), int(held["ends"]), int(frozen.demands["place"][held["demand"]])


def seats_of(frozen: Frozen, row: int) -> list[int]:
    """Return the seats of a resource that are not used up."""
    spent = frozen.spent.get(row, 0)
    return [seat for seat in range(int(frozen.resources["capacity"][row])) if not spent >> seat & 1]


def full(frozen: Frozen, jobs: Busy) -> list[int]:
    """Return the rows of the resources of which every seat has a job; sorted."""
    return [row for row, seats in sorted(jobs.items()) if (all_ := seats_of(frozen, row)) and seats.keys() >= set(all_)]


@dataclass(frozen=True, slots=True)
class Slots:
    """Calendars of the seats of full resources, by their rows in a timetable.

    ``number`` (resources,) numbers the full resources; ``count`` (resources,) says how many seats are looked at: one of
    each that is not full. ``seat`` and ``away`` (full, seats) are a seat's number, and its row for jobs in places
    where it has none. ``key`` (n,), sorted, names a seat and a place where it has one; ``here`` (n,) is its row there.
    """

    places: int
    number: Ints
    count: Ints
    seat: Ints
    away: Ints
    key: Ints
    here: Ints

    def rows(self, resource: Ints, place: Ints, *, nth: int) -> Ints:
        """Return, for the ``nth`` seat of full resources (n,), the row of its calendar for a job in a place (n,)."""
        number = self.number[resource]
        row = self.away[number, nth]
        if not len(self.key):
            return row
        key = (number * self.away.shape[1] + nth) * self.places + place
        found = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        return np.where(self.key[found] == key, self.here[found], row)


def slots_of(
    frozen: Frozen, *, jobs: Busy, policy: Policy, places: Ints, opening: Sequence[Calendar], first_row: int
) -> tuple[Slots | None, list[Calendar]]:
    """Return the calendars of the seats of full resources, None where there are none; rows begin with ``first_row``.

    Args:
        frozen: the pool.
        jobs: what keeps the seats.
        policy: says how long the way between two communities is.
        places: the distinct places of demands, sorted.
        opening: when each full resource can be had, in order of ``full``.
        first_row: the number of the first calendar returned.
    """
    rows, calendars = full(frozen, jobs), list[Calendar]()
    if not rows:
        return None, calendars
    width = max(len(seats_of(frozen, row)) for row in rows)
    number, count = np.full(len(frozen.resources), NOT_FULL), np.ones(len(frozen.resources), np.int64)
    number[rows] = np.arange(len(rows))
    seat, away = np.zeros((len(rows), width), np.int64), np.zeros((len(rows), width), np.int64)
    special: list[tuple[int, int]] = []
    for place, (row, calendar) in enumerate(zip(rows, opening, strict=True)):
        way = 0 if frozen.resources["stays_put"][row] else policy.rules.travel_minutes * 60_000
        count[row] = len(seats_of(frozen, row))
        for nth, own in enumerate(seats_of(frozen, row)):
            held = jobs[row][own]
            seat[place, nth], away[place, nth] = own, first_row + len(calendars)
            calendars.append(without(calendar, ((start - way, end + way) for start, end, _ in held)))
            for where in sorted({job[2] for job in held}) if way else ():
                known = int(np.searchsorted(places, where))
                special.append(((place * width + nth) * len(places) + known, first_row + len(calendars)))
                calendars.append(without(calendar, (_around(job, where, way) for job in held)))
    key, here = np.array(sorted(special), np.int64).reshape(-1, 2).T
    return Slots(len(places), number, count, seat, away, key, here), calendars


def _around(job: Job, place: int, way: int) -> tuple[int, int]:
    """Return what a job takes from the calendar for another one in ``place``."""
    start, end, where = job
    return (start, end) if where == place else (start - way, end + way)


def without(calendar: Calendar, taken: Iterable[tuple[int, int]]) -> Calendar:
    """Return what is left of a calendar."""
    left, stretches = [], joined(taken)
    for start, end in calendar:
        free = start
        for low, high in stretches:
            if high <= free or low >= end:
                continue
            if low > free:
                left.append((free, low))
            free = high
        if free < end:
            left.append((free, end))
    return tuple(left)
