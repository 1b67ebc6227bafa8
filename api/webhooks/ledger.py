"""The delivery log: what is to be sent to whom, every attempt, and what became of it.

1. A delivery is made once for each event and subscription, under an id that follows from both: making it again changes
   nothing. The id is the ``webhook-id`` that the receiver sees, at every attempt and after a restart.
2. Its body is kept as it was made, so that every attempt sends the same bytes.
3. Where nobody knows how an attempt ended (the process died), it is made again: at least once.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, Row, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from api.readmodel.queries.paging import fetch_page
from api.readmodel.views import Page, View
from api.store import deliveries, webhooks
from api.webhooks.schedule import rest
from schemas.refusals import Refused

DeliveryState = Literal["waiting", "delivered", "given_up"]

KEPT: Final = timedelta(days=30)
"""So long a settled delivery stays in the log."""
MOST_ATTEMPTS: Final = 20
"""Of older attempts only their count is kept."""


class Attempt(View):
    """One attempt: the status that came back, or a word why none did; how long it took."""

    at: datetime
    status: int | None
    error: str | None
    took_ms: int


class Delivery(View):
    """One event for one subscription; ``tries`` since it was made, or since it was last asked for again."""

    delivery_id: str
    event_id: str
    type: str
    created_at: datetime
    state: DeliveryState
    tries: int
    next_try: datetime | None
    settled_at: datetime | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is to be sent."""

    event_id: str
    type: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A delivery whose turn it is."""

    delivery_id: str
    webhook_id: str
    url: str
    body: str
    created_at: datetime
    tries: int


def delivery_id(webhook_id: str, event_id: str) -> str:
    """Return the id of an event's delivery to a subscription."""
    return "msg_" + blake2b(f"{webhook_id}/{event_id}".encode(), digest_size=16).hexdigest()


def enter(connection: Connection, *, webhook_id: str, messages: Iterable[Message], now: datetime) -> None:
    """Add deliveries, due at once; those that are known already stay as they are."""
    rows = [
        {
            "delivery_id": delivery_id(webhook_id, message.event_id),
            "webhook_id": webhook_id,
            "event_id": message.event_id,
            "type": message.type,
            "body": message.body,
            "created_at": now,
            "state": "waiting",
            "tries": 0,
            "next_try": now,
            "attempts": "[]",
        }
        for message in messages
    ]
    if rows:
        connection.execute(insert(deliveries).on_conflict_do_nothing(), rows)


