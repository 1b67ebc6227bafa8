"""A client of the HTTP API like any other: says facts, gives answers, follows the stream."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import httpx
import structlog
from httpx_sse import aconnect_sse
from pydantic_core import to_json

from schemas.base import Fact
from schemas.demands import DemandPosted, DemandWhistled, DemandWithdrawn
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.resources import ResourceOffered, ResourceWithdrawn

log = structlog.get_logger(__name__)

ATTEMPTS = 5
PAUSE_S = 0.5
"""Before the second attempt; doubled before each further one."""
PATIENCE_S = 120.0
"""How long the lists may take to read the whole stock."""
LOOK_S = 0.05
OURS = {"version", "enrolled_at", "posted_at", "offered_at"}
"""Fields that the API sets itself."""


class CannotSayError(TypeError):
    """A fact that no route of the API takes."""


class Client:
    """Speaks to one server. What the server refuses is counted and logged; it is no failure of the demo."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.refused = 0
        self.lost = 0

    async def say(self, fact: Fact) -> bool:
        """Send a fact to the route that takes it; return whether it was taken."""
        return await self.post(*request_of(fact))

    async def answer(self, assignment_id: str, answer: str) -> bool:
        """Answer an assignment: accept, decline, done, no-show; return whether it was taken."""
        return await self.post(f"/v1/assignments/{assignment_id}:{answer}", {})

    async def has_units(self, region: str) -> bool:
        """Return whether any unit reported in ``region`` before."""
        answer = await self._http.get("/v1/units", params={"region": region, "limit": 1})
        answer.raise_for_status()
        return bool(answer.json()["rows"])

    async def follow(self, **narrowed: str | list[str]) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the rows of the match stream from now on, for ever; a broken line is taken up where it broke."""
        headers: dict[str, str] = {}
        while True:
            try:
                async with aconnect_sse(
                    self._http,
                    "GET",
                    "/v1/stream",
                    params=narrowed,
                    headers=headers,
                    timeout=httpx.Timeout(10, read=60),
                ) as source:
                    source.response.raise_for_status()
                    async for event in source.aiter_sse():
                        if event.id:
                            headers["Last-Event-ID"] = event.id
                        if event.event != "reset" and event.data:
                            yield event.json()
            except httpx.HTTPError as error:
                log.info("the match stream broke; following it again", error=str(error))
            await asyncio.sleep(PAUSE_S)

    async def post(self, path: str, body: Mapping[str, Any]) -> bool:
        """Post; return whether it was taken."""
        return await self._post(path, body) is not None

    async def begin(self, path: str, body: Mapping[str, Any]) -> str | None:
        """Post what begins something; return where that is, None where it was not taken."""
        answer = await self._post(path, body)
        return None if answer is None else answer.headers["location"]

    async def sees(self, path: str) -> bool:
        """Wait until the lists have what is at ``path``; return whether they came to have it."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while asyncio.get_running_loop().time() < deadline:
            try:
                if (await self._http.get(path)).is_success:
                    return True
            except httpx.TransportError as error:
                log.info("no answer", path=path, error=str(error))
            await asyncio.sleep(LOOK_S)
        return False

    async def _post(self, path: str, body: Mapping[str, Any]) -> httpx.Response | None:
        """Post once; where it is not known whether it arrived, again under the same key. None: it was not taken."""
        content = to_json(body)
        headers = {"Idempotency-Key": str(uuid4()), "content-type": "application/json"}
        pause_s = PAUSE_S
        for _ in range(ATTEMPTS):
            try:
                answer = await self._http.post(path, content=content, headers=headers)
            except httpx.TransportError as error:
                log.info("no answer", path=path, error=str(error))
            else:
                if answer.status_code < 500:
                    return answer if self._taken(path, answer) else None
                log.info("not now", path=path, status=answer.status_code)
            await asyncio.sleep(pause_s)
            pause_s *= 2
        self.lost += 1
        return None

    def _taken(self, path: str, answer: httpx.Response) -> bool:
        if answer.is_success:
            return True
        self.refused += 1
        log.info("refused", path=path, status=answer.status_code, problem=answer.text[:300])
        return False


def request_of(fact: Fact) -> tuple[str, dict[str, Any]]:
    """Return the path and body that say ``fact``; raise CannotSayError where there is no route for it."""
    body: dict[str, Any] = {}
    match fact:
        case UnitEnrolled():
            path, body = "/v1/units", _body(fact)
        case MemberEnrolled():
            path, body = "/v1/members", _body(fact)
        case ResourceOffered(resource=resource):
            path, body = "/v1/resources", _body(resource)
        case DemandPosted(demand=demand):
            path, body = "/v1/demands", _body(demand)
        case DemandWhistled(demand_id=demand_id):
            path = f"/v1/demands/{demand_id}:whistle"
        case DemandWithdrawn(demand_id=demand_id):
            path = f"/v1/demands/{demand_id}:withdraw"
        case ResourceWithdrawn(resource_id=resource_id):
            path = f"/v1/resources/{resource_id}:withdraw"
        case _:
            raise CannotSayError(type(fact).__name__)
    return path, body


def _body(entry: Fact) -> dict[str, Any]:
    return entry.model_dump(mode="json", exclude=OURS, exclude_defaults=True)
