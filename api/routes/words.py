"""Free text: items of the catalogue that it may mean, open demands that it may repeat."""

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header
from starlette.requests import Request

from api.bodies import DemandBody
from api.errors import problem_responses
from api.language import choose
from api.reading import some
from api.readmodel.queries.alike import open_beside
from api.readmodel.queries.demands import get_demand
from api.routes.demands import CONTENT, DemandId
from api.routes.reads import READ_PROBLEMS, CaughtUp
from api.routes.replies import PREVIEW_PROBLEMS, built
from api.services import Services, of
from api.words import suggesting, suspecting
from api.words.duplicates import duplicates
from schemas.demands import Demand

router = APIRouter(prefix="/v1")

_ASKED = tuple(code for code in PREVIEW_PROBLEMS if code != "unavailable")
AcceptLanguage = Annotated[str | None, Header(description="`zh` or `en`.")]


@router.post(
    "/catalogue:suggest",
    operation_id="suggestItems",
    tags=["reference 目录"],
    summary="Items of the catalogue that a text may mean",
    responses=problem_responses(*_ASKED),
)
async def suggest_items(
    request: Request, body: suggesting.FreeText, accept_language: AcceptLanguage = None
) -> suggesting.Suggestions:
    """Suggest items for a title and its detail, in Chinese or English, and say which words spoke for each.

    Nothing is written. The text goes by POST since it may hold personal data: addresses are logged, bodies never.
    """
    services = of(request)
    found = await run_sync(lambda: services.words.index().suggest(body.text, most=body.limit))
    return suggesting.of_text(found, catalogue=services.ports.catalogue, language=choose(accept_language))


@router.post(
    "/demands:duplicates",
    operation_id="findDuplicates",
    tags=["demands 需求清单"],
    summary="Open demands that one may repeat, before it is posted",
    responses=problem_responses(*_ASKED, *CONTENT),
)
async def find_duplicates(
    request: Request, body: DemandBody, accept_language: AcceptLanguage = None
) -> suspecting.LikelyDuplicates:
    """Compare the demand with the open ones of its community, and with those of its kind in the street.

    Checked as a post is; nothing is written.
    """
    services = of(request)
    now = services.ports.clock.now()
    demand = built(Demand, body, demand_id=body.demand_id or "typed", posted_at=now)
    services.checks.demand(demand, now=now)
    return await _told(services, demand, accept_language)


@router.get(
    "/demands/{demand_id}/duplicates",
    operation_id="duplicatesOfDemand",
    tags=["demands 需求清单"],
    summary="Open demands that one may repeat",
    responses=problem_responses(*READ_PROBLEMS, "not_found"),
    dependencies=[CaughtUp],
)
async def duplicates_of_demand(
    request: Request, demand_id: DemandId, accept_language: AcceptLanguage = None
) -> suspecting.LikelyDuplicates:
    """Return the likeliest, each with what speaks for it and against it. A person decides; nothing is merged here."""
    services = of(request)
    view = some(await services.reading.query(get_demand, demand_id=demand_id), what=demand_id)
    return await _told(services, view.demand, accept_language)


async def _told(services: Services, demand: Demand, accept_language: str | None) -> suspecting.LikelyDuplicates:
    among = await services.reading.query(open_beside, demand)
    found = await run_sync(lambda: duplicates(demand, among, most=suspecting.MOST))
    return suspecting.of_demand(found, regions=services.ports.regions, language=choose(accept_language))
