"""Names for what the lists hold by code: places, providers, items."""

from typing import Any

from sqlalchemy import Connection, select

from api.places import is_between_levels
from api.readmodel.tables import units
from schemas.catalogue import Catalogue
from schemas.regions import Regions

Message = dict[str, Any]
"""What the page is told."""
Provider = dict[str, str | None]


def crumbs(regions: Regions, region: str) -> list[dict[str, str]]:
    """Return the way from the whole listing (code ``""``) down to ``region``."""
    path = regions.path(region) if region else []
    kept = [step for step in path if not is_between_levels(step.name) or step.code == region]
    return [{"code": "", "name": ""}, *({"code": step.code, "name": step.name} for step in kept)]


def catalogue_names(catalogue: Catalogue) -> dict[str, dict[str, tuple[str, str]]]:
    """Return every category and item in both languages, for the page to choose from."""
    return {
        "categories": {key: (category.zh, category.en) for key, category in catalogue.categories.items()},
        "items": {key: (item.zh, item.en) for key, item in catalogue.items.items()},
    }


class Providers:
    """Says who a party reference is: units by their public names, members only by pseudonym."""

    def __init__(self, regions: Regions) -> None:
        self._regions = regions
        self._units: dict[str, str] = {}

    def of(self, connection: Connection, parties: set[str]) -> dict[str, Provider]:
        """Return kind, reference and, where it may be shown, the name of each party."""
        unknown = [party for party in parties if party.startswith("unit:") and party not in self._units]
        if unknown:
            rows = connection.execute(select(units.c.party, units.c.name).where(units.c.party.in_(unknown)))
            self._units.update({row.party: row.name for row in rows})
        return {party: self._one(party) for party in parties}

    def _one(self, party: str) -> Provider:
        kind, _, ref = party.partition(":")
        name = self._regions.name(ref) if kind == "community" else self._units.get(party)
        return {"kind": kind, "ref": ref, "name": name}
