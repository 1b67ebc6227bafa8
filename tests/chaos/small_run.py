"""A small run in one process, without a kill: real evidence to show that the checker sees what is wrong with it."""

import asyncio
import contextlib
import time
from pathlib import Path

import httpx

from deploy.settings import CobuildSettings
from deploy.wiring import House, open_house
from schemas.topics import ASSIGNMENTS, TOPICS
from tests.chaos.checker import LISTENERS
from tests.chaos.entries import DISTRICTS
from tests.chaos.evidence import read_log, read_tables
from tests.chaos.hand import Hand
from tests.chaos.journal import Journal, digest_of
from tests.chaos.load import Client, World
from tests.chaos.process import PARTITIONS, POLICY
from tests.chaos.stranger import append

LONGEST_S = 30.0
NEEDED = {"accepted", "declined", "done", "no_show", "resource_gone", "demand_gone", "no_answer", "team_broken"}
"""What assignments must have come to before there is enough to look at."""
BROKEN = 4
"""So many demands must have lost a team: of some of them because a member left, not by a revision."""
STRANGERS = 60


async def run_small(directory: Path, *, seed: str) -> None:
    """Leave in ``directory`` what a run with one life leaves."""
    (directory / "policy.toml").write_text(POLICY.format(interval_ms=50))
    (directory / "server.log").write_text("")
    journal = Journal(directory / "run.journal")
    settings = CobuildSettings(
        data_dir=directory / "data", partitions=PARTITIONS, policy=directory / "policy.toml", log_sync="normal"
    )
    started = time.time()
    async with open_house(settings) as house:
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app=house.app), base_url="http://house")
        async with http:
            async with _running(house):
                ready = time.time()
                await _load(house, http, journal, seed=seed)
            await (
                house.projector.catch_up()
            )  # of all that was decided: by the clock alone a demand may lapse at any time
            await house.projector.close()
            await _hear(house, journal)
            for what in ("resources", "demands", "assignments"):
                page = (await http.get(f"/v1/{what}", params={"limit": 500})).raise_for_status().json()
                journal.note("final", what=what, rows=page["rows"])
        _see(directory, journal)
    journal.note(
        "life", role="server", name="server", pid=1, started=started, ready=ready, ended=time.time(), phase="stopped",
        status=0,
    )  # fmt: skip
    journal.close()


@contextlib.asynccontextmanager
async def _running(house: House):  # type: ignore[no-untyped-def]
    tasks = [asyncio.create_task(house.rounds.run()), asyncio.create_task(house.projector.run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _load(house: House, http: httpx.AsyncClient, journal: Journal, *, seed: str) -> None:
    world = World(pause_s=0.01)
    clients = [
        Client(f"c{number}", district, http, world=world, journal=journal, seed=seed)
        for number, district in enumerate(DISTRICTS)
    ]
    acting = [asyncio.create_task(client.run()) for client in clients]
    hand, marks = Hand(seed), [f"stranger-{number:06}" for number in range(STRANGERS)]
    await append(house.log, journal, [hand.next(mark) for mark in marks], marks)
    begin, found, broken = time.monotonic(), set[str](), set[str]()
    while not (found >= NEEDED and len(broken) >= BROKEN) and time.monotonic() - begin < LONGEST_S:
        await asyncio.sleep(0.05)
        for row in (await http.get("/v1/assignments", params={"limit": 300})).raise_for_status().json()["rows"]:
            world.hear(row)
            found.add(row["reason"])
            broken |= {row["demand_id"]} if row["reason"] == "team_broken" else set()
    world.going = False
    await asyncio.gather(*acting)
    await _quiet(house)


async def _quiet(house: House) -> None:
    """Wait until nothing is left to be decided or written but what time alone brings about."""
    agenda = house.rounds.host.agenda
    quiet, before = 0, None
    while quiet < 10:
        await asyncio.sleep(0.05)
        ends = await house.log.end_offsets([topic.name for topic in TOPICS])
        busy = agenda.in_flight or any(pace.is_dirty for pace in agenda.paces.values())
        quiet, before = (0 if busy or ends != before else quiet + 1), ends


def _see(directory: Path, journal: Journal) -> None:
    """Note the feed as listeners would have seen it: no stream goes through this transport."""
    feed = sorted(read_tables(directory / "data" / "readmodel.sqlite3")["feed"], key=lambda row: row["seq"])
    for name, wanted in LISTENERS.items():
        for row in filter(wanted, feed):
            journal.note("seen", stream=name, id=f"0a-{row['seq']}", event=row["type"], row=row)


async def _hear(house: House, journal: Journal) -> None:
    """Note the assignments topic as a foreign reader would have heard it: none reads along here."""
    records = await read_log(house.log, [ASSIGNMENTS.name], [])
    for record in (record for mine in records.values() for record in mine):
        journal.note("heard", partition=record.partition, offset=record.offset, digest=digest_of(record))
