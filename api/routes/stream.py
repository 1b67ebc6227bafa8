"""The live match stream as server-sent events."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse
from starlette.requests import Request

from api.errors import problem_responses
from api.readmodel.views import FeedType
from api.routes.reads import Category, Region
from api.services import of
from api.stream import Wanted, parse_mark

router = APIRouter(prefix="/v1", tags=["stream 匹配流"])

SEND_TIMEOUT_S = 30.0
"""A listener that does not take an event for so long is cut."""
STOP_S = 2.0
"""So long the stream has to end by itself when the server stops; then the line is cut."""


@router.get(
    "/stream",
    operation_id="streamMatches",
    summary="What becomes of assignments, live",
    response_class=EventSourceResponse,
    responses=problem_responses("bad_cursor", "bad_region", "invalid_value")
    | {
        200: {
            "description": "Events named after the change: proposed, confirmed, revoked, expired, fulfilled; their "
            "data is a FeedRow. `reset` says that ids count anew: load your lists again.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def stream_matches(
    request: Request,
    region: Region = None,
    category: Category = None,
    type: Annotated[list[FeedType] | None, Query(description="Only these changes; may be repeated.")] = None,
    after: Annotated[
        str | None, Query(max_length=60, description="Go on after this event id; 0: from the start.")
    ] = None,
    last_event_id: Annotated[str | None, Header(max_length=60, description="The same, as browsers send it.")] = None,
) -> EventSourceResponse:
    """Follow the matches from now on, or from where you were. Comments keep the line open in between.

    A listener that falls too far behind is cut and may come back with `Last-Event-ID`.
    """
    services = of(request)
    said = last_event_id or after
    mark = None if said is None else parse_mark(said)
    wanted = Wanted(region=region or "", category=category, types=frozenset(type or ()))
    return EventSourceResponse(
        services.stream.listen(mark=mark, wanted=wanted),
        ping=services.settings.heartbeat_s,
        send_timeout=SEND_TIMEOUT_S,
        shutdown_grace_period=STOP_S,
    )
