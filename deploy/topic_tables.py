"""How ``cobuild topics`` shows drift, ends and lags: as tables for people, as plain values for programs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from schemas.topics import ALL_TOPICS
from streams.kafka.standing import Standing
from streams.kafka.topics import Drift
from streams.log import TopicPartition

Shards = Mapping[int, Sequence[str]]
"""The shards of each partition."""


def drift_table(differences: Sequence[Drift]) -> Table:
    """Return a table of differences, and what ``apply`` would do about each."""
    table = Table("topic", "what", "wanted", "found", "apply", box=None)
    for column in table.columns:
        column.overflow = "fold"
    for drift in differences:
        table.add_row(drift.topic, drift.what, drift.wanted, drift.found, drift.remedy.value)
    return table


def drift_json(drift: Drift) -> dict[str, str]:
    """Return a difference for programs."""
    return asdict(drift) | {"remedy": drift.remedy.name.lower()}


def group_lines(standing: Standing) -> Iterator[str]:
    """Return a line for each group: its state, who belongs to it, how far it is behind in all."""
    for group in standing.groups:
        behind, members = standing.behind(group), ", ".join(group.members) or "nobody"
        yield f"Group {group.name} is {group.state.lower()} and behind by {behind:,}; members: {members}"


def standing_table(standing: Standing, *, partition: int | None = None) -> Table:
    """Return a row for each partition that holds anything, or only of ``partition``, with the lag of every group."""
    table = Table("topic", box=None)
    for name in ("partition", "kept from", "next", *(f"lag of {group.name}" for group in standing.groups)):
        table.add_column(name, justify="right", overflow="fold")
    table.columns[0].no_wrap = True
    for place in _shown(standing, partition):
        extent = standing.extents[place]
        lags = (standing.lag(group, place) for group in standing.groups)
        cells = (place.partition, extent.begin, extent.end, *lags)
        table.add_row(place.topic, *("" if cell is None else f"{cell:,}" for cell in cells))
    return table


def shard_table(standing: Standing, shards: Shards) -> Table:
    """Return a row for each partition with shards: which, and how far every group is behind there in all topics."""
    table = Table("partition", "shards", box=None)
    for group in standing.groups:
        table.add_column(f"lag of {group.name}", justify="right", overflow="fold")
    for partition, names in sorted(shards.items()):
        lags = (f"{standing.behind(group, partition=partition):,}" for group in standing.groups)
        table.add_row(str(partition), ", ".join(names), *lags)
    return table


def standing_json(standing: Standing, shards: Shards) -> dict[str, Any]:
    """Return all for programs; of a group, the partitions of the topics that it reads."""
    extents = standing.extents
    return {
        "shards": {str(partition): list(names) for partition, names in sorted(shards.items())},
        "topics": [
            {
                "topic": place.topic,
                "partition": place.partition,
                "begin": extents[place].begin,
                "end": extents[place].end,
            }
            for place in sorted(extents)
        ],
        "groups": [
            {
                "group": group.name,
                "state": group.state,
                "members": list(group.members),
                "behind": standing.behind(group),
                "lags": [
                    {"topic": place.topic, "partition": place.partition, "lag": lag}
                    for place in sorted(extents)
                    if (lag := standing.lag(group, place)) is not None
                ],
            }
            for group in standing.groups
        ],
    }


def _shown(standing: Standing, partition: int | None) -> Iterator[TopicPartition]:
    for topic in ALL_TOPICS:
        for place in sorted(place for place in standing.extents if place.topic == topic.name):
            if standing.extents[place].end > 0 if partition is None else place.partition == partition:
                yield place
