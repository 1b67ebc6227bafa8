"""The page's server side: every question gets an answer, also when something is away."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.refusals import Refused
from schemas.why import DemandWhy, Remedy
from tests.e2e.seed import DISTRICT
from tests.e2e.serve import TownExplainer
from tests.unit.console.house import HERE, House


class AwayExplainer:
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def why_demand(self, *, demand_id: str, shard: str) -> DemandWhy:
        raise self._error


def live(house: House) -> str:
    """Let somebody enrol and ask for what nobody offers; return the demand."""
    now = datetime.now(UTC)
    house.town.settle(units=1, members=3, resources=0, at=now)
    return house.town.ask(1, at=now, item="digital.computer_repair", community=HERE)[0]


@pytest.mark.parametrize(
    ("asked", "looked_at"),
    [("", DISTRICT), ("all", ""), ("310105001", "310105001"), ("3101'; --", DISTRICT), ("99", "99")],
)
async def test_a_page_looks_at_what_it_asks_for_or_at_home(house: House, asked: str, looked_at: str) -> None:
    live(house)
    element, desktop = house.page()
    await element.ask(what="watch", region=asked)
    assert desktop.region == looked_at
    assert [message["what"] for message in element.told] == ["view", "rows"]


async def test_a_district_that_only_helps_is_no_reason_to_look_at_the_whole_city(house: House) -> None:
    live(house)
    house.town.offer(at=datetime.now(UTC), item="digital.computer_repair", community="310107005001")
    element, desktop = house.page()
    await element.ask(what="watch", region="")
    assert desktop.region == DISTRICT


async def test_a_demand_says_which_rule_failed(house: House) -> None:
    demand = live(house)
    element, _ = house.page()
    answer = (await element.ask(what="demand", id=demand))["answer"]
    assert answer["why"]["lines"][0]["verdict"] == "no_candidate"
    assert answer["place"] == "华阳路街道 华一居委会"


async def test_what_would_have_won_is_said_in_both_languages(house: House) -> None:
    demand = live(house)

    class Knowing(TownExplainer):
        async def why_demand(self, *, demand_id: str, shard: str) -> DemandWhy:
            found = await super().why_demand(demand_id=demand_id, shard=shard)
            remedy = Remedy(kind="time", line=0, minutes=-90, seats=1, price=0)
            return found.model_copy(update={"lines": (found.lines[0].model_copy(update={"remedies": (remedy,)}),)})

    element, _ = house.page(Knowing(house.town))
    (line,) = (await element.ask(what="demand", id=demand))["answer"]["why"]["lines"]
    assert line["remedies"] == [
        {
            "zh": "提前 1 小时 30 分钟，可配上 1 个名额，不影响他人。",
            "en": "Move it 1 h 30 min earlier: 1 seat served, at nobody's expense.",
        }
    ]


async def test_a_shard_that_lives_elsewhere_leaves_the_demand_without_reasons(house: House) -> None:
    demand = live(house)
    element, _ = house.page(AwayExplainer(Refused("unavailable")))
    answer = (await element.ask(what="demand", id=demand))["answer"]
    assert answer["id"] == demand
    assert answer["why"] is None


async def test_a_fault_is_told_not_hidden(house: House) -> None:
    demand = live(house)
    element, _ = house.page(AwayExplainer(OSError("the disk is away")))
    assert (await element.ask(what="demand", id=demand))["answer"] == {"missing": "explainer_busy"}


@pytest.mark.parametrize("kind", ["assignment", "demand"])
async def test_what_is_not_there_is_said(house: House, kind: str) -> None:
    element, _ = house.page()
    assert (await element.ask(what=kind, id="none"))["answer"] == {"missing": "not_found"}


async def test_the_history_tells_answers_and_decisions_in_order(house: House) -> None:
    now = datetime.now(UTC)
    house.town.settle(units=1, members=1, resources=0, at=now)
    house.town.offer(at=now, item="digital.computer_repair", community=HERE)
    house.town.ask(1, at=now, item="digital.computer_repair", community=HERE)
    decided = house.town.decide(at=now)
    house.town.answer(decided, at=now + timedelta(seconds=1), declined=1.0)
    house.town.decide(at=now + timedelta(seconds=2))
    element, _ = house.page()
    answer = (await element.ask(what="assignment", id=decided.proposals[0].assignment_id))["answer"]
    states = [step["state"] for step in answer["history"]]
    assert states[0] == "proposed"
    assert states[-2:] == ["answer_declined", "declined"]
    assert answer["state"] == "declined"
    assert sum(term["points"] for term in answer["terms"]) == answer["value"]
    assert answer["prices"]["line"] + answer["prices"]["resource"] == answer["value"]
