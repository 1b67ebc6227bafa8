"""The resource list 资源清单: offer, list, get, revise, suspend, withdraw."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import Because, ResourceBody, ResourcePatch
from api.entries import Present
from api.errors import problem_responses
from api.reading import some
from api.readmodel.queries.resources import get_resource as find_resource
from api.readmodel.queries.resources import list_resources
from api.readmodel.views import Page, ResourceState, ResourceView
from api.routes.reads import LIST_PROBLEMS, PAGE, READ_PROBLEMS, CaughtUp, Cursor, Limit, Narrowed
from api.routes.replies import PREVIEW_PROBLEMS, IfMatch, Receipt, built, changed, created, version_of, written
from api.services import of
from schemas.base import EntityId
from schemas.preview import OfferPreview
from schemas.resources import Resource, ResourceSuspended, ResourceWithdrawn

router = APIRouter(prefix="/v1/resources", tags=["resources 资源清单"])
ResourceId = Annotated[EntityId, Path(description="The resource's id.")]

_CONTENT = (
    "unknown_item",
    "bad_region",
    "bad_uscc",
    "impossible_window",
    "window_passed",
    "personal_data",
    "capacity_of_a_person",
)
_CHANGE = ("not_found", "already_withdrawn", "stale_version", "read_model_behind")


@router.post(
    "",
    operation_id="offerResource",
    summary="Offer a resource",
    status_code=201,
    response_model=Receipt,
    responses=written("duplicate_id", "read_model_behind", *_CONTENT, status=201, location=True),
)
async def offer_resource(request: Request, body: ResourceBody) -> Response:
    """Put a resource on the list. Its seats can be matched from the next round on."""
    services = of(request)
    command = services.command(request)
    resource_id = body.resource_id or command.entity_id("r")
    resource = built(Resource, body, resource_id=resource_id, offered_at=command.at)
    warnings = services.checks.resource(resource, now=command.at)
    position = await services.resources.post(resource, command=command, given_id=body.resource_id is not None)
    return created(resource_id, position, location=f"/v1/resources/{resource_id}", warnings=warnings)


@router.post(
    ":preview",
    operation_id="previewResource",
    summary="Which demands an offer would serve, before it is made",
    responses=problem_responses(*PREVIEW_PROBLEMS, *_CONTENT),
)
async def preview_resource(request: Request, body: ResourceBody) -> OfferPreview:
    """Put the offer into the round as it would be decided now: the demands it would serve, what adds most first.

    Checked as an offer is; nothing is written.
    """
    services = of(request)
    now = services.ports.clock.now()
    resource = built(Resource, body, resource_id=body.resource_id or "preview", offered_at=now)
    services.checks.resource(resource, now=now)
    shard = services.writer.shard(resource.home)
    return await services.ports.explainer.preview_offer(resource=resource, shard=shard)


@router.get(
    "",
    operation_id="listResources",
    summary="List resources",
    responses=problem_responses(*LIST_PROBLEMS, "impossible_window"),
    dependencies=[CaughtUp],
)
async def get_resources(
    request: Request,
    narrowed: Narrowed,
    state: Annotated[ResourceState | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Page[ResourceView]:
    """Return resources, the newest first; `party` is the provider."""
    narrow = replace(narrowed, state=state)
    return await of(request).reading.query(list_resources, filter=narrow, cursor=cursor, limit=limit)


@router.get(
    "/{resource_id}",
    operation_id="getResource",
    summary="Get a resource",
    responses=problem_responses(*READ_PROBLEMS, "not_found"),
    dependencies=[CaughtUp],
)
async def get_resource(request: Request, response: Response, resource_id: ResourceId) -> ResourceView:
    """Return a resource, what is left of it, and its version as `ETag`."""
    view = some(await of(request).reading.query(find_resource, resource_id=resource_id), what=resource_id)
    response.headers["etag"] = f'"{view.version}"'
    return view


@router.get(
    "/{resource_id}/demands",
    operation_id="demandsForResource",
    summary="Which demands a resource would serve now",
    responses=problem_responses(*READ_PROBLEMS, "not_found", "unavailable"),
    dependencies=[CaughtUp],
)
async def get_demands_for(request: Request, resource_id: ResourceId) -> OfferPreview:
    """Return the open demands that a resource would serve in a round now, what adds most first."""
    services = of(request)
    view = some(await services.reading.query(find_resource, resource_id=resource_id), what=resource_id)
    shard = services.writer.shard(view.resource.home)
    return await services.ports.explainer.demands_for(resource_id=resource_id, shard=shard)


@router.patch(
    "/{resource_id}",
    operation_id="reviseResource",
    summary="Revise a resource",
    response_model=Receipt,
    responses=written(*_CHANGE, *_CONTENT, "version_required", "shard_is_fixed", "field_is_fixed", status=200),
)
async def revise_resource(
    request: Request, resource_id: ResourceId, body: ResourcePatch, if_match: IfMatch = None
) -> Response:
    """Apply a JSON merge patch: what is named changes, null takes the default. A suspended resource is back with it."""
    services = of(request)
    command = services.command(request)
    change = await services.resources.revise(
        resource_id,
        body.model_dump(mode="json", exclude_unset=True),
        version=version_of(if_match),
        command=command,
        check=lambda resource: services.checks.resource(resource, now=command.at),
    )
    return changed(resource_id, change)


@router.post(
    "/{resource_id}:suspend",
    operation_id="suspendResource",
    summary="Suspend a resource",
    response_model=Receipt,
    responses=written(*_CHANGE, "personal_data", status=200),
)
async def suspend_resource(
    request: Request, resource_id: ResourceId, body: Because | None = None, if_match: IfMatch = None
) -> Response:
    """Let a resource rest: it gets nothing new until it is revised. Suspending again changes nothing."""

    def suspension(present: Present[Resource]) -> ResourceSuspended | None:
        if present.state == "suspended":
            return None
        return ResourceSuspended(
            resource_id=resource_id, version=present.version + 1, home=present.entry.home, reason=body and body.reason
        )

    services = of(request)
    change = await services.resources.change(
        resource_id, suspension, version=version_of(if_match, required=False), command=services.command(request)
    )
    return changed(resource_id, change)


@router.post(
    "/{resource_id}:withdraw",
    operation_id="withdrawResource",
    summary="Withdraw a resource",
    response_model=Receipt,
    responses=written(*_CHANGE, "personal_data", status=200),
)
async def withdraw_resource(
    request: Request, resource_id: ResourceId, body: Because | None = None, if_match: IfMatch = None
) -> Response:
    """Take a resource off the list for good; its assignments are revoked and their partners freed."""

    def withdrawal(present: Present[Resource]) -> ResourceWithdrawn:
        return ResourceWithdrawn(
            resource_id=resource_id, version=present.version + 1, home=present.entry.home, reason=body and body.reason
        )

    services = of(request)
    change = await services.resources.change(
        resource_id,
        withdrawal,
        version=version_of(if_match, required=False),
        command=services.command(request),
        closing=True,
    )
    return changed(resource_id, change)
