"""What the routes of notices do: wishes, mailboxes, history, the way out."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from anyio.to_thread import run_sync

from api.notices.mailboxes import Mailboxes
from api.notices.outbox import Known, NoticeView, Outbox
from api.notices.wishes import Wishes
from api.ports import Bell
from api.readmodel.views import Page
from api.webhooks.subscriptions import Subscriptions
from schemas.refusals import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """``emails`` says whether this house sends any; ``woken`` wakes the teller."""

    outbox: Outbox
    mailboxes: Mailboxes
    subscriptions: Subscriptions
    emails: bool
    woken: Bell

    async def wish(self, party: str, wishes: Wishes, *, address: str | None, now: datetime) -> tuple[Known, bool]:
        """Keep wishes, and an address where one is given; return them, and whether an address is known.

        Raises:
            Refused: ``channel_unavailable``, where nothing could be sent so.
        """
        knows = address is not None or await run_sync(self.mailboxes.knows, party)
        if wishes.channel == "email" and not (self.emails and knows):
            raise Refused("channel_unavailable", "an address is missing" if self.emails else "no mail server is set up")
        if wishes.webhook_id is not None:
            try:
                await run_sync(self.subscriptions.get, wishes.webhook_id)
            except Refused:
                raise Refused("channel_unavailable", f"there is no webhook {wishes.webhook_id}") from None
        if address is not None:
            await run_sync(partial(self.mailboxes.put, party, address, now=now))
        kept = await run_sync(partial(self.outbox.wish, party, wishes, now=now))
        self.woken.ring()
        return kept, knows

    async def get(self, party: str) -> tuple[Known, bool]:
        """Return wishes, and whether an address is known; raise Refused ``not_found``."""
        known = await run_sync(self.outbox.known, party)
        if known is None:
            raise Refused("not_found", party)
        return known, await run_sync(self.mailboxes.knows, party)

    async def history(self, party: str, *, cursor: str | None, limit: int) -> Page[NoticeView]:
        """Return what became of a party's notices; raise Refused ``not_found``, ``bad_cursor``."""
        await self.get(party)
        return await run_sync(partial(self.outbox.history, party, cursor=cursor, limit=limit))

    async def leave(self, token: str, *, now: datetime) -> bool:
        """End the messages of whoever holds the token, and forget the address; return whether it is known."""
        party = await run_sync(self.outbox.leaver, token)
        known = None if party is None else await run_sync(self.outbox.known, party)
        if party is None or known is None:
            return False
        ended = known.wishes.model_copy(update={"channel": "none", "webhook_id": None})
        await run_sync(partial(self.outbox.wish, party, ended, now=now))
        await run_sync(self.mailboxes.forget, party)
        self.woken.ring()
        return True

    async def forget(self, party: str) -> bool:
        """Delete wishes, address and history of a party; return whether there was something."""
        gone = await run_sync(self.mailboxes.forget, party)
        return await run_sync(self.outbox.forget, party) or gone
