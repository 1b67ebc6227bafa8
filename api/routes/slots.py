"""When a resource is open, and what of it is still to be had: a timetable."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request

from api.errors import problem_responses
from api.reading import some
from api.readmodel.lifeviews import SlotView
from api.readmodel.queries.resources import get_resource
from api.readmodel.queries.slots import timetable
from api.readmodel.views import View
from api.routes.reads import READ_PROBLEMS, CaughtUp
from api.routes.spans import after, span_of
from api.services import of
from schemas.base import EntityId, Moment

router = APIRouter(prefix="/v1/resources", tags=["bookings 预约"])

_WEEK = timedelta(days=7)
_MOST = timedelta(days=93)


class Timetable(View):
    """The slots of a resource in a stretch of time; ``fee`` is what a seat costs, where it is not free."""

    resource_id: str
    title: str
    fee: int | None
    slots: tuple[SlotView, ...]


@router.get(
    "/{resource_id}/slots",
    operation_id="listSlots",
    summary="When a resource is open, with what is free",
    responses=problem_responses(*READ_PROBLEMS, "not_found", "impossible_window"),
    dependencies=[CaughtUp],
)
async def get_slots(
    request: Request,
    resource_id: Annotated[EntityId, Path(description="The resource's id.")],
    start: Annotated[Moment | None, Query(alias="from", description="From when on; left out: now.")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Until when; left out: a week.")] = None,
    minutes: Annotated[
        int | None, Query(ge=5, le=24 * 60, description="How long a slot is; left out: as long as it is open.")
    ] = None,
) -> Timetable:
    """Return the hours of a resource as slots, at most 500, each with what is left of it at every moment of it."""
    services = of(request)
    begin = start or services.ports.clock.now()
    span = span_of(begin, end or after(begin, _WEEK), most=_MOST)
    found = some(await services.reading.query(get_resource, resource_id=resource_id), what=resource_id)
    slots = await services.reading.query(timetable, found, span=span, minutes=minutes)
    return Timetable(resource_id=resource_id, title=found.resource.title, fee=found.resource.fee, slots=slots)
