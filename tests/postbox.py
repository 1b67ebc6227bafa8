"""A mail server on a real socket, with STARTTLS and a login, that takes letters or says why not."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.receiver import PATIENCE_S

USER, PASSWORD = "cobuild", "s3cr3t"


@dataclass
class Postbox:
    """Gives the next of ``replies`` to a letter, then takes everything."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    replies: deque[str] = field(default_factory=deque)
    was_secure: list[bool] = field(default_factory=list)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name there
        reply = self.replies.popleft() if self.replies else "250 taken"
        assert isinstance(envelope.content, bytes)
        async with self.came:
            if reply.startswith("250"):
                self.raw.append(envelope.content)
                found = message_from_bytes(envelope.content, policy=default)
                assert isinstance(found, EmailMessage)
                self.letters.append(found)
                self.recipients += envelope.rcpt_tos
                self.was_secure.append(session.ssl is not None)
            self.came.notify_all()
        return reply

    async def has(self, count: int) -> list[EmailMessage]:
        """Return the letters once there are so many."""
        async with asyncio.timeout(PATIENCE_S), self.came:
            await self.came.wait_for(lambda: len(self.letters) >= count)
        return self.letters


def _knows(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    # Not handled: the server itself says no.
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)


@asynccontextmanager
async def taking_letters(tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Postbox]:
    """Listen; with ``tls`` only to those who encrypt and log in."""
    box = Postbox()

    def connected() -> SMTP:
        guarded = {"require_starttls": True, "auth_required": True, "authenticator": _knows} if tls else {}
        return SMTP(box, hostname="localhost", tls_context=tls, enable_SMTPUTF8=False, **guarded)  # type: ignore[arg-type]

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", port)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
