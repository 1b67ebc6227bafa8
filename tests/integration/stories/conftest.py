"""A house without a matcher, in this process: what rounds decide is told to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.apiworld import World, world_in
from tests.stories.house import House


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_in(tmp_path) as running:
        yield running


@pytest.fixture
def house(world: World) -> House:
    return House(world.client)
