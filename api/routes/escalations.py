"""Escalation 四级联动: what went up from shard to shard, and what waits at every level."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request

from api.errors import problem_responses
from api.readmodel.queries.escalations import levels, list_escalations
from api.readmodel.views import EscalationState, EscalationView, Levels, Page
from api.routes.reads import LIST_PROBLEMS, PAGE, READ_PROBLEMS, CaughtUp, Cursor, Limit, Narrowed, Region
from api.services import of
from schemas.base import ShardKey
from schemas.transfers import Cause

router = APIRouter(prefix="/v1/escalations", tags=["escalations 四级联动"])


@router.get(
    "",
    operation_id="listEscalations",
    summary="List what was escalated",
    responses=problem_responses(*LIST_PROBLEMS, "impossible_window"),
    dependencies=[CaughtUp],
)
async def get_escalations(
    request: Request,
    narrowed: Narrowed,
    to: Annotated[ShardKey | None, Query(description="The shard that it came to.")] = None,
    from_: Annotated[ShardKey | None, Query(alias="from", description="The shard that let it go.")] = None,
    cause: Annotated[Cause | None, Query()] = None,
    state: Annotated[EscalationState | None, Query(description="`waiting`: with the shard that it came to.")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Page[EscalationView]:
    """Return seats of demands that one shard let go to the one above, the newest first, and where they are now.

    `region` is where the demand is; `item` and `party` do not narrow.
    """
    return await of(request).reading.query(
        list_escalations,
        to_shard=to,
        from_shard=from_,
        cause=cause,
        filter=replace(narrowed, state=state),
        cursor=cursor,
        limit=limit,
    )


@router.get(
    "/levels",
    operation_id="getLevels",
    summary="What waits at every level",
    responses=problem_responses(*READ_PROBLEMS),
    dependencies=[CaughtUp],
)
async def get_levels(request: Request, region: Region = None) -> Levels:
    """Return, for each shard above that has something waiting, how many seats and for how long."""
    services = of(request)
    return await services.reading.query(levels, now=services.ports.clock.now(), region=region or "")
