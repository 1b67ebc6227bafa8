"""Whistles 吹哨: a party's own figures. All steps follow from the table; see ``api.routes.lives``."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request

from api.errors import problem_responses
from api.readmodel.queries.whistles import OwnFigures, own_figures
from api.routes.reads import READ_PROBLEMS, CaughtUp, Spell
from api.services import of
from schemas.base import PartyRef

router = APIRouter(prefix="/v1/whistles", tags=["whistles 吹哨"])


@router.get(
    ":own",
    operation_id="ownWhistles",
    summary="A party's own figures",
    responses=problem_responses(*READ_PROBLEMS, "impossible_window"),
    dependencies=[CaughtUp],
)
async def get_own(
    request: Request, spell: Spell, party: Annotated[PartyRef, Query(description="Who was called.")]
) -> OwnFigures:
    """Return how often a party was called, came in time, how long it took, how it was scored. There is no ranking."""
    return await of(request).reading.query(own_figures, party=party, filter=spell)
