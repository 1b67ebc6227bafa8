"""Where the log of a run lies, and how to get at it."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from streams.embedded import EmbeddedLog
from streams.log import Log
from streams.snapshots import FileSnapshots, SnapshotStore
from tests.chaos.process import PARTITIONS


class Ground(Protocol):
    """See the module."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process of ours needs to be told to find the log."""
        ...

    @property
    def stranger(self) -> Sequence[str]:
        """Module and first arguments of the process that writes straight to the log."""
        ...

    async def open(self) -> Log:
        """Open the log."""
        ...

    def damage(self) -> Iterator[str]:
        """Say what is broken about its files."""
        ...

    def stores(self) -> Mapping[str, SnapshotStore]:
        """Return every place where snapshots lie."""
        ...


@dataclass(frozen=True, slots=True)
class EmbeddedGround:
    """The embedded log of one server."""

    data: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The log's file."""
        return self.data / "log.sqlite3"

    @property
    def stranger(self) -> Sequence[str]:
        return "tests.chaos.stranger", str(self.path)

    async def open(self) -> Log:
        return EmbeddedLog(self.path, partitions=PARTITIONS)

    def damage(self) -> Iterator[str]:
        return damage(self.path)

    def stores(self) -> Mapping[str, SnapshotStore]:
        return {"data": FileSnapshots(self.data / "snapshots")}


def damage(path: Path) -> Iterator[str]:
    """Say what is broken about an SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        for (verdict,) in connection.execute("PRAGMA integrity_check"):
            if verdict != "ok":
                yield f"{path.name} is damaged: {verdict}"
