"""The courier: one task that takes in what happened, and one for each subscription that has something to be sent.

1. Only the process that holds the lease does any of it.
2. A subscription has at most one delivery on its way, the oldest due one, so that order is kept as long as all goes
   well; one that failed waits for its next try, and younger ones go before it.
3. Subscriptions do not wait for each other: at most ``MOST_AT_ONCE`` deliveries are on their way, each for as long as
   the poster's own limit; whoever failed rests (``schedule``), so that slow ones do not fill those places.
4. What is on its way when the process ends is sent again by the next one.
"""

import asyncio
import time
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from anyio.to_thread import run_sync

from api.lease import Lease
from api.ports import Bell, Clock, Outward
from api.watching import watch
from api.webhooks.collector import Collector
from api.webhooks.ledger import KEPT, Attempt, Due, Ledger
from api.webhooks.schedule import next_try, verdict
from api.webhooks.signing import signed
from api.webhooks.subscriptions import Subscriptions

log = structlog.get_logger(__name__)

MOST_AT_ONCE: Final = 64
TROUBLE: Final = timedelta(minutes=5)
"""So long a subscription waits with which something is wrong on our side."""
PURGED_EVERY: Final = timedelta(hours=1)


class Courier:
    """Delivers until cancelled. Belongs to one event loop."""

    def __init__(
        self,
        *,
        subscriptions: Subscriptions,
        ledger: Ledger,
        collector: Collector,
        outward: Outward,
        clock: Clock,
        lease: Lease,
        poll_s: float,
    ) -> None:
        self._subscriptions = subscriptions
        self._ledger = ledger
        self._collector = collector
        self._outward = outward
        self._clock = clock
        self._lease = lease
        self._poll_s = poll_s
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._purged: datetime | None = None
        self._troubled: dict[str, datetime] = {}

    async def run(self, woken: Bell) -> None:
        """Look every ``poll_s`` seconds, and whenever somebody wakes us."""
        try:
            await watch(self._look, woken=woken, poll_s=self._poll_s, trouble=_in_trouble)
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)
            self._lease.let_go()

    async def _look(self) -> None:
        if not await run_sync(self._lease.hold):
            return
        for webhook_id in await run_sync(self._whose_turn):
            now = self._clock.now()
            if webhook_id not in self._busy and self._troubled.get(webhook_id, now) <= now:
                task = asyncio.create_task(self._serve(webhook_id))
                self._busy[webhook_id] = task
                task.add_done_callback(partial(self._done, webhook_id))

    def _whose_turn(self) -> tuple[str, ...]:
        """Take in what is new, and return which subscriptions have something to be sent."""
        now = self._clock.now()
        active = [each for each in self._subscriptions.all() if each.state == "active"]
        if active:
            self._collector.collect(active, now=now)
        if self._purged is None or now - self._purged >= PURGED_EVERY:
            self._purged = now
            self._ledger.purge(before=now - KEPT)
        return self._ledger.due(now) if active else ()

    async def _serve(self, webhook_id: str) -> None:
        """Send what is due, one by one, until nothing is or the subscription rests."""
        while due := await run_sync(lambda: self._ledger.next_of(webhook_id, self._clock.now())):
            async with self._places:
                await self._deliver(due)

    async def _deliver(self, due: Due) -> None:
        now = self._clock.now()
        secrets = await run_sync(lambda: self._subscriptions.secrets(due.webhook_id, now=now))
        if not secrets:  # it was deleted a moment ago
            return
        headers = signed(due.body, delivery_id=due.delivery_id, at=now, secrets=secrets)
        began = time.monotonic()
        answered = await self._outward.post(url=due.url, headers=headers, body=due.body.encode())
        took_ms = round((time.monotonic() - began) * 1000)
        attempt = Attempt(at=now, status=answered.status, error=answered.error, took_ms=took_ms)
        said = verdict(answered)
        if said == "delivered":
            await run_sync(partial(self._ledger.delivered, due, attempt=attempt))
            return
        again = next_try(tries=due.tries + 1, now=now, answered=answered, chance=self._outward.chance())
        log.warning("webhook failed", webhook=due.webhook_id, delivery=due.delivery_id, status=answered.status,
                    error=answered.error, next_try=again)  # fmt: skip
        await run_sync(partial(self._ledger.failed, due, attempt=attempt, next_try=again, now=now))
        if said == "gone":
            await run_sync(partial(self._subscriptions.disable, due.webhook_id, reason="gone"))

    def _done(self, webhook_id: str, task: "asyncio.Task[None]") -> None:
        self._busy.pop(webhook_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._troubled[webhook_id] = self._clock.now() + TROUBLE
            log.error("a webhook could not be served; it is tried again", webhook=webhook_id, exc_info=error)


def _in_trouble() -> None:
    log.exception("webhooks could not be looked at; trying again")
