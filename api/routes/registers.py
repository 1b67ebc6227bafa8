"""Monthly registers of members who came and went 流入流出登记: from events, and nobody has to fill them in."""

from datetime import datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.errors import problem_responses
from api.readmodel.queries.passages import own_register_of
from api.readmodel.queries.registers import register_of
from api.readmodel.servingviews import OwnRegister, Register
from api.reports.period import CHINA, Period
from api.routes.reads import READ_PROBLEMS, CaughtUp
from api.routes.rollup import sheet
from api.services import of
from schemas.base import RegionCode, RegionPrefix
from schemas.enrolment import EnrolmentKind, MemberClass
from schemas.member_classes import CLASS_RULES
from schemas.refusals import Refused
from schemas.regions import Level, level_of, prefix_of

router = APIRouter(prefix="/v1/registers", tags=["registers 流动登记"])

Where = Annotated[RegionPrefix, Path(description="2, 4, 6, 9 or 12 digits.", examples=["310105"])]
Month = Annotated[str, Path(pattern=r"^[0-9]{4}-[0-9]{2}$", description="By China's clock.", examples=["2026-11"])]
Community = Annotated[RegionCode, Path(description="A community's twelve digits.", examples=["310105001001"])]
OfClass = Annotated[MemberClass, Query(alias="class", description="The class that is registered.")]
_PROBLEMS = problem_responses(*READ_PROBLEMS, "bad_time", "too_early")
_OWN_PROBLEMS = problem_responses(*READ_PROBLEMS, "bad_time", "too_early", "bad_region")
_KINDS: Final = {EnrolmentKind.UNIT_LINK: "单位联系", EnrolmentKind.RESIDENCE: "居住地"}
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get(
    "/{region}/{month}.csv",
    operation_id="getRegisterSheet",
    summary="A month's register as a sheet",
    response_class=Response,
    responses=_PROBLEMS | _CSV,
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
    responses=_PROBLEMS,
    dependencies=[CaughtUp],
)
async def get_register(request: Request, region: Where, month: Month) -> Register:
    """Return how many enrolments of members began and ended, and how many hold at the end, class by class."""
    return await _register(request, region, month)


@router.get(
    "/{community}/{month}/members.csv",
    operation_id="getOwnRegisterSheet",
    summary="A community's own register as a sheet",
    response_class=Response,
    responses=_OWN_PROBLEMS | _CSV,
    dependencies=[CaughtUp],
)
async def get_own_register_sheet(
    request: Request, community: Community, month: Month, member_class: OfClass = MemberClass.MOBILE
) -> Response:
    """Return one row a member, by reference, days by China's clock."""
    found = await _own_register(request, community, month, member_class)
    head = ["member_ref", "类别", "报到方式", "所在单位", "流入日期", "从何处", "本月流入", "流出日期", "往何处"]
    lines = (
        [
            row.member_ref,
            CLASS_RULES[row.member_class].zh,
            _KINDS[row.kind],
            row.home_unit,
            _day(row.since),
            row.came_from,
            "是" if row.came else "否",
            _day(row.left_at),
            row.went_to,
        ]
        for row in found.rows
    )
    answer = sheet([head, *lines], name=f"register-{community}-{month}-members")
    answer.headers["cache-control"] = "no-store"
    return answer


@router.get(
    "/{community}/{month}/members",
    operation_id="getOwnRegister",
    summary="A community's own register",
    responses=_OWN_PROBLEMS,
    dependencies=[CaughtUp],
)
async def get_own_register(
    request: Request,
    response: Response,
    community: Community,
    month: Month,
    member_class: OfClass = MemberClass.MOBILE,
) -> OwnRegister:
    """Return who of its mobile members was there in the month, came or left, by reference and without names.

    It is the community's own work: only a community has one, however few they are, and no cache keeps it.
    """
    found = await _own_register(request, community, month, member_class)
    response.headers["cache-control"] = "no-store"
    return found


async def _own_register(request: Request, community: str, month: str, member_class: MemberClass) -> OwnRegister:
    services = of(request)
    if level_of(community) is not Level.COMMUNITY:
        raise Refused("bad_region", f"{community} is no community; others have counts only", field="path:community")
    period = _month(request, month)
    return await services.reading.query(
        own_register_of,
        community=community,
        member_class=member_class,
        start=period.start,
        end=period.end,
        month=month,
    )


def _month(request: Request, month: str) -> Period:
    return Period.of(month, cycle="month").begun(of(request).ports.clock.now())


def _day(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(ZoneInfo(CHINA)):%Y-%m-%d}"


async def _register(request: Request, region: str, month: str) -> Register:
    period = _month(request, month)
    return await of(request).reading.query(
        register_of, region=prefix_of(region), start=period.start, end=period.end, month=month
    )
