"""Calendar feeds: give an address, revoke it, and the feed itself."""

from hashlib import blake2b
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from api.calendars.addresses import CalendarKind
from api.calendars.feed import PAST
from api.errors import problem_responses
from api.reading import some
from api.readmodel.queries.calendars import matched_seats
from api.routes.reads import CaughtUp
from api.routes.replies import WRITE_PROBLEMS
from api.services import of
from schemas.base import Moment
from schemas.refusals import Refused

router = APIRouter(prefix="/v1/calendars", tags=["calendars 日历"])
ICALENDAR = "text/calendar; charset=utf-8"
_PARTY = r"^(member:[A-Za-z0-9_-]{1,60}|unit:[0-9A-HJ-NP-RTUWXY]{18}(/[0-9]{1,4})?|community:[1-9][0-9]{11})$"


class CalendarBody(BaseModel):
    """Whose calendar."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [{"party": "member:m-7f3a"}]})

    party: Annotated[str, Field(pattern=_PARTY, description="A member, a unit or a community.")]


class CalendarRequest(CalendarBody):
    """Whose calendar, and whether the address before is to be revoked."""

    anew: Annotated[bool, Field(description="End the address that was given before, and make another.")] = False


class CalendarAddress(BaseModel):
    """Where a calendar is. Whoever knows the path of a member's or a unit's may read it."""

    party: str
    path: Annotated[str, Field(description="Add it to the address of this server.")]
    made_at: Annotated[Moment | None, Field(description="None for a community's, which is always there.")]


@router.post(
    "",
    operation_id="giveCalendar",
    summary="Get the address of a calendar",
    responses=problem_responses(*WRITE_PROBLEMS),
)
async def give_calendar(request: Request, response: Response, body: CalendarRequest) -> CalendarAddress:
    """Return the address of a party's calendar, made at need; asking again gives the same until it is revoked."""
    services = of(request)
    asked = services.command(request)
    give = services.addresses.give
    given = await run_sync(lambda: give(body.party, at=asked.at, anew=body.anew, repeat=asked.repeat))
    response.headers["cache-control"] = "no-store"
    return CalendarAddress(party=given.party, path=given.path, made_at=given.made_at)


@router.post(
    ":revoke",
    operation_id="revokeCalendar",
    summary="Revoke the address of a calendar",
    status_code=204,
    responses=problem_responses(*WRITE_PROBLEMS, "not_found"),
)
async def revoke_calendar(request: Request, body: CalendarBody) -> None:
    """End the address of a member's or a unit's calendar for good; the next one is another."""
    if not await run_sync(of(request).addresses.revoke, body.party):
        raise Refused("not_found", "no such calendar has an address of its own")


@router.get(
    "/{kind}/{name}.ics",
    operation_id="getCalendar",
    summary="A calendar",
    response_class=Response,
    responses=problem_responses("bad_position", "invalid_value", "not_found", "read_model_behind")
    | {
        200: {"content": {"text/calendar": {}}, "description": "The calendar (RFC 5545)."},
        304: {"description": "It is as the client has it."},
    },
    dependencies=[CaughtUp],
)
async def get_calendar(
    request: Request,
    kind: Annotated[CalendarKind, Path(description="Whose calendar.")],
    name: Annotated[
        str,
        Path(
            pattern=r"^([1-9][0-9]{11}|[A-Za-z0-9_-]{43})$",
            description="What the address ends in; a community's code.",
            examples=["310105001001"],
        ),
    ],
    if_none_match: Annotated[str | None, Header(description="The `ETag` of what the client has.")] = None,
) -> Response:
    """Return what was matched: a member's or a unit's own, or all of a community; the last 30 days and what is to come.

    Proposed is `TENTATIVE`, agreed `CONFIRMED`; what is off stays for a week as `CANCELLED`.
    """
    services = of(request)
    if kind == "community" and not name.isdigit():
        raise Refused("not_found", "a community has a code of 12 digits")
    party = some(await run_sync(services.addresses.party, kind, name), what="no such calendar")
    now = services.ports.clock.now()

    def calendar(connection: Connection) -> bytes:
        return services.feed.calendar(matched_seats(connection, party=party, since=now - PAST), party=party, now=now)

    body = await services.reading.query(calendar)
    tag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "private, max-age=300"}
    if tag in (each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=ICALENDAR, headers=headers)
