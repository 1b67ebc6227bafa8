"""An e-mail: plain text and a small page of the same, with a way out that works by one click.

The way out is ``List-Unsubscribe`` with ``List-Unsubscribe-Post`` (RFC 8058): its address holds a capability for this
party alone, and only a POST ends the messages, so that a link checker does not. ``Auto-Submitted`` (RFC 3834) keeps
out-of-office answers away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, formataddr
from html import escape
from typing import Any, Final

from api.language import Language
from api.problems import Messages

_FROM: Final = Messages(zh="共建平台", en="Cobuild")
_READ: Final = Messages(zh="查看", en="See it")
_OPEN: Final = Messages(zh="打开平台", en="Open Cobuild")
_LEAVE: Final = Messages(zh="不再接收邮件", en="No more e-mail")
_WHY: Final = Messages(
    zh="您收到此邮件，是因为您在共建平台登记了邮箱。收信多少、何时收信，可以请社区为您调整。",
    en="You get this because your address was left with Cobuild. How much, and when, can be changed there.",
)


class _Unbroken(EmailPolicy):
    """Leaves one header as it is: the library would encode a long address, and no mail program reads that."""

    def fold(self, name: str, value: Any) -> str:
        return f"{name}: {value}{self.linesep}" if name == "List-Unsubscribe" else super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode() if name == "List-Unsubscribe" else super().fold_binary(name, value)


_POLICY: Final = _Unbroken(linesep=SMTP.linesep, cte_type="7bit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What an e-mail is made of: sentences, each with where it can be read on; ``leave_url`` is the way out."""

    message_id: str
    sender: str
    to: str
    at: datetime
    language: Language
    subject: str
    sentences: Sequence[tuple[str, str]]
    public_url: str
    leave_url: str


def written(letter: Letter) -> bytes:
    """Return the letter as it goes to the mail server."""
    said = _words(letter.language)
    message = EmailMessage(policy=_POLICY)
    message["From"] = formataddr((said(_FROM), letter.sender))
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.message_id}@{letter.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{letter.leave_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_plain(letter), cte="base64")
    message.add_alternative(_page(letter), subtype="html", cte="base64")
    message["Content-Language"] = "zh-CN" if letter.language == "zh" else "en"  # last: the content takes such along
    return message.as_bytes()


def _plain(letter: Letter) -> str:
    said = _words(letter.language)
    several = len(letter.sentences) > 1
    lines = [
        f"{'• ' if several else ''}{sentence}\n{letter.public_url}/{page}\n" for sentence, page in letter.sentences
    ]
    links = [f"{said(_OPEN)}: {letter.public_url}/", f"{said(_LEAVE)}: {letter.leave_url}"]
    return "\n".join([*lines, "-- ", said(_WHY), *links, ""])


def _page(letter: Letter) -> str:
    said = _words(letter.language)
    told = "".join(
        f'<p>{escape(sentence)}<br><a href="{escape(f"{letter.public_url}/{page}")}">{said(_READ)}</a></p>'
        for sentence, page in letter.sentences
    )
    language = "zh-CN" if letter.language == "zh" else "en"
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><body style="font:16px/1.6 sans-serif">{told}'
        f'<p style="color:#666;font-size:13px">{escape(said(_WHY))}<br>'
        f'<a href="{escape(letter.public_url)}/">{said(_OPEN)}</a> · '
        f'<a href="{escape(letter.leave_url)}">{said(_LEAVE)}</a></p></body></html>\n'
    )


def _words(language: Language) -> Any:
    return lambda messages: messages.zh if language == "zh" else messages.en
