"""Makes the journals anew: ``python -m tests.journals.make``. When one may: README.md beside this file."""

import asyncio

from deploy.kept_policies import KeptPolicies
from tests.fakes.log import FakeLog
from tests.journals.journal import HERE, PARTITIONS, text_of
from tests.journals.scenarios import SCENARIOS, Day, Scenario


async def played(scenario: Scenario) -> FakeLog:
    """Return the log of a scenario."""
    log = FakeLog(partitions=PARTITIONS)
    day = Day(log, scenario.policy)
    await scenario.play(day)
    await day.close()
    return log


async def text_from(scenario: Scenario) -> str:
    """Return the journal of a scenario."""
    return await text_of(await played(scenario))


def make() -> None:
    """Play every scenario; write down its log, and the policy that decided."""
    for name, scenario in SCENARIOS.items():
        (HERE / f"{name}.jsonl").write_text(asyncio.run(text_from(scenario)), encoding="utf-8")
        KeptPolicies(HERE / "policies").keep(scenario.policy)


if __name__ == "__main__":
    make()
