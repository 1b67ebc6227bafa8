"""What would be: what is scarce and whom to ask, whom an offer would serve now, what a "no" would move."""

import asyncio

from sqlalchemy import select

from api.console.claims import claims_on
from api.console.desk import millis
from api.console.names import Message, Providers
from api.places import place
from api.ports import Explainer
from api.readmodel.model import ReadModel
from api.readmodel.queries.assignments import get_assignment
from api.readmodel.queries.filters import in_region
from api.readmodel.queries.resources import get_resource
from api.readmodel.queries.rounds import shards_of
from api.readmodel.tables import demands, resources
from api.readmodel.views import AssignmentView, ResourceView
from schemas.preview import ClassPrice, DeclinePreview, OfferPreview
from schemas.regions import Level, Regions
from schemas.sharding import shard_of

MOST_SHARDS = 16
"""Rounds that are solved for one page."""
MOST_ROWS = 600
"""The dearest classes of seats; more is more than anybody reads."""
MOST_UNITS = 12
_LISTS = (("demand", demands, demands.c.demand_id), ("resource", resources, resources.c.resource_id))

Named = tuple[str, str]
"""A list and an id of it."""
Titles = dict[Named, str]


class Foresight:
    """Asks the rounds not decided yet, and puts names to what they say."""

    def __init__(
        self, *, model: ReadModel, explainer: Explainer, regions: Regions, providers: Providers, shard_width: int
    ) -> None:
        self._model, self._explainer, self._regions = model, explainer, regions
        self._providers, self._shard_width = providers, shard_width

    async def prices(self, region: str) -> Message:
        """Return what one more seat would add in a region, the dearest first.

        Raises:
            Refused: unavailable.
        """
        shards = await asyncio.to_thread(self._shards, region)
        if len(shards) > MOST_SHARDS:
            return {"region": region, "too_wide": len(shards), "rows": [], "left_out": 0}
        boards = [await self._explainer.prices(shard=shard) for shard in shards]
        street = region[: Level.STREET]
        rows = [row for board in boards for row in board.rows if row.street.startswith(street) and row.highest > 0]
        rows.sort(key=lambda row: (-row.highest, row.item, row.street, row.stretch))
        return {
            "region": region,
            "at": millis(min(board.at for board in boards)) if boards else None,
            "too_wide": 0,
            "rows": [self._price(row) for row in rows[:MOST_ROWS]],
            "left_out": max(0, len(rows) - MOST_ROWS),
        }

    async def units(self, item: str, street: str) -> list[Message]:
        """Return the units that are known to offer an item, whatever they have left: those of the street first."""
        return await asyncio.to_thread(self._units, item, street)

    async def helper(self, resource_id: str) -> Message | None:
        """Return which open demands an offer on the list would serve; None where there is no such offer.

        Raises:
            Refused: not_found, where it is not open any more; unavailable.
        """
        found = await asyncio.to_thread(self._resource, resource_id)
        if found is None:
            return None
        shard = shard_of(found.resource.home, self._shard_width)
        told = await self._explainer.demands_for(resource_id=resource_id, shard=shard)
        titles = await asyncio.to_thread(self._titles, {("demand", chance.demand_id) for chance in told.chances})
        claims = await asyncio.to_thread(self._claims, resource_id)
        return {
            "id": resource_id,
            "title": found.resource.title,
            "item": found.resource.item,
            "place": place(self._regions, found.resource.home),
            "claims": claims,
            **self._offer(told, titles),
        }

    async def decline(self, assignment_id: str) -> Message | None:
        """Return what a "no" would move elsewhere; None where there is no such assignment.

        Raises:
            Refused: not_found, where it has ended; unavailable.
        """
        found = await asyncio.to_thread(self._assignment, assignment_id)
        if found is None:
            return None
        told = await self._explainer.preview_decline(assignment_id=assignment_id, shard=found.shard)
        named = {("demand", move.demand_id) for move in told.moves}
        named |= {("resource", name) for move in told.moves for name in (move.before, move.after) if name}
        return self._declined(told, await asyncio.to_thread(self._titles, named))

    def _resource(self, resource_id: str) -> ResourceView | None:
        with self._model.read() as connection:
            return get_resource(connection, resource_id=resource_id)

    def _claims(self, resource_id: str) -> list[Message]:
        with self._model.read() as connection:
            return claims_on(connection, resource_id=resource_id)

    def _assignment(self, assignment_id: str) -> AssignmentView | None:
        with self._model.read() as connection:
            return get_assignment(connection, assignment_id=assignment_id)

    def _shards(self, region: str) -> list[str]:
        with self._model.read() as connection:
            return shards_of(connection, region=region, width=self._shard_width)

    def _price(self, row: ClassPrice) -> Message:
        return {
            "item": row.item,
            "street": row.street,
            "place": self._regions.name(row.street),
            "at": millis(row.stretch),
            "highest": row.highest,
            "mean": row.mean,
            "lines": row.lines,
            "seats": row.seats,
            "unserved": row.unserved,
        }

    def _units(self, item: str, street: str) -> list[Message]:
        table = resources.c
        query = (
            select(table.provider, table.home, table.state)
            .where(table.item == item, in_region(table.home, street[: Level.DISTRICT]), table.provider.like("unit:%"))
            .order_by(table.resource_id)
        )
        near: dict[str, tuple[bool, bool, str, str]] = {}
        with self._model.read() as connection:
            for row in connection.execute(query):
                rank = not row.home.startswith(street), row.state != "published", row.provider, row.home
                near[row.provider] = min(near.get(row.provider, rank), rank)
            ranked = sorted(near.values())[:MOST_UNITS]
            named = self._providers.of(connection, {provider for _, _, provider, _ in ranked})
        return [
            {"provider": named[provider], "place": place(self._regions, home), "listed": not unlisted}
            for _, unlisted, provider, home in ranked
        ]

    def _titles(self, named: set[Named]) -> Titles:
        """Return the titles of entries that the lists have."""
        found = Titles()
        with self._model.read() as connection:
            for kind, table, key in _LISTS:
                query = select(key.label("id"), table.c.title).where(key.in_(sorted(i for k, i in named if k == kind)))
                found |= {(kind, row.id): row.title for row in connection.execute(query)}
        return found

    def _offer(self, told: OfferPreview, titles: Titles) -> Message:
        return {
            "at": millis(told.at),
            "seats": told.seats,
            "given": told.given,
            "adds": told.adds,
            "demands": told.demands,
            "chances": [
                chance.model_dump(exclude={"starts_at", "community"})
                | {
                    "title": titles.get(("demand", chance.demand_id), ""),
                    "place": place(self._regions, chance.community),
                    "starts_at": millis(chance.starts_at),
                }
                for chance in told.chances
            ],
        }

    def _declined(self, told: DeclinePreview, titles: Titles) -> Message:
        return {
            "at": millis(told.at),
            "worth": told.worth,
            "loss": told.loss,
            "refilled": told.refilled,
            "ends": len(told.ends),
            "exact": told.exact,
            "moves": [
                {
                    "demand_id": move.demand_id,
                    "title": titles.get(("demand", move.demand_id), ""),
                    "before": move.before and titles.get(("resource", move.before), move.before),
                    "after": move.after and titles.get(("resource", move.after), move.after),
                }
                for move in told.moves
            ],
        }
