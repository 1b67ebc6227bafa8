"""The life of assignments over many rounds: whatever happens, every round is what the oracle says it must be."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from schemas.policy import Policy
from tests.property.life import Life
from tests.property.strategies import policies

DATA = st.data()


class TownLife(RuleBasedStateMachine):
    """Offers, posts, changes, answers and time in any order; each round is held against the oracle."""

    life: Life

    @initialize(policy=st.just(Policy()) | policies(), data=DATA)
    def begin(self, policy: Policy, data: Any) -> None:
        self.life = Life(policy)
        for _ in range(3):
            self.life.offer(data.draw)
            self.life.post(data.draw)

    @rule(data=DATA)
    def offer(self, data: Any) -> None:
        self.life.offer(data.draw)

    @rule(data=DATA)
    def post(self, data: Any) -> None:
        self.life.post(data.draw)

    @rule(data=DATA)
    def revise_resource(self, data: Any) -> None:
        self.life.revise_resource(data.draw)

    @rule(data=DATA)
    def revise_demand(self, data: Any) -> None:
        self.life.revise_demand(data.draw)

    @rule(data=DATA)
    def suspend(self, data: Any) -> None:
        self.life.suspend(data.draw)

    @rule(data=DATA)
    def whistle(self, data: Any) -> None:
        self.life.whistle(data.draw)

    @rule(data=DATA)
    def withdraw_resource(self, data: Any) -> None:
        self.life.withdraw_resource(data.draw)

    @rule(data=DATA)
    def withdraw_demand(self, data: Any) -> None:
        self.life.withdraw_demand(data.draw)

    @rule(data=DATA)
    def claim(self, data: Any) -> None:
        self.life.claim(data.draw)

    @rule(data=DATA)
    def drop_claim(self, data: Any) -> None:
        self.life.drop_claim(data.draw)

    @precondition(lambda self: self.life.proposed)
    @rule(data=DATA)
    def answer(self, data: Any) -> None:
        self.life.answer(data.draw)

    @precondition(lambda self: self.life.proposed)
    @rule(data=DATA)
    def answer_and_decide(self, data: Any) -> None:
        self.life.answer(data.draw)
        self.life.round()

    @rule(data=DATA)
    def hear_again(self, data: Any) -> None:
        self.life.hear_again(data.draw)

    @rule(data=DATA)
    def hear_nonsense(self, data: Any) -> None:
        self.life.hear_nonsense(data.draw)

    @rule(data=DATA)
    def wait(self, data: Any) -> None:
        self.life.wait(data.draw)

    @rule()
    def decide(self) -> None:
        self.life.round()

    @rule()
    def wait_for_alarm(self) -> None:
        self.life.wait_for_alarm()

    @rule()
    def restart(self) -> None:
        self.life.restart()

    def teardown(self) -> None:
        if hasattr(self, "life"):
            self.life.round()
            self.life.assert_replayed()


TestTownLife = TownLife.TestCase
TestTownLife.settings = settings(max_examples=settings().max_examples * 2 // 5, stateful_step_count=30)
