"""Communities as people say them."""

from schemas.regions import Level, Regions


def place(regions: Regions, community: str) -> str:
    """Return street and community as people say them, the code where the listing has neither."""
    street = regions.name(community[: Level.STREET], "")
    return " ".join(part for part in (street, regions.name(community)) if part)
