"""Who plays: requests become demands, a department's pace by item and neighbourhood becomes its resources."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from deploy.simulate.source import Cell, Request
from schemas.base import Fact, PartyRef, Window
from schemas.catalogue import Catalogue
from schemas.demands import Channel, Demand, DemandLine, DemandPosted
from schemas.envelope import Event, new_event
from schemas.regions import pad
from schemas.resources import Resource, ResourceKind, ResourceOffered, ResourceRevised, ResourceSuspended
from schemas.sharding import shard_of

SOURCE = "/simulate/boston"
"""The CloudEvents source of everything that a simulation says."""

STREET, CITY = 9, 6
"""Digits of a code that name the neighbourhood, and the city: Boston is one district."""

CHANNELS: Mapping[str, Channel] = {
    "constituent_call": Channel.HOTLINE,
    "citizens_connect_app": Channel.ONLINE,
    "self_service": Channel.ONLINE,
    "twitter": Channel.ONLINE,
    "employee_generated": Channel.GRID,
    "city_worker_app": Channel.GRID,
    "maximo_integration": Channel.UNIT,
}


def demand_id_of(request: Request) -> str:
    """Return the id under which a request is a demand."""
    return f"boston-{request.request_id}"


def resource_id_of(cell: Cell) -> str:
    """Return the id of the resource that a cell is."""
    return f"cell-{cell.number:04d}"


def party_of(department: str) -> PartyRef:
    """Return the reference under which a department acts; it has no USCC, so it acts as a system."""
    return f"system:{re.sub('[^a-z0-9]+', '-', department.lower().replace(chr(39), '')).strip('-')}"


def posting(request: Request, *, catalogue: Catalogue, stays_until: datetime, lapses: bool = True) -> Event[Fact]:
    """Return the event that posts a request.

    Its deadline is the city's own due time, unless it does not lapse. The window, in which the job may take place,
    goes on until ``stays_until``: a request without a due time stays open.
    """
    demand = Demand(
        demand_id=demand_id_of(request),
        requester=f"community:{request.community}",
        title=catalogue.item(request.item).en[:120],
        lines=(DemandLine(item=request.item, siblings=False),),
        community=request.community,
        window=Window(start=request.opened_at, end=stays_until),
        deadline=request.due_at if lapses else None,
        channel=CHANNELS[request.channel],
        posted_at=request.opened_at,
    )
    return _event(DemandPosted(demand=demand), id=demand.demand_id, region=request.community, at=request.opened_at)


def offers(cells: Iterable[Cell], *, catalogue: Catalogue, at: datetime, reach: int = STREET) -> list[Event[Fact]]:
    """Return one offer per cell: as many seats as the department closed on a median active day.

    ``reach`` is how many digits of its neighbourhood's code a department looks at: all nine, or the city's six.
    """
    return [offer(cell, catalogue=catalogue, at=at, capacity=cell.per_active_day, reach=reach) for cell in cells]


def offer(
    cell: Cell, *, catalogue: Catalogue, at: datetime, capacity: int, version: int = 1, reach: int = STREET
) -> Event[Fact]:
    """Return the event by which a cell has ``capacity`` seats from then on."""
    resource = Resource(
        resource_id=resource_id_of(cell),
        version=version,
        provider=party_of(cell.department),
        title=f"{catalogue.item(cell.item).en[:80]}: {cell.department[:36]}",
        item=cell.item,
        kind=ResourceKind.SKILL,
        capacity=capacity,
        scope=(cell.street[:reach],),
        home=pad(cell.street),
        auto_accept=True,
        offered_at=at,
    )
    said = ResourceOffered(resource=resource) if version == 1 else ResourceRevised(resource=resource)
    return _event(said, id=resource.resource_id, region=resource.home, at=at, version=version)


def rest(cell: Cell, *, at: datetime, version: int) -> Event[Fact]:
    """Return the event by which a cell gives nothing until it is revised."""
    suspended = ResourceSuspended(resource_id=resource_id_of(cell), version=version, home=pad(cell.street))
    return _event(suspended, id=suspended.resource_id, region=suspended.home, at=at, version=version)


def _event(data: Fact, *, id: str, region: str, at: datetime, version: int = 1) -> Event[Fact]:
    return new_event(data, id=f"{id}-{version}", source=SOURCE, key=shard_of(region), time=at)
