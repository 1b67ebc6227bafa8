"""Brings what happened into the delivery log, subscription by subscription, each from where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, func, select

from api.readmodel.model import ReadModel
from api.store import deliveries
from api.webhooks.ledger import enter
from api.webhooks.marks import Mark, find_mark, put_mark
from api.webhooks.sources import SOURCES, Source
from api.webhooks.subscriptions import Subscription

PAGE: Final = 200
MOST_WAITING: Final = 1_000
"""With so many deliveries waiting a subscription takes in no more: the events are kept in the lists anyway."""


@dataclass(frozen=True, slots=True)
class Heads:
    """Where each source ended at one moment, in one generation of the read model."""

    generation: str
    seqs: dict[str, int]


class Collector:
    """Moves subscriptions on; all calls block, run them in a thread."""

    def __init__(self, *, engine: Engine, model: ReadModel, sources: Sequence[Source] = SOURCES) -> None:
        self._engine = engine
        self._model = model
        self._sources = sources

    def heads(self) -> Heads | None:
        """Return where the sources end now; None where the lists were just being made anew."""
        generation = self._model.generation
        with self._model.read() as connection:
            seqs = {source.name: source.head(connection) for source in self._sources}
        return Heads(generation, seqs) if generation == self._model.generation else None

    def begin(self, webhook_id: str, *, heads: Heads, now: datetime) -> None:
        """Let a new subscription begin behind everything that happened before; one that began stays where it is."""
        with self._engine.begin() as connection:
            for name, seq in heads.seqs.items():
                if find_mark(connection, reader=webhook_id, source=name) is None:
                    put_mark(connection, Mark(heads.generation, seq, now), reader=webhook_id, source=name)

    def collect(self, subscriptions: Sequence[Subscription], *, now: datetime) -> None:
        """Take in what is new for each of ``subscriptions``, a page of each source at a time."""
        heads = self.heads()
        if heads is None:
            return
        for subscription in subscriptions:
            for source in self._sources:
                self._move(subscription, source, heads=heads, now=now)

    def _move(self, subscription: Subscription, source: Source, *, heads: Heads, now: datetime) -> None:
        reader = subscription.webhook_id
        with self._engine.connect() as connection:
            # A source that joined later begins where it ends now: what it told before was not subscribed to.
            stood = find_mark(connection, reader=reader, source=source.name)
            mark = stood or Mark(heads.generation, heads.seqs[source.name], now)
            full = _waiting(connection, reader) >= MOST_WAITING
        mark = mark.within(heads.generation, began=subscription.created_at)
        if full or (mark.seq >= heads.seqs[source.name] and mark == stood):
            return
        with self._model.read() as connection:
            found = source.after(connection, mark.seq, PAGE)
        if self._model.generation != heads.generation:
            return
        wanted = [
            each.message()
            for each in found.happenings
            if mark.wants(each.at) and subscription.wants(type=each.type, region=each.region)
        ]
        with self._engine.begin() as connection:
            enter(connection, webhook_id=reader, messages=wanted, now=now)
            after = mark.passed(seq=found.next_seq, ats=(each.at for each in found.happenings))
            put_mark(connection, after, reader=reader, source=source.name)


def _waiting(connection: Connection, webhook_id: str) -> int:
    mine = (deliveries.c.webhook_id == webhook_id) & (deliveries.c.state == "waiting")
    return connection.execute(select(func.count()).select_from(deliveries).where(mine)).scalar() or 0
