"""A real worker that hangs once it has its shards: ``python -m tests.kafka.hung loop|interpreter|records``."""

import ctypes
import sys
import time
from collections.abc import Collection
from functools import partial

from deploy.logs import configure_logs
from deploy.running import run
from deploy.settings import CobuildSettings
from deploy.worker import work
from streams.worker.holdings import Holdings
from streams.worker.watchdog import Watchdog

FOREVER_S = 3600


def begun(partitions: Collection[int]) -> None:
    """Say so, as the command does, and hang."""
    sys.stderr.write("has taken up partitions\n")
    if sys.argv[1] == "loop":
        time.sleep(FOREVER_S)
    elif sys.argv[1] == "interpreter":
        ctypes.PyDLL(None).sleep(FOREVER_S)  # a call that does not let go of the interpreter


def main() -> None:
    """Run it with a watchdog that is quick to bite."""
    if sys.argv[1] == "records":
        Holdings._take = lambda self, record: None  # type: ignore[method-assign]
    configure_logs()
    quick = partial(Watchdog, hang_s=3, held_s=5, stall_s=5, look_s=0.2, ask_every_s=0.5)
    run(work(CobuildSettings(), begun=begun, watched_by=quick))


if __name__ == "__main__":
    main()
