"""A read model in memory, filled from a story, and its tables for comparison."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from api.readmodel.model import ReadModel
from api.readmodel.tables import metadata
from tests.unit.readmodel.story import CATALOGUE, Located, Story


def new_model() -> ReadModel:
    return ReadModel("sqlite://", catalogue=CATALOGUE)


def fill(model: ReadModel, batches: Iterable[Sequence[Located]]) -> None:
    for batch in batches:
        offsets: dict[tuple[str, int], int] = {}
        for (topic, partition, offset), _ in batch:
            offsets[topic, partition] = max(offset + 1, offsets.get((topic, partition), 0))
        model.apply(batch, offsets)


def model_of(story: Story) -> ReadModel:
    model = new_model()
    fill(model, [story.located()])
    return model


def contents(model: ReadModel) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but for what says when and in which order things were read."""
    found = {}
    with model.read() as connection:
        for name, table in metadata.tables.items():
            if name != "meta":
                columns = [column for column in table.c if (name, column.name) != ("feed", "seq")]
                rows = [tuple(row) for row in connection.execute(select(*columns))]
                found[name] = sorted(rows, key=repr)
    for name, first in (("tallies", 3), ("stages", 4), ("resource_seats", 1)):
        found[name] = [row for row in found[name] if any(row[first:])]  # a sum of nothing may be a row or none
    return found
