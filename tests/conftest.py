"""Three Hypothesis profiles.

``quick`` while working (make check) and ``ci`` before it counts (make test) draw the same examples on every run: what
fails there fails again for whoever looks at it, and is due to what was changed. ``thorough`` draws other examples every
time, more of them (make fuzz); what it finds is mended, and kept as an example beside the property.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

from schemas.catalogue import Catalogue, load_catalogue
from schemas.regions import Regions

os.environ.pop("COLUMNS", None)  # tests side by side set it; a console that is made at import would keep it

_slow_machines = [HealthCheck.too_slow, HealthCheck.data_too_large]
_always = settings(deadline=None, suppress_health_check=_slow_machines, print_blob=True)
settings.register_profile("quick", _always, max_examples=50, derandomize=True)
settings.register_profile("ci", _always, max_examples=300, derandomize=True)
settings.register_profile("thorough", _always, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "5000")))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

pytest_plugins = ["tests.kafka.cluster", "tests.kafka.kcat"]


@pytest.fixture(scope="session")
def regions() -> Regions:
    return Regions.load()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()
