"""Whether we live, whether we can serve, and the pages that problems link to."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.errors import STATUS, problem_responses
from api.language import choose
from api.problems import page
from api.services import of
from schemas.refusals import Refused

router = APIRouter(tags=["health 状态"])


class Health(BaseModel):
    """The process lives."""

    status: Literal["ok"] = "ok"


class FindingView(BaseModel):
    """One thing looked at."""

    name: str
    ok: bool
    detail: str


class Ready(BaseModel):
    """Whether requests can be served."""

    ready: bool
    findings: tuple[FindingView, ...]


@router.get("/healthz", operation_id="getHealth", summary="The process lives")
async def get_health() -> Health:
    """Answer without touching anything."""
    return Health()


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="We can serve",
    responses={503: {"model": Ready, "description": "Not ready."}},
)
async def get_readiness(request: Request, response: Response) -> Ready:
    """Look at the log and at how far the lists are behind."""
    found = await of(request).ports.readiness()
    ready = all(finding.ok for finding in found)
    response.status_code = 200 if ready else 503
    return Ready(ready=ready, findings=tuple(FindingView(**finding._asdict()) for finding in found))


@router.get("/problems", include_in_schema=False)
async def get_problems(accept_language: Annotated[str | None, Header()] = None) -> HTMLResponse:
    """List every problem code."""
    return HTMLResponse(page(dict(sorted(STATUS.items())), language=choose(accept_language)))


@router.get("/problems/{code}", include_in_schema=False, responses=problem_responses("not_found"))
async def get_problem(
    code: Annotated[str, Path()], accept_language: Annotated[str | None, Header()] = None
) -> HTMLResponse:
    """Explain one problem code."""
    if code not in STATUS:
        raise Refused("not_found")
    return HTMLResponse(page({code: STATUS[code]}, language=choose(accept_language)))
