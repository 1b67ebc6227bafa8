"""A member's points 积分: asked for by the member, read by the member, deleted when the member says so."""

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.requests import Request

from api.errors import problem_responses
from api.points import Ledger, Points, PointsGiven
from api.readmodel.queries.parties import get_member
from api.routes.members import MemberRef
from api.routes.replies import WRITE_PROBLEMS
from api.services import of
from schemas.base import EntityId
from schemas.refusals import Refused

router = APIRouter(prefix="/v1/members/{member_ref}/points", tags=["points 积分"])
Entry = Annotated[EntityId, Path(description="An entry of the ledger.")]


class Entered(BaseModel):
    """The id of a new entry."""

    id: str


@router.put(
    "",
    operation_id="keepPoints",
    summary="Keep a member's points",
    status_code=204,
    responses=problem_responses("unauthorized", "invalid_value", "not_found"),
)
async def keep_points(request: Request, member_ref: MemberRef) -> None:
    """Begin a ledger, because the member wants one. Without one nothing is kept."""
    services = of(request)
    if not await services.reading.query(get_member, member_ref=member_ref):
        raise Refused("not_found", member_ref)
    at = services.command(request).at
    await run_sync(lambda: _ledgers(request).open(member_ref, at=at))


@router.post(
    "",
    operation_id="givePoints",
    summary="Add an entry",
    status_code=201,
    responses=problem_responses(*WRITE_PROBLEMS, "not_opted_in"),
)
async def give_points(request: Request, member_ref: MemberRef, body: PointsGiven) -> Entered:
    """Add points, or take some away, for a reason."""
    command = of(request).command(request)
    entry_id = command.entity_id("b")
    await run_sync(lambda: _ledgers(request).give(member_ref, body, entry_id=entry_id, at=command.at))
    return Entered(id=entry_id)


@router.post(
    "/{entry_id}:reverse",
    operation_id="reversePoints",
    summary="Take an entry back",
    status_code=201,
    responses=problem_responses(*WRITE_PROBLEMS, "not_opted_in", "not_found", "not_possible_now"),
)
async def reverse_points(request: Request, member_ref: MemberRef, entry_id: Entry) -> Entered:
    """Add the entry that undoes another; both stay in the ledger."""
    command = of(request).command(request)
    by_id = command.entity_id("b")
    await run_sync(lambda: _ledgers(request).reverse(member_ref, entry_id, by_id=by_id, at=command.at))
    return Entered(id=by_id)


@router.get(
    "",
    operation_id="getPoints",
    summary="A member's points",
    responses=problem_responses("unauthorized", "invalid_value", "not_opted_in"),
)
async def get_points(request: Request, member_ref: MemberRef) -> Ledger:
    """Return balance and history of one member. There is no list over members."""
    return await run_sync(lambda: _ledgers(request).read(member_ref))


@router.delete(
    "",
    operation_id="forgetPoints",
    summary="Delete a member's points",
    status_code=204,
    responses=problem_responses("unauthorized", "invalid_value", "not_opted_in"),
)
async def forget_points(request: Request, member_ref: MemberRef) -> None:
    """Delete every entry, and keep no more."""
    if not await run_sync(lambda: _ledgers(request).forget(member_ref)):
        raise Refused("not_opted_in", member_ref)


def _ledgers(request: Request) -> Points:
    return Points(of(request).ports.store)
