"""What the lists said: the demands that were there to be served, and who offered what, as far as figures need it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.base import Fact
from schemas.demands import DemandPosted, DemandRevised, DemandWithdrawn
from schemas.envelope import Event
from schemas.resources import ResourceOffered, ResourceRevised
from schemas.rounds import RoundDecided

STREET = 9
"""Digits of a region code that name the street."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A demand: where, what for, since when, how many seats; ``category`` is that of its first line."""

    community: str
    category: str
    posted_at: datetime
    seats: int

    @property
    def street(self) -> str:
        """The 9-digit prefix of the street."""
        return self.community[:STREET]


@dataclass(frozen=True, slots=True)
class Offered:
    """A resource: who gives it, and where it lives."""

    provider: str
    home: str


@dataclass(slots=True)
class Entries:
    """All demands and resources that were mentioned, by id, each as its newest version has it.

    ``closed`` are the demands that were over before the fork, withdrawn or lapsed: no part of a backtest unless they
    come back with a new version. ``done`` counts the seats of each demand that were served before the fork.
    """

    demands: dict[str, Asked] = field(default_factory=dict)
    resources: dict[str, Offered] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)

    def note(self, events: Iterable[Event[Fact]]) -> None:
        """Take note of what was told."""
        for event in events:
            match event.data:
                case DemandPosted(demand=demand) | DemandRevised(demand=demand):
                    self.closed.discard(demand.demand_id)
                    self.demands[demand.demand_id] = Asked(
                        community=demand.community,
                        category=demand.lines[0].item.partition(".")[0],
                        posted_at=demand.posted_at,
                        seats=sum(line.quantity for line in demand.lines),
                    )
                case ResourceOffered(resource=resource) | ResourceRevised(resource=resource):
                    self.resources[resource.resource_id] = Offered(resource.provider, resource.home)
                case _:
                    continue

    def note_before(self, events: Iterable[Event[Fact]], decided: RoundDecided) -> None:
        """Take note of a step before the fork: what was withdrawn or lapsed in it is over."""
        events = tuple(events)
        self.note(events)
        self.closed |= {event.data.demand_id for event in events if isinstance(event.data, DemandWithdrawn)}
        self.closed |= {lapse.demand_id for lapse in decided.lapsed}

    def in_play(self) -> dict[str, Asked]:
        """Return the demands that the figures are about, each with the seats that were still to be served."""
        left = {
            name: replace(asked, seats=asked.seats - self.done[name])
            for name, asked in self.demands.items()
            if name not in self.closed
        }
        return {name: asked for name, asked in left.items() if asked.seats > 0}
