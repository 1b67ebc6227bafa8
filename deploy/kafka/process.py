"""Processes by their pid, and never another's: a pid is only believed where the command line bears our mark."""

import os
import signal
import subprocess
import time
from pathlib import Path

_PROC = Path("/proc")
_STEP_S = 0.02


def is_ours(pid: int, mark: str) -> bool:
    """Tell whether process ``pid`` runs and has ``mark`` as one of its arguments.

    A pid that was given to somebody else meanwhile is not ours; neither is one that has ended and was not waited for.
    """
    return mark in _arguments(pid) if _PROC.is_dir() else f" {mark} " in f" {_told_by_ps(pid)} "


def send(pid: int, mark: str, number: signal.Signals) -> bool:
    """Send a signal to our process; return False, and send nothing, where it is not there any more."""
    if not is_ours(pid, mark):
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int, mark: str, *, within_s: float) -> bool:
    """Wait for the end of our process; return whether it came in time."""
    deadline = time.monotonic() + within_s
    while is_ours(pid, mark) or _is_leaving(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(_STEP_S)
    return True


def _is_leaving(pid: int) -> bool:
    """Tell whether ``pid`` has given up its memory, and so its arguments, but some thread still holds files and ports.

    What has ended altogether, and only was not waited for by its parent, holds nothing.
    """
    directory = _PROC / str(pid)
    try:
        state = (directory / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
        threads = len(list((directory / "task").iterdir()))
    except (FileNotFoundError, ProcessLookupError):
        return False
    return not any(_arguments(pid)) and (state not in "ZX" or threads > 1)


def _arguments(pid: int) -> list[str]:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def _told_by_ps(pid: int) -> str:
    """Return the command line where there is no /proc, as on macOS."""
    done = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607 - a number of ours
    return done.stdout.strip()
