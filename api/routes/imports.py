"""Lists from spreadsheets: templates, imports, reports."""

from typing import Annotated, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, File, Form, Path, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.errors import problem_responses
from api.imports.columns import ListKind
from api.imports.report import ImportReport
from api.imports.template import csv_template, xlsx_template
from api.positions import HEADER
from api.reading import some
from api.routes.replies import WRITE_PROBLEMS
from api.services import of
from schemas.refusals import Refused

router = APIRouter(prefix="/v1/imports", tags=["imports 导入"])
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
) -> Response:
    """Post the good rows of a spreadsheet and report the bad ones.

    A row without an id gets one from its content: mend the bad rows, import the whole file again, and the
    good rows stay as they are.
    """
    services = of(request)
    if file.size is not None and file.size > services.settings.max_import_bytes:
        raise Refused("file_too_large", f"at most {services.settings.max_import_bytes} bytes")
    data = await file.read()
    report = await services.importer.run(data, kind=kind, dry_run=dry_run, command=services.command(request))
    headers = {} if dry_run else {"location": f"/v1/imports/{report.import_id}"}
    if report.positions:
        headers[HEADER] = ",".join(report.positions)
    body = await run_sync(report.model_dump_json)
    return Response(body, status_code=200 if dry_run else 201, media_type="application/json", headers=headers)


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
    catalogue = of(request).ports.catalogue
    make = xlsx_template if form == "xlsx" else csv_template
    data = await run_sync(lambda: make(kind, catalogue=catalogue))
    media_type = XLSX if form == "xlsx" else "text/csv; charset=utf-8"
    disposition = f'attachment; filename="{kind}.{form}"'
    return Response(data, media_type=media_type, headers={"content-disposition": disposition})


@router.get(
    "/{import_id}",
    operation_id="getImport",
    summary="Get the report of an import",
    responses=problem_responses("invalid_value", "not_found"),
)
async def get_import(request: Request, import_id: Annotated[str, Path(pattern=r"^i-[0-9a-f-]{1,60}$")]) -> ImportReport:
    """Return what became of every row."""
    return some(await run_sync(of(request).importer.archive.get, import_id), what=import_id)
