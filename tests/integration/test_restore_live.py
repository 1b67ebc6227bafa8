"""In real time on the embedded log: stopped and started under load, nothing is lost and nothing promised twice."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.base import Window
from schemas.policy import Pace, Policy
from schemas.topics import ASSIGNMENTS
from streams.clock import SystemClock
from streams.embedded import EmbeddedLog
from streams.log import Log
from streams.replay import replay
from streams.round_loop import RoundLoop
from streams.snapshots import FileSnapshots
from tests.builders import SAME_CITY, SMALL_CATALOGUE, offered, posted
from tests.loops import dumps, held_seats, loop_on, proposals, published, refolded, tell

POLICY = Policy(pace=Pace(interval_ms=10))
DEMANDS_POSTED = 90


async def start(log: Log, directory: Path) -> tuple[RoundLoop, asyncio.Task[None]]:
    loop = loop_on(log, policy=POLICY, snapshots=FileSnapshots(directory), checkpoint_events=5)
    return loop, asyncio.create_task(loop.run())


async def stop(running: asyncio.Task[None]) -> None:
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def post_all(log: Log) -> None:
    now = SystemClock().now()
    span = Window(start=now + timedelta(hours=1), end=now + timedelta(hours=30))
    await tell(log, offered("r1", capacity=500, offered_at=now))
    await tell(log, offered("r2", capacity=500, offered_at=now, home=SAME_CITY, scope=("310106",)))
    for number in range(DEMANDS_POSTED):
        place = {"community": SAME_CITY} if number % 3 == 0 else {}
        await tell(log, posted(f"d{number}", window=span, posted_at=now, **place))
        await asyncio.sleep(0.01)


async def seen(log: Log, wanted: int) -> None:
    """Return when so many different assignments have been published."""
    reader = log.reader(dict.fromkeys(await log.end_offsets([ASSIGNMENTS.name]), 0))
    while len(await published(log)) < wanted:
        await reader.poll(timeout_s=1)
    await reader.close()


@pytest.mark.parametrize("pause_s", [0.13, 0.31, 0.6])
async def test_stopped_and_started_under_load(tmp_path: Path, pause_s: float) -> None:
    log = EmbeddedLog(tmp_path / "log.sqlite3", partitions=2)
    posting = asyncio.create_task(post_all(log))
    while not posting.done():
        _, running = await start(log, tmp_path / "snapshots")
        await asyncio.sleep(pause_s)
        await stop(running)
    await posting
    loop, running = await start(log, tmp_path / "snapshots")
    async with asyncio.timeout(60):
        await loop.ready.wait()
        await seen(log, DEMANDS_POSTED)
    await stop(running)
    given = [each.demand_id for shard in ("310105", "310106") for each in await proposals(log, shard)]
    assert sorted(given) == sorted(f"d{number}" for number in range(DEMANDS_POSTED))
    seats = held_seats(loop.host)
    assert len(seats) == len(set(seats)) == DEMANDS_POSTED
    assert dumps(loop.host) == dumps(await refolded(log))
    assert (await replay(log, SMALL_CATALOGUE, lambda ref: POLICY)).all_equal
    await log.close()


async def test_changes_are_saved_while_the_loop_runs(tmp_path: Path) -> None:
    log = EmbeddedLog(tmp_path / "log.sqlite3", partitions=2)
    _, running = await start(log, tmp_path / "snapshots")
    await post_all(log)
    store = FileSnapshots(tmp_path / "snapshots")
    async with asyncio.timeout(20):
        while not (store.names("p0/manifest") + store.names("p1/manifest")):  # noqa: ASYNC110 - a directory is silent
            await asyncio.sleep(0.1)
    await stop(running)
    await log.close()
