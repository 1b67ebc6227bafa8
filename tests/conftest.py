"""Two Hypothesis profiles: ``quick`` while working (make check), ``thorough`` before it counts (make test)."""

import os

from hypothesis import HealthCheck, settings

os.environ.pop("COLUMNS", None)  # tests side by side set it; a console that is made at import would keep it

_slow_machines = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("quick", max_examples=50, deadline=None, suppress_health_check=_slow_machines)
settings.register_profile(
    "thorough", max_examples=1000, deadline=None, suppress_health_check=_slow_machines, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

pytest_plugins = ["tests.kafka.cluster", "tests.kafka.kcat"]
