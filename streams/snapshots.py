"""Where snapshots are kept: named blobs, each written whole or not at all, and read back as written or not at all."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final, Protocol

import structlog

log = structlog.get_logger(__name__)

_MAGIC: Final = b"cobuild-snapshot 1\n"
_DIGEST_BYTES: Final = 16
_SUFFIX: Final = ".snapshot"
_STALE_S: Final = 3600.0


class SnapshotStore(Protocol):
    """Named blobs. All calls block; they are made from a thread."""

    def write(self, name: str, data: bytes) -> None:
        """Keep ``data`` under ``name``; when this returns it survives a crash. Raises OSError."""
        ...

    def read(self, name: str) -> bytes | None:
        """Return what was written, or None where there is nothing or it is damaged."""
        ...

    def names(self, prefix: str) -> list[str]:
        """Return the names that begin with ``prefix``, sorted."""
        ...

    def delete(self, name: str) -> None:
        """Forget ``name``, whether it is there or not."""
        ...


class FileSnapshots:
    """One file per blob below a directory; ``/`` in a name makes a subdirectory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, name: str, data: bytes) -> None:
        """Write beside, sync, and move into place."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}.part")
        with beside.open("wb") as file:
            file.write(_MAGIC + _digest(data))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_directory(path.parent)
        _sweep(path.parent)

    def read(self, name: str) -> bytes | None:
        """Return the blob where its checksum fits; warn where it does not."""
        try:
            found = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("snapshot cannot be read", name=name, error=str(error))
            return None
        head, data = found[: len(_MAGIC)], found[len(_MAGIC) + _DIGEST_BYTES :]
        if head != _MAGIC or found[len(_MAGIC) : len(_MAGIC) + _DIGEST_BYTES] != _digest(data):
            log.warning("snapshot is damaged or of another make; it is left aside", name=name)
            return None
        return data

    def names(self, prefix: str) -> list[str]:
        """Return the names of whole files, sorted."""
        folder, _, start = prefix.rpartition("/")
        here = self._directory / folder
        found = here.glob(f"{start}*{_SUFFIX}") if here.is_dir() else []
        return sorted(str(path.relative_to(self._directory)).removesuffix(_SUFFIX) for path in found)

    def delete(self, name: str) -> None:
        """Remove the file."""
        with suppress(FileNotFoundError):
            self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}{_SUFFIX}"


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_DIGEST_BYTES).digest()


def _sweep(directory: Path) -> None:
    """Remove what writers that were killed left behind; nobody writes a blob for so long."""
    for path in directory.glob("*.part"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink()


def _sync_directory(directory: Path) -> None:
    with _opened(directory) as handle:
        os.fsync(handle)


@contextmanager
def _opened(directory: Path) -> Iterator[int]:
    handle = os.open(directory, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)
