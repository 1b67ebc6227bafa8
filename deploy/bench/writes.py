"""``cobuild bench api``: writes a second through the whole API, beside a bare FastAPI endpoint with the same model."""

import asyncio
import sys
import time
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory

from deploy.bench.latency import demand
from deploy.bench.report import Figure, Goal, Report
from deploy.bench.server import free_port, running
from deploy.bench.wire import Wire

QUESTION = "POST /v1/demands on 32 connections, every demand synced to disk, beside an endpoint that only validates."
CONNECTIONS = 32
BARE = """
import sys
import uvicorn
from fastapi import FastAPI
from api.bodies import DemandBody

app = FastAPI()


@app.post("/v1/demands", status_code=201)
async def post(body: DemandBody) -> dict[str, str | None]:
    return {"id": body.demand_id}


uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""


def run(
    *,
    seconds: int,
    env: dict[str, str] | None = None,
    name: str = "api",
    command: str = "up",
    probe: str = "/readyz",
) -> Report:
    """Measure and return the report: ours, bare, ours, bare, each for half the time.

    Ours is ``cobuild`` with ``command``, up when ``probe`` answers; ``env`` goes over its environment.
    """
    half = max(1.0, seconds / 2)
    with TemporaryDirectory(prefix="cobuild-bench-") as directory:
        port = free_port()
        bare = Popen([sys.executable, "-c", BARE, str(port)])  # noqa: S603 - our own lines
        try:
            with running(Path(directory) / "data", env=env, command=command, probe=probe) as server:
                _wait(port)
                rates: dict[int, list[float]] = {server.port: [], port: []}
                for turn in range(2):
                    for target, found in rates.items():
                        asyncio.run(_load(target, seconds=1.0, prefix=f"warm{turn}{target}"))
                        found.append(asyncio.run(_load(target, seconds=half, prefix=f"run{turn}{target}")))
                ours, peer = (sum(found) / len(found) for found in rates.values())
        finally:
            bare.terminate()
            bare.wait(10)
    return Report(
        name,
        QUESTION,
        (
            Figure("ours: checked, acknowledged when durable", ours, "writes/s", 1.0),
            Figure("bare FastAPI endpoint, same model", peer, "writes/s", peer / ours),
        ),
        (Goal(f"at least 60 % of the bare endpoint: {ours / peer:.0%}", ours >= 0.6 * peer),),
    )


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            asyncio.run(_load(port, seconds=0.0, prefix="hello"))
        except OSError:
            time.sleep(0.1)
        else:
            return


async def _load(port: int, *, seconds: float, prefix: str) -> float:
    """Post on all connections for so long; return answers a second. Raises AssertionError for any but a 201."""
    end = time.perf_counter() + seconds
    begin = time.perf_counter()
    counts = await asyncio.gather(*[_one(port, end, f"{prefix}-{number}") for number in range(CONNECTIONS)])
    return sum(counts) / (time.perf_counter() - begin)


async def _one(port: int, end: float, prefix: str) -> int:
    wire, done = await Wire.open(port), 0
    try:
        while done == 0 or time.perf_counter() < end:
            await wire.create("/v1/demands", demand(f"{prefix}-{done}", "310105001001"))
            done += 1
    finally:
        wire.close()
    return done
