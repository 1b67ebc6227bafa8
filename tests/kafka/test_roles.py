"""API, projector and workers started one by one, as service managers do."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.kafka.ports import free_ports
from tests.kafka.cluster import RealKafka
from tests.kafka.processes import POLICY, Cobuild, answers, offer, prefix_of, role_pid, until, wish

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


class Site:
    """A data directory on topics of its own, and the processes started there."""

    def __init__(self, directory: Path, kafka: RealKafka, *, prefix: str) -> None:
        self.directory, self.data = directory, directory / "data"
        self.port = free_ports(1)[0]
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)
        policy = directory / "policy.toml"
        policy.write_text(POLICY)
        self.environment = {
            "COBUILD_DATA_DIR": str(self.data),
            "COBUILD_KAFKA": kafka.bootstrap,
            "COBUILD_KAFKA_PREFIX": prefix,
            "COBUILD_PARTITIONS": "3",
            "COBUILD_PORT": str(self.port),
            "COBUILD_POLICY": str(policy),
        }
        self._started: list[Cobuild] = []

    def start(self, *arguments: str, said: str | None = None, **more: str) -> Cobuild:
        """Start a process; wait until it has said something."""
        process = Cobuild(*arguments, environment=self.environment | more, directory=self.directory)
        self._started.append(process)
        if said is not None:
            process.wait_until(said)
        return process

    def fails(self, *arguments: str, **more: str) -> tuple[int, str]:
        """Run a command to its end; return its exit status and what it said."""
        process = self.start(*arguments, **more)
        return process.wait(), process.said

    def start_api(self) -> Cobuild:
        return self.start("api", said="cobuild api is up: http")

    def start_projector(self) -> Cobuild:
        return self.start("projector", said="cobuild projector is up")

    def start_worker(self, name: str) -> Cobuild:
        return self.start("worker", "--instance", name, said=f"worker {name} has taken up partitions")

    def close(self) -> None:
        self.http.close()
        for process in self._started:
            process.close()


@pytest.fixture
def site(tmp_path: Path, kafka: RealKafka, request: pytest.FixtureRequest) -> Iterator[Site]:
    prefix = prefix_of(request.node.name)
    kafka.apply(prefix)
    found = Site(tmp_path, kafka, prefix=prefix)
    try:
        yield found
    finally:
        found.close()


def test_roles_apart_make_one_house(site: Site) -> None:
    processes = [site.start_worker("w-1"), site.start_worker("w-2"), site.start_projector(), site.start_api()]
    assert site.http.post("/v1/resources", json=offer("r-1")).status_code == 201
    assert site.http.post("/v1/demands", json=wish("d-1")).status_code == 201
    until(lambda: _assignments(site) == 1, "nothing is matched")
    assert answers(site.http)
    (decided, *_) = [each for each in site.http.get("/v1/rounds").json()["rows"] if each["proposals"]]
    again = site.http.post(f"/v1/rounds/{decided['shard']}/{decided['round_no']}:replay")
    assert (again.status_code, again.json()["outcome"]) == (200, "equal")
    status, said = site.fails("backtest", "--policy", "even", "--json", str(site.directory / "figures.json"))
    assert status == 0, said
    recorded, tried = json.loads((site.directory / "figures.json").read_text())["runs"]
    assert recorded["seats_served"] + recorded["seats_pending"] == tried["seats_served"] + tried["seats_pending"] == 1
    assert [process.end() for process in processes] == [0, 0, 0, 0]


def test_a_restarted_api_takes_nothing_that_the_lists_have_not_seen(site: Site) -> None:
    projector, api = site.start_projector(), site.start_api()
    key = {"Idempotency-Key": "k-1"}
    first = site.http.post("/v1/resources", json=offer("r-1"), headers=key)
    assert first.status_code == 201
    assert projector.end() == 0
    assert site.http.post("/v1/resources", json=offer("r-2")).status_code == 201
    assert api.end(signal.SIGKILL) == -9
    site.start_api()
    again = site.http.post("/v1/resources", json=offer("r-1"), headers=key)
    assert (again.status_code, again.json()) == (201, first.json()), "the same key, the same answer"
    behind = site.http.post("/v1/resources", json=offer("r-2"))
    assert (behind.status_code, behind.json()["code"]) == (503, "read_model_behind")
    site.start_projector()
    known = site.http.post("/v1/resources", json=offer("r-2"))
    assert (known.status_code, known.json()["code"]) == (409, "duplicate_id")


def test_readiness_tells_what_the_lists_lack(site: Site) -> None:
    site.start_api()
    found = site.http.get("/readyz").json()
    assert {finding["name"]: finding["ok"] for finding in found["findings"]} == {"log": True, "lists": True}
    site.http.post("/v1/resources", json=offer("r-1")).raise_for_status()
    lists = next(each for each in site.http.get("/readyz").json()["findings"] if each["name"] == "lists")
    assert lists["detail"] == "1 events behind"


def test_lists_are_made_anew_while_the_api_goes_on(site: Site) -> None:
    projector = site.start_projector()
    site.start_api()
    position = site.http.post("/v1/resources", json=offer("r-1")).headers["Cobuild-Position"]
    seen = {"Cobuild-At-Least": position}
    before = site.http.get("/v1/resources/r-1", headers=seen).raise_for_status().json()
    status, said = site.fails("rebuild")
    assert status == 1, "not while the projector runs"
    assert f"process {projector.pid} is projector" in said
    assert projector.end() == 0
    status, said = site.fails("rebuild")
    assert (status, "from 1 records" in said) == (0, True), said
    assert site.http.get("/v1/resources/r-1", headers=seen).json() == before


def test_every_role_has_one_process(site: Site) -> None:
    site.start_projector()
    site.start_api()
    site.start_worker("w-1")
    for command, role in (("api", "api"), ("projector", "projector"), ("worker", "worker-w-1")):
        status, said = site.fails(command, COBUILD_PORT="0")
        assert status == 1
        assert f"process {role_pid(site.data, role)} is {role} in" in said


def test_topics_made_anew_do_not_meet_old_lists(site: Site, kafka: RealKafka) -> None:
    projector = site.start_projector()
    assert projector.end() == 0
    kafka.apply("another-log.")
    status, said = site.fails("projector", COBUILD_KAFKA_PREFIX="another-log.")
    assert status == 1
    assert "holds lists and snapshots of another log" in said.replace("\n", " ")
    status, said = site.fails("up", COBUILD_KAFKA="", COBUILD_PORT="0")
    assert (status, "another log" in said.replace("\n", " ")) == (1, True), said


@pytest.mark.parametrize("role", ["api", "projector", "worker", "up"])
def test_what_is_missing_is_said_in_a_line(site: Site, role: str) -> None:
    status, said = site.fails(role, COBUILD_KAFKA=f"127.0.0.1:{free_ports(1)[0]}")
    assert status == 1
    assert "cannot be reached" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("role", ["api", "projector", "worker"])
def test_missing_topics_are_named_with_the_remedy(site: Site, role: str) -> None:
    status, said = site.fails(role, COBUILD_KAFKA_PREFIX="nobody-made-these.")
    assert status == 1
    assert "cobuild topics apply" in said.replace("\n", " ")
    assert "Traceback" not in said


def _assignments(site: Site) -> int:
    return len(site.http.get("/v1/assignments").json()["rows"])
