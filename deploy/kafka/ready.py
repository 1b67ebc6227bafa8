"""Whether brokers are ready: every one answers, names all of them as unfenced, and finds a group its coordinator."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.kafka.broker import Broker
from deploy.kafka.errors import BrokerError
from deploy.kafka.ports import answers

READY_S = 90.0
_STEP_S = 0.05
_ANY_GROUP = "cobuild-ready"


def wait_until_ready(brokers: Sequence[Broker], *, within_s: float = READY_S) -> None:
    """Wait until each of ``brokers`` answers an admin client, says that all are unfenced, and knows of groups.

    Raises BrokerError where one has ended, or the time is up.
    """
    deadline = time.monotonic() + within_s
    for broker in brokers:
        _wait(partial(answers, broker.node.port), broker, brokers, deadline)
        with _quiet(), _admin(broker, deadline) as admin:
            _wait(partial(_are_unfenced, admin, len(brokers)), broker, brokers, deadline)
            _wait(partial(_can_coordinate, admin), broker, brokers, deadline)


def _wait(is_so: Callable[[], bool], broker: Broker, brokers: Sequence[Broker], deadline: float) -> None:
    while not is_so():
        for each in brokers:
            each.check()
        if time.monotonic() > deadline:
            raise BrokerError(f"broker {broker.node.id} is not ready; {broker.output} says:\n{broker.last_words()}")
        time.sleep(_STEP_S)


@contextmanager
def _admin(broker: Broker, deadline: float) -> Iterator[KafkaAdminClient]:
    left_ms = max(1000, int((deadline - time.monotonic()) * 1000))
    try:
        admin = KafkaAdminClient(bootstrap_servers=broker.address, bootstrap_timeout_ms=left_ms)
    except KafkaError as error:
        raise BrokerError(f"broker {broker.node.id} does not answer: {error}\n{broker.last_words()}") from None
    try:
        yield admin
    finally:
        admin.close()


def _are_unfenced(admin: KafkaAdminClient, count: int) -> bool:
    try:
        brokers = admin.describe_cluster()["brokers"]
    except KafkaError:  # it is only coming up; time is bounded by who asks
        return False
    return sum(not broker.get("is_fenced", False) for broker in brokers) == count


def _can_coordinate(admin: KafkaAdminClient) -> bool:
    """Tell whether groups can be asked for: the first question ever makes the topic that they live in."""
    try:
        return bool(admin.describe_groups([_ANY_GROUP]))
    except KafkaError:
        return False


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the client from telling of refused connections: a broker that comes up refuses some."""
    logger = logging.getLogger("kafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
