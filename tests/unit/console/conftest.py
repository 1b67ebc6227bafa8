from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.readmodel.model import ReadModel
from schemas.catalogue import Catalogue
from schemas.regions import Regions
from tests.unit.console.house import House


@pytest.fixture
async def house(tmp_path: Path, catalogue: Catalogue, regions: Regions) -> AsyncIterator[House]:
    made = House(ReadModel(f"sqlite:///{tmp_path}/lists.sqlite3", catalogue=catalogue), catalogue, regions)
    yield made
    await made.board.close()
    made.model.close()
