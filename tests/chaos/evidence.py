"""What is left after a run, read once and kept in memory: the log, the read model, a rebuilt one, files, the vault."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from api.readmodel.model import ReadModel
from api.store import open_store
from api.vault import Vault
from schemas.catalogue import load_catalogue
from schemas.policy import Policy, load_policy
from schemas.topics import TOPICS
from streams.embedded import EmbeddedLog
from streams.log import LogError, Record, TopicPartition
from streams.projector import rebuild
from tests.chaos.process import PARTITIONS, ROOT

Place = tuple[str, int, int]
Tables = dict[str, list[dict[str, Any]]]


@dataclass
class Evidence:
    """All there is to look at; tests change a copy of it and see whether that is found."""

    policy: Policy
    records: dict[tuple[str, int], list[Record]]
    tables: Tables
    rebuilt: Tables
    files: dict[str, bytes]
    replay_status: int
    replay_said: str
    identities: dict[str, dict[str, str]]
    partition_of: dict[str, int]
    damage: list[str] = field(default_factory=list)

    def record(self, place: Place) -> Record | None:
        """Return the record at a place, None where there is none."""
        topic, partition, offset = place
        records = self.records.get((topic, partition), [])
        return records[offset] if offset < len(records) else None

    def of(self, topic: str) -> Iterator[Record]:
        """Yield the records of a topic, partition by partition."""
        for partition in range(PARTITIONS):
            yield from self.records.get((topic, partition), [])


async def gather(directory: Path) -> Evidence:
    """Read everything that a run has left in ``directory``; nothing may be running there any more."""
    data = directory / "data"
    damage = [*_damage(data / "log.sqlite3"), *_damage(data / "readmodel.sqlite3"), *_damage(data / "api.sqlite3")]
    files = {str(path.relative_to(directory)): path.read_bytes() for path in _files(directory)}
    tables = read_tables(data / "readmodel.sqlite3")
    log = EmbeddedLog(data / "log.sqlite3", partitions=PARTITIONS)
    try:
        records = _records(log, damage)
        (directory / "rebuilt.sqlite3").unlink(missing_ok=True)
        rebuilt = await _rebuilt(log, directory / "rebuilt.sqlite3", damage)
        keys = {
            key.decode("latin-1"): log.partition_of(key)
            for key in {r.key for rs in records.values() for r in rs}
            if key
        }
    finally:
        await log.close()
    status, said = await _replay(data)
    return Evidence(
        policy=load_policy(directory / "policy.toml"),
        records=records,
        tables=tables,
        rebuilt=rebuilt,
        files=files,
        replay_status=status,
        replay_said=said,
        identities=_identities(data),
        partition_of=keys,
        damage=damage,
    )


def read_tables(path: Path) -> Tables:
    """Return every table of an SQLite file as rows of plain values."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')]  # noqa: S608 - names of its own
            for name in names
            if not name.startswith("sqlite_")
        }


def _damage(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(path)) as connection:
        for (verdict,) in connection.execute("PRAGMA integrity_check"):
            if verdict != "ok":
                yield f"{path.name} is damaged: {verdict}"


def _files(directory: Path) -> Iterator[Path]:
    yield directory / "server.log"
    for path in sorted((directory / "data").rglob("*")):
        if path.is_file():
            yield path


def _records(log: EmbeddedLog, damage: list[str]) -> dict[tuple[str, int], list[Record]]:
    records: dict[tuple[str, int], list[Record]] = {}
    for topic in TOPICS:
        for partition in range(PARTITIONS):
            found = records[topic.name, partition] = []
            try:
                found.extend(log.scan(TopicPartition(topic.name, partition)))
            except LogError as error:
                damage.append(f"the log cannot be read: {error}")
    return records


async def _rebuilt(log: EmbeddedLog, path: Path, damage: list[str]) -> Tables:
    model = ReadModel(f"sqlite:///{path}", catalogue=load_catalogue())
    try:
        await rebuild(log, model)
    except LogError as error:
        damage.append(f"the log cannot be read to its end: {error}")
    model.close()
    return read_tables(path)


async def _replay(data: Path) -> tuple[int, str]:
    ours = {"COBUILD_DATA_DIR": str(data), "COBUILD_PARTITIONS": str(PARTITIONS)}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "deploy", "replay"),
        cwd=ROOT,
        env=os.environ | ours,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await child.communicate()
    return child.returncode or 0, said.decode(errors="replace")


def _identities(data: Path) -> dict[str, dict[str, str]]:
    """Return all that the vault knows, opened with its key."""
    engine = open_store(data / "api.sqlite3")
    vault = Vault(engine=engine, master_key=(data / "vault.key").read_bytes())
    try:
        with closing(sqlite3.connect(data / "api.sqlite3")) as connection:
            refs = [ref for (ref,) in connection.execute("SELECT ref FROM identities")]
        with structlog.testing.capture_logs():
            return {ref: vault.read(ref=ref, reason="chaos") or {} for ref in refs}
    finally:
        engine.dispose()
