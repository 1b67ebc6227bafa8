from collections.abc import AsyncIterator

import pytest

from streams.log import Log
from tests.contract.adapters import ADAPTERS, LogPlace, adapter


@pytest.fixture(params=ADAPTERS)
async def place(request: pytest.FixtureRequest) -> AsyncIterator[LogPlace]:
    async with adapter(request.param, request)() as place:
        yield place


@pytest.fixture
async def log(place: LogPlace) -> AsyncIterator[Log]:
    log = await place.open()
    yield log
    await log.close()


@pytest.fixture
async def topic(place: LogPlace) -> str:
    return await place.new_topic()
