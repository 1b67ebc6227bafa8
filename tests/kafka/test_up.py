"""``cobuild up --kafka``: the whole product as processes of their own, kept alive by a supervisor."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_sse import ServerSentEvent, connect_sse

from deploy.kafka.ports import free_ports
from tests.kafka.cluster import RealKafka
from tests.kafka.processes import POLICY, Cobuild, answers, offer, prefix_of, role_pid, runs, until, wish

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
ROLES = ("api", "projector", "worker-w-1", "worker-w-2")


class Town:
    """A supervised Cobuild on a directory of its own."""

    def __init__(self, directory: Path, kafka: RealKafka, *, prefix: str) -> None:
        self.data = directory / "data"
        self.port = free_ports(1)[0]
        policy = directory / "policy.toml"
        policy.write_text(POLICY)
        environment = {
            "COBUILD_DATA_DIR": str(self.data),
            "COBUILD_KAFKA_PREFIX": prefix,
            "COBUILD_PARTITIONS": "3",
            "COBUILD_POLICY": str(policy),
        }
        arguments = ("up", "--kafka", kafka.bootstrap, "--workers", "2", "--port", str(self.port))
        self.process = Cobuild(*arguments, environment=environment, directory=directory)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)

    def come_up(self) -> None:
        self.process.wait_until("is up: http")

    def pids(self) -> dict[str, int]:
        return {role: role_pid(self.data, role) for role in ROLES}

    def post(self, what: str, entry: dict[str, Any]) -> str:
        """Post an entry; return where it lies."""
        answer = self.http.post(f"/v1/{what}", json=entry)
        assert answer.status_code == 201, answer.text
        position: str = answer.headers["Cobuild-Position"]
        return position

    def matched(self, demand: str) -> dict[str, Any]:
        """Wait until a demand has an assignment, and return it."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            rows = self.http.get("/v1/assignments").raise_for_status().json()["rows"]
            found.extend(row for row in rows if row["demand_id"] == demand)
            return bool(found)

        until(look, f"{demand} is not matched", process=self.process)
        return found[0]

    def close(self) -> None:
        self.http.close()
        self.process.close()


@pytest.fixture
def town(tmp_path: Path, kafka: RealKafka, request: pytest.FixtureRequest) -> Iterator[Town]:
    with closing(Town(tmp_path, kafka, prefix=prefix_of(request.node.name))) as found:
        yield found


def test_a_demand_goes_the_whole_way_and_back(town: Town) -> None:
    town.come_up()
    town.post("resources", offer("r-1"))
    with connect_sse(town.http, "GET", "/v1/stream") as stream:
        events = stream.iter_sse()
        position = town.post("demands", wish("d-1"))
        seen = town.http.get("/v1/demands/d-1", headers={"Cobuild-At-Least": position})
        assert seen.status_code == 200, "who wrote it reads it, though another process keeps the lists"
        proposed = _next(events, "proposed")
        assert (proposed["demand_id"], proposed["resource_id"]) == ("d-1", "r-1")
        why = town.http.get("/v1/demands/d-1/why").raise_for_status().json()["why"]
        assert why["lines"][0]["verdict"] == "matched"
        assert town.http.post(f"/v1/assignments/{proposed['assignment_id']}:decline").status_code == 202
        assert _next(events, "revoked")["assignment_id"] == proposed["assignment_id"]
    assert answers(town.http)
    pids = town.pids()
    assert town.process.end(signal.SIGTERM) == 0
    assert not any(runs(pid) for pid in pids.values())


def test_whoever_is_killed_is_started_again(town: Town) -> None:
    town.come_up()
    for number, role in enumerate(ROLES):
        before = town.pids()
        os.kill(before[role], signal.SIGKILL)
        town.process.wait_until("a part is up again", times=number + 1)
        after = town.pids()
        assert {name for name in ROLES if before[name] != after[name]} == {role}
        town.post("resources", offer(f"r-{number}"))
        town.post("demands", wish(f"d-{number}"))
        assert town.matched(f"d-{number}")
    assert town.process.said.count("it was ended by SIGKILL") == len(ROLES)
    assert town.process.end(signal.SIGINT) == 0


def test_callers_wait_while_the_api_is_started_anew(town: Town) -> None:
    town.come_up()
    os.kill(role_pid(town.data, "api"), signal.SIGKILL)
    with httpx.Client(base_url=town.http.base_url, timeout=60) as http:
        assert http.post("/v1/resources", json=offer("r-1")).status_code == 201


def test_children_do_not_outlive_a_killed_supervisor(town: Town) -> None:
    town.come_up()
    pids = town.pids()
    os.kill(pids["worker-w-1"], signal.SIGSTOP)  # one that hangs ends too
    town.process.end(signal.SIGKILL)
    until(lambda: not any(runs(pid) for pid in pids.values()), "children are left")


def test_who_does_not_stop_is_killed(town: Town) -> None:
    town.come_up()
    pids = town.pids()
    os.kill(pids["projector"], signal.SIGSTOP)
    assert town.process.end(signal.SIGTERM) == 0
    assert "a part does not stop in time" in town.process.said
    assert not any(runs(pid) for pid in pids.values())


def _next(events: Iterator[ServerSentEvent], kind: str) -> dict[str, Any]:
    for event in events:
        if event.event == kind:
            found: dict[str, Any] = event.json()
            return found
    raise AssertionError(f"the stream ended without {kind}")
