"""Free text: items of the catalogue that it may mean."""

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header
from starlette.requests import Request

from api.errors import problem_responses
from api.language import choose
from api.routes.replies import PREVIEW_PROBLEMS
from api.services import of
from api.words import suggesting

router = APIRouter(prefix="/v1")


@router.post(
    "/catalogue:suggest",
    operation_id="suggestItems",
    tags=["reference 目录"],
    summary="Items of the catalogue that a text may mean",
    responses=problem_responses(*(code for code in PREVIEW_PROBLEMS if code != "unavailable")),
)
async def suggest_items(
    request: Request,
    body: suggesting.FreeText,
    accept_language: Annotated[str | None, Header(description="`zh` or `en`.")] = None,
) -> suggesting.Suggestions:
    """Suggest items for a title and its detail, in Chinese or English, and say which words spoke for each.

    Nothing is written. The text goes by POST since it may hold personal data: addresses are logged, bodies never.
    """
    services = of(request)
    found = await run_sync(lambda: services.words.index().suggest(body.text, most=body.limit))
    return suggesting.of_text(found, catalogue=services.ports.catalogue, language=choose(accept_language))
