"""The demand list 需求清单: post, list, get, revise, withdraw, whistle, why."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api import odds, whereabouts, why
from api.bodies import Because, DemandBody, DemandPatch
from api.entries import Present
from api.errors import problem_responses
from api.intake import caller_ref
from api.language import choose
from api.reading import some
from api.readmodel.queries.claims import list_claims
from api.readmodel.queries.demands import demand_detail, list_demands
from api.readmodel.views import DemandDetail, DemandState, DemandView, Page
from api.routes.reads import LIST_PROBLEMS, PAGE, READ_PROBLEMS, CaughtUp, Cursor, Limit, Narrowed
from api.routes.replies import PREVIEW_PROBLEMS, IfMatch, Receipt, built, changed, created, version_of, written
from api.services import of
from schemas.base import EntityId
from schemas.demands import Demand, DemandWhistled, DemandWithdrawn, Urgency
from schemas.refusals import Refused

router = APIRouter(prefix="/v1/demands", tags=["demands 需求清单"])
DemandId = Annotated[EntityId, Path(description="The demand's id.")]

CONTENT = (
    "unknown_item",
    "matter_not_admitted",
    "bad_region",
    "bad_uscc",
    "impossible_window",
    "window_passed",
    "personal_data",
)
_CHANGE = ("not_found", "already_withdrawn", "stale_version", "read_model_behind")


@router.post(
    "",
    operation_id="postDemand",
    summary="Post a demand",
    status_code=201,
    response_model=Receipt,
    responses=written("duplicate_id", "read_model_behind", *CONTENT, status=201, location=True),
)
async def post_demand(request: Request, body: DemandBody) -> Response:
    """Put a demand on the list. Its open seats are matched from the next round on."""
    services = of(request)
    command = services.command(request)
    demand_id = body.demand_id or command.entity_id("d")
    demand = built(Demand, body, demand_id=demand_id, posted_at=command.at)
    warnings = services.checks.demand(demand, now=command.at)
    position = await services.demands.post(demand, command=command, given_id=body.demand_id is not None)
    return created(demand_id, position, location=f"/v1/demands/{demand_id}", warnings=warnings)


@router.post(
    ":preview",
    operation_id="previewDemand",
    summary="What a demand would get, before it is posted",
    responses=problem_responses(*PREVIEW_PROBLEMS, *CONTENT),
)
async def preview_demand(
    request: Request,
    body: DemandBody,
    accept_language: Annotated[str | None, Header(description="`zh` or `en`.")] = None,
) -> odds.DemandOdds:
    """Put the demand into the round as it would be decided now: which seats would be served, by how many resources.

    Where a seat would stay open, changes that would win it, each tried out, cheapest first. Checked as a post is;
    nothing is written.
    """
    services = of(request)
    now = services.ports.clock.now()
    demand = built(Demand, body, demand_id=body.demand_id or "preview", posted_at=now)
    warnings = services.checks.demand(demand, now=now)
    shard = services.writer.shard(demand.community)
    found = await services.ports.explainer.preview_demand(demand=demand, shard=shard)
    language = choose(accept_language)
    catalogue, regions = services.ports.catalogue, services.ports.regions
    return odds.of_demand(found, demand, warnings=warnings, catalogue=catalogue, regions=regions, language=language)


@router.get(
    "",
    operation_id="listDemands",
    summary="List demands",
    responses=problem_responses(*LIST_PROBLEMS, "impossible_window"),
    dependencies=[CaughtUp],
)
async def get_demands(
    request: Request,
    narrowed: Narrowed,
    state: Annotated[DemandState | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Page[DemandView]:
    """Return demands, the newest first; `party` is the requester."""
    narrow = replace(narrowed, state=state)
    return await of(request).reading.query(list_demands, filter=narrow, cursor=cursor, limit=limit)


@router.get(
    "/{demand_id}",
    operation_id="getDemand",
    summary="Get a demand with its lines and assignments",
    responses=problem_responses(*READ_PROBLEMS, "not_found"),
    dependencies=[CaughtUp],
)
async def get_demand(request: Request, response: Response, demand_id: DemandId) -> DemandDetail:
    """Return a demand, what was found for it so far, and its version as `ETag`."""
    detail = some(await of(request).reading.query(demand_detail, demand_id=demand_id), what=demand_id)
    response.headers["etag"] = f'"{detail.view.version}"'
    return detail


@router.patch(
    "/{demand_id}",
    operation_id="reviseDemand",
    summary="Revise a demand",
    response_model=Receipt,
    responses=written(*_CHANGE, *CONTENT, "version_required", "shard_is_fixed", "field_is_fixed", status=200),
)
async def revise_demand(request: Request, demand_id: DemandId, body: DemandPatch, if_match: IfMatch = None) -> Response:
    """Apply a JSON merge patch: what is named changes, null takes the default. The id and the requester stay."""
    services = of(request)
    command = services.command(request)
    change = await services.demands.revise(
        demand_id,
        body.model_dump(mode="json", exclude_unset=True),
        version=version_of(if_match),
        command=command,
        check=lambda demand: services.checks.demand(demand, now=command.at),
    )
    return changed(demand_id, change)


@router.post(
    "/{demand_id}:withdraw",
    operation_id="withdrawDemand",
    summary="Withdraw a demand",
    response_model=Receipt,
    responses=written(*_CHANGE, "personal_data", status=200),
)
async def withdraw_demand(
    request: Request, demand_id: DemandId, body: Because | None = None, if_match: IfMatch = None
) -> Response:
    """Take a demand off the list for good; its assignments are revoked and their partners freed."""

    def withdrawal(present: Present[Demand]) -> DemandWithdrawn:
        return DemandWithdrawn(
            demand_id=demand_id,
            version=present.version + 1,
            community=present.entry.community,
            reason=body and body.reason,
        )

    services = of(request)
    change = await services.demands.change(
        demand_id,
        withdrawal,
        version=version_of(if_match, required=False),
        command=services.command(request),
        closing=True,
    )
    return changed(demand_id, change)


@router.post(
    "/{demand_id}:whistle",
    operation_id="whistleDemand",
    summary="Blow the whistle 吹哨 for a demand",
    response_model=Receipt,
    responses=written(*_CHANGE, "personal_data", status=200),
)
async def whistle_demand(
    request: Request, demand_id: DemandId, body: Because | None = None, if_match: IfMatch = None
) -> Response:
    """Make a demand jump the queue: its shard gets a round at once. Whistling again changes nothing."""

    def whistle(present: Present[Demand]) -> DemandWhistled | None:
        if present.entry.urgency in (Urgency.WHISTLE, Urgency.EMERGENCY):
            return None
        return DemandWhistled(
            demand_id=demand_id,
            version=present.version + 1,
            community=present.entry.community,
            reason=body and body.reason,
        )

    services = of(request)
    change = await services.demands.change(
        demand_id, whistle, version=version_of(if_match, required=False), command=services.command(request)
    )
    return changed(demand_id, change)


@router.get(
    "/{demand_id}/why",
    operation_id="whyDemand",
    summary="Why a demand stands where it stands",
    responses=problem_responses(*READ_PROBLEMS, "not_found", "unavailable"),
    dependencies=[CaughtUp],
)
async def why_demand(
    request: Request,
    demand_id: DemandId,
    accept_language: Annotated[str | None, Header(description="`zh` or `en`.")] = None,
) -> why.DemandReasons:
    """Return for each line which rules failed or what was missing, for machines and in a plain sentence.

    Lines whose open seats were escalated are told by the shard that looks for help: `away` says where they are.
    """
    services = of(request)
    detail = some(await services.reading.query(demand_detail, demand_id=demand_id), what=demand_id)
    shard = services.writer.shard(detail.view.demand.community)
    reasons = await whereabouts.why_demand(services.ports.explainer, detail, home=shard)
    language = choose(accept_language)
    claims = (await services.reading.query(list_claims, demand_id=demand_id)).rows
    catalogue, regions = services.ports.catalogue, services.ports.regions
    return why.of_demand(reasons, detail.view.demand, claims, catalogue=catalogue, regions=regions, language=language)


@router.delete(
    "/{demand_id}/identity",
    operation_id="forgetCaller",
    summary="Forget who called about a demand",
    status_code=204,
    responses=problem_responses("unauthorized", "invalid_value", "not_found"),
)
async def forget_caller(request: Request, demand_id: DemandId) -> None:
    """Destroy the key under which name, phone and address of a hotline's caller were kept. The demand stays."""
    if not await of(request).enrolling.forget(caller_ref(demand_id)):
        raise Refused("not_found", "nothing is kept")
