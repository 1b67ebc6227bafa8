"""Assignments 匹配: list, get, answer, why."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response as HttpResponse

from api import why
from api.bodies import Response
from api.errors import problem_responses
from api.language import choose
from api.positions import HEADER
from api.reading import some
from api.readmodel.queries.assignments import assignment_why, list_assignments
from api.readmodel.queries.assignments import get_assignment as find_assignment
from api.readmodel.views import Answer, AssignmentState, AssignmentView, Page
from api.routes.reads import LIST_PROBLEMS, PAGE, READ_PROBLEMS, CaughtUp, Cursor, Limit, Narrowed
from api.routes.replies import written
from api.services import of
from schemas.base import Fact
from schemas.preview import DeclinePreview
from schemas.responses import (
    AssignmentAccepted,
    AssignmentDeclined,
    AssignmentDone,
    AssignmentId,
    AssignmentNoShow,
)

router = APIRouter(prefix="/v1/assignments", tags=["assignments 匹配"])
Id = Annotated[AssignmentId, Path(description="The assignment's id.")]
Body = Response | None
_PROBLEMS = written("not_found", "not_answerable", "read_model_behind", "personal_data", status=202)
_ANSWERS = _PROBLEMS | {200: {"description": "The same answer had been given before."}}


class Answered(BaseModel):
    """An answer was taken; the next round of the shard decides what comes of it."""

    assignment_id: str
    answer: Answer
    state: AssignmentState
    position: str | None


@router.get(
    "",
    operation_id="listAssignments",
    summary="List assignments",
    responses=problem_responses(*LIST_PROBLEMS, "impossible_window"),
    dependencies=[CaughtUp],
)
async def get_assignments(
    request: Request,
    narrowed: Narrowed,
    state: Annotated[AssignmentState | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Page[AssignmentView]:
    """Return assignments, the newest first; `party` is the provider or the requester."""
    narrow = replace(narrowed, state=state)
    return await of(request).reading.query(list_assignments, filter=narrow, cursor=cursor, limit=limit)


@router.get(
    "/{assignment_id}",
    operation_id="getAssignment",
    summary="Get an assignment",
    responses=problem_responses(*READ_PROBLEMS, "not_found"),
    dependencies=[CaughtUp],
)
async def get_assignment(request: Request, assignment_id: Id) -> AssignmentView:
    """Return an assignment, ended ones too."""
    return some(await of(request).reading.query(find_assignment, assignment_id=assignment_id), what=assignment_id)


@router.post(
    "/{assignment_id}:accept",
    operation_id="acceptAssignment",
    summary="Accept",
    status_code=202,
    response_model=Answered,
    responses=_ANSWERS,
)
async def accept(request: Request, assignment_id: Id, body: Body = None) -> HttpResponse:
    """Say yes to a proposal; the next round confirms it."""
    return await _answer(request, assignment_id, "accepted", body)


@router.post(
    "/{assignment_id}:decline",
    operation_id="declineAssignment",
    summary="Decline",
    status_code=202,
    response_model=Answered,
    responses=_ANSWERS,
)
async def decline(request: Request, assignment_id: Id, body: Body = None) -> HttpResponse:
    """Say no: this pair is never proposed again, and it costs nothing. A reason is welcome, never required."""
    return await _answer(request, assignment_id, "declined", body)


@router.post(
    "/{assignment_id}:done",
    operation_id="finishAssignment",
    summary="Report it done",
    status_code=202,
    response_model=Answered,
    responses=_ANSWERS,
)
async def done(request: Request, assignment_id: Id, body: Body = None) -> HttpResponse:
    """Say that the job is done."""
    return await _answer(request, assignment_id, "done", body)


@router.post(
    "/{assignment_id}:no-show",
    operation_id="missAssignment",
    summary="Report a no-show",
    status_code=202,
    response_model=Answered,
    responses=_ANSWERS,
)
async def no_show(request: Request, assignment_id: Id, body: Body = None) -> HttpResponse:
    """Say that the provider did not come; the demand goes back to the pool."""
    return await _answer(request, assignment_id, "no_show", body)


@router.get(
    "/{assignment_id}/why",
    operation_id="whyAssignment",
    summary="Why this pair",
    responses=problem_responses(*READ_PROBLEMS, "not_found"),
    dependencies=[CaughtUp],
)
async def get_why(
    request: Request,
    assignment_id: Id,
    accept_language: Annotated[str | None, Header(description="`zh` or `en`.")] = None,
) -> why.AssignmentReasons:
    """Return the parts of the pair's value, its lead, the round's prices and proof, and a plain sentence."""
    found = some(await of(request).reading.query(assignment_why, assignment_id=assignment_id), what=assignment_id)
    return why.of_assignment(found, language=choose(accept_language))


@router.get(
    "/{assignment_id}/if-declined",
    operation_id="previewDecline",
    summary="What a decline would move elsewhere",
    responses=problem_responses(*READ_PROBLEMS, "not_found", "unavailable"),
    dependencies=[CaughtUp],
)
async def if_declined(request: Request, assignment_id: Id) -> DeclinePreview:
    """Return what a round now would make of a decline: who moves, what is lost, whether the seat stays open.

    Nothing is written. An assignment that has ended, or ends with the next round, is not found.
    """
    services = of(request)
    found = some(await services.reading.query(find_assignment, assignment_id=assignment_id), what=assignment_id)
    return await services.ports.explainer.preview_decline(assignment_id=assignment_id, shard=found.shard)


async def _answer(request: Request, assignment_id: str, answer: Answer, body: Body) -> HttpResponse:
    services = of(request)
    command = services.command(request)
    said = body or Response()

    def make(found: AssignmentView) -> Fact:
        common = {"assignment_id": assignment_id, "shard": found.shard, "by": said.by, "at": command.at}
        match answer:
            case "accepted":
                return AssignmentAccepted.model_validate(common)
            case "declined":
                return AssignmentDeclined.model_validate(common | {"reason": said.reason})
            case "done":
                return AssignmentDone.model_validate(common)
            case "no_show":
                return AssignmentNoShow.model_validate(common | {"reason": said.reason})

    taken = await services.answering.answer(assignment_id, answer, make, command=command)
    where = None if taken.position is None else str(taken.position)
    reply = Answered(assignment_id=assignment_id, answer=answer, state=taken.assignment.state, position=where)
    return HttpResponse(
        reply.model_dump_json(),
        status_code=200 if where is None else 202,
        media_type="application/json",
        headers={} if where is None else {HEADER: where},
    )
