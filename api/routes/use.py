"""How resources were used: one of them, or all of a region or of a party, kind by kind."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request

from api.errors import problem_responses
from api.problems import Rejection
from api.reading import some
from api.readmodel.lifeviews import KindUse, Use
from api.readmodel.queries.resources import get_resource
from api.readmodel.queries.use import use_by_kind, use_of
from api.readmodel.views import View
from api.routes.reads import READ_PROBLEMS, CaughtUp
from api.routes.spans import after, span_of
from api.services import of
from schemas.base import EntityId, Moment, PartyRef, RegionPrefix, Window
from schemas.refusals import FieldRefusal

router = APIRouter(prefix="/v1/resources", tags=["use 使用情况"])

_MONTH = timedelta(days=30)
_MOST = timedelta(days=366)


class ResourceUse(View):
    """How a resource was used from ``start`` until ``end``."""

    resource_id: str
    title: str
    start: Moment
    end: Moment
    use: Use


class RegionUse(View):
    """How the resources of a region or of a party were used from ``start`` until ``end``, kind by kind."""

    start: Moment
    end: Moment
    kinds: tuple[KindUse, ...]


def _span(
    request: Request,
    start: Annotated[Moment | None, Query(alias="from", description="From when on; left out: thirty days ago.")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Until when; left out: now.")] = None,
) -> Window:
    until = end or of(request).ports.clock.now()
    return span_of(start or after(until, -_MONTH), until, most=_MOST)


Span = Annotated[Window, Depends(_span)]


@router.get(
    "/{resource_id}/use",
    operation_id="getResourceUse",
    summary="How a resource was used",
    responses=problem_responses(*READ_PROBLEMS, "not_found", "impossible_window"),
    dependencies=[CaughtUp],
)
async def get_use(
    request: Request, resource_id: Annotated[EntityId, Path(description="The resource's id.")], span: Span
) -> ResourceUse:
    """Return the seat-hours that were offered, and what of them rounds and bookings took."""
    reading = of(request).reading
    resource = some(await reading.query(get_resource, resource_id=resource_id), what=resource_id).resource
    use = await reading.query(use_of, resource, span=span)
    return ResourceUse(resource_id=resource_id, title=resource.title, start=span.start, end=span.end, use=use)


@router.get(
    ":use",
    operation_id="listResourceUse",
    summary="How the resources of a region or of a party were used",
    responses=problem_responses(*READ_PROBLEMS, "impossible_window"),
    dependencies=[CaughtUp],
)
async def get_use_by_kind(
    request: Request,
    span: Span,
    region: Annotated[
        RegionPrefix | None, Query(min_length=6, description="A district, a street or a community: 6, 9 or 12 digits.")
    ] = None,
    party: Annotated[PartyRef | None, Query(description="Whose they are.")] = None,
) -> RegionUse:
    """Return seat-hours kind by kind. One of `region` and `party` must be said; providers are not told apart."""
    if region is None and party is None:
        detail = "say a region or a party"
        raise Rejection("invalid_value", detail, fields=[FieldRefusal("query:region", "invalid_value", detail)])
    kinds = await of(request).reading.query(use_by_kind, region=region or "", party=party, span=span)
    return RegionUse(start=span.start, end=span.end, kinds=kinds)
