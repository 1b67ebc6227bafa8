"""The desk for dead letters beside a running server, on the same file: `cobuild up` takes up what comes again."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.kafka.ports import free_ports
from schemas.topics import DEMANDS
from streams.embedded import EmbeddedLog
from streams.log import Draft
from tests.kafka.processes import POLICY, Cobuild, offer, until, wish

pytestmark = pytest.mark.slow


class Office:
    """A server on a directory of its own, and the shell of its operator."""

    def __init__(self, directory: Path) -> None:
        port = free_ports(1)[0]
        policy = directory / "policy.toml"
        policy.write_text(POLICY)
        environment = {"COBUILD_DATA_DIR": str(directory / "data"), "COBUILD_POLICY": str(policy)}
        self.data = directory / "data"
        self.server = Cobuild("up", "--port", str(port), environment=environment, directory=directory)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)

    def deadletters(self, *words: str) -> Any:
        """Run the command; return what it printed for programs."""
        command = [sys.executable, "-m", "deploy", "deadletters", *words, "--data-dir", str(self.data), "--json"]
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def seats(self, demand: str) -> int:
        """How many seats of a demand were given."""
        rows = self.http.get("/v1/assignments", params={"demand": demand}).raise_for_status().json()["rows"]
        return sum(row["demand_id"] == demand for row in rows)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    try:
        office.server.wait_until("is up")
        yield office
    finally:
        office.http.close()
        office.server.close()


def lay(data: Path, draft: Draft) -> None:
    """Append a demand as another process would."""

    async def laying() -> None:
        log = EmbeddedLog(data / "log.sqlite3", partitions=8)
        await log.append(DEMANDS.name, [draft])
        await log.close()

    asyncio.run(laying())


def misdirected(name: str) -> Draft:
    value = json.dumps({"demand": wish(name) | {"posted_at": "2026-11-21T08:00:00+08:00"}}).encode()
    headers = [("ce_type", b"cn.cobuild.demand.posted.v1"), ("ce_id", name.encode()), ("ce_source", b"x")]
    return Draft(key=b"310106", value=value, headers=headers)


def test_a_record_is_mended_while_the_server_runs(office: Office) -> None:
    assert office.http.post("/v1/resources", json=offer("r-1")).status_code == 201
    lay(office.data, misdirected("d-1"))
    until(lambda: bool(office.deadletters("list")["letters"]), "the record was not refused", process=office.server)
    (letter,) = office.deadletters("list", "--code", "wrong_key")["letters"]
    (report,) = office.deadletters("replay", letter["id"], "--rekey", "--yes")
    assert (report["outcome"], report["new_key"]) == ("replayed", "310105")
    until(lambda: office.seats("d-1") == 1, "the demand was not matched", process=office.server)
    (fate,) = office.deadletters("show", letter["id"])["replays"]
    assert (fate["fate"], fate["position"]) == ("taken", report["position"])
    assert office.http.get("/readyz").status_code == 200
    assert office.server.end() == 0
