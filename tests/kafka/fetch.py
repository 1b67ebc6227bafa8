"""``python -m tests.kafka.fetch``: Kafka's jars into the tests' cache, before anybody waits for them in a test.

Beside them lies the archive of their classes (``tests.kafka.haste``).
"""

import sys

from deploy.kafka.errors import ToolMissingError
from deploy.kafka.libs import fetch
from tests.kafka.cluster import LIBS
from tests.kafka.haste import keep_classes


def main() -> int:
    """Fetch, telling the steps; return the exit code."""
    steps = 0

    def tell(step: str) -> None:
        nonlocal steps
        steps += 1
        if steps % 20 == 1:
            sys.stdout.write(f"Fetching Kafka's jars (once): {step} ...\n")

    try:
        keep_classes(fetch(LIBS, progress=tell))
    except ToolMissingError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
