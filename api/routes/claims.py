"""Claims 认领: either side picks an entry of the other by hand; list, get, take back."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api import why
from api.bodies import ClaimOfDemand, ClaimOfResource
from api.claiming import Pick
from api.errors import problem_responses
from api.language import choose
from api.positions import HEADER, Position
from api.reading import some
from api.readmodel.queries.claims import get_claim as find_claim
from api.readmodel.queries.claims import list_claims
from api.readmodel.queries.filters import Filter
from api.readmodel.views import ClaimState, ClaimView, Page
from api.routes.reads import LIST_PROBLEMS, PAGE, READ_PROBLEMS, CaughtUp, Cursor, Limit, Region
from api.routes.replies import written
from api.services import of
from schemas.base import EntityId

router = APIRouter(prefix="/v1", tags=["claims 认领"])
Id = Annotated[EntityId, Path(description="The claim's id.")]
_REFUSED = ("not_found", "already_withdrawn", "other_shard", "sits_elsewhere", "read_model_behind")
_CLAIM = written(*_REFUSED, status=202, location=True)


class Claimed(BaseModel):
    """A claim was taken, or taken back; the next round of the shard decides what becomes of an open one."""

    claim_id: str
    state: ClaimState
    position: str | None


@router.post(
    "/demands/{demand_id}:claim",
    operation_id="claimDemand",
    summary="A provider takes a demand",
    status_code=202,
    response_model=Claimed,
    responses=_CLAIM,
)
async def claim_demand(
    request: Request, demand_id: Annotated[EntityId, Path(description="The demand's id.")], body: ClaimOfDemand
) -> Response:
    """Pick a demand for a resource. Where it is honoured, the provider has said yes with it."""
    pick = Pick(by="provider", demand_id=demand_id, line=body.line, resource_id=body.resource_id)
    return await _claim(request, pick)


@router.post(
    "/resources/{resource_id}:claim",
    operation_id="claimResource",
    summary="A requester takes a resource",
    status_code=202,
    response_model=Claimed,
    responses=_CLAIM,
)
async def claim_resource(
    request: Request, resource_id: Annotated[EntityId, Path(description="The resource's id.")], body: ClaimOfResource
) -> Response:
    """Pick a resource for a line of a demand. Where it is honoured, the provider is asked as ever."""
    pick = Pick(by="requester", demand_id=body.demand_id, line=body.line, resource_id=resource_id)
    return await _claim(request, pick)


@router.post(
    "/claims/{claim_id}:withdraw",
    operation_id="withdrawClaim",
    summary="Take a claim back",
    response_model=Claimed,
    responses=written("not_found", "not_answerable", "read_model_behind", status=200),
)
async def withdraw_claim(request: Request, claim_id: Id) -> Response:
    """Take an open claim back. Again changes nothing; one that a round has settled is refused with its state."""
    services = of(request)
    _, position = await services.claiming.drop(claim_id, command=services.command(request))
    return _answer(Claimed(claim_id=claim_id, state="dropped", position=_text(position)), status=200)


@router.get(
    "/claims",
    operation_id="listClaims",
    summary="List claims",
    responses=problem_responses(*LIST_PROBLEMS),
    dependencies=[CaughtUp],
)
async def get_claims(
    request: Request,
    demand_id: Annotated[EntityId | None, Query(description="Of this demand.")] = None,
    resource_id: Annotated[EntityId | None, Query(description="Of this resource.")] = None,
    region: Region = None,
    state: Annotated[ClaimState | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Page[ClaimView]:
    """Return claims with what became of them, the newest first."""
    narrow = Filter(region=region or "", state=state)
    return await of(request).reading.query(
        list_claims, demand_id=demand_id, resource_id=resource_id, filter=narrow, cursor=cursor, limit=limit
    )


@router.get(
    "/claims/{claim_id}",
    operation_id="getClaim",
    summary="Get a claim and what became of it",
    responses=problem_responses(*READ_PROBLEMS, "not_found"),
    dependencies=[CaughtUp],
)
async def get_claim(
    request: Request,
    claim_id: Id,
    accept_language: Annotated[str | None, Header(description="`zh` or `en`.")] = None,
) -> why.ClaimReasons:
    """Return a claim with a plain sentence on what became of it."""
    found = some(await of(request).reading.query(find_claim, claim_id=claim_id), what=claim_id)
    return why.of_claim(found, language=choose(accept_language))


async def _claim(request: Request, pick: Pick) -> Response:
    services = of(request)
    claim_id, position = await services.claiming.claim(pick, command=services.command(request))
    answer = _answer(Claimed(claim_id=claim_id, state="open", position=str(position)), status=202)
    answer.headers["location"] = f"/v1/claims/{claim_id}"
    return answer


def _answer(claimed: Claimed, *, status: int) -> Response:
    headers = {} if claimed.position is None else {HEADER: claimed.position}
    return Response(claimed.model_dump_json(), status_code=status, media_type="application/json", headers=headers)


def _text(position: Position | None) -> str | None:
    return None if position is None else str(position)
