"""The lists as files: what is exported unchanged, an import takes back."""

from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from starlette.requests import Request

from api.errors import problem_responses
from api.imports.columns import ListKind
from api.imports.template import TITLES
from api.readmodel.views import DemandState, ResourceState
from api.routes.imports import XLSX
from api.routes.reads import READ_PROBLEMS, CaughtUp, Narrowed
from api.services import of
from schemas.refusals import Refused

router = APIRouter(prefix="/v1/exports", tags=["exports 导出"])


@router.get(
    "/{kind}.{form}",
    operation_id="exportList",
    summary="Export a list",
    response_class=StreamingResponse,
    responses=problem_responses(*READ_PROBLEMS, "impossible_window")
    | {200: {"content": {XLSX: {}, "text/csv": {}}, "description": "The list, newest first."}},
    dependencies=[CaughtUp],
)
async def export_list(
    request: Request,
    kind: Annotated[ListKind, Path(description="Which list.")],
    form: Annotated[Literal["xlsx", "csv"], Path(description="Which kind of file.")],
    narrowed: Narrowed,
    state: Annotated[Literal[DemandState, ResourceState] | None, Query()] = None,
) -> StreamingResponse:
    """Return a list as a file with the columns of its template and, behind them, how each entry stands.

    Narrowed as the list itself. An entry of several lines has a row for each. Enrolments are of those who are there;
    names and phones are in no export.
    """
    if kind in ("units", "members"):
        for name, value in (("state", state), ("category", narrowed.category), ("item", narrowed.item)):
            if value is not None:
                raise Refused("invalid_value", "enrolments are not narrowed by this", field=f"query:{name}")
    body = of(request).exporter.file(kind, form, filter=replace(narrowed, state=state))
    name = f"{kind}.{form}"
    title = quote(f"{TITLES[kind]}.{form}")
    return StreamingResponse(
        body,
        media_type=XLSX if form == "xlsx" else "text/csv; charset=utf-8",
        headers={"content-disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{title}"},
    )
