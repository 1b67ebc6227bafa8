"""kcat, a client of another family (librdkafka), as tests use it. Debian has it: ``apt-get install kcat``."""

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

PATIENCE_S = 120


@pytest.fixture(scope="session")
def kcat() -> Iterator[None]:
    """Skip the test where there is no kcat, or fail it where ``COBUILD_REQUIRE`` names kafka."""
    if shutil.which("kcat") is None:
        reason = "no kcat: apt-get install kcat"
        if "kafka" in os.environ.get("COBUILD_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    yield


def run(*words: str, content: bytes = b"") -> bytes:
    """Run kcat and return what it printed; the test fails where it does."""
    done = subprocess.run(["kcat", *words], input=content, capture_output=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def produce(bootstrap: str, topic: str, *words: str, content: bytes) -> None:
    """Append ``content``, each line a record."""
    run("-P", "-b", bootstrap, "-t", topic, *words, content=content)
