"""A process that a supervisor started ends with it, however the supervisor ends."""

import ctypes
import os
import signal
import sys
import threading
import time

ENVIRONMENT = "COBUILD_SUPERVISOR"
"""The supervisor's pid, in the environment of what it starts."""
_PR_SET_PDEATHSIG = 1
_LOOK_S = 1.0


def hold_on() -> None:
    """Have this process killed when its supervisor is gone; without one nothing happens. Call it first of all.

    kill -9 costs nothing here: whatever was acknowledged lies in the log.
    """
    supervisor = os.environ.get(ENVIRONMENT)
    if not supervisor:
        return
    if sys.platform == "linux":
        _have_the_system_watch()
    else:
        threading.Thread(target=_watch, args=(int(supervisor),), daemon=True).start()
    if os.getppid() != int(supervisor):  # it was gone before anybody watched
        _end()


def is_supervised() -> bool:
    """Whether a supervisor started us, which tells people what is up."""
    return ENVIRONMENT in os.environ


def _have_the_system_watch() -> None:
    """Linux sends the signal when the thread that started us is gone: the supervisor's main thread."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def _watch(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(_LOOK_S)
    _end()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
