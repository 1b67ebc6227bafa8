"""Snapshots in two places: on this machine, and where others can read them.

1. The local store comes first: what fails remotely is warned of, tried again later, and stops nobody.
2. Remotely a manifest is written after every snapshot that it may name; snapshots alone are not written there.
3. What is found only remotely is kept locally when it is read.
4. After a failure the remote store is left alone for a while, so that a slow one does not slow the worker down.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar

import structlog

from streams.manifest import is_manifest
from streams.snapshots import SnapshotStore

QUIET_S: Final = 60.0

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


class MirroredSnapshots:
    """See ``streams.snapshots.SnapshotStore``."""

    def __init__(self, local: SnapshotStore, remote: SnapshotStore, *, quiet_s: float = QUIET_S) -> None:
        self._local = local
        self._remote = remote
        self._quiet_s = quiet_s
        self._quiet_until = 0.0

    def write(self, name: str, data: bytes) -> None:
        """Write locally; with a manifest, bring the remote store up to it. Raises OSError of the local store."""
        self._local.write(name, data)
        if is_manifest(name):
            self._remotely(lambda: self._bring_up(name, data), instead=None)

    def read(self, name: str) -> bytes | None:
        """Return the local blob, else the remote one, which is then kept locally."""
        data = self._local.read(name)
        if data is None:
            data = self._remotely(lambda: self._remote.read(name), instead=None)
            if data is not None:
                self._keep(name, data)
        return data

    def names(self, prefix: str) -> list[str]:
        """Return the names in either store, sorted."""
        remote: list[str] = self._remotely(lambda: self._remote.names(prefix), instead=[])
        return sorted({*self._local.names(prefix), *remote})

    def delete(self, name: str) -> None:
        """Forget ``name`` in both."""
        self._local.delete(name)
        self._remotely(lambda: self._remote.delete(name), instead=None)

    def _bring_up(self, name: str, data: bytes) -> None:
        folder = f"{name.partition('/')[0]}/"
        there = set(self._remote.names(folder))
        for blob in self._local.names(folder):
            content = None if blob in there or is_manifest(blob) else self._local.read(blob)
            if content is not None:
                self._remote.write(blob, content)
        self._remote.write(name, data)

    def _keep(self, name: str, data: bytes) -> None:
        try:
            self._local.write(name, data)
        except OSError as error:
            log.warning("a snapshot could not be kept on this machine", name=name, error=str(error))

    def _remotely(self, work: Callable[[], Result], *, instead: Result) -> Result:
        if time.monotonic() < self._quiet_until:
            return instead
        try:
            return work()
        except OSError as error:
            self._quiet_until = time.monotonic() + self._quiet_s
            log.warning("snapshots go on on this machine alone", for_s=self._quiet_s, error=str(error))
            return instead
