"""One household, one file 一户一档: who it is lies in the vault, what it needed is listed; it is read with a reason."""

from typing import Annotated

import structlog
from anyio.to_thread import run_sync
from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.requests import Request

from api.errors import problem_responses
from api.readmodel.lifeviews import LifeView
from api.readmodel.queries.needs import needs_of
from api.routes.replies import PREVIEW_PROBLEMS
from api.services import of
from schemas.base import EntityId, PartyRef, Reason
from schemas.lives.demand import Need
from schemas.refusals import Refused

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/v1/households", tags=["households 一户一档"])
HouseholdId = Annotated[EntityId, Path(description="The household's pseudonym, as its needs name it.")]


class HouseholdIdentity(BaseModel):
    """Who a household is; goes to the identity vault and nowhere else."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: SecretStr = Field(min_length=1, max_length=60)
    phone: SecretStr | None = Field(default=None, min_length=5, max_length=20)
    address: SecretStr | None = Field(default=None, min_length=1, max_length=200)


class Looking(BaseModel):
    """Who opens a file, and what for: both are logged."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    by: PartyRef
    reason: Reason


class HouseholdFile(BaseModel):
    """Who it is, as far as the vault knows, and its needs, the newest first."""

    household: str
    identity: dict[str, str]
    needs: tuple[LifeView[Need], ...]


@router.put(
    "/{household}/identity",
    operation_id="keepHousehold",
    summary="Keep who a household is",
    status_code=204,
    responses=problem_responses("invalid_json", "unauthorized", "record_too_large", "invalid_value"),
)
async def keep_household(request: Request, household: HouseholdId, body: HouseholdIdentity) -> None:
    """Put name, phone and address into the vault under a new key; what was there before is gone."""
    services = of(request)
    fields = {name: value.get_secret_value() for name, value in body if value is not None}
    now = services.ports.clock.now()
    await run_sync(lambda: services.vault.put(ref=_ref(household), fields=fields, at=now))


@router.post(
    "/{household}:read",
    operation_id="readHousehold",
    summary="Read the file of a household, with a reason",
    responses=problem_responses(*PREVIEW_PROBLEMS, "not_found", "personal_data"),
)
async def open_household(request: Request, household: HouseholdId, body: Looking) -> HouseholdFile:
    """Return who it is and what it needed. Who looked, and why, is logged; what was found is not."""
    services = of(request)
    needs = await services.reading.query(needs_of, household=household)
    log.info("household opened", household=household, by=body.by)
    identity = await run_sync(lambda: services.vault.read(ref=_ref(household), reason=body.reason))
    if identity is None and not needs:
        raise Refused("not_found", household)
    return HouseholdFile(household=household, identity=identity or {}, needs=needs)


@router.delete(
    "/{household}/identity",
    operation_id="forgetHousehold",
    summary="Forget who a household is",
    status_code=204,
    responses=problem_responses("unauthorized", "invalid_value", "not_found"),
)
async def forget_household(request: Request, household: HouseholdId) -> None:
    """Destroy the key under which it was kept. Its needs stay, under its pseudonym."""
    if not await run_sync(of(request).vault.forget, _ref(household)):
        raise Refused("not_found", "nothing is kept")


def _ref(household: str) -> str:
    return f"household:{household}"
