"""Communities and shards as people say them."""

from api.problems import Messages
from schemas.regions import Level, Regions
from schemas.sharding import shard_level

_LEVELS = {
    "street": Messages(zh="{name}", en="the street {name}"),
    "district": Messages(zh="{name}", en="the district {name}"),
    "city": Messages(zh="{name}", en="the city {name}"),
    "alliance": Messages(zh="毗邻联盟 {name}", en="the alliance {name}"),
}
_BETWEEN_LEVELS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""Names that only fill the city level of the listing and say nothing by themselves."""


def is_between_levels(name: str) -> bool:
    """Return whether a name stands in the listing only because each district needs a city above it."""
    return name in _BETWEEN_LEVELS


def shard_name(regions: Regions, shard: str) -> str:
    """Return the name of a shard's region, that of the province for the city of a municipality; else its own."""
    if not shard.isdigit():
        return shard
    name = regions.name(shard)
    return regions.name(shard[: Level.PROVINCE]) if is_between_levels(name) else name


def shard_words(regions: Regions, shard: str) -> Messages:
    """Return a shard with its level, as a sentence may name it."""
    said, name = _LEVELS[shard_level(shard)], shard_name(regions, shard)
    return Messages(zh=said.zh.format(name=name), en=said.en.format(name=name))


def place(regions: Regions, community: str) -> str:
    """Return street and community as people say them, the code where the listing has neither."""
    street = regions.name(community[: Level.STREET], "")
    return " ".join(part for part in (street, regions.name(community)) if part)
