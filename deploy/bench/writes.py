"""``cobuild bench api``: writes a second through the whole API, beside a bare FastAPI endpoint with the same model."""

import asyncio
import json
import sys
import time
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory

from deploy.bench.latency import demand
from deploy.bench.report import Figure, Goal, Report
from deploy.bench.server import free_port, running

QUESTION = "POST /v1/demands on 32 connections, every demand synced to disk, beside an endpoint that only validates."
CONNECTIONS = 32
HEAD = "POST /v1/demands HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n"
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


def run(*, seconds: int) -> Report:
    """Measure and return the report: ours, bare, ours, bare, each for half the time."""
    half = max(1.0, seconds / 2)
    with TemporaryDirectory(prefix="cobuild-bench-") as directory:
        port = free_port()
        bare = Popen([sys.executable, "-c", BARE, str(port)])  # noqa: S603 - our own lines
        try:
            with running(Path(directory) / "data") as server:
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
        "api",
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
    """A plain HTTP/1.1 client on one connection: any library would take more time than the server."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    done = 0
    try:
        while done == 0 or time.perf_counter() < end:
            body = json.dumps(demand(f"{prefix}-{done}", "310105001001"), ensure_ascii=False).encode()
            writer.write(HEAD.format(len(body)).encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            if not answer.startswith(b"http/1.1 201"):
                raise AssertionError(answer[:200])
            length = int(answer.split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            done += 1
    finally:
        writer.close()
    return done
