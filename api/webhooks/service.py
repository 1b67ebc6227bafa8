"""What the routes of webhooks do: subscriptions, secrets, the delivery log, a ping."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from anyio.to_thread import run_sync

from api.commands import Command
from api.ports import Bell
from api.readmodel.views import Page
from api.webhooks.addresses import checked
from api.webhooks.collector import Collector
from api.webhooks.ledger import Delivery, DeliveryState, Ledger, Message
from api.webhooks.signing import new_secret
from api.webhooks.sources import PING, body_of, known_types, types_near
from api.webhooks.subscriptions import Reason, Subscription, Subscriptions
from schemas.refusals import Refused

Counts = dict[DeliveryState, int]
MOST: Final = 500
"""Subscriptions of one house."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """Every method raises Refused ``not_found`` where the webhook is unknown. ``woken`` wakes the courier."""

    subscriptions: Subscriptions
    ledger: Ledger
    collector: Collector
    master_key: bytes
    private: bool
    woken: Bell

    async def subscribe(
        self, *, url: str, types: tuple[str, ...], region: str, command: Command
    ) -> tuple[Subscription, str]:
        """Return a new subscription with its secret; a repeat of the command gets the same.

        Raises:
            Refused: ``invalid_value``, ``address_not_allowed``; ``unavailable`` where the lists are being made anew.
        """
        checked(url, private=self.private)
        for place, type in enumerate(types):
            if type not in known_types():
                raise Refused("invalid_value", f"one of {', '.join(types_near(type))}", field=f"#/types/{place}")
        webhook_id = command.entity_id("wh")
        secret = new_secret(self.master_key, webhook_id=webhook_id, command="made")

        def add() -> Subscription:
            heads = self.collector.heads()
            if heads is None:
                raise Refused("unavailable", "the lists are being made anew")
            if len(self.subscriptions.all()) >= MOST:
                raise Refused("invalid_value", f"at most {MOST} webhooks")
            self.collector.begin(webhook_id, heads=heads, now=command.at)
            return self.subscriptions.add(
                webhook_id=webhook_id, url=url, types=types, region=region, secret=secret, now=command.at
            )

        return await run_sync(add), secret

    async def rotate(self, webhook_id: str, *, command: Command) -> tuple[Subscription, str]:
        """Return the subscription with a new secret; the one before signs beside it for a day."""
        secret = new_secret(self.master_key, webhook_id=webhook_id, command=command.event_id("rotate"))
        return await run_sync(partial(self.subscriptions.rotate, webhook_id, secret=secret, now=command.at)), secret

    async def get(self, webhook_id: str) -> tuple[Subscription, Counts]:
        """Return one with the counts of its deliveries."""
        found = await run_sync(self.subscriptions.get, webhook_id)
        return found, (await run_sync(self.ledger.counts)).get(webhook_id, {})

    async def all(self) -> list[tuple[Subscription, Counts]]:
        """Return all, the newest first."""
        counts = await run_sync(self.ledger.counts)
        return [(each, counts.get(each.webhook_id, {})) for each in await run_sync(self.subscriptions.all)]

    async def remove(self, webhook_id: str) -> None:
        """Forget one whole."""
        await run_sync(self.subscriptions.remove, webhook_id)

    async def enable(self, webhook_id: str) -> Subscription:
        """Send again, from where it stood."""
        found = await run_sync(self.subscriptions.enable, webhook_id)
        self.woken.ring()
        return found

    async def disable(self, webhook_id: str, *, reason: Reason) -> Subscription:
        """Send nothing more."""
        return await run_sync(partial(self.subscriptions.disable, webhook_id, reason=reason))

    async def test(self, webhook_id: str, *, command: Command) -> Delivery:
        """Put a ping among the deliveries."""
        data = {"webhook_id": webhook_id}
        body = body_of(type=PING, at=command.at, data=data)
        message = Message(event_id=command.event_id("ping"), type=PING, body=body)
        return await self.send(webhook_id, message=message, command=command)

    async def send(self, webhook_id: str, *, message: Message, command: Command) -> Delivery:
        """Put a message for one subscription among the deliveries, whatever it subscribed to."""
        made = await run_sync(partial(self.ledger.add, webhook_id=webhook_id, message=message, now=command.at))
        self.woken.ring()
        return made

    async def redeliver(self, webhook_id: str, delivery_id: str, *, command: Command) -> Delivery:
        """Send a delivery once more."""
        found = await run_sync(partial(self.ledger.again, webhook_id, delivery_id, now=command.at))
        self.woken.ring()
        return found

    async def deliveries(
        self, webhook_id: str, *, state: DeliveryState | None, cursor: str | None, limit: int
    ) -> Page[Delivery]:
        """Return the delivery log of one; raise Refused ``bad_cursor``."""
        return await run_sync(partial(self.ledger.page, webhook_id, state=state, cursor=cursor, limit=limit))
