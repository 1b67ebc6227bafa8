"""Free text: items of the catalogue that it may mean, open demands and needs that it may repeat."""

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Path
from sqlalchemy import Connection
from starlette.requests import Request

from api.bodies import DemandBody
from api.errors import problem_responses
from api.language import choose
from api.reading import some
from api.readmodel.queries.alike import need_of, open_beside
from api.readmodel.queries.demands import get_demand
from api.readmodel.queries.lives import get_life
from api.routes.demands import CONTENT, DemandId
from api.routes.reads import READ_PROBLEMS, CaughtUp
from api.routes.replies import PREVIEW_PROBLEMS, built
from api.services import Services, of
from api.words import suggesting, suspecting
from api.words.duplicates import Duplicate, Saying, duplicates, said
from schemas.base import EntityId
from schemas.demands import Demand
from schemas.lives.demand import Need

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
    summary="What a demand may repeat, before it is posted",
    responses=problem_responses(*_ASKED, *CONTENT),
)
async def find_duplicates(
    request: Request, body: DemandBody, accept_language: AcceptLanguage = None
) -> suspecting.LikelyDuplicates:
    """Compare the demand with what is open in its community, and with demands of its kind in the street.

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
    summary="What a demand may repeat",
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


@router.get(
    "/needs/{need_id}/duplicates",
    operation_id="duplicatesOfNeed",
    tags=["needs 民需"],
    summary="What a need may repeat",
    responses=problem_responses(*READ_PROBLEMS, "not_found"),
    dependencies=[CaughtUp],
)
async def duplicates_of_need(
    request: Request,
    need_id: Annotated[EntityId, Path(description="The need's id.")],
    accept_language: AcceptLanguage = None,
) -> suspecting.LikelyDuplicates:
    """Return the same of a need, on the list or not yet there, by what is known of it so far.

    Whoever decides that two are one sends `:merge` with the other's `need` as `into`.
    """
    services = of(request)
    view = some(await services.reading.query(get_life, kind="demand", life_id=need_id), what=need_id)
    return await _told(services, view.life, accept_language)


async def _told(services: Services, one: Demand | Need, accept_language: str | None) -> suspecting.LikelyDuplicates:
    found = await services.reading.query(_found, said(one))
    return suspecting.of_found(found, regions=services.ports.regions, language=choose(accept_language))


def _found(connection: Connection, saying: Saying) -> list[tuple[Duplicate, str]]:
    among = [said(each) for each in open_beside(connection, community=saying.community, items=saying.items)]
    found = duplicates(saying, among, most=suspecting.MOST)
    return [(each, need_of(connection, entry=each.other.id)) for each in found]
