"""The teller: makes notices of what happened, plans them person by person, and sends what is to be sent.

1. Only the process that holds the lease does it. What another left on its way is taken up first.
2. A message is counted before it goes out and taken back where it surely did not; so a crash may repeat a message, but
   never exceeds a budget.
3. What the mail server does not take for now is tried again after 1, 5 and 30 minutes, 2 and 12 hours, by the same
   rules as everything; then, or where it is refused for good, the notice has failed.
4. Where something is wrong with one party (a key that does not open its address), the others are told all the same.
5. A webhook's notice goes into the delivery log, which has its own tries.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import Final

import structlog
from anyio.to_thread import run_sync
from sqlalchemy.exc import SQLAlchemyError

from api.lease import Lease
from api.notices.gatherer import Gatherer
from api.notices.letter import Letter, written
from api.notices.mailboxes import Mailboxes
from api.notices.outbox import Outbox, Waiting
from api.notices.plan import Digest, Send, plan
from api.notices.wishes import Wishes
from api.notices.words import digest_subject, page_of, sentence, subject
from api.ports import Bell, Clock, Mailed, Outward
from api.watching import watch
from api.webhooks.ledger import Ledger, Message
from api.webhooks.sources import body_of
from schemas.refusals import Refused
from schemas.regions import Regions

log = structlog.get_logger(__name__)

PARTIES: Final = 200
"""So many are looked at in one turn."""
RETRIES: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
TROUBLE: Final = timedelta(minutes=5)
"""So long a party waits with which something is wrong."""
PURGED_EVERY: Final = timedelta(hours=1)


class Teller:
    """Tells until cancelled. Belongs to one event loop."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        gatherer: Gatherer,
        mailboxes: Mailboxes,
        ledger: Ledger,
        outward: Outward,
        regions: Regions,
        clock: Clock,
        lease: Lease,
        poll_s: float,
        leave_path: str,
    ) -> None:
        self._outbox = outbox
        self._gatherer = gatherer
        self._mailboxes = mailboxes
        self._ledger = ledger
        self._outward = outward
        self._regions = regions
        self._clock = clock
        self._lease = lease
        self._poll_s = poll_s
        self._leave_path = leave_path
        self._holds = False
        self._purged: datetime | None = None
        self._troubled: dict[str, datetime] = {}

    async def run(self, woken: Bell) -> None:
        """Look every ``poll_s`` seconds, and whenever somebody wakes us."""
        try:
            await watch(self._look, woken=woken, poll_s=self._poll_s, trouble=self._in_trouble)
        finally:
            self._lease.let_go()

    def _in_trouble(self) -> None:
        log.exception("notices could not be looked at; trying again")
        self._holds = False  # what is on its way is taken up as after a crash

    async def _look(self) -> None:
        held, self._holds = self._holds, await run_sync(self._lease.hold)
        if not self._holds:
            return
        for party in await run_sync(partial(self._whose_turn, taking_over=not held)):
            if self._troubled.get(party, self._clock.now()) <= self._clock.now():
                await self._try_to_tell(party)

    def _whose_turn(self, *, taking_over: bool) -> tuple[str, ...]:
        now = self._clock.now()
        if taking_over:
            self._outbox.recover(now=now)
        if self._purged is None or now - self._purged >= PURGED_EVERY:
            self._purged = now
            self._outbox.purge(now=now)
        self._gatherer.gather(now=now)
        return self._outbox.due(now, limit=PARTIES)

    async def _try_to_tell(self, party: str) -> None:
        self._troubled.pop(party, None)
        try:
            await self._tell(party)
        except SQLAlchemyError:
            raise
        except Exception:  # nobody else may go without because of it
            self._troubled[party] = self._clock.now() + TROUBLE
            log.exception("a party could not be told; it is tried again", party=party)

    async def _tell(self, party: str) -> None:
        """Plan for one party, and send what the plan says, message by message."""
        now = self._clock.now()
        found = await run_sync(partial(self._planned, party, now))
        if found is None:
            return
        wishes, singles, together = found
        for group in [*([single] for single in singles), *([together] if together else [])]:
            await self._send(party, wishes, group, now)

    def _planned(self, party: str, now: datetime) -> tuple[Wishes, list[Waiting], list[Waiting]] | None:
        """Return what goes alone and what goes together; the rest is written down."""
        known = self._outbox.known(party)
        if known is None:
            return None
        waiting = self._gatherer.as_of_now(self._outbox.waiting(party))
        pending = [each.pending for each in waiting]
        decided = plan(wishes=known.wishes, pending=pending, sent=self._outbox.sent(party, now=now), now=now)
        self._outbox.decided(decided, now=now)
        told = [(each, decided[each.pending.notice_id]) for each in waiting]
        singles = [each for each, decision in told if isinstance(decision, Send)]
        return known.wishes, singles, [each for each, decision in told if isinstance(decision, Digest)]

    async def _send(self, party: str, wishes: Wishes, group: Sequence[Waiting], now: datetime) -> None:
        ids = sorted(each.pending.notice_id for each in group)
        message_id = "m-" + blake2b("/".join(ids).encode(), digest_size=16).hexdigest()
        going = partial(self._outbox.going, ids, message_id=message_id, party=party, channel=wishes.channel, now=now)
        await run_sync(going)
        mailed = await self._handed_over(message_id, party, wishes, group, now)
        if mailed.error is None:
            await run_sync(partial(self._outbox.gone, message_id, now=now))
            return
        tries = max(each.tries for each in group)
        for_good = mailed.for_good or tries >= len(RETRIES)
        again_at = None if for_good else now + RETRIES[tries]
        log.warning("a notice could not be sent", message=message_id, error=mailed.error, again_at=again_at)
        await run_sync(partial(self._outbox.came_back, message_id, again_at=again_at, reason=mailed.error, now=now))

    async def _handed_over(
        self, message_id: str, party: str, wishes: Wishes, group: Sequence[Waiting], now: datetime
    ) -> Mailed:
        try:
            if wishes.channel == "webhook":
                return await run_sync(partial(self._by_webhook, message_id, party, wishes, group, now))
            return await self._by_email(message_id, party, wishes, group, now)
        except SQLAlchemyError:
            raise
        except Exception:  # before it was handed over: whoever takes letters never raises
            log.exception("a notice could not be made", message=message_id)
            return Mailed("internal_error")

    async def _by_email(
        self, message_id: str, party: str, wishes: Wishes, group: Sequence[Waiting], now: datetime
    ) -> Mailed:
        letters = self._outward.letters
        if letters is None:
            return Mailed("no_mail_server")
        to = await run_sync(partial(self._mailboxes.read, party, reason=f"notice {message_id}"))
        if to is None:
            return Mailed("no_address", for_good=True)
        letter = Letter(
            message_id=message_id,
            sender=letters.sender,
            to=to,
            at=now,
            language=wishes.language,
            subject=_subject(group, wishes),
            sentences=[
                (text, page_of(each.kind, each.facts))
                for each, text in zip(group, self._sentences(group, wishes), strict=True)
            ],
            public_url=letters.public_url,
            leave_url=f"{letters.public_url}{self._leave_path}/{self._outbox.leave_token(party)}",
        )
        return await letters.mail(sender=letters.sender, to=to, content=written(letter))

    def _by_webhook(
        self, message_id: str, party: str, wishes: Wishes, group: Sequence[Waiting], now: datetime
    ) -> Mailed:
        """Put the message into the delivery log of the party's webhook."""
        kind = "notice.digest" if len(group) > 1 else f"notice.{group[0].kind}"
        texts = self._sentences(group, wishes)
        told = [
            {"notice_id": each.pending.notice_id, "kind": each.kind, "text": text, "facts": each.facts}
            for each, text in zip(group, texts, strict=True)
        ]
        data = {"party": party, "subject": _subject(group, wishes), "language": wishes.language, "notices": told}
        message = Message(event_id=message_id, type=kind, body=body_of(type=kind, at=now, data=data))
        try:
            self._ledger.add(webhook_id=wishes.webhook_id or "", message=message, now=now)
        except Refused:
            return Mailed("webhook_gone", for_good=True)
        return Mailed()

    def _sentences(self, group: Sequence[Waiting], wishes: Wishes) -> list[str]:
        return [sentence(each.kind, each.facts, wishes=wishes, regions=self._regions) for each in group]


def _subject(group: Sequence[Waiting], wishes: Wishes) -> str:
    if len(group) == 1:
        return subject(group[0].kind, group[0].facts, language=wishes.language)
    return digest_subject(len(group), language=wishes.language)
