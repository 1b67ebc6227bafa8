"""The same stories on real brokers: API, worker and projector as processes of their own."""

import pytest

from tests.stories import agreement, task, wish
from tests.stories.house import House

LOG = "kafka"
pytestmark = [pytest.mark.slow, pytest.mark.kafka]


async def test_a_task_of_supervision(house: House) -> None:
    await task.tell(house)


async def test_a_changning_agreement_from_enrolment_to_evaluation(house: House) -> None:
    await agreement.tell(house)


async def test_the_wish_procedure(house: House) -> None:
    await wish.tell(house)
