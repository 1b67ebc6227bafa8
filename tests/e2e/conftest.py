from collections.abc import Iterator

import pytest

from api.readmodel.model import ReadModel
from schemas.catalogue import Catalogue
from tests.e2e.browser import browser, chromium
from tests.e2e.server import Server

__all__ = ["browser"]


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The console of a district that has lived for a while; it changes only when a test says so."""
    chromium()
    server = Server(tmp_path_factory.mktemp("console"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def model(console: Server, catalogue: Catalogue) -> Iterator[ReadModel]:
    """The lists behind the page, to hold what it shows against."""
    opened = ReadModel(f"sqlite:///{console.data}/readmodel.sqlite3", catalogue=catalogue)
    yield opened
    opened.close()
