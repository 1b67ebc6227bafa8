"""The door of the API, as pure ASGI: size and type of bodies, the bearer token, security headers, faults of ours."""

import hmac
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import respond, unexpected
from api.leaving import OpenRequests
from api.open311.answers import PREFIX as OPEN311
from api.settings import KIB, ApiSettings
from schemas.refusals import Refused

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
CONFIDENTIAL = ("/v1/webhooks", "/v1/notices")
"""What is read with the token too: who is told what, and where."""
IMPORTS = "/v1/imports"
_FORM = 16 * KIB
"""What a form takes beside its file."""


def needs_token(*, method: str, path: str) -> bool:
    """Return whether a request needs the token, where one is set: writes, and reads of what is confidential.

    Open311 has its token among the parameters, and looks at it itself.
    """
    return path.startswith(CONFIDENTIAL) if method in _READS else path.startswith("/v1/")


class Door:
    """Lets in what may come in, and makes sure that every answer under ``/v1`` is one of ours.

    A body is counted as it is read, so that a client that hides its length gains nothing.
    """

    def __init__(self, app: ASGIApp, *, settings: ApiSettings, under_way: OpenRequests) -> None:
        self.app = app
        self._under_way = under_way
        self._settings = settings
        token = settings.api_token
        self._token = None if token is None else token.get_secret_value().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reply = _Reply(send)
        path = scope["path"]
        try:
            headers = dict(scope["headers"])
            if needs_token(method=scope["method"], path=path):
                self._check_token(headers)
            if scope["method"] not in _READS and path.startswith(("/v1/", OPEN311)):
                self._check_body(headers, path=path)
                async with self._under_way.limited():
                    await self.app(scope, _counted(receive, limit=self._limit(path)), reply)
            else:
                await self.app(scope, receive, reply)
        except HTTPException:  # only the count of bytes can come this far
            await respond(self._too_large(path), headers=Headers(scope=scope), path=path)(scope, receive, reply)
        except Refused as refused:
            await respond(refused, headers=Headers(scope=scope), path=path)(scope, receive, reply)
        except Exception as error:
            if reply.started:  # too late for a problem: cut the connection, so that nobody takes half for a whole
                raise
            response = unexpected(error, headers=Headers(scope=scope), path=path, method=scope["method"])
            await response(scope, receive, reply)

    def _limit(self, path: str) -> int:
        return self._settings.max_import_bytes + _FORM if path == IMPORTS else self._settings.max_json_bytes

    def _too_large(self, path: str) -> Refused:
        if path == IMPORTS:
            return Refused("file_too_large", f"at most {self._settings.max_import_bytes} bytes")
        return Refused("record_too_large", f"at most {self._settings.max_json_bytes} bytes")

    def _check_token(self, headers: dict[bytes, bytes]) -> None:
        if self._token is not None:
            scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
            if not hmac.compare_digest(self._token, token.strip()) or scheme.lower() != b"bearer":
                raise Refused("unauthorized")

    def _check_body(self, headers: dict[bytes, bytes], *, path: str) -> None:
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._limit(path):
            raise self._too_large(path)
        if length != b"0" or b"transfer-encoding" in headers:
            _must_fit(headers.get(b"content-type", b""), path)


def _must_fit(content_type: bytes, path: str) -> None:
    kind = content_type.partition(b";")[0].strip().lower()
    if path == IMPORTS:
        if kind != b"multipart/form-data":
            raise Refused("unsupported_media_type", "multipart/form-data")
    elif path.startswith(OPEN311):
        if kind not in (b"application/x-www-form-urlencoded", b"multipart/form-data"):
            raise Refused("unsupported_media_type", "application/x-www-form-urlencoded")
    elif kind != b"application/json" and not (kind.startswith(b"application/") and kind.endswith(b"+json")):
        raise Refused("unsupported_media_type", "application/json")


def _counted(receive: Receive, *, limit: int) -> Receive:
    seen = 0

    async def counting() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            # The framework passes its own exceptions on while it reads a body, and hides others.
            raise HTTPException(413)
        return message

    return counting


class _Reply:
    """Sends, adding the security headers, and remembers whether an answer has begun."""

    __slots__ = ("_send", "started")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = [*message.get("headers", ()), *SECURITY_HEADERS]
        await self._send(message)
