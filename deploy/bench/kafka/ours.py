"""Our own worker, whole, as ``cobuild worker`` runs it, with somebody who looks how far it has folded.

``python -m deploy.bench.kafka.ours EVENTS``; all else by the environment. Time comes by ticks that nobody sends: no
round is decided, so that folding alone is measured, as it is of the peer.
"""

import asyncio
import sys

from deploy import lifeline
from deploy.bench.kafka.member import Meter, say
from deploy.running import run
from deploy.settings import CobuildSettings
from deploy.worker import open_worker
from schemas.topics import DEMANDS, RESOURCES
from streams.worker.worker import Worker

_TOPICS = frozenset({DEMANDS.name, RESOURCES.name})
_LOOK_S = 0.01


async def work(settings: CobuildSettings, *, events: int) -> None:
    """Work until all ``events`` are folded. Raises as ``Worker.run``."""
    async with open_worker(settings) as worker:
        working = asyncio.create_task(worker.run())
        watching = asyncio.create_task(_watch(worker, events))
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        worker.stop()
        await working


async def _watch(worker: Worker, events: int) -> None:
    await worker.holdings.settled.wait()
    say(ready=True)
    meter = Meter(events)
    while not meter.done:
        await asyncio.sleep(_LOOK_S)
        positions = worker.rounds.host.positions
        meter.at(sum(offset for place, offset in positions.items() if place.topic in _TOPICS))


if __name__ == "__main__":
    lifeline.hold_on()
    run(work(CobuildSettings(), events=int(sys.argv[1])))
