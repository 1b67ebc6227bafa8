"""A batch of events, sorted by what they speak of; within each kind they keep their order."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from schemas.assignments import (
    AssignmentConfirmed,
    AssignmentExpired,
    AssignmentFulfilled,
    AssignmentProposed,
    AssignmentRevoked,
)
from schemas.claims import ClaimDropped, ClaimMade
from schemas.deadletters import RecordRefused, RecordReplayed
from schemas.demands import DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn
from schemas.enrolment import MemberEnrolled, MemberLeft, UnitEnrolled, UnitLeft
from schemas.envelope import Event
from schemas.lifecycle import Step
from schemas.lives import OF_FACT
from schemas.resources import ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import RoundDecided
from schemas.transfers import DemandCarried, DemandEscalated, HoldAsked, ResourceShown, SeatReturned

Located = tuple[tuple[str, int, int], Event[Any]]
"""An event and where it lies: topic, partition, offset."""

_KINDS: dict[type, str] = {
    **dict.fromkeys((UnitEnrolled, UnitLeft), "units"),
    **dict.fromkeys((MemberEnrolled, MemberLeft), "members"),
    RoundDecided: "rounds",
    RecordRefused: "deadletters",
    RecordReplayed: "replays",
    **dict.fromkeys((ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn), "resources"),
    **dict.fromkeys((DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn), "demands"),
    **dict.fromkeys((AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow), "responses"),
    **dict.fromkeys((ClaimMade, ClaimDropped), "claims"),
    **dict.fromkeys((DemandEscalated, HoldAsked, SeatReturned), "transfers"),
    **dict.fromkeys((ResourceShown, DemandCarried), "copies"),
    **dict.fromkeys(OF_FACT, "steps"),
    **dict.fromkeys(
        (AssignmentProposed, AssignmentConfirmed, AssignmentRevoked, AssignmentExpired, AssignmentFulfilled),
        "assignments",
    ),
}


@dataclass(slots=True)
class Sorted:
    """The events of a batch by kind."""

    units: list[Event[UnitEnrolled | UnitLeft]] = field(default_factory=list)
    members: list[Event[MemberEnrolled | MemberLeft]] = field(default_factory=list)
    resources: list[Event[Any]] = field(default_factory=list)
    demands: list[Event[Any]] = field(default_factory=list)
    responses: list[Located] = field(default_factory=list)
    claims: list[Event[Any]] = field(default_factory=list)
    rounds: list[Event[RoundDecided]] = field(default_factory=list)
    assignments: list[Event[Any]] = field(default_factory=list)
    transfers: list[Event[DemandEscalated | HoldAsked | SeatReturned]] = field(default_factory=list)
    copies: list[Event[ResourceShown | DemandCarried]] = field(default_factory=list)
    """No row stands for them: the entry itself is on its own list."""
    steps: list[Event[Step]] = field(default_factory=list)
    deadletters: list[Event[RecordRefused]] = field(default_factory=list)
    replays: list[Event[RecordReplayed]] = field(default_factory=list)
    """No row stands for them: the record itself comes again in its own topic."""

    @classmethod
    def of(cls, events: Iterable[Located]) -> Self:
        """Sort ``events``; raise KeyError for a type that the read model does not know."""
        batch = cls()
        for located in events:
            kind = _KINDS[type(located[1].data)]
            getattr(batch, kind).append(located if kind == "responses" else located[1])
        return batch

    @property
    def listed_demands(self) -> set[str]:
        """The ids of demands that some event of the list speaks of."""
        return {
            event.data.demand.demand_id
            if isinstance(event.data, DemandPosted | DemandRevised)
            else event.data.demand_id
            for event in self.demands
        }

    @property
    def assigned_demands(self) -> set[str]:
        """The ids of demands that some assignment event speaks of."""
        return {
            event.data.assignment.demand_id if isinstance(event.data, AssignmentProposed) else event.data.demand_id
            for event in self.assignments
        }
