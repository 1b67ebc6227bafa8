"""Evaluations of both sides 双向评价, kept under seal by the house until all are in or the time is over."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from api.routes.replies import IfMatch, Receipt, changed, version_of, written
from api.services import of
from schemas.base import Detail, EntityId, PartyRef
from schemas.lives.evaluation import Score

router = APIRouter(prefix="/v1/projects", tags=["projects 项目"])


class EvaluationBody(BaseModel):
    """What a party says of the others; it is public one day, so it holds no names or numbers of people."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={"examples": [{"by": "community:310105001001", "score": 5, "text": "饭菜合口，送餐准时。"}]},
    )

    by: PartyRef
    score: Score
    text: Detail = ""


@router.post(
    "/{project_id}:evaluate",
    operation_id="evaluateProject",
    summary="评价 · Evaluate the other side under seal",
    response_model=Receipt,
    responses=written(
        "not_found",
        "stale_version",
        "not_possible_now",
        "overtaken",
        "not_a_party",
        "already_done",
        "too_late",
        "read_model_behind",
        "personal_data",
        status=200,
    ),
)
async def evaluate_project(
    request: Request,
    project_id: Annotated[EntityId, Path(description="The project's id.")],
    body: EvaluationBody,
    if_match: IfMatch = None,
) -> Response:
    """Keep what a party says, and put only its digest on the log.

    Whoever is the last of lead and partners to evaluate brings all to light; otherwise the deadline does.
    """
    services = of(request)
    change = await services.evaluating.evaluate(
        project_id,
        by=body.by,
        score=body.score,
        text=body.text,
        version=version_of(if_match, required=False),
        command=services.command(request),
    )
    return changed(project_id, change)
