"""What goes out of the house by itself while the app runs: webhooks. One process of a store does it at a time."""

import secrets
from collections.abc import Coroutine, Iterator
from typing import Any

from api.lease import Lease
from api.services import Services
from api.webhooks.courier import Courier


def going_out(services: Services) -> Iterator[Coroutine[Any, Any, None]]:
    """Yield the work that sends; nothing where this process has no way out."""
    ports, settings, webhooks = services.ports, services.settings, services.webhooks
    if ports.outward is None:
        return
    courier = Courier(
        subscriptions=webhooks.subscriptions,
        ledger=webhooks.ledger,
        collector=webhooks.collector,
        outward=ports.outward,
        clock=ports.clock,
        lease=Lease(engine=ports.store, name="webhooks", holder=secrets.token_hex(8), clock=ports.clock),
        poll_s=settings.outward_poll_s,
    )
    yield courier.run(webhooks.woken)
