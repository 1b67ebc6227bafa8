"""The agents: one for each topic that is followed, and one for ticks. As thin as can be; one message at a time.

An exception never leaves an agent, as Faust would start it again as if nothing had been: those that the records and
ticks are given to tell every failure to the worker, which stops.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import faust
from faust.types import ChannelT, Message

from streams.log import Record
from streams.pace import Due

if TYPE_CHECKING:
    from faust.types import StreamT


def follow(app: faust.App, topic: str, take_in: Callable[[Sequence[Record]], Awaitable[None]]) -> None:
    """Give every run of records of a topic, as the cluster calls it, to ``take_in``."""

    async def agent(stream: "StreamT[Message]") -> None:
        async for message in stream:
            await take_in(cast(Sequence[Record], message.value))

    app.agent(app.topic(topic, acks=False), name=topic, concurrency=1)(agent)


def take_ticks(app: faust.App, ticks: ChannelT[Any], begin: Callable[[Due], None]) -> None:
    """Give every tick of a channel to ``begin``."""

    async def agent(stream: "StreamT[Due]") -> None:
        async for due in stream:
            begin(due)

    app.agent(ticks, name="ticks", concurrency=1)(agent)
