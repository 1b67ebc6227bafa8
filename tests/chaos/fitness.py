"""May this resource serve this line, from when, and what is it worth? The rules once more, one pair at a time.

Nothing here comes from ``matcher``; values are those of the default policy's terms. Moments are whole milliseconds.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from schemas.catalogue import Catalogue
from schemas.demands import Demand, DemandLine, Urgency
from schemas.policy import Policy
from schemas.resources import Resource

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEVELS = ((12, "community"), (9, "street"), (6, "district"), (4, "city"), (0, "beyond"))
_HOUR_MS = 3_600_000
Stretch = tuple[int, int]


def ms(moment: datetime) -> int:
    """Return whole milliseconds since 1970."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def is_qualified(demand: Demand, line: DemandLine, resource: Resource, catalogue: Catalogue) -> bool:
    """Whether item, place and gate fit, whatever the time."""
    asked, offered = catalogue.items[line.item], catalogue.items[resource.item]
    if line.item != resource.item and not (line.siblings and asked.category_id == offered.category_id):
        return False
    gate = catalogue.categories[asked.category_id].gate
    if gate == "insurance_if_risky":
        gate = "insurance" if demand.risky else "none"
    if gate != "none" and gate not in resource.qualifications:
        return False
    return any(demand.community.startswith(area) for area in resource.scope)


@lru_cache(maxsize=4096)
def stretches(entry: Demand | Resource) -> tuple[Stretch, ...]:
    """Return when a job may be done, or a resource can be had, joined where windows touch."""
    hours, joined = entry.hours(), list[Stretch]()
    if hours is None:
        return ((-(2**60), 2**60),)
    for start, end in sorted((ms(window.start), ms(window.end)) for window in hours):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def earliest_start(
    demand: Demand, resource: Resource, *, now_ms: int, seats: Sequence[Sequence[Stretch]] = ((),)
) -> int | None:
    """Return when the job could begin at the earliest on one of the seats, each with its jobs; None where it cannot."""
    duration = demand.duration_minutes * 60_000
    first = max(ms(demand.window.start), now_ms + resource.notice_minutes * 60_000)
    both = [
        (max(first, start, opens), min(end, closes, ms(demand.window.end)))
        for start, end in stretches(resource)
        for opens, closes in stretches(demand)
    ]
    return min(
        (
            begin
            for start, end in both
            for jobs in seats
            for begin in (start, *(until for _, until in jobs if until > start))
            if begin + duration <= end and not any(low < begin + duration and begin < high for low, high in jobs)
        ),
        default=None,
    )


def can_start(
    demand: Demand, resource: Resource, start_ms: int, *, now_ms: int, seats: Sequence[Sequence[Stretch]] = ((),)
) -> bool:
    """Whether the job could begin at ``start_ms`` on one of the seats, each with its jobs."""
    end = start_ms + demand.duration_minutes * 60_000
    first = max(ms(demand.window.start), now_ms + resource.notice_minutes * 60_000)
    inside = all(any(opens <= start_ms and end <= shuts for opens, shuts in stretches(e)) for e in (demand, resource))
    free = any(not any(low < end and start_ms < high for low, high in jobs) for jobs in seats)
    return inside and free and first <= start_ms and end <= ms(demand.window.end)


def slot_holds(demand: Demand, resource: Resource, start: datetime, end: datetime) -> bool:
    """Whether a slot that was proposed still fits both sides."""
    inside = all(
        any(first <= ms(start) and ms(end) <= last for first, last in stretches(entry)) for entry in (demand, resource)
    )
    long_enough = ms(end) - ms(start) >= demand.duration_minutes * 60_000
    return inside and long_enough and demand.window.start <= start and end <= demand.window.end


def worth(
    demand: Demand, line: DemandLine, resource: Resource, *, urgency: Urgency, now_ms: int, policy: Policy
) -> int:
    """Return what the pair is worth, in points."""
    level = next(name for digits, name in _LEVELS if demand.community[:digits] == resource.home[:digits])
    hours = max(0, (now_ms - ms(demand.posted_at)) // _HOUR_MS)
    return (
        policy.service.base
        + int(getattr(policy.urgency, urgency.value))
        + min(hours, policy.waiting.cap_hours) * policy.waiting.per_hour
        + int(getattr(policy.nearness, level))
        + (policy.fit.exact if line.item == resource.item else policy.fit.sibling)
    )
