"""``Idempotency-Key`` on every POST (IETF draft-ietf-httpapi-idempotency-key-header).

1. The first request with a key is noted with the digest of method, path and body before anything happens.
2. Its 2xx answer is stored before it is sent; the same request gets the stored answer again.
3. The same key with another content is refused; so is one whose first request still runs in this process.
4. A 4xx did nothing: the key is free again, so that the mistake can be mended.
5. After a crash or a 5xx nobody knows how far it came: the request runs again as a repeat, with the same instant
   and the same ids (``api.commands``). Two processes that do so at once say the same facts, which count once.
6. An answer that says ``Cache-Control: no-store`` holds a secret and is not kept: its request runs again as a repeat.
"""

import json
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.commands import SCOPE_KEY, keyed
from api.ports import Clock
from api.store import idempotency
from schemas.refusals import Refused

HEADER = "Idempotency-Key"
_NAME = HEADER.lower().encode()
REPLAYED = (b"idempotent-replayed", b"true")
_NO_STORE = (b"cache-control", b"no-store")
_LONGEST = 255
QUESTIONS = (":preview", ":replay", ":suggest", ":duplicates", ":read")
"""How the paths of POSTs end that change nothing: what they ask is too long, or too private, for an address."""


def takes_key(path: str) -> bool:
    """Return whether a POST to ``path`` changes anything; a mere question may be asked again and again."""
    return path.startswith(("/v1/", "/open311/")) and not path.endswith(QUESTIONS)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it was sent."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """What is known of a key: when it was first used, whether just now, and its answer if there is one."""

    at: datetime
    fresh: bool
    answer: Answer | None = None


class Answers:
    """Answers by key; all calls block, run them in a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, *, key: str, digest: bytes, now: datetime) -> Begun:
        """Note the first use of a key, or return what came of it; raise Refused where the content is another."""
        noted = insert(idempotency).values(key=key, digest=digest, started_at=now).on_conflict_do_nothing()
        with self._engine.begin() as connection:
            if connection.execute(noted).rowcount:
                return Begun(at=now, fresh=True)
            row = connection.execute(select(idempotency).where(idempotency.c.key == key)).one()
        if row.digest != digest:
            raise Refused("idempotency_key_reused")
        if row.status is None:
            return Begun(at=row.started_at, fresh=False)
        return Begun(
            at=row.started_at,
            fresh=False,
            answer=Answer(row.status, _load(row.headers), zlib.decompress(row.body)),
        )

    def finish(self, *, key: str, answer: Answer) -> None:
        """Store the answer of a key."""
        row = {"status": answer.status, "headers": _dump(answer.headers), "body": zlib.compress(answer.body, 1)}
        with self._engine.begin() as connection:
            connection.execute(update(idempotency).where(idempotency.c.key == key).values(row))

    def drop(self, key: str) -> None:
        """Free a key whose request did nothing."""
        with self._engine.begin() as connection:
            connection.execute(delete(idempotency).where(idempotency.c.key == key))

    def purge(self, *, before: datetime) -> int:
        """Delete what is older than ``before``; return how many."""
        with self._engine.begin() as connection:
            return connection.execute(delete(idempotency).where(idempotency.c.started_at < before)).rowcount


def _dump(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    return json.dumps([[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]).encode()


def _load(data: bytes) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in json.loads(data)]


class Idempotency:
    """The ASGI layer. ``secret`` keys the digests, so that they give nothing away about short bodies."""

    def __init__(self, app: ASGIApp, *, answers: Answers, clock: Clock, secret: bytes) -> None:
        self.app = app
        self._answers = answers
        self._clock = clock
        self._secret = secret
        self._running: set[str] = set()
        # One at a time: SQLite has one writer, and those that wait for it wait better here than there.
        self._turn = CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; only POSTs with a key take longer than before."""
        given = None
        if scope["type"] == "http" and scope["method"] == "POST" and takes_key(scope["path"]):
            given = next((value for name, value in scope["headers"] if name == _NAME), None)
        if given is None:
            await self.app(scope, receive, send)
            return
        key = given.decode("latin-1").strip()
        if not 0 < len(key) <= _LONGEST or not key.isascii() or not key.isprintable():
            raise Refused("invalid_value", f"1 to {_LONGEST} printable ASCII characters", field=f"header:{HEADER}")
        if key in self._running:
            raise Refused("idempotency_key_in_use")
        self._running.add(key)
        try:
            await self._handle(key, scope, receive, send)
        finally:
            self._running.discard(key)

    async def _handle(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _whole(receive)
        digest = self._digest(scope, body)
        now = self._clock.now()
        begun = await run_sync(partial(self._answers.begin, key=key, digest=digest, now=now), limiter=self._turn)
        if begun.answer is not None:
            await _send(begun.answer, send, REPLAYED)
            return
        scope[SCOPE_KEY] = keyed(key, at=begun.at, repeat=not begun.fresh)
        answer = await _capture(self.app, scope, _again(body, receive))
        if answer.status < 300:
            if _NO_STORE not in answer.headers:
                await run_sync(partial(self._answers.finish, key=key, answer=answer), limiter=self._turn)
        elif answer.status < 500 and begun.fresh:
            await run_sync(self._answers.drop, key, limiter=self._turn)
        await _send(answer, send)

    def _digest(self, scope: Scope, body: bytes) -> bytes:
        digest = blake2b(key=self._secret[:64], digest_size=32)
        head = json.dumps([scope["method"], scope["path"], scope["query_string"].decode("latin-1")])
        digest.update(head.encode() + b"\n" + body)
        return digest.digest()


async def _whole(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused("invalid_json", "the client went away")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives ``body`` once, then what the connection says."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


async def _capture(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    status, headers, parts = 500, [], []

    async def keep(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message["headers"])
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)
    return Answer(status, headers, b"".join(parts))


async def _send(answer: Answer, send: Send, *more: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers, *more]})
    await send({"type": "http.response.body", "body": answer.body})


async def purge_now_and_then(
    answers: Answers, *, clock: Clock, hours: float, sleep: Callable[[float], Awaitable[None]]
) -> None:
    """Delete old answers every hour, until cancelled."""
    while True:
        before = clock.now() - timedelta(hours=hours)
        await run_sync(partial(answers.purge, before=before))
        await sleep(3600)
