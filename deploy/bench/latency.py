"""``cobuild bench latency``: from sending a demand to seeing its assignment on the live stream, over real HTTP."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import httpx_sse

from deploy.bench.report import Figure, Goal, Report, percentile
from deploy.bench.server import Server, policy_with_interval, running
from deploy.bench.wire import Wire

QUESTION = "Open loop: demands posted at a fixed rate to `cobuild up`, each with a helper waiting; rounds 50 ms apart."
INTERVAL_MS = 50
WARM_S = 2
SHARDS = ("310105001001", "310104001001", "310106001001", "310101001001")


GOAL_MS = 250


def run(
    *, rate: int, seconds: int, env: dict[str, str] | None = None, name: str = "latency", goal_ms: int = GOAL_MS
) -> Report:
    """Measure and return the report; ``env`` goes over the server's environment."""
    with TemporaryDirectory(prefix="cobuild-bench-") as directory:
        root = Path(directory)
        with running(root / "data", policy=policy_with_interval(root, INTERVAL_MS), env=env) as server:
            posts, matches = asyncio.run(_load(server, rate=rate, seconds=seconds + WARM_S))
    warm = rate * WARM_S
    whole = [matches[name] - sent for name, (sent, _) in list(posts.items())[warm:] if name in matches]
    answers = [answered - sent for sent, answered in list(posts.values())[warm:]]
    missing = len(posts) - warm - len(whole)
    p99 = percentile(whole, 0.99)
    figures = (
        Figure("post to stream, p50", percentile(whole, 0.5) * 1e3, "ms", 1.0, f"{len(whole):,} demands, {rate}/s"),
        Figure("post to stream, p99", p99 * 1e3, "ms", None, f"{missing} without a match"),
        Figure("post to stream, most", max(whole) * 1e3, "ms"),
        Figure("post answered (durable), p50", percentile(answers, 0.5) * 1e3, "ms"),
        Figure("post answered (durable), p99", percentile(answers, 0.99) * 1e3, "ms"),
    )
    goal = Goal(
        f"p99 at most {goal_ms} ms at {rate} posts/s: {p99 * 1e3:.0f} ms", p99 * 1e3 <= goal_ms and missing == 0
    )
    return Report(name, QUESTION, figures, (goal,))


async def _load(server: Server, *, rate: int, seconds: int) -> tuple[dict[str, tuple[float, float]], dict[str, float]]:
    """Return, by demand, when it was sent and answered, and when its match was seen."""
    posts: dict[str, tuple[float, float]] = {}
    matches: dict[str, float] = {}
    wires: list[Wire] = []
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        for shard in SHARDS:
            (await client.post("/v1/resources", json=_resource(shard))).raise_for_status()
    listening = asyncio.Event()
    ear = asyncio.create_task(_listen(server.url, matches, listening))
    await listening.wait()
    begin, sends = time.perf_counter(), []
    for number in range(rate * seconds):
        await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        sends.append(asyncio.create_task(_post(server.port, wires, number, posts)))
    await asyncio.gather(*sends)
    for _ in range(100):
        if len(matches) >= len(posts):
            break
        await asyncio.sleep(0.1)
    ear.cancel()
    with suppress(asyncio.CancelledError):
        await ear
    for wire in wires:
        wire.close()
    return dict(sorted(posts.items())), matches


async def _listen(url: str, matches: dict[str, float], listening: asyncio.Event) -> None:
    async with (
        httpx.AsyncClient(base_url=url, timeout=httpx.Timeout(30, read=None)) as client,
        httpx_sse.aconnect_sse(client, "GET", "/v1/stream", params={"type": "proposed"}) as source,
    ):
        listening.set()
        async for event in source.aiter_sse():
            if event.event == "proposed":
                matches.setdefault(event.json()["demand_id"], time.perf_counter())


async def _post(port: int, wires: list[Wire], number: int, posts: dict[str, tuple[float, float]]) -> None:
    """Post one demand on a connection that nobody uses, or a new one."""
    name, sent = f"bench-{number:06d}", time.perf_counter()
    while wires and not wires[-1].is_fresh:
        wires.pop().close()
    wire = wires.pop() if wires else await Wire.open(port)
    await wire.create("/v1/demands", demand(name, SHARDS[number % len(SHARDS)]))
    wires.append(wire)
    posts[name] = (sent, time.perf_counter())


def _resource(place: str) -> dict[str, Any]:
    return {
        "resource_id": f"bench-{place}",
        "provider": f"community:{place}",
        "title": "义诊",
        "item": "culture.calligraphy",
        "kind": "goods",
        "capacity": 10_000,
        "auto_accept": True,
        "scope": [place[:6]],
        "home": place,
    }


def demand(name: str, place: str) -> dict[str, Any]:
    """Return the body of a demand that somebody can serve."""
    now = datetime.now(UTC)
    return {
        "demand_id": name,
        "requester": f"community:{place}",
        "title": "书法课",
        "lines": [{"item": "culture.calligraphy"}],
        "community": place,
        "window": {"start": now.isoformat(), "end": (now + timedelta(days=2)).isoformat()},
    }
