"""Notices 通知: how a party wishes to be told, what became of each notice, and the way out in every e-mail."""

import re
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Path
from pydantic import AfterValidator, ConfigDict, SecretStr
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.errors import problem_responses
from api.language import Language, choose
from api.notices.outbox import Known, NoticeView
from api.notices.wishes import Wishes
from api.readmodel.views import Page
from api.routes.reads import PAGE, Cursor, Limit
from api.routes.replies import PREVIEW_PROBLEMS
from api.services import of
from schemas.base import PartyRef
from schemas.refusals import Refused

router = APIRouter(tags=["notices 通知"])

LEAVE = "/unsubscribe"
_ADDRESS = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
Party = Annotated[PartyRef, Path(description="Who is told.")]
_READ = problem_responses("unauthorized", "invalid_value", "not_found")
_PAGES = {
    "ask": (("不再接收通知", "Stop notices"), ("不再接收共建平台的通知？", "Get no more notices from Cobuild?")),
    "left": (
        ("已停止", "Stopped"),
        ("不会再给您发送通知，邮箱地址已删除。", "No more notices; your address was deleted."),
    ),
    "unknown": (("链接无效", "Not valid"), ("这个链接已失效。", "This link is not valid any more.")),
}


def _plausible(address: SecretStr) -> SecretStr:
    """Return an address that may be one; whether somebody reads there, only a letter tells."""
    if len(address.get_secret_value()) > 254 or not _ADDRESS.fullmatch(address.get_secret_value()):
        raise ValueError("no e-mail address")
    return address


class WishesBody(Wishes):
    """Wishes with an address, which goes to the identity vault and nowhere else; left out, the known one stays."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"channel": "email", "address": "m@example.org", "language": "zh", "budget": 3}]
        }
    )

    address: Annotated[SecretStr, AfterValidator(_plausible)] | None = None


class WishesView(Wishes):
    """Wishes as they are kept; the address is never shown, only whether there is one."""

    party: str
    has_address: bool
    changed_at: datetime


@router.put(
    "/v1/notices/{party:path}",
    operation_id="putWishes",
    summary="Say how a party wishes to be told",
    responses=problem_responses(*PREVIEW_PROBLEMS, "channel_unavailable"),
)
async def put_wishes(request: Request, party: Party, body: WishesBody) -> WishesView:
    """Set channel, language, zone, quiet hours, digest and budget; what is left out takes the default."""
    services = of(request)
    wishes = Wishes.model_validate(body.model_dump(exclude={"address"}))
    address = None if body.address is None else body.address.get_secret_value()
    known, has_address = await services.notices.wish(party, wishes, address=address, now=services.ports.clock.now())
    return _view(party, known, has_address)


@router.get(
    "/v1/notices/{party:path}/history",
    operation_id="listNotices",
    summary="What a party was told, and what not",
    responses=_READ | problem_responses("unauthorized", "not_found", "bad_cursor", "invalid_value"),
)
async def get_history(request: Request, party: Party, cursor: Cursor = None, limit: Limit = PAGE) -> Page[NoticeView]:
    """Return the notices of the last 90 days, the newest first: sent, held, in a digest, dropped or failed, and why."""
    return await of(request).notices.history(party, cursor=cursor, limit=limit)


@router.get(
    "/v1/notices/{party:path}", operation_id="getWishes", summary="How a party wishes to be told", responses=_READ
)
async def get_wishes(request: Request, party: Party) -> WishesView:
    """Return the wishes of a party."""
    return _view(party, *await of(request).notices.get(party))


@router.delete(
    "/v1/notices/{party:path}",
    operation_id="deleteWishes",
    summary="Forget a party's wishes, address and history",
    status_code=204,
    responses=_READ,
)
async def delete_wishes(request: Request, party: Party) -> None:
    """Tell this party nothing any more, and keep nothing."""
    if not await of(request).notices.forget(party):
        raise Refused("not_found", party)


@router.get(f"{LEAVE}/{{token}}", include_in_schema=False)
async def ask_to_leave(accept_language: Annotated[str | None, Header()] = None) -> HTMLResponse:
    """Ask before anything happens: programs that look at links come here too."""
    return _page("ask", choose(accept_language), button=True)


@router.post(f"{LEAVE}/{{token}}", include_in_schema=False)
async def leave(
    request: Request, token: Annotated[str, Path()], accept_language: Annotated[str | None, Header()] = None
) -> HTMLResponse:
    """End the messages: the button of the page, or the one click of a mail program (RFC 8058)."""
    services = of(request)
    left = await services.notices.leave(token, now=services.ports.clock.now())
    return _page("left" if left else "unknown", choose(accept_language), status=200 if left else 404)


def _view(party: str, known: Known, has_address: bool) -> WishesView:
    return WishesView(**known.wishes.model_dump(), party=party, has_address=has_address, changed_at=known.changed_at)


def _page(name: str, language: Language, *, button: bool = False, status: int = 200) -> HTMLResponse:
    title, text = (words[0 if language == "zh" else 1] for words in _PAGES[name])
    form = f'<form method="post"><button style="font:inherit;padding:.5rem 1.5rem">{title}</button></form>'
    look = "body{font:18px/1.6 system-ui;max-width:36rem;margin:4rem auto;padding:0 1rem}"
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title} · Cobuild</title>'
        f"<style>{look}</style><h1>{title}</h1><p>{text}</p>{form if button else ''}</html>",
        status_code=status,
        headers={"cache-control": "no-store"},
    )
