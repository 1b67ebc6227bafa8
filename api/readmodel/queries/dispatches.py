"""How far a dispatch has come, as the lists have it."""

from sqlalchemy import Connection, func, select

from api.readmodel.queries.lives import get_life
from api.readmodel.queries.suppression import shown, shown_among
from api.readmodel.servingviews import Called, Progress
from api.readmodel.tables import demands, resources
from schemas.lives.dispatch import Dispatch


def progress_of(connection: Connection, *, dispatch_id: str) -> Progress | None:
    """Return what was posted for a dispatch, whom it called up and what is filled; None where there is none."""
    found = get_life(connection, kind="dispatch", life_id=dispatch_id)
    if found is None:
        return None
    dispatch: Dispatch = found.life
    mine = (dispatch.mark, f"{dispatch.mark}~")
    asked = select(demands.c.community, demands.c.asked, demands.c.filled).where(demands.c.demand_id.between(*mine))
    seats = {row.community: row for row in connection.execute(asked)}
    query = select(resources.c.home, func.count().label("people")).where(resources.c.resource_id.between(*mine))
    called = {row.home: row.people for row in connection.execute(query.group_by(resources.c.home))}
    people = shown_among([called.get(community, 0) for community in dispatch.communities])
    rows = tuple(
        Called(
            community=community,
            demand_id=dispatch.demand_id(community),
            asked=seats[community].asked if community in seats else 0,
            filled=seats[community].filled if community in seats else 0,
            called_up=people[place],
        )
        for place, community in enumerate(dispatch.communities)
    )
    return Progress(
        dispatch_id=dispatch.id,
        state=dispatch.state,
        communities=len(rows),
        posted=len(seats),
        called_up=shown(sum(called.values())),
        asked=sum(row.asked for row in rows),
        filled=sum(row.filled for row in rows),
        rows=rows,
    )
