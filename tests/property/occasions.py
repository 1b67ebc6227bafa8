"""Seats beside what is promised, seat by seat in plain loops: which are open, and whether a job has room on one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.policy import Policy
from schemas.resources import Resource, ResourceKind


@dataclass(frozen=True, slots=True)
class Job:
    """A live assignment on a seat, and where it is."""

    seat: int
    start: datetime
    end: datetime
    community: str


@dataclass(frozen=True, slots=True)
class Seats:
    """What of a resource is used up, and what is promised; ``elsewhere`` by the same person through other entries."""

    spent: set[int] = field(default_factory=set)
    jobs: Sequence[Job] = ()
    elsewhere: Sequence[Job] = ()

    def open(self, resource: Resource) -> int:
        """Return how many seats a round may give; one where each has a job already and serves per occasion."""
        if not resource.per_occasion:
            return resource.capacity - len(self.spent) - len(self.jobs)
        usable = set(range(resource.capacity)) - self.spent
        return len(usable - {job.seat for job in self.jobs}) or bool(usable)

    def have_room(self, resource: Resource, community: str, start: datetime, end: datetime, policy: Policy) -> bool:
        """Whether some seat has no job between, with the way from and to each that is elsewhere."""
        if any(_meet(job, start, end, _way(resource, job, community, policy)) for job in self.elsewhere):
            return False
        usable = set(range(resource.capacity)) - self.spent
        if not resource.per_occasion or usable - {job.seat for job in self.jobs}:
            return True
        return any(
            all(
                not _meet(job, start, end, _way(resource, job, community, policy))
                for job in self.jobs
                if job.seat == seat
            )
            for seat in usable
        )

    def moments(self, resource: Resource, policy: Policy) -> Iterator[datetime]:
        """Yield when a seat may come free."""
        for job in (*(self.jobs if resource.per_occasion else ()), *self.elsewhere):
            yield job.end
            yield job.end + timedelta(minutes=policy.rules.travel_minutes)


def person(resource: Resource, policy: Policy) -> str:
    """Return who gives what is offered: a member what is done in person, where the policy says so; or the entry."""
    alone = resource.kind is ResourceKind.SKILL and resource.provider.startswith("member:")
    return resource.provider if alone and policy.rules.one_place else resource.resource_id


def _way(resource: Resource, job: Job, community: str, policy: Policy) -> timedelta:
    stays = resource.kind in (ResourceKind.VENUE, ResourceKind.FACILITY) or job.community == community
    return timedelta(minutes=0 if stays else policy.rules.travel_minutes)


def _meet(job: Job, start: datetime, end: datetime, way: timedelta) -> bool:
    return start < job.end + way and job.start < end + way
