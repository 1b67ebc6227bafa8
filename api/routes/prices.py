"""Prices 稀缺价: what one more seat would add, by item, street and stretch of the day."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request

from api.errors import problem_responses
from api.problems import Rejection
from api.readmodel.queries.rounds import shards_of
from api.routes.reads import READ_PROBLEMS, Category, CaughtUp
from api.services import of
from schemas.base import ItemId, RegionPrefix
from schemas.preview import ClassPrice, PriceBoard
from schemas.refusals import FieldRefusal
from schemas.regions import Level

router = APIRouter(prefix="/v1/prices", tags=["prices 稀缺价"])
MOST_SHARDS = 16
"""Rounds that are solved for one board."""


class Prices(BaseModel):
    """The scarcity of a region: the boards of its shards, each as of its own moment."""

    region: str
    boards: tuple[PriceBoard, ...]


@router.get(
    "",
    operation_id="getPrices",
    summary="What is scarce, where and when",
    responses=problem_responses(*READ_PROBLEMS, "unavailable"),
    dependencies=[CaughtUp],
)
async def get_prices(
    request: Request,
    region: Annotated[RegionPrefix, Query(description="2, 4, 6, 9 or 12 digits; prices go down to the street.")],
    category: Category = None,
    item: Annotated[ItemId | None, Query(description="An item of the catalogue.")] = None,
) -> Prices:
    """Return, for each item, street and four hours in demand, what one more seat would add to the round.

    Counts under five are left out. At most 16 shards at a time: ask for a smaller region where there are more.
    """
    services = of(request)
    shards = await services.reading.query(shards_of, region=region, width=services.settings.shard_width)
    if len(shards) > MOST_SHARDS:
        field = FieldRefusal("query:region", "invalid_value", f"{len(shards)} shards, at most {MOST_SHARDS}")
        raise Rejection("invalid_value", field.detail, fields=[field])
    boards = [await services.ports.explainer.prices(shard=shard) for shard in shards]
    street = region[: Level.STREET]

    def wanted(row: ClassPrice) -> bool:
        return (
            row.street.startswith(street)
            and (item is None or row.item == item)
            and (category is None or row.item.startswith(f"{category}."))
        )

    narrow = (board.model_copy(update={"rows": tuple(filter(wanted, board.rows))}) for board in boards)
    return Prices(region=region, boards=tuple(narrow))
