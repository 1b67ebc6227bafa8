import pytest

from schemas.catalogue import Catalogue, load_catalogue
from schemas.regions import Regions


@pytest.fixture(scope="session")
def regions() -> Regions:
    return Regions.load()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()
