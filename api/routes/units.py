"""Resident units 驻区单位 reporting to communities."""

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import Contact, UnitBody
from api.errors import problem_responses
from api.reading import some
from api.readmodel.queries.filters import Filter
from api.readmodel.queries.parties import get_unit as find_unit
from api.readmodel.queries.parties import list_units
from api.readmodel.views import Page, UnitView
from api.routes.reads import IS_ACTIVE, LIST_PROBLEMS, PAGE, READ_PROBLEMS, CaughtUp, Cursor, Limit, Presence, Region
from api.routes.replies import WRITE_PROBLEMS, Receipt, built, created, written
from api.services import of
from schemas.enrolment import IndustrySystem, UnitEnrolled, unit_ref
from schemas.refusals import Refused
from schemas.uscc import Uscc

router = APIRouter(prefix="/v1/units", tags=["units 驻区单位"])
Code = Annotated[Uscc, Path(description="The unit's unified social credit code.", examples=["91310105MA1FW0008T"])]
Kind = Annotated[
    str | None, Query(pattern=r"^[0-9A-Z]{2}$", description="The first two characters of a USCC, such as `12`.")
]
Industry = Annotated[IndustrySystem | None, Query(description="An industry system, by code or by its name.")]
Branch = Annotated[int, Query(ge=0, le=9999, description="A branch without a code of its own.")]


@router.post(
    "",
    operation_id="enrolUnit",
    summary="Enrol a unit",
    status_code=201,
    response_model=Receipt,
    responses=written(
        "duplicate_enrolment",
        "already_held",
        "bad_uscc",
        "bad_region",
        "personal_data",
        "read_model_behind",
        status=201,
        location=True,
    ),
)
async def enrol_unit(request: Request, body: UnitBody) -> Response:
    """Let a unit report to a community. The liaison's name and phone go to the identity vault and nowhere else."""
    services = of(request)
    command = services.command(request)
    unit = built(UnitEnrolled, body, leave_out="liaison", enrolled_at=command.at)
    warnings = services.checks.unit(unit)
    identity = body.liaison.fields() if body.liaison else {}
    position = await services.enrolling.unit(unit, identity=identity, command=command)
    location = f"/v1/units/{unit.uscc}" + (f"?branch={unit.branch}" if unit.branch else "")
    return created(unit.party, position, location=location, warnings=warnings)


@router.get(
    "",
    operation_id="listUnits",
    summary="List units",
    responses=problem_responses(*LIST_PROBLEMS),
    dependencies=[CaughtUp],
)
async def get_units(
    request: Request,
    region: Region = None,
    kind: Kind = None,
    industry_system: Industry = None,
    state: Presence = "active",
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Page[UnitView]:
    """Return units, the newest first: those who are there, unless told otherwise."""
    return await of(request).reading.query(
        list_units,
        filter=Filter(region=region or ""),
        kind=kind,
        industry=industry_system,
        is_active=IS_ACTIVE[state],
        cursor=cursor,
        limit=limit,
    )


@router.get(
    "/{uscc}",
    operation_id="getUnit",
    summary="Get a unit",
    responses=problem_responses(*READ_PROBLEMS, "bad_uscc", "not_found"),
    dependencies=[CaughtUp],
)
async def get_unit(request: Request, uscc: Code, branch: Branch = 0) -> UnitView:
    """Return a unit as it reported."""
    return some(await of(request).reading.query(find_unit, party=_party(uscc, branch)), what=uscc)


@router.put(
    "/{uscc}/identity",
    operation_id="keepLiaison",
    summary="Keep who a unit's liaison is",
    status_code=204,
    responses=problem_responses(*WRITE_PROBLEMS, "bad_uscc", "not_found"),
)
async def keep_liaison(request: Request, uscc: Code, body: Contact, branch: Branch = 0) -> None:
    """Put the liaison's name and phone into the vault, in place of what was there."""
    services = of(request)
    await services.enrolling.keep(_party(uscc, branch), identity=body.fields(), command=services.command(request))


@router.delete(
    "/{uscc}/identity",
    operation_id="forgetLiaison",
    summary="Forget a unit's liaison",
    status_code=204,
    responses=problem_responses("unauthorized", "invalid_value", "bad_uscc", "not_found"),
)
async def forget_liaison(request: Request, uscc: Code, branch: Branch = 0) -> None:
    """Destroy the key of the liaison's name and phone; revoke the unit's calendar, forget all about notices."""
    services, party = of(request), _party(uscc, branch)
    await run_sync(services.addresses.revoke, party)
    told = await services.notices.forget(party)
    if not await services.enrolling.forget(party) and not told:
        raise Refused("not_found", "nothing is kept")


def _party(uscc: str, branch: int) -> str:
    return unit_ref(uscc, branch)
