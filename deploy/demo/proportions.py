"""How big the demo district is, and why: published figures (``schemas/data/scale.tsv``) scaled to Changning.

Shanghai took in 13,000 resident units, 2,000 of them big institutes. The listing of June 2023 has 4,917 communities
in Shanghai, 189 of them in Changning: 13,000 / 4,917 * 189 = 500 units, of which 2,000 / 13,000 = 15 % big ones.

Members and demand seats are those of the district that the benchmarks use (DESIGN §10): 3,238 members, 1,600 seats
wanted. 1,000 of these lie on the list when the demo starts, the others arrive within its first minutes.
"""

from dataclasses import dataclass

from schemas.regions import Region, Regions

DISTRICT = "310105"
NEXT_DOOR = "310107"
NEXT_DOOR_UNITS = 30
"""Units of the next district that offer to the whole city; made up, so that there is somebody to escalate to."""
CITY = "31"
CITY_UNITS = 13_000
CITY_BIG_UNITS = 2_000
MEMBERS = 3_238
STOCK_SEATS = 1_000
"""Demand seats on the list from the start."""
SEATS = 1_600
"""Demand seats that the district wants at any time: stock and first minutes together."""


@dataclass(frozen=True, slots=True)
class District:
    """The stage: the communities of one district, the names of its streets, how many live and work there."""

    prefix: str
    communities: tuple[Region, ...]
    streets: dict[str, str]
    units: int
    big_share: float
    members: int
    stock_seats: int

    def street_name(self, community: str) -> str:
        """Return the name of a community's street without the word for street or town."""
        name = self.streets[community[:9]]
        return name.removesuffix("街道").removesuffix("镇")


def putuo(*, regions: Regions, scale: float = 1.0) -> District:
    """Return a few big units of Putuo, next door."""
    return District(
        prefix=NEXT_DOOR,
        communities=tuple(regions.communities(NEXT_DOOR)),
        streets={street.code: street.name for street in regions.children(NEXT_DOOR)},
        units=max(1, round(NEXT_DOOR_UNITS * scale)),
        big_share=1.0,
        members=0,
        stock_seats=0,
    )


def changning(*, regions: Regions, scale: float = 1.0) -> District:
    """Return Changning at its real size times ``scale``; a small scale makes a small district for tests."""
    communities = tuple(regions.communities(DISTRICT))
    per_community = CITY_UNITS / len(regions.communities(CITY))
    return District(
        prefix=DISTRICT,
        communities=communities,
        streets={street.code: street.name for street in regions.children(DISTRICT)},
        units=max(1, round(per_community * len(communities) * scale)),
        big_share=CITY_BIG_UNITS / CITY_UNITS,
        members=max(1, round(MEMBERS * scale)),
        stock_seats=max(1, round(STOCK_SEATS * scale)),
    )
