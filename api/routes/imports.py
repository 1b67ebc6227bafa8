"""Lists from spreadsheets: templates, imports, reports."""

from typing import Annotated, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, File, Form, Path, Query, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.errors import problem_responses
from api.imports.columns import ListKind
from api.imports.report import ImportReport, ImportSummary, UndoReport
from api.positions import HEADER
from api.reading import some
from api.readmodel.views import Page
from api.routes.reads import PAGE, Cursor, Limit
from api.routes.replies import WRITE_PROBLEMS
from api.services import of
from schemas.refusals import Refused

router = APIRouter(prefix="/v1/imports", tags=["imports 导入"])
ImportId = Annotated[str, Path(pattern=r"^i-[0-9a-f-]{1,60}$", examples=["i-20261121-5f0c9e1b2a7d4c38"])]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PROBLEMS = ("file_too_large", "unreadable_file", "too_many_rows", "missing_columns", "read_model_behind")


@router.post(
    "",
    operation_id="importList",
    summary="Import a list",
    status_code=201,
    response_model=ImportReport,
    responses=problem_responses(*WRITE_PROBLEMS, *_PROBLEMS)
    | {200: {"model": ImportReport, "description": "A dry run: nothing was posted."}},
)
async def import_list(
    request: Request,
    file: Annotated[UploadFile, File(description="XLSX, XLS or CSV (UTF-8 or GB 18030).")],
    kind: Annotated[ListKind, Form(description="Which list the file holds.")],
    dry_run: Annotated[bool, Form(description="Only look; post nothing.")] = False,
    looking: Annotated[bool, Query(alias="dry_run", description="The same, in the address.")] = False,
) -> Response:
    """Post the good rows of a spreadsheet and report the bad ones.

    A row without an id gets one from its content: mend the bad rows, import the whole file again, and the
    good rows stay as they are.
    """
    services = of(request)
    if file.size is not None and file.size > services.settings.max_import_bytes:
        raise Refused("file_too_large", f"at most {services.settings.max_import_bytes} bytes")
    data = await file.read()
    dry_run |= looking
    report = await services.importer.run(data, kind=kind, dry_run=dry_run, command=services.command(request))
    headers = {} if dry_run else {"location": f"/v1/imports/{report.import_id}"}
    return await _told(report, status=200 if dry_run else 201, headers=headers)


@router.get(
    "",
    operation_id="listImports",
    summary="List past imports",
    responses=problem_responses("bad_cursor", "invalid_value"),
)
async def get_imports(request: Request, cursor: Cursor = None, limit: Limit = PAGE) -> Page[ImportSummary]:
    """Return past imports in figures, the newest first, and whether they were undone. Dry runs are not kept."""
    archive = of(request).importer.archive
    return await run_sync(lambda: archive.page(cursor=cursor, limit=limit))


@router.get(
    "/templates/{kind}.{form}",
    operation_id="getTemplate",
    summary="A sheet to fill in",
    response_class=Response,
    responses=problem_responses("invalid_value")
    | {200: {"content": {XLSX: {}, "text/csv": {}}, "description": "The template."}},
)
async def get_template(
    request: Request,
    kind: Annotated[ListKind, Path(description="Which list.")],
    form: Annotated[Literal["xlsx", "csv"], Path(description="Which kind of file.")],
) -> Response:
    """Return a template with headers, an example row and, in the workbook, dropdown lists and the catalogue."""
    from api.imports.template import csv_template, xlsx_template  # noqa: PLC0415 - what writes workbooks loads slowly

    catalogue = of(request).ports.catalogue
    make = xlsx_template if form == "xlsx" else csv_template
    data = await run_sync(lambda: make(kind, catalogue=catalogue))
    media_type = XLSX if form == "xlsx" else "text/csv; charset=utf-8"
    disposition = f'attachment; filename="{kind}.{form}"'
    return Response(data, media_type=media_type, headers={"content-disposition": disposition})


@router.post(
    "/{import_id}:undo",
    operation_id="undoImport",
    summary="Undo an import",
    response_model=UndoReport,
    responses=problem_responses(*WRITE_PROBLEMS, "not_found", "read_model_behind"),
)
async def undo_import(request: Request, import_id: ImportId) -> Response:
    """Withdraw what an import posted, and report every row. Projects are terminated.

    What was matched meanwhile (`matched_meanwhile`), changed since (`changed_meanwhile`) or withdrawn
    (`already_withdrawn`) is left alone. Undoing twice gets the first report again.
    """
    services = of(request)
    report = await services.undoing.undo(import_id, command=services.command(request))
    return await _told(report, status=200, headers={})


@router.get(
    "/{import_id}",
    operation_id="getImport",
    summary="Get the report of an import",
    responses=problem_responses("invalid_value", "not_found"),
)
async def get_import(request: Request, import_id: ImportId) -> ImportReport:
    """Return what became of every row."""
    return some(await run_sync(of(request).importer.archive.get, import_id), what=import_id)


async def _told(report: ImportReport | UndoReport, *, status: int, headers: dict[str, str]) -> Response:
    """Return a report, which may be long, with the positions of what was written."""
    if report.positions:
        headers[HEADER] = ",".join(report.positions)
    body = await run_sync(report.model_dump_json)
    return Response(body, status_code=status, media_type="application/json", headers=headers)
