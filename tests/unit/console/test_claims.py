"""The claims on an entry, as its drawer tells them."""

from datetime import UTC, datetime, timedelta

from schemas.claims import ClaimMade, Side
from tests.e2e.seed import DISTRICT
from tests.unit.console.house import HERE, House

REPAIR = "digital.computer_repair"
NOW = datetime.now(UTC)


def claim(house: House, claim_id: str, demand: str, resource: str, *, by: Side, minutes: int = 0) -> None:
    made = ClaimMade(
        claim_id=claim_id,
        by=by,
        demand_id=demand,
        resource_id=resource,
        shard=DISTRICT,
        at=NOW + timedelta(minutes=minutes),
    )
    house.town.publish([made], at=NOW)


async def test_both_sides_read_what_became_of_claims_the_newest_first(house: House) -> None:
    house.town.settle(units=1, members=1, resources=0, at=NOW)
    resource = house.town.offer(at=NOW, item=REPAIR, community=HERE)
    first, second = house.town.ask(2, at=NOW, item=REPAIR, community=HERE)
    claim(house, "c1", first, resource, by="provider")
    claim(house, "c2", second, resource, by="requester", minutes=1)
    house.town.decide(at=NOW)
    claim(house, "c3", second, resource, by="requester", minutes=2)
    element, _ = house.page()
    offer = (await element.ask(what="resource", id=resource))["answer"]
    assert [(told["id"], told["by"], told["state"]) for told in offer["claims"]] == [
        ("c3", "requester", "open"),
        ("c2", "requester", "claimed_before"),
        ("c1", "provider", "honoured"),
    ]
    wish = (await element.ask(what="demand", id=second))["answer"]
    assert wish["shard"] == DISTRICT
    assert [told["said"] for told in wish["claims"]] == [
        {"zh": "认领已登记，下一轮给出结果。", "en": "The claim was taken; the next round decides."},
        {"zh": "已有人先认领。", "en": "Somebody else claimed it before."},
    ]
    assert {told["title"] for told in wish["claims"]} == {house.town.catalogue.items[REPAIR].zh}
