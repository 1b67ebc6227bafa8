"""``cobuild bench restart``: kill -9 with a million open entries, then the time to the next assignment."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from deploy.bench.report import Figure, Goal, Report
from deploy.bench.server import Server
from deploy.commands.terminal import bar_of
from schemas.base import Fact, Window
from schemas.demands import Demand, DemandLine, DemandPosted
from schemas.envelope import Event, encode, new_event
from schemas.regions import Regions
from schemas.resources import Resource, ResourceOffered
from streams.embedded.log import EmbeddedLog
from streams.log import Draft

QUESTION = "Open offers and demands all over the country; the server is killed, started again, and a demand is posted."
PER_DISTRICT = 4_838
"""3,238 members and 1,600 demand seats, as in the design's district."""
BATCH = 5_000
OFFERED, ASKED = "culture.calligraphy", "elder_care.hair_cut"
"""Two categories, so that nothing matches and every entry stays open."""


def run(*, entries: int) -> Report:
    """Measure and return the report."""
    with TemporaryDirectory(prefix="cobuild-bench-") as directory:
        server = Server(Path(directory) / "data")
        try:
            return _run(server, entries)
        finally:
            server.stop()


def _run(server: Server, entries: int) -> Report:
    _fill(server.data_dir, entries)
    first = server.start(wait_s=60 + entries / 1_000)
    _wait_for_lists(server.url)
    asyncio.run(_offer(server.url))
    warm = asyncio.run(_next_assignment(server.url, "before"))
    server.kill()
    begin = time.perf_counter()
    ready = server.start()
    asyncio.run(_next_assignment(server.url, "after"))
    total = time.perf_counter() - begin
    return Report(
        "restart",
        QUESTION,
        (
            Figure("from start to the next assignment", total, "s", 1.0, f"{entries:,} open entries"),
            Figure("from start to ready", ready, "s", ready / total),
            Figure("post to assignment before the kill", warm, "s", warm / total),
            Figure("first start ever: everything from the log", first, "s", first / total),
        ),
        (Goal(f"next assignment within 10 s of the start: {total:.1f} s", total <= 10),),
    )


def _fill(data_dir: Path, entries: int) -> None:
    data_dir.mkdir(parents=True)
    with bar_of("filling the log") as bar:
        task = bar.add_task("fill", total=entries)
        asyncio.run(_append(data_dir, entries, lambda done: bar.update(task, completed=done)))


async def _append(data_dir: Path, entries: int, progress: Callable[[int], None]) -> None:
    log, done = EmbeddedLog(data_dir / "log.sqlite3", partitions=8, sync="normal"), 0
    events = islice(country(), entries)
    while batch := list(islice(events, BATCH)):
        by_topic: dict[str, list[Draft]] = {}
        for event in batch:
            key, headers, value = encode(event)
            by_topic.setdefault(event.topic.name, []).append(Draft(key, value, headers))
        for topic, drafts in by_topic.items():
            await log.append(topic, drafts)
        done += len(batch)
        progress(done)
    await log.close()


def country() -> Iterator[Event[Fact]]:
    """Yield open entries without end, district after district, round and round."""
    regions = Regions.builtin("cn")
    now = datetime.now(UTC).replace(microsecond=0)
    window = Window(start=now, end=now + timedelta(days=30))
    shards = sorted({code[:6] for code, _ in regions.communities()} - {"310105"})
    places = {shard: [code for code, _ in regions.communities(shard)] for shard in shards}
    lap = 0
    while True:
        for shard in shards:
            for number in range(PER_DISTRICT):
                place = places[shard][number % len(places[shard])]
                yield _entry(f"{shard}-{lap}-{number}", shard, place, window, offers=number % 3 > 0)
        lap += 1


def _entry(name: str, shard: str, place: str, window: Window, *, offers: bool) -> Event[Fact]:
    data: Fact
    if offers:
        data = ResourceOffered(
            resource=Resource(
                resource_id=f"r-{name}", provider=f"member:m-{name}", title="书法课", item=OFFERED, scope=(shard,),
                home=place, windows=(window,), offered_at=window.start,
            )
        )  # fmt: skip
    else:
        data = DemandPosted(
            demand=Demand(
                demand_id=f"d-{name}", requester=f"community:{place}", title="上门理发",
                lines=(DemandLine(item=ASKED),), community=place, window=window, posted_at=window.start,
            )
        )  # fmt: skip
    return new_event(data, id=f"e-{name}", source="cobuild/bench", key=shard, time=window.start)


def _wait_for_lists(url: str) -> None:
    """Wait until the lists have caught up too, as they would have in a server that ran for a while."""
    deadline = time.monotonic() + 1_200
    while time.monotonic() < deadline:
        findings = {one["name"]: one for one in httpx.get(f"{url}/readyz", timeout=30).json()["findings"]}
        if findings["lists"]["detail"].startswith("0 "):
            return
        time.sleep(1)
    raise TimeoutError("the lists did not catch up")


async def _offer(url: str) -> None:
    body = {
        "resource_id": "bench", "provider": "community:310105001001", "title": "理发", "item": ASKED, "capacity": 100,
        "qualifications": ["vetted_home_visit"], "scope": ["310105"], "home": "310105001001", "auto_accept": True,
    }  # fmt: skip
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        (await client.post("/v1/resources", json=body)).raise_for_status()


async def _next_assignment(url: str, name: str) -> float:
    """Post a demand that can be served; return the seconds until its assignment is on the list."""
    now = datetime.now(UTC)
    body = {
        "demand_id": f"bench-{name}", "requester": "community:310105001001", "title": "理发",
        "lines": [{"item": ASKED}], "community": "310105001001",
        "window": {"start": now.isoformat(), "end": (now + timedelta(days=2)).isoformat()},
    }  # fmt: skip
    begin = time.perf_counter()
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        (await client.post("/v1/demands", json=body)).raise_for_status()
        while time.perf_counter() - begin < 120:
            answer = await client.get(f"/v1/demands/bench-{name}")
            if answer.is_success and answer.json()["view"]["filled"]:
                return time.perf_counter() - begin
            await asyncio.sleep(0.02)
    raise TimeoutError("no assignment came")
