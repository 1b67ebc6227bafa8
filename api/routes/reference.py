"""What forms need: the catalogue 服务项目库 and the regions 区划."""

from dataclasses import asdict
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.errors import problem_responses
from api.readmodel.views import Named
from api.services import of
from schemas.base import RegionPrefix
from schemas.catalogue import Catalogue
from schemas.enrolment import EnrolmentKind, MemberClass
from schemas.industries import INDUSTRY_SYSTEMS
from schemas.member_classes import CLASS_RULES
from schemas.regions import level_of, prefix_of
from schemas.uscc import UNIT_KINDS

router = APIRouter(prefix="/v1", tags=["reference 目录"])

_ONE_HOUR = "public, max-age=3600"


class CatalogueItem(BaseModel):
    """One item of a category."""

    item_id: str
    zh: str
    en: str


class CatalogueCategory(BaseModel):
    """One category; ``gate`` is a qualification that its resources must hold, ``none`` where there is none."""

    category_id: str
    zh: str
    en: str
    gate: str
    items: tuple[CatalogueItem, ...]


class CatalogueAnswer(BaseModel):
    """The catalogue in force."""

    digest: str
    categories: tuple[CatalogueCategory, ...]


class AdmissionMatter(BaseModel):
    """An item or a whole category: whether departments may put it on communities, and why."""

    matter: str
    admitted: bool
    zh: str
    en: str


class AdmissionAnswer(BaseModel):
    """The list that departments' matters are held against; empty, and without a version, where they are not."""

    checked: bool
    version: str | None
    matters: tuple[AdmissionMatter, ...]


class RegionName(BaseModel):
    """A region's prefix and its name."""

    code: str
    name: str


class RegionAnswer(BaseModel):
    """A region: the way down to it, and what lies one level below."""

    code: str
    name: str
    level: int
    known: bool
    path: tuple[RegionName, ...]
    children: tuple[RegionName, ...]


@lru_cache(maxsize=4)
def _catalogue(catalogue: Catalogue) -> CatalogueAnswer:
    return CatalogueAnswer(
        digest=catalogue.digest,
        categories=tuple(
            CatalogueCategory(
                category_id=category.category_id,
                zh=category.zh,
                en=category.en,
                gate=category.gate,
                items=tuple(
                    CatalogueItem(item_id=item.item_id, zh=item.zh, en=item.en)
                    for item in catalogue.items_of(category.category_id)
                ),
            )
            for category in catalogue.categories.values()
        ),
    )


@router.get("/catalogue", operation_id="getCatalogue", summary="The catalogue in force")
async def get_catalogue(request: Request, response: Response) -> CatalogueAnswer:
    """Return all categories with their items and gates."""
    response.headers["cache-control"] = _ONE_HOUR
    return _catalogue(of(request).ports.catalogue)


@router.get("/admission", operation_id="getAdmission", summary="What departments may put on communities 准入清单")
async def get_admission(request: Request) -> AdmissionAnswer:
    """Return the admission list in force. An item's own line goes before its category's; the rest is not admitted."""
    admission = of(request).ports.admission
    if admission is None:
        return AdmissionAnswer(checked=False, version=None, matters=())
    matters = tuple(AdmissionMatter(**asdict(matter)) for matter in admission.matters.values())
    return AdmissionAnswer(checked=True, version=admission.version, matters=matters)


@router.get(
    "/regions",
    operation_id="findRegions",
    summary="Provinces, or regions by name",
    responses=problem_responses("invalid_value", "bad_region"),
)
async def find_regions(
    request: Request,
    response: Response,
    q: Annotated[str | None, Query(min_length=1, max_length=40, description="A part of the name.")] = None,
    within: Annotated[RegionPrefix | None, Query(description="Only below this region.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> tuple[RegionName, ...]:
    """Return the provinces; with `q`, the regions whose name holds it, upper levels first."""
    regions = of(request).ports.regions
    response.headers["cache-control"] = _ONE_HOUR
    found = regions.children(within) if q is None else regions.search(q, within=within, limit=limit)
    return tuple(RegionName(code=region.code, name=region.name) for region in found)


@router.get(
    "/regions/{code}",
    operation_id="getRegion",
    summary="A region, the way to it and its children",
    responses=problem_responses("invalid_value", "bad_region"),
)
async def get_region(
    request: Request,
    response: Response,
    code: Annotated[RegionPrefix, Path(description="2, 4, 6, 9 or 12 digits.", examples=["310105"])],
) -> RegionAnswer:
    """Return a region by its prefix or padded code; one that the listing lacks is named by its code."""
    regions = of(request).ports.regions
    response.headers["cache-control"] = _ONE_HOUR
    prefix = prefix_of(code)
    return RegionAnswer(
        code=prefix,
        name=regions.name(prefix),
        level=int(level_of(prefix)),
        known=regions.known(prefix),
        path=tuple(RegionName(code=region.code, name=region.name) for region in regions.path(prefix)),
        children=tuple(RegionName(code=region.code, name=region.name) for region in regions.children(prefix)),
    )


class MemberClassRules(BaseModel):
    """A class of members: how it is managed, by whom, how it may report, and what its home unit is told of."""

    member_class: MemberClass
    zh: str
    way: str
    en: str
    managed_by: tuple[str, ...]
    kinds: tuple[EnrolmentKind, ...]
    needs_home_unit: bool
    reported: tuple[str, ...]


class EnrolmentWords(BaseModel):
    """What forms for enrolment need."""

    member_classes: tuple[MemberClassRules, ...]
    industry_systems: tuple[Named, ...]
    unit_kinds: tuple[Named, ...]


@router.get("/enrolment-words", operation_id="getEnrolmentWords", summary="Classes, industry systems, kinds of units")
async def get_enrolment_words(response: Response) -> EnrolmentWords:
    """Return the classes of members with their rules, the industry systems, and the kinds of units by USCC."""
    response.headers["cache-control"] = _ONE_HOUR
    return EnrolmentWords(
        member_classes=tuple(
            MemberClassRules(member_class=name, **rules._asdict() | {"kinds": tuple(sorted(rules.kinds))})
            for name, rules in CLASS_RULES.items()
        ),
        industry_systems=tuple(Named(**system._asdict()) for system in INDUSTRY_SYSTEMS.values()),
        unit_kinds=tuple(Named(code=code, zh=zh, en=en) for code, (en, zh) in UNIT_KINDS.items()),
    )
