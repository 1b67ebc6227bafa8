"""Monthly registers of members who came and went 流入流出登记: from events, and nobody has to fill them in."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.errors import problem_responses
from api.readmodel.queries.registers import register_of
from api.readmodel.servingviews import Register
from api.reports.period import Period
from api.routes.reads import READ_PROBLEMS, CaughtUp
from api.routes.rollup import sheet
from api.services import of
from schemas.base import RegionPrefix
from schemas.regions import prefix_of

router = APIRouter(prefix="/v1/registers", tags=["registers 流动登记"])

Where = Annotated[RegionPrefix, Path(description="2, 4, 6, 9 or 12 digits.", examples=["310105"])]
Month = Annotated[str, Path(pattern=r"^[0-9]{4}-[0-9]{2}$", description="By China's clock.", examples=["2026-11"])]
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get(
    "/{region}/{month}.csv",
    operation_id="getRegisterSheet",
    summary="A month's register as a sheet",
    response_class=Response,
    responses=problem_responses(*READ_PROBLEMS, "bad_time") | _CSV,
    dependencies=[CaughtUp],
)
async def get_register_sheet(request: Request, region: Where, month: Month) -> Response:
    """Return one row a class; a blank cell is one that is not shown."""
    found = await _register(request, region, month)
    lines = ([row.member_class, row.zh, row.way, row.came, row.left, row.there] for row in found.rows)
    return sheet([["class", "类别", "管理方式", "流入", "流出", "月末在册"], *lines], name=f"register-{region}-{month}")


@router.get(
    "/{region}/{month}",
    operation_id="getRegister",
    summary="A month's register",
    responses=problem_responses(*READ_PROBLEMS, "bad_time"),
    dependencies=[CaughtUp],
)
async def get_register(request: Request, region: Where, month: Month) -> Register:
    """Return how many enrolments of members began and ended, and how many hold at the end, class by class."""
    return await _register(request, region, month)


async def _register(request: Request, region: str, month: str) -> Register:
    period = Period.of(month, cycle="month")
    return await of(request).reading.query(
        register_of, region=prefix_of(region), start=period.start, end=period.end, month=month
    )
