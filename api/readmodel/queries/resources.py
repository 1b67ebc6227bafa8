"""The resource list 资源清单 with what is left of each entry."""

from sqlalchemy import Connection, Row, Select, func, select

from api.readmodel.queries.filters import NO_FILTER, Filter, between, equals, in_region
from api.readmodel.queries.paging import DEFAULT_LIMIT, fetch_page
from api.readmodel.tables import resource_seats, resources
from api.readmodel.views import Page, ResourceView
from schemas.resources import Resource

_KEY = (resources.c.offered_at, resources.c.resource_id)


def get_resource(connection: Connection, *, resource_id: str) -> ResourceView | None:
    """Return one resource, withdrawn ones too."""
    row = connection.execute(_query().where(resources.c.resource_id == resource_id)).one_or_none()
    return None if row is None else _view(row)


def list_resources(
    connection: Connection, *, filter: Filter = NO_FILTER, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[ResourceView]:
    """Return resources by the time they were offered; ``party`` is the provider."""
    query = _query().where(
        in_region(resources.c.home, filter.region),
        equals(resources.c.category, filter.category),
        equals(resources.c.item, filter.item),
        equals(resources.c.state, filter.state),
        equals(resources.c.provider, filter.party),
        between(resources.c.offered_at, filter),
    )
    return fetch_page(connection, query, key=_KEY, cursor=cursor, limit=limit, view=_view)


def _query() -> Select[tuple[object, ...]]:
    return select(
        resources,
        func.coalesce(resource_seats.c.live, 0).label("live"),
        func.coalesce(resource_seats.c.fulfilled, 0).label("fulfilled"),
    ).outerjoin(resource_seats, resource_seats.c.resource_id == resources.c.resource_id)


def _view(row: Row[tuple[object, ...]]) -> ResourceView:
    resource = Resource.model_validate_json(row.body)
    used = row.live if row.renewable else row.live + row.fulfilled
    if resource.per_occasion:
        used = 0  # for some time or other each seat is free
    free = max(0, row.capacity - used) if row.state == "published" and resource.has_seats else 0
    return ResourceView(
        resource=resource.model_copy(update={"version": row.version}),
        version=row.version,
        state=row.state,
        reason=row.reason,
        category=row.category,
        live=row.live,
        fulfilled=row.fulfilled,
        free=free,
        changed_at=row.changed_at,
    )
