"""Rounds 轮次: the decision log, in figures and whole."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request

from api.errors import problem_responses
from api.reading import some
from api.readmodel.queries.filters import Filter
from api.readmodel.queries.rounds import get_round as find_round
from api.readmodel.queries.rounds import list_rounds
from api.readmodel.views import Page, RoundView
from api.routes.reads import LIST_PROBLEMS, PAGE, READ_PROBLEMS, CaughtUp, Cursor, Limit, Region
from api.services import of
from schemas.base import Moment, ShardKey
from schemas.replay import RoundReplay
from schemas.rounds import RoundDecided

router = APIRouter(prefix="/v1/rounds", tags=["rounds 轮次"])
Shard = Annotated[ShardKey, Path(description="The shard's key.", examples=["310105"])]
Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="Rounds of a shard count from 1.")]


@router.get(
    "",
    operation_id="listRounds",
    summary="List rounds",
    responses=problem_responses(*LIST_PROBLEMS),
    dependencies=[CaughtUp],
)
async def get_rounds(
    request: Request,
    region: Region = None,
    shard: Annotated[ShardKey | None, Query(description="Of this shard alone: a city's, an alliance's.")] = None,
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Page[RoundView]:
    """Return rounds in figures, the newest first."""
    narrow = Filter(region=region or "", since=since, until=until)
    return await of(request).reading.query(list_rounds, shard=shard, filter=narrow, cursor=cursor, limit=limit)


@router.get(
    "/{shard}/{number}",
    operation_id="getRound",
    summary="Get a round whole",
    responses=problem_responses(*READ_PROBLEMS, "not_found"),
    dependencies=[CaughtUp],
)
async def get_round(
    request: Request,
    shard: Shard,
    number: Number,
) -> RoundDecided:
    """Return the decision as the log has it: proposals, transitions, prices, certificate."""
    found = await of(request).reading.query(find_round, shard=shard, round_no=number)
    return some(found, what=f"{shard}/{number}")


@router.post(
    "/{shard}/{number}:replay",
    operation_id="replayRound",
    summary="Decide a round once more",
    responses=problem_responses(*READ_PROBLEMS, "not_found", "unavailable"),
    dependencies=[CaughtUp],
)
async def replay_round(request: Request, shard: Shard, number: Number) -> RoundReplay:
    """Decide a recorded round anew from what it had seen, and say whether it comes out byte for byte.

    Nothing is written. It costs a reading of the shard's history, so one goes at a time: `unavailable` says to come
    again, or to use `cobuild replay`.
    """
    services = of(request)
    found = await services.reading.query(find_round, shard=shard, round_no=number)
    return await services.ports.replayer.replay(some(found, what=f"{shard}/{number}"))
