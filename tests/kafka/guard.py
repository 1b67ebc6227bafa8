"""Ends a cluster when the process that wanted it is gone, however it went.

``python -m tests.kafka.guard DIRECTORY`` reads its standard input, a pipe held by that process, to the end.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.kafka.cluster import Cluster


@contextmanager
def guarded(directory: Path) -> Iterator[None]:
    """Have a process of its own stop what runs in ``directory`` if this process ends without doing so."""
    command = [sys.executable, "-m", "tests.kafka.guard", str(directory)]
    root = Path(__file__).parents[2]
    guard = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        assert guard.stdin is not None
        guard.stdin.close()
        assert guard.wait(60) == 0, f"the guard of {directory} failed"


if __name__ == "__main__":
    sys.stdin.read()
    Cluster(Path(sys.argv[1]), libs=Path()).kill()
