"""A dead man's switch: unless it is put off in time, the process ends, even while some code holds the interpreter.

Python's own threads cannot help there: they wait for the lock that is held. The C library can: a POSIX timer that
calls ``_exit`` in a thread of its own (timer_create(2), SIGEV_THREAD). Shortly before, faulthandler writes where
every thread stands, from a C thread too. Where there is no such timer, faulthandler ends the process, with status 1.
"""

import ctypes
import faulthandler
import sys
from typing import Final

_SIGEV_THREAD: Final = 2
_CLOCK_MONOTONIC: Final = 1
_SECOND_THOUGHTS_S: Final = 1.0


class _SigEvent(ctypes.Structure):
    """struct sigevent as Linux's C libraries have it on 64-bit machines; 64 bytes."""

    _fields_ = (
        ("value", ctypes.c_uint64),
        ("signo", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("function", ctypes.c_void_p),
        ("attribute", ctypes.c_void_p),
        ("rest", ctypes.c_char * 32),
    )


class _TimeSpec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _TimerSpec(ctypes.Structure):
    _fields_ = (("interval", _TimeSpec), ("value", _TimeSpec))


class DeadMansSwitch:
    """Ends the process with ``status`` unless ``put_off`` is called again within ``after_s``."""

    def __init__(self, *, after_s: float, status: int) -> None:
        """Prepare it; nothing runs yet."""
        self._after_s = after_s
        self._timer = _timer(status)

    def put_off(self) -> None:
        """Begin to count anew."""
        faulthandler.dump_traceback_later(self._after_s, exit=self._timer is None, file=sys.__stderr__ or 2)
        if self._timer is not None:
            _set(self._timer, self._after_s + _SECOND_THOUGHTS_S)

    def disarm(self) -> None:
        """Count no more."""
        faulthandler.cancel_dump_traceback_later()
        if self._timer is not None:
            _set(self._timer, 0.0)


def _timer(status: int) -> ctypes.c_void_p | None:
    """Return a timer that ends the process, not yet running; None where the C library has none."""
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform != "linux" or not hasattr(libc, "timer_create"):
        return None
    event = _SigEvent(value=status, notify=_SIGEV_THREAD, function=ctypes.cast(libc._exit, ctypes.c_void_p).value)
    timer = ctypes.c_void_p()
    if libc.timer_create(_CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(timer)) != 0:
        return None
    return timer


def _set(timer: ctypes.c_void_p, after_s: float) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    whole = int(after_s)
    spec = _TimerSpec(value=_TimeSpec(whole, int((after_s - whole) * 1e9)))
    if libc.timer_settime(timer, 0, ctypes.byref(spec), None) != 0:
        raise OSError(ctypes.get_errno(), "timer_settime")
