"""What the house does when a day is over: evaluations are shown, what has ended is said to have ended.

An offer is asked after in time: whom it concerns is reminded two weeks before it has to be verified; where nobody does
so for as long afterwards, it rests.

Every step here is one that people may take by hand, too; whoever comes first has done it for all.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from cryptography.exceptions import InvalidTag
from sqlalchemy.exc import SQLAlchemyError

from api.commands import keyed
from api.evaluating import HOUSE, Evaluating
from api.living import Living
from api.ports import Clock
from api.reading import Reading
from api.readmodel.queries.filters import Filter
from api.readmodel.queries.lives import list_lives
from schemas.lifecycle import Life, Lifecycle, Step, take
from schemas.lives.agreement import AGREEMENT, AgreementExpired
from schemas.lives.project import PROJECT
from schemas.lives.project_steps import ProjectEvaluated
from schemas.lives.resource import RESOURCE, Offer, ResourceExpired, ResourceReminded
from schemas.refusals import Refused

log = structlog.get_logger(__name__)

ENDS: Final[tuple[tuple[Lifecycle[Any], str, type[Step]], ...]] = (
    (PROJECT, "accepted", ProjectEvaluated),
    (AGREEMENT, "in_force", AgreementExpired),
)
"""Which lives end by the clock: of which kind, in which state, and what is said then."""
NOTICE: Final = timedelta(days=14)
"""So long before an offer is to be verified whom it concerns is reminded; so long after it, the offer rests."""


class Tending:
    """Looks after what is due."""

    def __init__(self, *, evaluating: Evaluating, living: Living, reading: Reading, clock: Clock) -> None:
        self._evaluating = evaluating
        self._living = living
        self._reading = reading
        self._clock = clock

    async def tend(self) -> None:
        """Look once; what cannot be done is left for the next time, and keeps nothing else waiting."""
        now = self._clock.now()
        for project_id in await self._evaluating.kept():
            with self._told(kind="project", id=project_id):
                await self._evaluating.show(project_id, at=now)
        for lifecycle, state, fact in ENDS:
            async for life in self._due(lifecycle, state, now):
                with self._told(kind=lifecycle.kind, id=life.id):
                    await self._say(lifecycle, life, fact, now)

        async for life in self._due(RESOURCE, "published", now + NOTICE):
            with self._told(kind="resource", id=life.id):
                await self._ask_after(life, now)

    async def run(self, *, every_s: float, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Look every so often, until cancelled."""
        while True:
            await sleep(every_s)
            with self._told():
                await self.tend()

    @contextmanager
    def _told(self, **what: str) -> Iterator[None]:
        """Log what stands in the way: somebody came first, the log is away, a text was kept under another key."""
        try:
            yield
        except (Refused, InvalidTag, SQLAlchemyError) as error:
            log.warning("not tended to", error=str(error) or type(error).__name__, **what)

    async def _due(self, lifecycle: Lifecycle[Any], state: str, now: datetime) -> AsyncIterator[Any]:
        cursor = None
        while True:
            page = await self._reading.query(
                list_lives, kind=lifecycle.kind, filter=Filter(state=state), overdue_at=now, cursor=cursor
            )
            for row in page.rows:
                yield row.life
            cursor = page.next_cursor
            if cursor is None:
                return

    async def _ask_after(self, offer: Offer, now: datetime) -> None:
        if offer.due is not None and offer.due + NOTICE <= now:
            await self._say(RESOURCE, offer, ResourceExpired, now)
        elif offer.reminded_at is None:
            await self._say(RESOURCE, offer, ResourceReminded, now)

    async def _say(self, lifecycle: Lifecycle[Any], life: Life, fact: type[Step], now: datetime) -> None:
        def make(present: Life) -> Step:
            step, community = present.step + 1, present.community
            return fact(id=present.id, step=step, community=community, by=HOUSE, at=now)

        try:
            take(lifecycle, life, make(life))
        except Refused:  # a reminder is due, or a clause; its end is not
            return
        command = keyed(f"tended {lifecycle.kind} {life.id} {life.step}", at=now, repeat=False)
        await self._living.act(lifecycle, life.id, make, version=life.step, command=command)
