"""What the API needs of the house, as Protocols; ``deploy`` plugs in what fits."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy import Engine

from api.readmodel.model import ReadModel
from schemas.admission import Admission
from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.demands import Demand
from schemas.envelope import Event
from schemas.preview import DeclinePreview, DemandPreview, OfferPreview, PriceBoard
from schemas.regions import Regions
from schemas.replay import RoundReplay
from schemas.resources import Resource
from schemas.rounds import RoundDecided
from schemas.why import DemandWhy


class EventSink(Protocol):
    """Takes events to the log."""

    async def publish(self, events: Sequence[Event[Fact]]) -> Sequence[tuple[str, int, int]]:
        """Append in order; return (topic, partition, offset) of each once all are durable.

        Raises:
            Refused: ``unavailable`` where the log did not take them.
        """
        ...


class Explainer(Protocol):
    """Knows the round that a shard would decide now, and so why an entry stands where it stands."""

    async def why_demand(self, *, demand_id: str, shard: str) -> DemandWhy:
        """Explain as of the shard's last round.

        Raises:
            Refused: ``not_found``, or ``unavailable`` where the shard does not live here.
        """
        ...

    async def preview_demand(self, *, demand: Demand, shard: str) -> DemandPreview:
        """Tell what a round now would give a demand that is not posted; nothing changes.

        Raises:
            Refused: ``unavailable``.
        """
        ...

    async def preview_offer(self, *, resource: Resource, shard: str) -> OfferPreview:
        """Tell which open demands an offer would serve that is not on the list.

        Raises:
            Refused: ``unavailable``.
        """
        ...

    async def demands_for(self, *, resource_id: str, shard: str) -> OfferPreview:
        """Tell the same of an offer on the list.

        Raises:
            Refused: ``not_found``, ``unavailable``.
        """
        ...

    async def preview_decline(self, *, assignment_id: str, shard: str) -> DeclinePreview:
        """Tell what the decline of a live assignment would move elsewhere.

        Raises:
            Refused: ``not_found``, ``unavailable``.
        """
        ...

    async def prices(self, *, shard: str) -> PriceBoard:
        """Tell what one more seat would add, by class.

        Raises:
            Refused: ``unavailable``.
        """
        ...


class Replayer(Protocol):
    """Decides recorded rounds once more."""

    async def replay(self, recorded: RoundDecided) -> RoundReplay:
        """Decide a round anew from the log, and compare.

        Raises:
            Refused: ``unavailable``, ``not_found``.
        """
        ...


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present instant, with a time zone."""
        ...


class Signal(Protocol):
    """Something happened in this process: the projector applied a batch."""

    async def wait(self) -> None:
        """Return when it happens next."""
        ...


class Finding(NamedTuple):
    """One thing looked at to tell whether we can serve."""

    name: str
    ok: bool
    detail: str


class Readiness(Protocol):
    """Looks whether we can serve: the log takes records, the lists are not far behind."""

    async def __call__(self) -> Sequence[Finding]:
        """Return what was found; never raises."""
        ...


class Answered(NamedTuple):
    """What came of one attempt to post: a status, or a word why nobody answered; ``Retry-After`` as it was sent."""

    status: int | None
    error: str | None = None
    retry_after: str | None = None


class Poster(Protocol):
    """Posts to addresses that strangers named."""

    async def __call__(self, *, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Post once, within bounds of time; follow no redirect, read no answer's body, never raise."""
        ...


class Mailed(NamedTuple):
    """What came of handing over a letter: nothing more, or a word why not and whether trying again makes sense."""

    error: str | None = None
    for_good: bool = False


class Mailer(Protocol):
    """Hands letters to a mail server."""

    async def __call__(self, *, sender: str, to: str, content: bytes) -> Mailed:
        """Hand over one letter, within bounds of time; never raise."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOffice:
    """How e-mail is sent: by whom, from which address, and where the house is found from outside (no final slash)."""

    mail: Mailer
    sender: str
    public_url: str


class Bell:
    """A signal for one event loop: ``ring`` wakes everybody who waits at that moment."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait now; those who come later wait for the next ring."""
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    async def wait(self) -> None:
        """Return at the next ring."""
        await self._rung.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """The ways out of the house; ``chance`` draws a number within 0 and 1; without ``letters`` it sends no e-mail."""

    post: Poster
    chance: Callable[[], float]
    letters: PostOffice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPorts:
    """All that the app is plugged into.

    ``store`` is the API's own database (``api.store.open_store``); ``master_key`` opens the vault (32 bytes);
    ``changed`` rings when the projector of this process applied something; ``before`` is where the newest record of
    each (topic, partition) lay when this process began, so that nothing is looked up in lists that are older. Without
    ``outward`` nothing is sent from this process; without ``admission`` departments may ask communities for anything.
    """

    sink: EventSink
    read_model: ReadModel
    explainer: Explainer
    replayer: Replayer
    store: Engine
    master_key: bytes
    clock: Clock
    changed: Signal
    readiness: Readiness
    catalogue: Catalogue
    regions: Regions
    before: Sequence[tuple[str, int, int]] = ()
    admission: Admission | None = None
    outward: Outward | None = None
