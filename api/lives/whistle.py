"""What whistles ask of the demand list, and what blowing one does there: its demand jumps the queue."""

from typing import Final

from sqlalchemy import Connection

from api.entries import WITHDRAWN
from api.living import Entailed, Practice
from api.readmodel.queries.demands import get_demand
from api.readmodel.queries.whistles import WhistleStanding, standing
from schemas.demands import DemandWhistled, Urgency
from schemas.lives.whistle import Whistle, WhistleBlown
from schemas.refusals import Refused


def _is_listed(connection: Connection, whistle: Whistle, fact: WhistleBlown) -> None:
    if whistle.about is None:
        return
    view = get_demand(connection, demand_id=whistle.about)
    if view is None:
        raise Refused("not_found", whistle.about)
    if view.state == WITHDRAWN:
        raise Refused("already_withdrawn", whistle.about)


def _whistle(connection: Connection, whistle: Whistle, fact: WhistleBlown) -> tuple[Entailed, ...]:
    view = None if whistle.about is None else get_demand(connection, demand_id=whistle.about)
    if view is None or view.state == WITHDRAWN or view.demand.urgency in (Urgency.WHISTLE, Urgency.EMERGENCY):
        return ()
    whistled = DemandWhistled(
        demand_id=view.demand.demand_id,
        version=view.version + 1,
        community=view.demand.community,
        reason=whistle.title,
    )
    return (Entailed(whistled, f"demand:{whistled.demand_id}", whistled.version),)


PRACTICE: Final = Practice(
    guards={WhistleBlown: _is_listed},
    effects={WhistleBlown: _whistle},
    beside=standing,
    view=WhistleStanding,
)
