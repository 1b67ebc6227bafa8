"""Peacetime and emergency 平战: the mode in force, where a member serves by it, how far a dispatch has come."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request

from api.errors import problem_responses
from api.reading import some
from api.readmodel.queries.dispatches import progress_of
from api.readmodel.queries.modes import mode_of, serving_of
from api.readmodel.servingviews import ModeView, Progress, Serving
from api.routes.members import MemberRef
from api.routes.reads import READ_PROBLEMS, CaughtUp
from api.services import of
from schemas.base import EntityId, RegionPrefix

router = APIRouter(prefix="/v1", tags=["modes 平战转换"])


@router.get(
    "/modes:current",
    operation_id="currentMode",
    summary="Get the mode in force in a region",
    responses=problem_responses(*READ_PROBLEMS),
    dependencies=[CaughtUp],
)
async def current_mode(
    request: Request, region: Annotated[RegionPrefix, Query(description="2, 4, 6, 9 or 12 digits.")]
) -> ModeView:
    """Return the region's own emergency, else that of a region above it, else peacetime."""
    services = of(request)
    return await services.reading.query(mode_of, region=region, now=services.ports.clock.now())


@router.get(
    "/members/{member_ref}/serving",
    operation_id="whereMemberServes",
    summary="Get where a member serves now",
    responses=problem_responses(*READ_PROBLEMS, "not_found"),
    dependencies=[CaughtUp],
)
async def serving(request: Request, member_ref: MemberRef) -> Serving:
    """Return the community by unit link in peacetime, the one by residence in an emergency there."""
    services = of(request)
    found = await services.reading.query(serving_of, member_ref=member_ref, now=services.ports.clock.now())
    return some(found, what=member_ref)


@router.get(
    "/dispatches/{dispatch_id}/progress",
    operation_id="dispatchProgress",
    summary="Get how far a dispatch has come",
    responses=problem_responses(*READ_PROBLEMS, "not_found"),
    dependencies=[CaughtUp],
)
async def progress(
    request: Request, dispatch_id: Annotated[EntityId, Path(description="The dispatch's id.")]
) -> Progress:
    """Return what is posted, how many were called up and how many seats are filled, community by community."""
    return some(await of(request).reading.query(progress_of, dispatch_id=dispatch_id), what=dispatch_id)
