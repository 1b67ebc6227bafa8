"""Handing letters to a mail server, by SMTP (RFC 5321) with STARTTLS."""

import asyncio
from dataclasses import dataclass
from typing import Final, Literal

import aiosmtplib
from pydantic import SecretStr

from api.ports import Mailed

Security = Literal["starttls", "tls", "none"]
LIMIT_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMailer:
    """The API's ``Mailer`` on aiosmtplib: a connection for each letter, its certificate verified."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: SecretStr | None = None
    limit_s: float = LIMIT_S

    async def __call__(self, *, sender: str, to: str, content: bytes) -> Mailed:
        """Hand over one letter; never raises."""
        # In a task of its own: the library waits by ``asyncio.wait_for``, which may lose a cancellation in Python 3.11.
        sending = asyncio.create_task(self._send(sender=sender, to=to, content=content))
        try:
            await asyncio.wait({sending})
        finally:
            sending.cancel()
        return sending.result()

    async def _send(self, *, sender: str, to: str, content: bytes) -> Mailed:
        try:
            await aiosmtplib.send(
                content,
                sender=sender,
                recipients=[to],
                hostname=self.host,
                port=self.port,
                username=self.username,
                password=None if self.password is None else self.password.get_secret_value(),
                timeout=self.limit_s,
                use_tls=self.security == "tls",
                start_tls=self.security == "starttls",
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _refused(max(each.code for each in error.recipients))
        except aiosmtplib.SMTPAuthenticationError:
            return Mailed("login_refused")
        except aiosmtplib.SMTPResponseException as error:
            return _refused(error.code)
        except (aiosmtplib.SMTPException, OSError, ValueError):
            return Mailed("unreachable")
        return Mailed()


def _refused(code: int) -> Mailed:
    """Return what a reply means: 5yz is for good, 4yz for now (RFC 5321, section 4.2.1)."""
    return Mailed("refused", for_good=True) if code >= 500 else Mailed("deferred")
