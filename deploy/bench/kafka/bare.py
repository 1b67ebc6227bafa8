"""The peer: a Faust agent as the manual has it, that counts events, or writes each to a table.

``python -m deploy.bench.kafka.bare BOOTSTRAP EVENTS none|table TOPIC...``
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import faust

from deploy import lifeline
from deploy.bench.kafka.broker import PARTITIONS
from deploy.bench.kafka.member import Meter, say


def app_of(bootstrap: str, *, events: int, table: bool, topics: list[str]) -> faust.App:
    """Return an app with one agent per topic."""
    app = faust.App(
        f"bare-{topics[0]}",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        consumer_auto_offset_reset="earliest",
        topic_partitions=PARTITIONS,
        topic_replication_factor=1,
        web_enabled=False,
    )
    meter, counted = Meter(events), [0]

    def count() -> int:
        counted[0] += 1
        meter.at(counted[0])
        return counted[0]

    rows = app.Table("rows", default=int, partitions=PARTITIONS) if table else None
    for topic in topics:
        source = app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
        app.agent(source, name=topic)(_writing(rows, count) if table else _counting(count))
    app.task(_announcing(app))
    return app


def _counting(count: Callable[[], int]) -> Any:
    async def agent(stream: Any) -> None:
        async for _ in stream:
            count()

    return agent


def _writing(rows: Any, count: Callable[[], int]) -> Any:
    async def agent(stream: Any) -> None:
        async for key, _ in stream.items():  # noqa: PERF102 - it is a stream
            rows[key.decode()] = count()

    return agent


def _announcing(app: faust.App) -> Any:
    async def announce() -> None:
        while app.rebalancing or not app.consumer.assignment():  # noqa: ASYNC110 - Faust has flags, no event
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        say(ready=True)

    return announce


if __name__ == "__main__":
    lifeline.hold_on()
    bootstrap, events, what, *topics = sys.argv[1:]
    app = app_of(bootstrap, events=int(events), table=what == "table", topics=topics)
    sys.argv = sys.argv[:1]
    faust.Worker(app, loglevel="WARN", redirect_stdouts=False, quiet=True).execute_from_commandline()
