"""The resource list as it changes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from api.readmodel.projection.rows import Values, change, put, rows_among
from api.readmodel.projection.tallies import Tally
from api.readmodel.projection.tombstones import load_tombstones, write_tombstones
from api.readmodel.tables import resources
from schemas.catalogue import Catalogue
from schemas.envelope import Event
from schemas.regions import place_name
from schemas.resources import Resource, ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn

_CHANGING = ("version", "state", "reason", "changed_at")
_KNOWN = ("resource_id", "version", "state", "reason", "place", "category", "changed_at")
_AS_KNOWN = select(*(resources.c[name] for name in _KNOWN))


def project_resources(
    connection: Connection, events: Sequence[Event[Any]], *, tally: Tally, catalogue: Catalogue
) -> None:
    """Keep each resource's newest version; a suspended one rests until it is revised, withdrawn is for good."""
    if not events:
        return
    wanted = {_id_of(event.data) for event in events}
    known = _load(connection, wanted)
    buried = load_tombstones(connection, kind="resource", wanted=wanted - known.keys())
    after: dict[str, Values] = {}
    gone: set[str] = set()
    for event in events:
        resource_id = _id_of(event.data)
        if resource_id in buried or resource_id in gone:
            continue
        before = after.get(resource_id) or known.get(resource_id)
        found = _evolve(before, event, catalogue)
        if found is not None:
            after[resource_id] = found
        elif before is None and isinstance(event.data, ResourceWithdrawn):
            gone.add(resource_id)
    for resource_id, row in after.items():
        _count(tally, known.get(resource_id), -1)
        _count(tally, row, 1)
    put(connection, resources, [row for row in after.values() if "body" in row])
    change(connection, resources, [row for row in after.values() if "body" not in row], columns=_CHANGING)
    write_tombstones(connection, kind="resource", gone=gone)


def _load(connection: Connection, wanted: set[str]) -> dict[str, Values]:
    found = rows_among(connection, _AS_KNOWN, key=resources.c.resource_id, wanted=wanted)
    return {row.resource_id: row._asdict() for row in found}


def _evolve(row: Values | None, event: Event[Any], catalogue: Catalogue) -> Values | None:
    """Return the row after ``event``, or None where it changes nothing."""
    data = event.data
    version = data.resource.version if isinstance(data, ResourceOffered | ResourceRevised) else data.version
    if row is not None and (row["state"] == "withdrawn" or version <= row["version"]):
        return None
    changed = {"version": version, "changed_at": event.time}
    match data:
        case ResourceOffered(resource=resource) | ResourceRevised(resource=resource):
            if resource.item not in catalogue.items:
                return None  # refused by the matcher: it is among the dead letters
            return _row(resource, catalogue) | changed | {"state": "published", "reason": None}
        case ResourceSuspended() | ResourceWithdrawn():
            state = "suspended" if isinstance(data, ResourceSuspended) else "withdrawn"
            return None if row is None else row | changed | {"state": state, "reason": data.reason}
    raise TypeError(type(data))


def _row(resource: Resource, catalogue: Catalogue) -> Values:
    return {
        "resource_id": resource.resource_id,
        "provider": resource.provider,
        "title": resource.title,
        "item": resource.item,
        "category": catalogue.items[resource.item].category_id,
        "home": resource.home,
        "place": place_name(resource.home, resource.grid),
        "capacity": resource.capacity,
        "renewable": resource.renewable,
        "offered_at": resource.offered_at,
        "valid_to": resource.valid_to,
        "body": resource.model_dump_json(),
    }


def _count(tally: Tally, row: Mapping[str, Any] | None, sign: int) -> None:
    if row is not None and row["state"] == "published":
        tally.add_both(row["place"], row["category"], resources=sign)


def _id_of(data: Any) -> str:
    found: str = data.resource.resource_id if hasattr(data, "resource") else data.resource_id
    return found
