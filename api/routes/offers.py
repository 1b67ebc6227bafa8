"""Which offers are to be looked at again."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request

from api.errors import problem_responses
from api.readmodel.lifeviews import DueList
from api.readmodel.queries.offers import list_due
from api.routes.reads import PAGE, READ_PROBLEMS, CaughtUp, Limit, Region
from api.services import of
from schemas.base import Moment, PartyRef

router = APIRouter(prefix="/v1/resources", tags=["offers 资源办理"])


@router.get(
    ":due",
    operation_id="listDueResources",
    summary="Which resources are to be looked at again",
    responses=problem_responses(*READ_PROBLEMS),
    dependencies=[CaughtUp],
)
async def get_due(
    request: Request,
    region: Region = None,
    party: Annotated[PartyRef | None, Query(description="Whose they are.")] = None,
    before: Annotated[Moment | None, Query(description="Due before this instant; left out: due by now.")] = None,
    after: Annotated[
        Moment | None, Query(description="Due at this instant or later; the last row's, to go on.")
    ] = None,
    limit: Limit = PAGE,
) -> DueList:
    """Return entries whose time is up: nobody made sure for six months that they stand, or they end themselves."""
    services = of(request)
    found = await services.reading.query(
        list_due,
        before=before or services.ports.clock.now(),
        after=after,
        region=region or "",
        party=party,
        limit=limit,
    )
    return DueList(rows=found)
