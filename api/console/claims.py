"""The claims on an entry, as its drawer tells them: who picked what, and what became of it."""

from sqlalchemy import Connection

from api.console.desk import millis
from api.console.names import Message
from api.readmodel.queries.claims import list_claims
from api.readmodel.queries.demands import get_demand
from api.readmodel.queries.resources import get_resource
from api.why import of_claim

MOST = 12
"""The newest; who wants more asks the API."""


def claims_on(connection: Connection, *, demand_id: str | None = None, resource_id: str | None = None) -> list[Message]:
    """Return the newest claims on a demand or on a resource, each with the title of the other entry."""
    found = list_claims(connection, demand_id=demand_id, resource_id=resource_id, limit=MOST).rows
    told = []
    for claim in found:
        demand = get_demand(connection, demand_id=claim.demand_id) if demand_id is None else None
        resource = get_resource(connection, resource_id=claim.resource_id) if resource_id is None else None
        told.append(
            {
                "id": claim.claim_id,
                "by": claim.by,
                "state": claim.state,
                "at": millis(claim.made_at),
                "said": of_claim(claim, language="zh").messages.model_dump(),
                "title": demand.demand.title if demand else resource.resource.title if resource else "",
            }
        )
    return told