class Ledger:
    """The delivery log of all subscriptions; all calls block, run them in a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, *, webhook_id: str, message: Message, now: datetime) -> Delivery:
        """Add one delivery, or return the one that was made of this event before; raise Refused ``not_found``."""
        with self._engine.begin() as connection:
            _known(connection, webhook_id)
            enter(connection, webhook_id=webhook_id, messages=[message], now=now)
            return _view(_row(connection, webhook_id, delivery_id(webhook_id, message.event_id)))

    def due(self, now: datetime) -> tuple[str, ...]:
        """Return the active subscriptions that do not rest and have something to be sent."""
        query = (
            select(webhooks.c.webhook_id)
            .where(_awake(now), deliveries.c.state == "waiting", deliveries.c.next_try <= now)
            .join(deliveries, deliveries.c.webhook_id == webhooks.c.webhook_id)
            .distinct()
            .order_by(webhooks.c.webhook_id)
        )
        with self._engine.connect() as connection:
            return tuple(connection.execute(query).scalars())

    def next_of(self, webhook_id: str, now: datetime) -> Due | None:
        """Return the delivery of a subscription whose turn it is, the oldest first."""
        query = (
            select(deliveries, webhooks.c.url)
            .join(webhooks, webhooks.c.webhook_id == deliveries.c.webhook_id)
            .where(
                _awake(now),
                deliveries.c.webhook_id == webhook_id,
                deliveries.c.state == "waiting",
                deliveries.c.next_try <= now,
            )
            .order_by(deliveries.c.number)
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Due(**{name: getattr(row, name) for name in Due.__dataclass_fields__})

    def delivered(self, due: Due, *, attempt: Attempt) -> None:
        """Note a success: the subscription is well."""
        with self._engine.begin() as connection:
            _settle(connection, due, attempt, state="delivered", next_try=None, settled_at=attempt.at)
            well = {"failures": 0, "rests_until": None, "delivered_at": attempt.at}
            connection.execute(update(webhooks).where(webhooks.c.webhook_id == due.webhook_id).values(well))

    def failed(self, due: Due, *, attempt: Attempt, next_try: datetime | None, now: datetime) -> None:
        """Note a failure: the subscription rests; without ``next_try`` the delivery is given up.

        Where nothing at all came through since that delivery was made, the subscription is disabled with it.
        """
        hook = webhooks.c.webhook_id == due.webhook_id
        with self._engine.begin() as connection:
            row = connection.execute(select(webhooks.c.failures, webhooks.c.delivered_at).where(hook)).one_or_none()
            if row is None:
                return
            given_up = next_try is None
            _settle(
                connection,
                due,
                attempt,
                state="given_up" if given_up else "waiting",
                next_try=next_try,
                settled_at=attempt.at if given_up else None,
            )
            change: dict[str, Any] = {"failures": row.failures + 1, "rests_until": now + rest(row.failures + 1)}
            if given_up and (row.delivered_at is None or row.delivered_at < due.created_at):
                change |= {"state": "disabled", "reason": "given_up"}
            connection.execute(update(webhooks).where(hook).values(change))

    def again(self, webhook_id: str, delivery: str, *, now: datetime) -> Delivery:
        """Send a delivery once more, whatever became of it; raise Refused ``not_found``."""
        once_more = {"state": "waiting", "tries": 0, "next_try": now, "settled_at": None}
        mine = (deliveries.c.webhook_id == webhook_id) & (deliveries.c.delivery_id == delivery)
        with self._engine.begin() as connection:
            connection.execute(update(deliveries).where(mine).values(once_more))
            connection.execute(update(webhooks).where(webhooks.c.webhook_id == webhook_id).values(rests_until=None))
            return _view(_row(connection, webhook_id, delivery))

    def page(self, webhook_id: str, *, state: DeliveryState | None, cursor: str | None, limit: int) -> Page[Delivery]:
        """Return deliveries, the newest first; raise Refused ``not_found``, ``bad_cursor``."""
        query = select(deliveries).where(deliveries.c.webhook_id == webhook_id)
        if state is not None:
            query = query.where(deliveries.c.state == state)
        with self._engine.connect() as connection:
            _known(connection, webhook_id)
            key = (deliveries.c.created_at, deliveries.c.number)
            return fetch_page(connection, query, key=key, cursor=cursor, limit=limit, view=_view)

    def counts(self) -> dict[str, dict[DeliveryState, int]]:
        """Return how many deliveries of each subscription are in each state."""
        query = select(deliveries.c.webhook_id, deliveries.c.state, func.count()).group_by(
            deliveries.c.webhook_id, deliveries.c.state
        )
        found: dict[str, dict[DeliveryState, int]] = {}
        with self._engine.connect() as connection:
            for webhook_id, state, count in connection.execute(query):
                found.setdefault(webhook_id, {})[state] = count
        return found

    def purge(self, *, before: datetime) -> int:
        """Delete what was settled before; return how many."""
        with self._engine.begin() as connection:
            return connection.execute(delete(deliveries).where(deliveries.c.settled_at < before)).rowcount


def _awake(now: datetime) -> Any:
    table = webhooks.c
    return (table.state == "active") & or_(table.rests_until.is_(None), table.rests_until <= now)


def _settle(connection: Connection, due: Due, attempt: Attempt, **change: Any) -> None:
    """Write an attempt down; a delivery whose subscription was deleted meanwhile is gone."""
    mine = deliveries.c.delivery_id == due.delivery_id
    text = connection.execute(select(deliveries.c.attempts).where(mine)).scalar()
    if text is not None:
        attempts = [*json.loads(text), attempt.model_dump(mode="json")][-MOST_ATTEMPTS:]
        row = change | {"tries": due.tries + 1, "attempts": json.dumps(attempts)}
        connection.execute(update(deliveries).where(mine).values(row))


def _known(connection: Connection, webhook_id: str) -> None:
    if connection.execute(select(webhooks.c.state).where(webhooks.c.webhook_id == webhook_id)).first() is None:
        raise Refused("not_found", webhook_id[:64])


def _row(connection: Connection, webhook_id: str, delivery: str) -> Row[Any]:
    mine = (deliveries.c.webhook_id == webhook_id) & (deliveries.c.delivery_id == delivery)
    row = connection.execute(select(deliveries).where(mine)).one_or_none()
    if row is None:
        raise Refused("not_found", delivery[:64])
    return row


def _view(row: Row[Any]) -> Delivery:
    return Delivery.model_validate(dict(row._mapping) | {"attempts": json.loads(row.attempts)})
