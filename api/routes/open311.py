"""Open311 GeoReport v2 (http://wiki.open311.org/GeoReport_v2), in JSON and XML.

Addresses, parameters and answers are the standard's, so they stand not in the OpenAPI document; errors have its shape.
"""

import hmac
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.open311.answers import Form, answer
from api.open311.requests import caller_of, demand_of, named, need_of
from api.open311.services import definition, discovery, service
from api.open311.standing import request_of
from api.positions import HEADER
from api.problems import Rejection
from api.reading import some
from api.readmodel.queries.requests import Wanted, list_requests
from api.services import Services, of
from schemas.base import EntityId, Moment
from schemas.refusals import Refused
from schemas.regions import prefix_of

router = APIRouter(prefix="/open311", tags=["open311"], include_in_schema=False)
MOST = 1_000
"""Requests of one answer, as the standard has it."""
SPAN = timedelta(days=90)
_STATUSES = frozenset({"open", "closed"})

Jurisdiction = Annotated[str | None, Query(description="A region: 2, 4, 6, 9 or 12 digits.")]


@router.get("/discovery.{form}")
async def get_discovery(request: Request, form: Form) -> Response:
    """Return where the service is and what it speaks."""
    return answer("discovery", discovery(str(request.base_url).rstrip("/")), form=form)


@router.get("/v2/services.{form}")
async def get_services(request: Request, form: Form, jurisdiction_id: Jurisdiction = None) -> Response:
    """Return what can be asked for: the catalogue."""
    _region(jurisdiction_id)
    catalogue = of(request).ports.catalogue
    return answer("services", [service(item, catalogue) for item in catalogue.items.values()], form=form)


@router.get("/v2/services/{service_code}.{form}")
async def get_service(
    request: Request, service_code: str, form: Form, jurisdiction_id: Jurisdiction = None
) -> Response:
    """Return what a request for a service says beside the text."""
    _region(jurisdiction_id)
    item = some(of(request).ports.catalogue.items.get(service_code), what="service_code")
    return answer("service_definition", definition(item), form=form)


@router.post("/v2/requests.{form}")
async def post_request(request: Request, form: Form) -> Response:
    """Take a need down that people verify and publish. Who called and from where goes to the vault and nowhere else."""
    services = of(request)
    said = {name: value for name, value in (await request.form()).multi_items() if isinstance(value, str)}
    said = dict(request.query_params) | said
    _check_key(request, services, said.get("api_key", ""))
    command = services.command(request)
    need_id = command.entity_id("d")
    asked = demand_of(said, demand_id=need_id, at=command.at, catalogue=services.ports.catalogue)
    if not asked.community.startswith(_region(said.get("jurisdiction_id"))):
        raise Refused("not_found", "the community is not in jurisdiction_id")
    try:
        warnings = services.checks.demand(asked, now=command.at)
    except Rejection as error:
        raise named(error) from None
    change = await services.intake.take_in(need_of(asked), caller=caller_of(said), command=command)
    notice = " ".join(warning.messages.zh for warning in warnings)
    made = {"service_request_id": need_id, "service_notice": notice, "account_id": None}
    location = f"/open311/v2/requests/{need_id}.{form}"
    headers = {"location": location, HEADER: str(some(change.position, what=need_id))}
    return answer("service_requests", [made], form=form, status=201, **headers)


@router.get("/v2/requests.{form}")
async def get_requests(
    request: Request,
    form: Form,
    jurisdiction_id: Jurisdiction = None,
    service_request_id: Annotated[str, Query(max_length=8_000)] = "",
    service_code: Annotated[str, Query(max_length=8_000)] = "",
    start_date: Moment | None = None,
    end_date: Moment | None = None,
    status: str = "",
) -> Response:
    """Return requests, the newest first, at most 1,000: those named, or those of 90 days at most."""
    services = of(request)
    region, ids = _region(jurisdiction_id), _several(service_request_id)
    if ids:
        wanted = Wanted(region=region, ids=ids)
    else:
        since, until = _stretch(start_date, end_date, now=services.ports.clock.now())
        items = services.ports.catalogue.items.keys() & _several(service_code) if service_code else None
        wanted = Wanted(region=region, items=items, is_open=_is_open(status), since=since, until=until)
    found = await services.reading.query(list_requests, wanted=wanted, limit=MOST)
    catalogue, regions = services.ports.catalogue, services.ports.regions
    told = [request_of(view, catalogue=catalogue, regions=regions) for view in found]
    return answer("service_requests", told, form=form)


@router.get("/v2/requests/{service_request_id}.{form}")
async def get_request(
    request: Request,
    service_request_id: Annotated[EntityId, Path()],
    form: Form,
    jurisdiction_id: Jurisdiction = None,
) -> Response:
    """Return one request; a list of one, as the standard has it."""
    services = of(request)
    wanted = Wanted(region=_region(jurisdiction_id), ids=(service_request_id,))
    found = await services.reading.query(list_requests, wanted=wanted, limit=1)
    if not found:
        raise Refused("not_found", "service_request_id")
    told = request_of(found[0], catalogue=services.ports.catalogue, regions=services.ports.regions)
    return answer("service_requests", [told], form=form)


def _check_key(request: Request, services: Services, key: str) -> None:
    """Refuse who has not the token, as ``api_key`` or in the header, where one is set."""
    token = services.settings.api_token
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if token is not None:
        wanted = token.get_secret_value().encode()
        if not any(hmac.compare_digest(wanted, given.encode()) for given in (key, bearer)):
            raise Refused("unauthorized", "api_key")


def _region(jurisdiction_id: str | None) -> str:
    """Return the prefix that a jurisdiction means; raise Refused ``not_found`` where it is no region."""
    try:
        return prefix_of(jurisdiction_id) if jurisdiction_id else ""
    except Refused:
        raise Refused("not_found", "jurisdiction_id: 2, 4, 6, 9 or 12 digits of a region") from None


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _is_open(status: str) -> bool | None:
    """Return which ones are wanted; None: both."""
    statuses = set(_several(status))
    if not statuses <= _STATUSES:
        raise Refused("unknown_word", "open, closed", field="status")
    return None if len(statuses) != 1 else statuses == {"open"}


def _stretch(start: datetime | None, end: datetime | None, *, now: datetime) -> tuple[datetime, datetime]:
    """Return from when to when: 90 days at most, before the end or after the start that are given."""
    if start is None:
        end = end or now
        return end - SPAN, end
    end = min(end or start + SPAN, start + SPAN)
    if end < start:
        raise Refused("impossible_window", "end_date is before start_date", field="end_date")
    return start, end
