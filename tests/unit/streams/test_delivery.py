"""What the caller of an append is told, by the answers that its records got."""

import asyncio
import threading
from typing import NamedTuple

import pytest
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError, TopicAuthorizationFailedError

from streams.kafka.delivery import Deliveries, Delivery
from streams.log import LogError, Position


class Taken(NamedTuple):
    """What the producer tells of a record."""

    partition: int
    offset: int


@pytest.fixture
def settled() -> list[Delivery]:
    return []


@pytest.fixture
def deliveries(settled: list[Delivery]) -> Deliveries:
    return Deliveries(on_settled=settled.append)


async def told(delivery: Delivery) -> str:
    with pytest.raises(LogError) as error:
        await delivery.answer
    return str(error.value)


async def test_the_positions_are_in_the_order_given_whoever_answers_first(deliveries: Deliveries) -> None:
    delivery = Delivery(deliveries, topic="t", count=3, units=1)
    for place, taken in ((2, Taken(0, 8)), (0, Taken(0, 7)), (1, Taken(1, 0))):
        delivery.taken(place, taken)
    assert await delivery.answer == [Position("t", 0, 7), Position("t", 1, 0), Position("t", 0, 8)]


async def test_it_is_told_when_the_last_record_has_its_answer(deliveries: Deliveries, settled: list[Delivery]) -> None:
    delivery = Delivery(deliveries, topic="t", count=2, units=1)
    delivery.failed(KafkaTimeoutError("late"))
    await asyncio.sleep(0)
    assert not delivery.answer.done()
    delivery.taken(1, Taken(0, 0))
    assert "how many of 2 records lie in t, at least 1: KafkaTimeoutError: late" in await told(delivery)
    assert settled == [delivery]


@pytest.mark.parametrize("refusal", [MessageSizeTooLargeError("too large"), TopicAuthorizationFailedError("no")])
async def test_what_the_brokers_refused_is_not_in_doubt(deliveries: Deliveries, refusal: Exception) -> None:
    delivery = Delivery(deliveries, topic="t", count=2, units=1)
    delivery.failed(refusal)
    delivery.unsent(1, refusal)
    assert (await told(delivery)).startswith("nothing was appended to t: ")


async def test_a_refusal_beside_a_record_that_was_taken_is_a_part(deliveries: Deliveries) -> None:
    delivery = Delivery(deliveries, topic="t", count=2, units=1)
    delivery.taken(0, Taken(0, 0))
    delivery.unsent(1, KafkaTimeoutError("no metadata"))
    assert "it is not known how many of 2 records lie in t, at least 1" in await told(delivery)


async def test_what_was_never_sent_is_not_in_doubt(deliveries: Deliveries) -> None:
    delivery = Delivery(deliveries, topic="t", count=3, units=1)
    delivery.unsent(3, KafkaTimeoutError("no metadata"))
    assert (await told(delivery)).startswith("nothing was appended to t: KafkaTimeoutError")


async def test_an_acknowledgement_without_an_offset_is_in_doubt(deliveries: Deliveries) -> None:
    delivery = Delivery(deliveries, topic="t", count=1, units=1)
    delivery.taken(0, Taken(0, -1))
    assert "without its offset" in await told(delivery)


async def test_a_caller_who_left_is_not_told_and_its_room_is_free_again(
    deliveries: Deliveries, settled: list[Delivery]
) -> None:
    delivery = Delivery(deliveries, topic="t", count=1, units=1)
    delivery.answer.cancel()
    delivery.taken(0, Taken(0, 0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert settled == [delivery]


async def test_a_burst_of_answers_from_a_thread_wakes_the_loop_once(
    deliveries: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    all_ = [Delivery(deliveries, topic="t", count=10, units=1) for _ in range(100)]
    wakes = []
    soon = loop.call_soon_threadsafe
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *call: (wakes.append(1), soon(*call)))

    def burst() -> None:
        for delivery in all_:
            for place in range(10):
                delivery.taken(place, Taken(0, place))

    thread = threading.Thread(target=burst)
    thread.start()
    thread.join()  # the loop has no turn meanwhile
    assert [len(await delivery.answer) for delivery in all_] == [10] * 100
    assert len(wakes) == 1
