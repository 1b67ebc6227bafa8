"""Whose data directory it is: one process for each role, told by locks that the system lets go of; and one log.

Snapshots and lists hold offsets. With another log they would be taken for what they are not, and nobody would notice:
so a directory notes the log that it was first used with.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from streams.log import LogError

HOUSE: Final = "cobuild"
"""The role of a process that is all of them."""


EMBEDDED: Final = "embedded"
"""The log that lies in the directory itself."""
_NOTE: Final = "log.id"


class HouseTakenError(RuntimeError):
    """Another process has this role in this data directory."""


class OtherLogError(LogError):
    """What lies in this data directory was made of another log."""


def belong(data_dir: Path, log_id: str) -> None:
    """Note that the directory belongs to the log of this id.

    Raises:
        OtherLogError: it belongs to another one.
    """
    note = data_dir / _NOTE
    if not note.exists() and (data_dir / "log.sqlite3").exists():
        _write(note, EMBEDDED)  # of before there were notes
    if not note.exists():
        _write(note, log_id)
    found = note.read_text(encoding="ascii").strip()
    if found != log_id:
        raise OtherLogError(
            f"{data_dir} holds lists and snapshots of another log ({found}, not {log_id}): "
            "take another COBUILD_DATA_DIR"
        )


def _write(note: Path, log_id: str) -> None:
    """Put the note in its place whole; where another process was faster, its own counts."""
    draft = note.with_name(f"{note.name}.{os.getpid()}.draft")
    draft.write_text(f"{log_id}\n", encoding="ascii")
    with suppress(FileExistsError):
        os.link(draft, note)
    draft.unlink()


@contextmanager
def alone(data_dir: Path, role: str = HOUSE) -> Iterator[None]:
    """Hold the lock ``<role>.lock`` of a data directory, made where it is missing, until the process ends, however.

    Raises:
        HouseTakenError: another process holds it.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(data_dir / f"{role}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            raise HouseTakenError(_taken(holder, data_dir, role)) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)


def _taken(holder: str, data_dir: Path, role: str) -> str:
    if role == HOUSE:
        return f"process {holder} is at home in {data_dir} already"
    return f"process {holder} is {role} in {data_dir} already"
