"""The data directory of a simulation: empty at the start, and never somebody else's."""

import shutil
from pathlib import Path

OURS = (
    "log.id*",
    "log.sqlite3*",
    "readmodel.sqlite3*",
    "api.sqlite3*",
    "snapshots",
    "policies",
    "vault.key",
    "*.lock",
    "w-*.log",
    "report.json",
    "simulation.json",
)
"""What a process of ours leaves under its data directory."""


class DirectoryInUseError(Exception):
    """There is something in the directory; the message says what can be done."""


def prepare(directory: Path, *, fresh: bool) -> None:
    """Make sure that ``directory`` exists and is empty; with ``fresh``, what an earlier run left there is removed.

    Raises:
        DirectoryInUseError: it holds something, and ``fresh`` is not given or it is not ours.
    """
    directory.mkdir(parents=True, exist_ok=True)
    ours = [path for pattern in OURS for path in sorted(directory.glob(pattern))]
    others = sorted(path.name for path in directory.iterdir() if path not in ours)
    if others:
        raise DirectoryInUseError(f"{directory} holds {', '.join(others[:3])}, which is no run of ours; name another")
    if ours and not fresh:
        raise DirectoryInUseError(f"{directory} holds an earlier run; name another, or say --fresh to remove it")
    for path in ours:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
