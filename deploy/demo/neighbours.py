"""Next door to the district of the demo: big units that help anywhere in the city, so that what goes up is served."""

from datetime import datetime
from random import Random
from typing import Final

from deploy.demo.offers import unit_offer
from deploy.demo.people import units
from deploy.demo.proportions import District
from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.resources import ResourceOffered
from schemas.sharding import CITY

OFFERS: Final = 4
"""Of each unit."""


def neighbours(district: District, *, catalogue: Catalogue, seed: int, start: datetime) -> list[Fact]:
    """Return the units of a neighbouring district and what they offer to the whole city."""
    rng = Random(seed)  # noqa: S311 - a story, not a secret
    found: list[Fact] = []
    for number, unit in enumerate(units(district, rng=rng, at=start), start=1):
        found.append(unit.enrolled)
        taken: set[str] = set()
        for nth in range(1, OFFERS + 1):
            name = f"r-{start:%m%d%H%M%S}-n{number:02d}{nth}"
            offer = unit_offer(unit, resource_id=name, catalogue=catalogue, rng=rng, at=start, taken=frozenset(taken))
            taken.add(offer.item)
            found.append(ResourceOffered(resource=offer.model_copy(update={"scope": (district.prefix[:CITY],)})))
    return found
