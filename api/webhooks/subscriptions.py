"""Who subscribed to what, with sealed secrets."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Engine, Row, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from api.store import deliveries, marks, webhooks
from api.vault import seal, unseal
from schemas.refusals import Refused

State = Literal["active", "disabled"]
Reason = Literal["by_hand", "gone", "given_up"]

OVERLAP: Final = timedelta(hours=24)
"""So long both secrets sign after a rotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One webhook. ``types`` are whole names or families of events, none: all; ``region`` a prefix, "": everywhere."""

    webhook_id: str
    url: str
    types: tuple[str, ...]
    region: str
    state: State
    reason: Reason | None
    created_at: datetime
    delivered_at: datetime | None
    failures: int
    rests_until: datetime | None
    old_until: datetime | None

    def wants(self, *, type: str, region: str) -> bool:
        """Whether an event of this type, in this region, is to be sent."""
        family = type.partition(".")[0]
        return region.startswith(self.region) and (not self.types or type in self.types or family in self.types)


class Subscriptions:
    """The table of subscriptions; all calls block, run them in a thread."""

    def __init__(self, *, engine: Engine, master_key: bytes) -> None:
        self._engine = engine
        self._master = AESGCM(master_key)

    def add(
        self, *, webhook_id: str, url: str, types: Sequence[str], region: str, secret: str, now: datetime
    ) -> Subscription:
        """Keep a subscription; one that is there already stays as it is, for a repeat of the same command."""
        row = {
            "webhook_id": webhook_id,
            "url": url,
            "types": json.dumps(list(types)),
            "region": region,
            "secret": self._sealed(webhook_id, secret),
            "state": "active",
            "created_at": now,
            "failures": 0,
        }
        with self._engine.begin() as connection:
            connection.execute(insert(webhooks).values(row).on_conflict_do_nothing())
            return _one(connection, webhook_id)

    def get(self, webhook_id: str) -> Subscription:
        """Return one; raise Refused ``not_found``."""
        with self._engine.connect() as connection:
            return _one(connection, webhook_id)

    def all(self) -> tuple[Subscription, ...]:
        """Return every subscription, the newest first."""
        newest = select(webhooks).order_by(webhooks.c.created_at.desc(), webhooks.c.webhook_id.desc())
        with self._engine.connect() as connection:
            return tuple(_view(row) for row in connection.execute(newest))

    def remove(self, webhook_id: str) -> None:
        """Forget a subscription with its secret, its marks and its deliveries; raise Refused ``not_found``."""
        with self._engine.begin() as connection:
            _one(connection, webhook_id)
            connection.execute(delete(webhooks).where(webhooks.c.webhook_id == webhook_id))
            connection.execute(delete(marks).where(marks.c.reader == webhook_id))
            connection.execute(delete(deliveries).where(deliveries.c.webhook_id == webhook_id))

    def rotate(self, webhook_id: str, *, secret: str, now: datetime) -> Subscription:
        """Sign with a new secret, and beside it with the one before for ``OVERLAP``; the same again changes nothing."""
        hook = webhooks.c.webhook_id == webhook_id
        with self._engine.begin() as connection:
            _one(connection, webhook_id)
            row = connection.execute(select(webhooks.c.secret, webhooks.c.old_secret).where(hook)).one()
            if secret not in (self._opened(webhook_id, each) for each in row if each is not None):
                fresh = self._sealed(webhook_id, secret)
                change = {"secret": fresh, "old_secret": row.secret, "old_until": now + OVERLAP}
                connection.execute(update(webhooks).where(hook).values(change))
            return _one(connection, webhook_id)

    def secrets(self, webhook_id: str, *, now: datetime) -> tuple[str, ...]:
        """Return what signs at ``now``, the newest first; nothing where the subscription is gone."""
        with self._engine.connect() as connection:
            row = connection.execute(select(webhooks).where(webhooks.c.webhook_id == webhook_id)).one_or_none()
        if row is None:
            return ()
        old = row.old_secret is not None and row.old_until > now
        return tuple(self._opened(webhook_id, each) for each in (row.secret, *([row.old_secret] if old else [])))

    def enable(self, webhook_id: str) -> Subscription:
        """Send again, from where it stood; raise Refused ``not_found``."""
        return self._change(webhook_id, state="active", reason=None, failures=0, rests_until=None)

    def disable(self, webhook_id: str, *, reason: Reason) -> Subscription:
        """Send nothing until it is enabled; raise Refused ``not_found``."""
        return self._change(webhook_id, state="disabled", reason=reason)

    def _change(self, webhook_id: str, **change: Any) -> Subscription:
        with self._engine.begin() as connection:
            connection.execute(update(webhooks).where(webhooks.c.webhook_id == webhook_id).values(change))
            return _one(connection, webhook_id)

    def _sealed(self, webhook_id: str, secret: str) -> bytes:
        return seal(self._master, secret.encode(), bound_to=f"webhook:{webhook_id}")

    def _opened(self, webhook_id: str, sealed: bytes) -> str:
        return unseal(self._master, sealed, bound_to=f"webhook:{webhook_id}").decode()


def _one(connection: Connection, webhook_id: str) -> Subscription:
    row = connection.execute(select(webhooks).where(webhooks.c.webhook_id == webhook_id)).one_or_none()
    if row is None:
        raise Refused("not_found", webhook_id[:64])
    return _view(row)


def _view(row: Row[Any]) -> Subscription:
    names = Subscription.__dataclass_fields__
    found = {name: value for name, value in row._mapping.items() if name in names}
    return Subscription(**found | {"types": tuple(json.loads(row.types))})
