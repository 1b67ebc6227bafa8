"""One history in which everything happened, and the read model filled from it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from tests.unit.readmodel.story import Story
from tests.unit.readmodel.strategies import story_of
from tests.unit.readmodel.world import model_of

RICH = 140
"""A seed whose history has entries in most states."""


@pytest.fixture(scope="module")
def story() -> Story:
    return story_of(RICH)


@pytest.fixture
def connection(story: Story) -> Iterator[Connection]:
    model = model_of(story)
    with model.read() as connection:
        yield connection
    model.close()
