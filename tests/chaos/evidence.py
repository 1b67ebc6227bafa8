"""What is left after a run, read once and kept in memory: the log, the read model, a rebuilt one, files, the vault."""

import asyncio
import os
import pickle
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api import vault as vault_module
from api.readmodel.model import ReadModel
from api.store import open_store
from api.vault import Vault
from schemas.catalogue import load_catalogue
from schemas.policy import Policy, load_policy
from schemas.topics import TOPICS
from streams.log import Log, LogError, Record, TopicPartition
from streams.projector import rebuild
from tests.chaos.comeback import Comeback, come_back
from tests.chaos.ground import EmbeddedGround, Ground, damage
from tests.chaos.process import PARTITIONS, ROOT
from tests.logs import logged_by

KEPT = "evidence.pickle"
READ = 2000
READ_S = 30.0
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
    comebacks: dict[str, Comeback]
    """From where the states came back, each time to the log's end."""
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


async def gather(directory: Path, ground: Ground | None = None) -> Evidence:
    """Read everything that a run has left in ``directory``; none of its processes may run any more, brokers may."""
    data = directory / "data"
    ground = ground or EmbeddedGround(data)
    found = [*ground.damage(), *damage(data / "readmodel.sqlite3"), *damage(data / "api.sqlite3")]
    files = {str(path.relative_to(directory)): path.read_bytes() for path in _files(directory)}
    tables = read_tables(data / "readmodel.sqlite3")
    log = await ground.open()
    try:
        records = await read_log(log, [topic.name for topic in TOPICS], found)
        (directory / "rebuilt.sqlite3").unlink(missing_ok=True)
        rebuilt = await _rebuilt(log, directory / "rebuilt.sqlite3", found)
        keys = {
            key.decode("latin-1"): log.partition_of(key)
            for key in {r.key for rs in records.values() for r in rs}
            if key
        }
        comebacks = await come_back(log, ground.stores(), load_policy(directory / "policy.toml"), found)
    finally:
        await log.close()
    status, said = await replayed(data, ground)
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
        comebacks=comebacks,
        damage=found,
    )


def keep(evidence: Evidence, directory: Path) -> None:
    """Keep it beside the journals, for the brokers will be gone."""
    with (directory / KEPT).open("wb") as file:
        pickle.dump(evidence, file)


def kept(directory: Path) -> Evidence | None:
    """Return what was kept there, None where nothing was."""
    if not (directory / KEPT).exists():
        return None
    with (directory / KEPT).open("rb") as file:
        evidence = pickle.load(file)  # noqa: S301 - our own
    assert isinstance(evidence, Evidence)
    return evidence


async def read_log(log: Log, topics: Sequence[str], found: list[str]) -> dict[tuple[str, int], list[Record]]:
    """Return every record of these topics, and say in ``found`` what cannot be read."""
    ends = await log.end_offsets(topics)
    records: dict[tuple[str, int], list[Record]] = {}
    for place, end in sorted(ends.items()):
        mine = records[place.topic, place.partition] = []
        reader = log.reader({place: 0})
        try:
            while reader.positions()[place] < end:
                mine.extend(await reader.poll(max_records=READ, timeout_s=READ_S) or _none_came(place, end))
        except LogError as error:
            found.append(f"the log cannot be read: {error}")
        finally:
            await reader.close()
    return records


def _none_came(place: TopicPartition, end: int) -> list[Record]:
    raise LogError(f"{place} ends at {end}, and its records do not come")


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


def _files(directory: Path) -> Iterator[Path]:
    """Yield what our own processes wrote; brokers hold what strangers wrote too."""
    yield from sorted(directory.glob("*.log"))
    for place in sorted(directory.glob("data*")):
        yield from (path for path in sorted(place.rglob("*")) if path.is_file())


async def _rebuilt(log: Log, path: Path, found: list[str]) -> Tables:
    model = ReadModel(f"sqlite:///{path}", catalogue=load_catalogue())
    try:
        await rebuild(log, model)
    except LogError as error:
        found.append(f"the log cannot be read to its end: {error}")
    model.close()
    return read_tables(path)


async def replayed(data: Path, ground: Ground) -> tuple[int, str]:
    """Return with what status `cobuild replay` ends, and what it says."""
    ours = {"COBUILD_DATA_DIR": str(data), "COBUILD_PARTITIONS": str(PARTITIONS), **ground.environment}
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
        with logged_by(vault_module):
            return {ref: vault.read(ref=ref, reason="chaos") or {} for ref in refs}
    finally:
        engine.dispose()
