"""Members 在职党员 and others reporting to communities, always under a pseudonym."""

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import Contact, MemberBody
from api.errors import problem_responses
from api.readmodel.queries.filters import Filter
from api.readmodel.queries.parties import get_member as find_member
from api.readmodel.queries.parties import list_members
from api.readmodel.views import MemberView, Page
from api.routes.reads import IS_ACTIVE, LIST_PROBLEMS, PAGE, READ_PROBLEMS, CaughtUp, Cursor, Limit, Presence, Region
from api.routes.replies import WRITE_PROBLEMS, Receipt, built, created, written
from api.services import of
from schemas.enrolment import MemberClass, MemberEnrolled
from schemas.refusals import Refused

router = APIRouter(prefix="/v1/members", tags=["members 党员"])
MemberRef = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9_-]{1,60}$", description="The member's pseudonym.", examples=["m-7f3a"])
]


class Enrolments(BaseModel):
    """A member's enrolments, at most one of each kind."""

    member_ref: str
    enrolments: tuple[MemberView, ...]


@router.post(
    "",
    operation_id="enrolMember",
    summary="Enrol a member",
    status_code=201,
    response_model=Receipt,
    responses=written(
        "duplicate_enrolment",
        "already_held",
        "not_of_class",
        "unknown_item",
        "bad_uscc",
        "bad_region",
        "personal_data",
        "read_model_behind",
        status=201,
        location=True,
    ),
)
async def enrol_member(request: Request, body: MemberBody) -> Response:
    """Let a member report to a community, at most once by unit link and once by residence.

    Name and phone go to the identity vault and nowhere else; everything else knows the pseudonym alone.
    """
    services = of(request)
    command = services.command(request)
    member_ref = body.member_ref or command.entity_id("m")
    member = built(MemberEnrolled, body, leave_out="contact", member_ref=member_ref, enrolled_at=command.at)
    warnings = services.checks.member(member)
    identity = body.contact.fields() if body.contact else {}
    position = await services.enrolling.member(
        member, identity=identity, given_ref=body.member_ref is not None, command=command
    )
    return created(member_ref, position, location=f"/v1/members/{member_ref}", warnings=warnings)


@router.get(
    "",
    operation_id="listMembers",
    summary="List enrolments of members",
    responses=problem_responses(*LIST_PROBLEMS),
    dependencies=[CaughtUp],
)
async def get_members(
    request: Request,
    region: Region = None,
    member_class: MemberClass | None = None,
    state: Presence = "active",
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Page[MemberView]:
    """Return enrolments, the newest first: those that hold, unless told otherwise."""
    return await of(request).reading.query(
        list_members,
        filter=Filter(region=region or ""),
        member_class=member_class,
        is_active=IS_ACTIVE[state],
        cursor=cursor,
        limit=limit,
    )


@router.get(
    "/{member_ref}",
    operation_id="getMember",
    summary="Get a member's enrolments",
    responses=problem_responses(*READ_PROBLEMS, "not_found"),
    dependencies=[CaughtUp],
)
async def get_member(request: Request, member_ref: MemberRef) -> Enrolments:
    """Return the enrolments under this pseudonym."""
    found = await of(request).reading.query(find_member, member_ref=member_ref)
    if not found:
        raise Refused("not_found", member_ref)
    return Enrolments(member_ref=member_ref, enrolments=found)


@router.put(
    "/{member_ref}/identity",
    operation_id="keepMemberIdentity",
    summary="Keep who a member is",
    status_code=204,
    responses=problem_responses(*WRITE_PROBLEMS, "not_found"),
)
async def keep_member_identity(request: Request, member_ref: MemberRef, body: Contact) -> None:
    """Put name and phone into the vault, in place of what was there: for who has applied without them."""
    services = of(request)
    await services.enrolling.keep(f"member:{member_ref}", identity=body.fields(), command=services.command(request))


@router.delete(
    "/{member_ref}/identity",
    operation_id="forgetMember",
    summary="Forget who a member is",
    status_code=204,
    responses=problem_responses("unauthorized", "invalid_value", "not_found"),
)
async def forget_member(request: Request, member_ref: MemberRef) -> None:
    """Destroy the key under which name and phone were kept; revoke the calendar, forget all about notices.

    The pseudonymous record stays.
    """
    services, party = of(request), f"member:{member_ref}"
    await run_sync(services.addresses.revoke, party)
    told = await services.notices.forget(party)
    if not await services.enrolling.forget(party) and not told:
        raise Refused("not_found", "nothing is kept")
