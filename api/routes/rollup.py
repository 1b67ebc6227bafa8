"""One region at a time, down to the smallest grid 逐级汇总: its figures, and those of whatever lies below it."""

import csv
import io
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.errors import problem_responses
from api.places import shard_name
from api.readmodel.queries.rollup import overdue, rollup
from api.readmodel.rollupviews import Overdue, RegionRow, Rollup
from api.routes.reads import READ_PROBLEMS, CaughtUp
from api.services import of
from schemas.base import PlacePrefix

router = APIRouter(prefix="/v1", tags=["rollup 逐级汇总"])

Place = Annotated[
    PlacePrefix | None,
    Query(description="2, 4, 6, 9 or 12 digits, or a community with a grid; left out: the whole country."),
]
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
_BOM = "\ufeff"
"""Without it Excel takes UTF-8 for something else."""
_SUMS = ("open_demands", "open_seats", "asked", "filled", "fulfilled", "resources", "units", "members")


@router.get(
    "/rollup",
    operation_id="getRollup",
    summary="Figures of a region, and of those one level below it",
    responses=problem_responses(*READ_PROBLEMS),
    dependencies=[CaughtUp],
)
async def get_rollup(request: Request, region: Place = None) -> Rollup:
    """Return the sums of a region and of its children, and where its lives stand. Ask again with a child to go down."""
    return await _rollup(request, region)


@router.get(
    "/rollup.csv",
    operation_id="getRollupSheet",
    summary="The same, as a sheet",
    response_class=Response,
    responses=problem_responses(*READ_PROBLEMS) | _CSV,
    dependencies=[CaughtUp],
)
async def get_rollup_sheet(request: Request, region: Place = None) -> Response:
    """Return one row a region, the region itself first; a blank cell is one that is not shown."""
    found = await _rollup(request, region)
    rows = [found.own, *found.children]
    kinds = sorted({count.kind for row in rows for count in row.sums.lives})
    head = ["region", "name", "level", *_SUMS, *(f"{kind} {part}" for kind in kinds for part in ("open", "overdue"))]
    return sheet([head, *(_line(row, kinds) for row in rows)], name=f"rollup-{region or 'country'}")


@router.get(
    "/overdue/counts",
    operation_id="countOverdue",
    summary="How much is overdue in a region, and one level below it",
    responses=problem_responses(*READ_PROBLEMS),
    dependencies=[CaughtUp],
)
async def get_counts(request: Request, region: Place = None) -> Overdue:
    """Return how many lives of each kind are overdue, and since when the oldest of them is."""
    return await _overdue(request, region)


@router.get(
    "/overdue/counts.csv",
    operation_id="countOverdueSheet",
    summary="The same, as a sheet",
    response_class=Response,
    responses=problem_responses(*READ_PROBLEMS) | _CSV,
    dependencies=[CaughtUp],
)
async def get_counts_sheet(request: Request, region: Place = None) -> Response:
    """Return one row a region and kind, those of the region itself first."""
    found = await _overdue(request, region)
    head = ["region", "name", "kind", "overdue", "oldest"]
    rows = [[row.region, row.name, row.kind, row.overdue, row.oldest] for row in (*found.own, *found.children)]
    return sheet([head, *rows], name=f"overdue-{region or 'country'}")


def sheet(rows: Iterable[Iterable[Any]], *, name: str) -> Response:
    """Return rows as a CSV file that spreadsheets open as it is; no cell is taken for a formula."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(_BOM + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value


def _line(row: RegionRow, kinds: list[str]) -> list[Any]:
    counts = {count.kind: count for count in row.sums.lives}
    lives = [getattr(counts[kind], part) if kind in counts else 0 for kind in kinds for part in ("open", "overdue")]
    return [row.region, row.name, row.level, *(getattr(row.sums, part) for part in _SUMS), *lives]


async def _rollup(request: Request, region: str | None) -> Rollup:
    services = of(request)
    now, name = services.ports.clock.now(), _namer(request)
    return await services.reading.query(rollup, now=now, name=name, region=region or "")


async def _overdue(request: Request, region: str | None) -> Overdue:
    services = of(request)
    now, name = services.ports.clock.now(), _namer(request)
    return await services.reading.query(overdue, now=now, name=name, region=region or "")


def _namer(request: Request) -> Any:
    regions = of(request).ports.regions
    return lambda region: shard_name(regions, region) if region else "全国"
