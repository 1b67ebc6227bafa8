"""What is overdue, of every kind, at every level."""

from fastapi import APIRouter
from starlette.requests import Request

from api.errors import problem_responses
from api.readmodel.lifeviews import LateRow
from api.readmodel.queries.lives import list_late
from api.readmodel.views import Page
from api.routes.reads import LIST_PROBLEMS, PAGE, CaughtUp, Cursor, Limit, Region
from api.services import of

router = APIRouter(prefix="/v1/overdue", tags=["overdue 超期"])


@router.get(
    "",
    operation_id="listOverdue",
    summary="List what is overdue in a region",
    responses=problem_responses(*LIST_PROBLEMS),
    dependencies=[CaughtUp],
)
async def get_overdue(
    request: Request, region: Region = None, cursor: Cursor = None, limit: Limit = PAGE
) -> Page[LateRow]:
    """Return lives whose time in their state, or whose own date, has passed."""
    services = of(request)
    now = services.ports.clock.now()
    return await services.reading.query(list_late, now=now, region=region or "", cursor=cursor, limit=limit)
