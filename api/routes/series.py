"""Series of joint meetings 联席会议: whose turn it is to chair 轮值主席."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request

from api.errors import problem_responses
from api.reading import some
from api.readmodel.queries.named import last_named
from api.readmodel.views import View
from api.routes.reads import READ_PROBLEMS, CaughtUp
from api.services import of
from schemas.base import EntityId, RegionCode
from schemas.lives.meeting import next_chair, series_prefix

router = APIRouter(prefix="/v1/meeting-series", tags=["meetings 联席会议"])


class SeriesView(View):
    """A series of meetings: its newest one, and who chairs the next."""

    community: str
    series: str
    newest: str
    number: int
    members: tuple[str, ...]
    rotation: tuple[str, ...]
    next_chair: str


@router.get(
    "/{region}/{series}",
    operation_id="getMeetingSeries",
    summary="Get a series of joint meetings with its next chair",
    responses=problem_responses(*READ_PROBLEMS, "not_found"),
    dependencies=[CaughtUp],
)
async def get_series(
    request: Request,
    region: Annotated[RegionCode, Path(description="The region whose meetings these are, by its 12 digits.")],
    series: Annotated[EntityId, Path(description="The name of the series.", examples=["street"])],
) -> SeriesView:
    """Tell who chairs next: the one in the rotation after who chaired last. What was cancelled does not count."""
    reading, prefix = of(request).reading, series_prefix(region, series)
    newest = some(await reading.query(last_named, kind="meeting", prefix=prefix), what=series).life
    last = await reading.query(last_named, kind="meeting", prefix=prefix, but=("cancelled",))
    return SeriesView(
        community=region,
        series=series,
        newest=newest.id,
        number=newest.number,
        members=newest.members,
        rotation=newest.rotation,
        next_chair=next_chair(newest.rotation, None if last is None else last.life.chair),
    )
