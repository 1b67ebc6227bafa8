"""Steps of lives under kill -9: what was acknowledged counts once, and a repeat with its key says the same again."""

import asyncio
import random
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.kafka.ports import free_ports
from tests.kafka.processes import POLICY, Cobuild

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

COMMUNITIES = ("310105001001", "310104003001", "310101002001")
OFFICE = "office:310105001000"
UNIT = "unit:52310105MJ47000120"
KILLS = 3
CLIENTS = 6
WAY = (
    ("start", {}),
    ("report", {"outcome": "已办"}),
    ("return", {"reason": "再看"}),
    ("report", {"outcome": "已再办"}),
)


@dataclass
class Errand:
    """One task and how far its client knows it to have come; ``wish`` is what it asks for now, under one key."""

    life_id: str
    community: str
    acknowledged: list[str] = field(default_factory=list)

    def wish(self) -> tuple[str, dict[str, Any], str]:
        """Return path, body and key of the next step; the key is the step's, however often it is asked."""
        done = len(self.acknowledged)
        key = f"{self.life_id} {done}"
        if not done:
            body = {"id": self.life_id, "title": "走访", "assignee": UNIT, "community": self.community, "by": OFFICE}
            return "/v1/tasks", body, key
        if done > len(WAY):
            return f"/v1/tasks/{self.life_id}:check", {"by": OFFICE}, key
        action, said = WAY[done - 1]
        return f"/v1/tasks/{self.life_id}:{action}", {"by": OFFICE} | said, key

    @property
    def is_done(self) -> bool:
        return len(self.acknowledged) == len(WAY) + 2


class Office:
    """A server that is killed now and then, and clients who go on where they were."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.port = free_ports(1)[0]
        policy = directory / "policy.toml"
        policy.write_text(POLICY)
        self._environment = {"COBUILD_DATA_DIR": str(directory / "data"), "COBUILD_POLICY": str(policy)}
        self.errands: list[Errand] = []
        self.refusals: list[str] = []

    def start(self) -> Cobuild:
        process = Cobuild("up", "--port", str(self.port), environment=self._environment, directory=self._directory)
        process.wait_until("is up: http")
        return process

    async def work(self, client: int, *, until: asyncio.Event) -> None:
        """Take errands to their end, one after the other, and take up what a kill left open."""
        chance = random.Random(client)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=20) as http:
            while not until.is_set():
                mine = [errand for errand in self.errands[client::CLIENTS] if not errand.is_done]
                if not mine:
                    return
                errand = chance.choice(mine)
                path, body, key = errand.wish()
                try:
                    answer = await http.post(path, json=body, headers={"Idempotency-Key": key})
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                    continue
                if answer.is_success:
                    errand.acknowledged.append(path.rpartition(":")[2] if ":" in path else "open")
                elif answer.status_code < 500:
                    self.refusals.append(f"{path}: {answer.text}")
                    return


async def test_every_acknowledged_step_counts_once(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.errands = [Errand(f"t-{number}", COMMUNITIES[number % 3]) for number in range(96)]
    for kill in range(KILLS + 1):
        with closing(office.start()) as process:
            over = asyncio.Event()
            clients = [asyncio.create_task(office.work(client, until=over)) for client in range(CLIENTS)]
            if kill < KILLS:
                await asyncio.sleep(0.4 + 0.3 * kill)
                process.process.kill()  # in the midst of requests
                over.set()
            await asyncio.gather(*clients)
            if kill == KILLS:
                await _check(office)
    assert office.refusals == []


async def _check(office: Office) -> None:
    expected = ["open", *(action for action, _ in WAY), "check"]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{office.port}", timeout=20) as http:
        for errand in office.errands:
            assert errand.acknowledged == expected
            found = (await http.get(f"/v1/tasks/{errand.life_id}")).raise_for_status().json()
            assert [step["action"] for step in found["history"]] == expected
            assert [step["step"] for step in found["history"]] == list(range(1, len(expected) + 1))
            assert found["life"]["state"] == "done"
