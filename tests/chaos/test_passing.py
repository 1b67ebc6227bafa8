"""Seats that pass between shards under load and kill -9: what the topics say holds for whoever reads them."""

import asyncio
import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.topics import DEMANDS, RESOURCES, ROUNDS, TRANSFERS
from streams.log import Record
from tests.chaos.entries import DISTRICTS
from tests.chaos.evidence import read_log, replayed
from tests.chaos.ground import EmbeddedGround
from tests.chaos.journal import Journal
from tests.chaos.load import Client, World
from tests.chaos.passing import Passing
from tests.chaos.process import POLICY, Server

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

LIVES_S = (2.5, 3.0)
ENOUGH = frozenset({"served", "returned"})
PATIENCE_S = 40.0
"""A busy machine may need longer until somebody helped a neighbour, and until nobody was found."""
ESCALATING = """
[escalation]
whistle = true
price_gap = 1
ask_again_minutes = 1
alliances = [{ name = "delta", regions = ["31"] }]
"""
Records = dict[tuple[str, int], list[Record]]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("storm")


@pytest.fixture(scope="module")
def records(directory: Path) -> Records:
    return asyncio.run(stormy(directory))


async def stormy(directory: Path) -> Records:
    """Load a server whose policy escalates, kill it, let it come to rest; return what its log holds."""
    server = Server(directory, interval_ms=50)
    (directory / "policy.toml").write_text(POLICY.format(interval_ms=50) + ESCALATING)
    journal, world = Journal(directory / "run.journal"), World(pause_s=0.02)
    async with httpx.AsyncClient(base_url=server.url, timeout=10) as http:
        clients = [
            Client(f"c{n}", district, http, world=world, journal=journal, seed="7")
            for n, district in enumerate(DISTRICTS[:2] * 2)
        ]
        try:
            server.start()
            await server.wait_until_ready()
            acting = [asyncio.create_task(client.run()) for client in clients]
            for life, length_s in enumerate(LIVES_S):
                if life:
                    server.kill()
                    server.start()
                    await server.wait_until_ready()
                last = life == len(LIVES_S) - 1
                await _call(clients, http, world, for_s=length_s, until=ENOUGH if last else frozenset())
            world.going = False
            await asyncio.gather(*acting)
            await asyncio.sleep(1.5)
            await server.stop()
        finally:
            world.going = False
            server.close()
            journal.close()
    log = await EmbeddedGround(server.data_dir).open()
    try:
        return await read_log(log, [topic.name for topic in (RESOURCES, DEMANDS, TRANSFERS, ROUNDS)], [])
    finally:
        await log.close()


async def _call(
    clients: list[Client], http: httpx.AsyncClient, world: World, *, for_s: float, until: frozenset[str] = frozenset()
) -> None:
    """Blow whistles and listen for proposals for a while; longer, where what was escalated is not all of ``until``."""
    loop = asyncio.get_running_loop()
    end, latest, seen = loop.time() + for_s, loop.time() + PATIENCE_S, set[str]()
    while loop.time() < end or (not until <= seen and loop.time() < latest):
        await asyncio.gather(*(client.whistle_now() for client in clients[:2]))
        for row in await _rows(http, "/v1/assignments"):
            world.hear(row)
        seen |= {row["state"] for row in await _rows(http, "/v1/escalations")}
        await asyncio.sleep(0.1)


async def _rows(http: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await http.get(path, params={"limit": 200})).json().get("rows", [])
    return rows


@pytest.mark.usefixtures("records")
def test_every_round_of_every_level_replays_equal(directory: Path) -> None:
    status, said = asyncio.run(replayed(directory / "data", EmbeddedGround(directory / "data")))
    assert (status, " 0 different" in said) == (0, True), said


def test_under_kills_every_seat_sits_in_one_place_and_all_that_was_let_go_is_told(records: Records) -> None:
    found = Passing(records)
    assert found.faults == []
    counts = found.counts
    assert min(counts[kind] for kind in ("shown", "carried", "escalated", "asked", "returned")) > 0, counts
    assert counts["promised away from home"] > 0


# -- what is spoiled is found ------------------------------------------------------------------------------------


