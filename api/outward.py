"""What goes out by itself while the app runs: webhooks and notices. One process of a store does it at a time."""

import secrets
from collections.abc import Coroutine, Iterator
from typing import Any

from api.lease import Lease
from api.notices.gatherer import Gatherer
from api.notices.teller import Teller
from api.routes.notices import LEAVE
from api.services import Services
from api.webhooks.courier import Courier


def going_out(services: Services) -> Iterator[Coroutine[Any, Any, None]]:
    """Yield the work that sends; nothing where this process has no way out."""
    ports, settings, webhooks, notices = services.ports, services.settings, services.webhooks, services.notices
    if ports.outward is None:
        return
    holder = secrets.token_hex(8)
    courier = Courier(
        subscriptions=webhooks.subscriptions,
        ledger=webhooks.ledger,
        collector=webhooks.collector,
        outward=ports.outward,
        clock=ports.clock,
        lease=Lease(engine=ports.store, name="webhooks", holder=holder, clock=ports.clock),
        poll_s=settings.outward_poll_s,
    )
    yield courier.run(webhooks.woken)
    teller = Teller(
        outbox=notices.outbox,
        gatherer=Gatherer(engine=ports.store, model=ports.read_model),
        mailboxes=notices.mailboxes,
        ledger=webhooks.ledger,
        outward=ports.outward,
        regions=ports.regions,
        clock=ports.clock,
        lease=Lease(engine=ports.store, name="notices", holder=holder, clock=ports.clock),
        poll_s=settings.outward_poll_s,
        leave_path=LEAVE,
    )
    yield teller.run(notices.woken)
