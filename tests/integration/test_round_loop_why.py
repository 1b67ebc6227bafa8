"""Asking a live shard why a demand stands where it stands."""

import pytest

from schemas.refusals import Refused
from streams.clock import FakeClock
from streams.explainer import Explainer
from tests.builders import HAIR, MEAL, NOON, SHARD, at, line, offered, posted
from tests.fakes.log import FakeLog
from tests.loops import loop_on, tell


async def test_a_demand_that_nobody_can_serve_is_told_which_rule_fails() -> None:
    log = FakeLog()
    loop = loop_on(log)
    await tell(log, offered("r1", scope=("310106",)), posted("d1", line(HAIR, siblings=False)))
    await loop.step(NOON)
    why = await Explainer(loop.host, FakeClock(at(0.5))).why_demand("d1", SHARD)
    assert (why.round_no, why.at) == (1, at(0.5))
    assert why.lines[0].verdict == "no_candidate"
    assert why.lines[0].failing == {"scope": 1}
    await loop.close()


async def test_a_demand_that_was_served_says_so() -> None:
    log = FakeLog()
    loop = loop_on(log)
    await tell(log, offered("r1"), posted("d1"))
    await loop.step(NOON)
    why = await Explainer(loop.host, FakeClock(at(0.5))).why_demand("d1", SHARD)
    assert [each.verdict for each in why.lines] == ["matched"]
    await loop.close()


@pytest.mark.parametrize(("demand_id", "shard"), [("no-such", SHARD), ("d1", "110101")])
async def test_what_is_not_known_is_not_found(demand_id: str, shard: str) -> None:
    log = FakeLog()
    loop = loop_on(log)
    await tell(log, posted("d1", line(MEAL)))
    await loop.step(NOON)
    with pytest.raises(Refused) as refusal:
        await Explainer(loop.host).why_demand(demand_id, shard)
    assert refusal.value.code == "not_found"
    await loop.close()