def edit_round(records: Records, suits: Callable[[dict[str, Any]], bool], change: Callable[[Any], None]) -> None:
    for (topic, _), mine in sorted(records.items()):
        for place, record in enumerate(mine if topic == ROUNDS.name else ()):
            data = json.loads(record.value or b"{}") if record.headers else {}
            if "round_no" in data and suits(data):
                change(data)
                mine[place] = replace(record, value=json.dumps(data).encode())
                return
    raise AssertionError("no round of this kind")


def passes(kind: str) -> Callable[[dict[str, Any]], bool]:
    return lambda decided: bool((decided.get("transfers") or {}).get(kind))


def letter_of(records: Records, kind: str) -> tuple[list[Record], int]:
    """Return a partition, and the place of the last letter of a kind in it."""
    for (topic, _), mine in sorted(records.items()):
        places = [n for n, each in enumerate(mine) if dict(each.headers).get("ce_type", b"").decode().endswith(kind)]
        if topic == TRANSFERS.name and places:
            return mine, places[-1]
    raise AssertionError("no such letter")


def lose_a_letter(records: Records) -> None:
    mine, place = letter_of(records, "escalated.v1")
    mine[place] = mine[place - 1] if place else mine[place + 1]


def tell_it_otherwise(records: Records) -> None:
    mine, place = letter_of(records, "asked.v1")
    data = json.loads(mine[place].value or b"")
    data["passed"]["value"] += 1
    mine.append(replace(mine[place], value=json.dumps(data).encode()))


def make_a_letter_up(records: Records) -> None:
    mine, place = letter_of(records, "returned.v1")
    data = json.loads(mine[place].value or b"")
    mine.append(replace(mine[place], value=json.dumps(data | {"number": 499}).encode()))


def let_go_twice(records: Records) -> None:
    def again(decided: Any) -> None:
        decided["transfers"]["escalated"] *= 2

    edit_round(records, passes("escalated"), again)


def promise_what_left(records: Records) -> None:
    """The round that escalated a seat promises it as well."""

    def both(decided: Any) -> None:
        gone = decided["transfers"]["escalated"][0]
        given = {name: gone["demand"][name] for name in ("demand_id", "community")} | gone["seats"][0]
        decided["proposals"].append(given | {"assignment_id": "f" * 32, "resource_id": "r"})

    edit_round(records, passes("escalated"), both)


def give_it_to_somebody_else(records: Records) -> None:
    def other(decided: Any) -> None:
        for given in decided["proposals"]:
            given["resource_id"] = "r-else"

    edit_round(
        records, lambda decided: any(p["community"][:6] != decided["shard"] for p in decided["proposals"]), other
    )


def give_what_is_at_home_elsewhere(records: Records) -> None:
    homes = {
        json.loads(each.value or b"")["resource"]["resource_id"]: (each.key or b"").decode()
        for (topic, _), mine in sorted(records.items())
        for each in mine
        if topic == RESOURCES.name and b'"resource":' in (each.value or b"")
    }

    def other(decided: Any) -> None:
        given = decided["proposals"][0]
        given["resource_id"] = next(name for name, home in homes.items() if home != decided["shard"])

    edit_round(records, lambda decided: bool(decided["proposals"]), other)


def ask_for_what_was_not_shown(records: Records) -> None:
    def unknown(decided: Any) -> None:
        decided["transfers"]["asked"][0]["resource_version"] += 1

    edit_round(records, passes("asked"), unknown)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lose_a_letter, "are told"),
        (tell_it_otherwise, "as something else"),
        (make_a_letter_up, "are told"),
        (let_go_twice, "which does not sit there"),
        (promise_what_left, "which somebody has"),
        (give_it_to_somebody_else, "for which nobody asked"),
        (give_what_is_at_home_elsewhere, "which is at home in"),
        (ask_for_what_was_not_shown, "as it was not shown"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_spoiled_is_found(records: Records, spoil: Callable[[Records], None], found: str) -> None:
    spoiled = copy.deepcopy(records)
    spoil(spoiled)
    faults = Passing(spoiled).faults
    assert any(found in fault for fault in faults), faults[:10]
