"""What every read takes: the position it must have seen, and how lists are narrowed and paged."""

from typing import Annotated, Final, Literal

from fastapi import Depends, Header, Query
from starlette.requests import Request

from api.positions import AT_LEAST, parse
from api.problems import Rejection
from api.readmodel.queries.filters import Filter
from api.readmodel.queries.paging import DEFAULT_LIMIT, MAX_LIMIT
from api.services import of
from schemas.base import ItemId, Moment, PartyRef, RegionPrefix
from schemas.refusals import FieldRefusal

READ_PROBLEMS = ("bad_position", "bad_region", "invalid_value", "read_model_behind")
LIST_PROBLEMS = (*READ_PROBLEMS, "bad_cursor")

_SEEN = "Wait until the lists have seen these positions, as `Cobuild-Position` gave them; separated by commas."


async def caught_up(
    request: Request,
    header: Annotated[
        str | None, Header(alias=AT_LEAST, description=_SEEN, max_length=4000, examples=["demands:0:0"])
    ] = None,
    at_least: Annotated[str | None, Query(description="The same, for links.", max_length=4000)] = None,
) -> None:
    """Hold the read until the lists have seen what the client asks for."""
    for text in (header, at_least):
        if text is not None:
            await of(request).reading.settle(parse(text))


CaughtUp = Depends(caught_up)

Region = Annotated[RegionPrefix | None, Query(description="2, 4, 6, 9 or 12 digits: everything in that region.")]
Category = Annotated[str | None, Query(pattern=r"^[a-z0-9_]{1,60}$", description="A category of the catalogue.")]
Cursor = Annotated[
    str | None, Query(max_length=500, pattern=r"^[A-Za-z0-9_-]*$", description="`next_cursor` of the page before.")
]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows on a page.")]
PAGE = DEFAULT_LIMIT

Presence = Annotated[Literal["active", "left", "all"], Query(description="Whether they are there, or left.")]
IS_ACTIVE: Final[dict[str, bool | None]] = {"active": True, "left": False, "all": None}


def narrowed(
    region: Region = None,
    category: Category = None,
    item: Annotated[ItemId | None, Query(description="An item of the catalogue.")] = None,
    party: Annotated[PartyRef | None, Query(description="Who offers, asks, or does either.")] = None,
    since: Annotated[Moment | None, Query(description="Not before this instant.")] = None,
    until: Annotated[Moment | None, Query(description="Before this instant.")] = None,
) -> Filter:
    """Return what a list is narrowed by."""
    if since is not None and until is not None and until <= since:
        fields = [FieldRefusal("query:until", "impossible_window", "not after since")]
        raise Rejection("impossible_window", "until is not after since", fields=fields)
    return Filter(region=region or "", category=category, item=item, party=party, since=since, until=until)


Narrowed = Annotated[Filter, Depends(narrowed)]


def spell(
    region: Region = None,
    since: Annotated[Moment | None, Query(description="Not before this instant.")] = None,
    until: Annotated[Moment | None, Query(description="Before this instant.")] = None,
) -> Filter:
    """Return the region and the stretch of time that figures are of."""
    return narrowed(region=region, since=since, until=until)


Spell = Annotated[Filter, Depends(spell)]
