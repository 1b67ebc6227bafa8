"""A house per log, shared by the stories told in it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.kafka.cluster import RealKafka
from tests.stories.house import House
from tests.stories.servers import running


@pytest.fixture(scope="module")
def embedded_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("house")) as address:
        yield address


@pytest.fixture(scope="module")
def kafka_address(tmp_path_factory: pytest.TempPathFactory, kafka: RealKafka) -> Iterator[str]:
    directory: Path = tmp_path_factory.mktemp("house")
    with running(directory, "--kafka", kafka.bootstrap, COBUILD_KAFKA_PREFIX="stories.") as address:
        yield address


@pytest.fixture
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """The house on the log that a module names with ``LOG``."""
    address: str = request.getfixturevalue(f"{request.module.LOG}_address")
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        yield House(http)
