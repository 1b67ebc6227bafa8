"""The Faust app: how it stands in its group, and where it begins to read.

1. No tables, no committed offset that anything depends on: it begins where it is told to (``whence``).
2. All topics have one partition count and are given out together: whoever has a partition has it of every topic.
3. A message reaches the agents as it is, raw: a null value or strange bytes are for the folds to refuse.
4. Nothing is acknowledged record by record: what is committed is how far the partitions have been folded.
"""

from typing import Any, Final

import faust
from faust.types import EventT, Message
from yarl import URL

from streams.kafka.connection import KafkaConnection
from streams.worker.assignor import EvenAssignor
from streams.worker.broker import broker_options
from streams.worker.consumer import Bearings, PlacedTransport

GROUP: Final = "cobuild-matcher"
HEARTBEAT_S: Final = 1.0
REBALANCE_S: Final = 30.0
COMMIT_EVERY_S: Final = 2.0
"""Commits serve those who look at the lag; nothing is read from them."""
BUFFER: Final = 32
"""So many runs of records wait before an agent at most."""


class RawTopic(faust.Topic):
    """A topic whose stream gives the messages themselves."""

    def _compile_decode(self) -> None:
        app = self.app

        async def decode(message: Message, *, propagate: bool = False) -> EventT[Any]:
            return faust.Event(app, message.key, message, None, message)

        self.decode = decode  # type: ignore[method-assign]


class MatcherApp(faust.App):
    """See the module's rules."""

    def _create_directories(self) -> None:
        """Make none: there are no tables."""


def matcher_app(
    connection: KafkaConnection, *, instance: str, partitions: int, session_timeout_s: float, bearings: Bearings
) -> MatcherApp:
    """Return the app of one worker; ``instance`` is its name in the group, the same at every start."""
    app = MatcherApp(
        connection.topic(GROUP),
        **broker_options(connection),
        autodiscover=False,
        broker_client_id=f"cobuild-worker-{instance}",
        broker_session_timeout=session_timeout_s,
        broker_heartbeat_interval=HEARTBEAT_S,
        broker_rebalance_timeout=REBALANCE_S,
        broker_commit_interval=COMMIT_EVERY_S,
        broker_commit_every=None,
        canonical_url=URL(f"http://{instance}.workers.cobuild.invalid"),
        consumer_group_instance_id=instance,
        consumer_max_fetch_size=16 * 1024 * 1024,
        cython_optimizations=True,
        store="memory://",
        stream_buffer_maxsize=BUFFER,
        table_standby_replicas=1,  # there are no tables; without it Faust would not ask the assignor
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=partitions,
        web_enabled=False,
        worker_redirect_stdouts=False,
        PartitionAssignor=EvenAssignor,
        Topic=RawTopic,
    )
    app.finalize()
    app.transport = PlacedTransport(app.conf.broker_consumer, app, bearings=bearings)
    return app
