"""The most memory a process has held."""

import resource
from pathlib import Path
from typing import Final

_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")


def peak_mib() -> float:
    """Return the peak resident memory of this process (MiB).

    Linux says it of this process alone; elsewhere, by ``getrusage``, it may be that of the parent it was forked from.
    """
    try:
        rows = dict(row.split(":", 1) for row in _STATUS.read_text(encoding="ascii").splitlines())
        return int(rows["VmHWM"].split()[0]) / 1024
    except (OSError, KeyError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_peak() -> None:
    """Begin to count anew from what is held now, where the system can."""
    try:
        _RESET.write_text("5", encoding="ascii")
    except OSError:
        return
