"""The lists as files: what is exported unchanged, an import takes back."""

from dataclasses import replace
from typing import Annotated, Literal, get_args
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from starlette.requests import Request

from api.errors import problem_responses
from api.imports.columns import TITLES, ListKind
from api.readmodel.queries.filters import Filter
from api.readmodel.views import DemandState, ResourceState
from api.routes.imports import XLSX
from api.routes.reads import READ_PROBLEMS, CaughtUp, Narrowed
from api.services import of
from schemas.lives.project import PROJECT
from schemas.refusals import Refused

_STATES: dict[ListKind, tuple[str, ...]] = {
    "demands": get_args(DemandState),
    "resources": get_args(ResourceState),
    "units": (),
    "members": (),
    "projects": tuple(PROJECT.states),
}
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
    state: Annotated[str | None, Query(description="A state of the list.", examples=["open"])] = None,
) -> StreamingResponse:
    """Return a list as a file with the columns of its template and, behind them, how each entry stands.

    Narrowed as the list itself. An entry of several lines has a row for each. Enrolments are of those who are there;
    names and phones are in no export.
    """
    _check(kind, narrowed, state)
    body = of(request).exporter.file(kind, form, filter=replace(narrowed, state=state))
    name = f"{kind}.{form}"
    title = quote(f"{TITLES[kind]}.{form}")
    return StreamingResponse(
        body,
        media_type=XLSX if form == "xlsx" else "text/csv; charset=utf-8",
        headers={"content-disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{title}"},
    )


def _check(kind: ListKind, narrowed: Filter, state: str | None) -> None:
    """Refuse what a list cannot be narrowed by."""
    if state is not None and state not in _STATES[kind]:
        raise Refused("invalid_value", ", ".join(_STATES[kind]) or "no states", field="query:state")
    if kind not in ("demands", "resources"):
        for name, value in (("category", narrowed.category), ("item", narrowed.item)):
            if value is not None:
                raise Refused("invalid_value", "this list is not narrowed by it", field=f"query:{name}")
