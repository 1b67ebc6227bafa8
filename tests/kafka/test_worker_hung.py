"""A worker that hangs is ended with status 70 and says why, whatever it hangs in."""

import pytest

from streams.kafka.connection import KafkaConnection
from tests.kafka.crowd import Crowd
from tests.kafka.staff import Hire, WorkerProcess, log_on

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

HUNG = 70


async def hung(hire: Hire, how: str) -> WorkerProcess:
    """Start a worker that hangs once it has its shards."""
    worker: WorkerProcess = await hire("w-1", program=("-m", "tests.kafka.hung", how)).ready()
    return worker


async def test_a_blocked_event_loop(hire: Hire) -> None:
    worker = await hung(hire, "loop")
    assert await worker.ended() == HUNG
    assert "the event loop has not answered for" in worker.output
    assert "hung.py" in worker.output, "it says where every thread stands"


async def test_a_call_that_never_lets_go_of_the_interpreter(hire: Hire) -> None:
    worker = await hung(hire, "interpreter")
    assert await worker.ended() == HUNG
    assert "Timeout" in worker.output
    assert "hung.py" in worker.output, "it says where every thread stands"


async def test_records_that_lie_there_and_are_not_folded(hire: Hire, connection: KafkaConnection) -> None:
    worker = await hung(hire, "records")
    async with log_on(connection) as log:
        await Crowd(log).ask_everywhere()
    assert await worker.ended() == HUNG
    assert "has stood at 0 for" in worker.output
