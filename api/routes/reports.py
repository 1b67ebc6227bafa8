"""Reports from events 报表: of regions by month, quarter, half-year and year, and drafts of double reports 双报告."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.errors import problem_responses
from api.language import Language, choose
from api.places import shard_name
from api.reading import some
from api.readmodel.queries.partyreports import party_report
from api.readmodel.queries.reports import figures
from api.readmodel.queries.stretch import Stretch
from api.readmodel.reportviews import PartyReport, RegionReport
from api.reports.draft import draft
from api.reports.page import page
from api.reports.period import CHINA, Cycle, Period
from api.routes.reads import READ_PROBLEMS, CaughtUp
from api.services import of
from schemas.base import RegionPrefix
from schemas.regions import prefix_of

router = APIRouter(prefix="/v1/reports", tags=["reports 报表"])

_PERIOD = r"^[0-9]{4}(-([0-9]{2}|Q[1-4]|H[12]))?$"
When = Annotated[
    str,
    Path(pattern=_PERIOD, description="`2026-11`, `2026-Q4`, `2026-H2` or `2026`.", examples=["2026-11"]),
]
Where = Annotated[RegionPrefix, Path(description="2, 4, 6, 9 or 12 digits.", examples=["310105"])]
Zone = Annotated[str, Query(max_length=40, description="By whose clock the period begins and ends.")]
Lang = Annotated[Language | None, Query(description="Otherwise as Accept-Language says.")]
Uscc = Annotated[str, Path(pattern=r"^[0-9A-Z]{18}$", examples=["91310105MA1FW0008T"])]
Branch = Annotated[int, Query(ge=0, le=9999, description="A branch without a code of its own.")]
MemberRef = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,60}$", examples=["m-7f3a"])]
_PROBLEMS = problem_responses(*READ_PROBLEMS, "bad_time", "too_early")
_PARTY_PROBLEMS = problem_responses(*READ_PROBLEMS, "bad_time", "too_early", "not_found")
_MARKDOWN: dict[int | str, dict[str, Any]] = {200: {"content": {"text/markdown": {"schema": {"type": "string"}}}}}


@router.get(
    "/units/{uscc}/{period}.md",
    operation_id="draftUnitReport",
    summary="The draft of a unit's report 双报告",
    response_class=Response,
    responses=_PARTY_PROBLEMS | _MARKDOWN,
    dependencies=[CaughtUp],
)
async def draft_unit_report(
    request: Request, uscc: Uscc, period: When, branch: Branch = 0, zone: Zone = CHINA, lang: Lang = None
) -> Response:
    """Return what a unit did, in sentences that it may change and complete."""
    return _drafted(request, await _of_party(request, _unit(uscc, branch), period, zone), lang)


@router.get(
    "/units/{uscc}/{period}",
    operation_id="getUnitReport",
    summary="What a unit did",
    responses=_PARTY_PROBLEMS,
    dependencies=[CaughtUp],
)
async def get_unit_report(
    request: Request, uscc: Uscc, period: When, branch: Branch = 0, zone: Zone = CHINA
) -> PartyReport:
    """Return the services, entries and matters of a unit within a period."""
    return await _of_party(request, _unit(uscc, branch), period, zone)


@router.get(
    "/members/{member_ref}/{period}.md",
    operation_id="draftMemberReport",
    summary="The draft of a member's report 双报告",
    response_class=Response,
    responses=_PARTY_PROBLEMS | _MARKDOWN,
    dependencies=[CaughtUp],
)
async def draft_member_report(
    request: Request, member_ref: MemberRef, period: When, zone: Zone = CHINA, lang: Lang = None
) -> Response:
    """Return what a member did, by the pseudonym that only the member and its community know; it is kept nowhere."""
    return _drafted(request, await _of_party(request, f"member:{member_ref}", period, zone), lang)


@router.get(
    "/members/{member_ref}/{period}",
    operation_id="getMemberReport",
    summary="What a member did",
    responses=_PARTY_PROBLEMS,
    dependencies=[CaughtUp],
)
async def get_member_report(
    request: Request, response: Response, member_ref: MemberRef, period: When, zone: Zone = CHINA
) -> PartyReport:
    """Return the services, entries and matters of a member within a period."""
    response.headers["cache-control"] = "no-store"
    return await _of_party(request, f"member:{member_ref}", period, zone)


@router.get(
    "/{cycle}/{region}/{period}.md",
    operation_id="printReport",
    summary="A report of a region as a page",
    response_class=Response,
    responses=_PROBLEMS | _MARKDOWN,
    dependencies=[CaughtUp],
)
async def print_report(
    request: Request, cycle: Cycle, region: Where, period: When, zone: Zone = CHINA, lang: Lang = None
) -> Response:
    """Return the report in Markdown, with the period before it beside each figure."""
    found = await _of_region(request, cycle, region, period, zone)
    catalogue = of(request).ports.catalogue
    return _markdown(page(found, catalogue=catalogue, language=_language(request, lang)))


@router.get(
    "/{cycle}/{region}/{period}",
    operation_id="getReport",
    summary="A report of a region",
    responses=_PROBLEMS,
    dependencies=[CaughtUp],
)
async def get_report(request: Request, cycle: Cycle, region: Where, period: When, zone: Zone = CHINA) -> RegionReport:
    """Return what happened within the period and within the one before it. For people to judge by, and no ranking."""
    return await _of_region(request, cycle, region, period, zone)


async def _of_region(request: Request, cycle: Cycle, region: str, text: str, zone: str) -> RegionReport:
    services, prefix = of(request), prefix_of(region)
    now = services.ports.clock.now()
    period = Period.of(text, zone=zone, cycle=cycle).begun(now)
    found, before = [
        await services.reading.query(figures, Stretch(prefix, each.start, each.end), now=now)
        for each in (period, period.before)
    ]
    return RegionReport(
        region=prefix,
        name=shard_name(services.ports.regions, prefix),
        cycle=cycle,
        period=period.text,
        zone=period.zone.key,
        figures=found,
        before=before,
    )


async def _of_party(request: Request, party: str, text: str, zone: str) -> PartyReport:
    now = of(request).ports.clock.now()
    period = Period.of(text, zone=zone).begun(now)
    found = await of(request).reading.query(
        party_report, party=party, period=period.text, since=period.start, until=period.end, now=now
    )
    return some(found, what=party)


def _unit(uscc: str, branch: int) -> str:
    return f"unit:{uscc}" + (f"/{branch}" if branch else "")


def _drafted(request: Request, report: PartyReport, lang: Language | None) -> Response:
    ports = of(request).ports
    text = draft(report, catalogue=ports.catalogue, regions=ports.regions, language=_language(request, lang))
    answer = _markdown(text)
    answer.headers["cache-control"] = "no-store"
    return answer


def _language(request: Request, lang: Language | None) -> Language:
    return lang or choose(request.headers.get("accept-language"))


def _markdown(text: str) -> Response:
    return Response(text, media_type="text/markdown; charset=utf-8")
