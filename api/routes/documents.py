"""Records as documents to print and sign: the service book 服务项目书 of a project, an agreement 共建协议."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from api.documents.agreement import agreement_document
from api.documents.model import Document
from api.documents.names import names_for
from api.documents.service_book import service_book
from api.errors import problem_responses
from api.language import Language, choose
from api.reading import some
from api.readmodel.queries.lives import life_at
from api.routes.reads import READ_PROBLEMS, CaughtUp
from api.services import of
from schemas.base import EntityId
from schemas.regions import Regions

if TYPE_CHECKING:
    from schemas.lives.agreement import Agreement
    from schemas.lives.project import Project

router = APIRouter(prefix="/v1", tags=["documents 文书"])

Form = Literal["docx", "pdf"]
_MEDIA_TYPES: Final[dict[Form, str]] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
_Id = Annotated[EntityId, Path()]
_Form = Annotated[Form, Path(description="Which kind of file.")]
_Step = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="As it stood after this step; left out: as it is.")]
_Lang = Annotated[Language | None, Query(description="Otherwise as Accept-Language says.")]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {media_type: {} for media_type in _MEDIA_TYPES.values()}, "description": "The document."}
}


@router.get(
    "/projects/{life_id}/service-book.{form}",
    operation_id="printServiceBook",
    summary="The service book of a project",
    response_class=Response,
    responses=problem_responses(*READ_PROBLEMS, "not_found") | _FILE,
    dependencies=[CaughtUp],
)
async def print_service_book(
    request: Request, life_id: _Id, form: _Form, step: _Step = None, lang: _Lang = None
) -> Response:
    """Return plan, budget, posts and outcome of a project as a document, with room for signatures and seals."""
    return await _printed(request, _project, life_id, form, step, lang)


@router.get(
    "/agreements/{life_id}/document.{form}",
    operation_id="printAgreement",
    summary="An agreement as a document",
    response_class=Response,
    responses=problem_responses(*READ_PROBLEMS, "not_found") | _FILE,
    dependencies=[CaughtUp],
)
async def print_agreement(
    request: Request, life_id: _Id, form: _Form, step: _Step = None, lang: _Lang = None
) -> Response:
    """Return clauses, fulfilment and signatures of an agreement as a document."""
    return await _printed(request, _agreement, life_id, form, step, lang)


async def _printed(
    request: Request,
    built: Callable[..., Document | None],
    life_id: str,
    form: Form,
    step: int | None,
    lang: Language | None,
) -> Response:
    services = of(request)
    language = lang or choose(request.headers.get("accept-language"))
    found = await services.reading.query(
        built, life_id=life_id, step=step, regions=services.ports.regions, language=language
    )
    document = some(found, what=life_id)
    body = await run_sync(_writer(form), document)
    headers = {"content-disposition": f'attachment; filename="{life_id.replace(":", "-")}.{form}"'}
    return Response(body, media_type=_MEDIA_TYPES[form], headers=headers)


def _writer(form: Form) -> Callable[[Document], bytes]:
    """Return what writes a form. The libraries take a third of a second to load, and most servers print nothing."""
    match form:
        case "docx":
            from api.documents.docx import write_docx  # noqa: PLC0415 - as said above

            return write_docx
        case "pdf":
            from api.documents.pdf import write_pdf  # noqa: PLC0415 - as said above

            return write_pdf


def _project(
    connection: Connection, *, life_id: str, step: int | None, regions: Regions, language: Language
) -> Document | None:
    found = life_at(connection, kind="project", life_id=life_id, step=step)
    if found is None:
        return None
    project = cast("Project", found.life)
    entries = (*project.demands, *project.resources, *(line.fund for line in project.budget))
    parties = (*project.parties, *(each.by for each in project.objections))
    names = names_for(connection, parties=parties, entries=entries, regions=regions, language=language)
    return service_book(project, names, found.at)


def _agreement(
    connection: Connection, *, life_id: str, step: int | None, regions: Regions, language: Language
) -> Document | None:
    found = life_at(connection, kind="agreement", life_id=life_id, step=step)
    if found is None:
        return None
    agreement = cast("Agreement", found.life)
    entries = [each for clause in agreement.clauses for each in clause.resources]
    names = names_for(connection, parties=agreement.parties, entries=entries, regions=regions, language=language)
    return agreement_document(agreement, names, found.at)
