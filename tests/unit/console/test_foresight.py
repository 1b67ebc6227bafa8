"""What the page is told of rounds not decided yet: by name, without what would tell on somebody; or that it failed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.console import foresight
from api.console.desk import millis
from api.console.reasons import why_message
from schemas.preview import ClassPrice, PriceBoard
from schemas.refusals import Refused
from schemas.responses import AssignmentDeclined
from schemas.why import DemandWhy, LineWhy, ScarceClass
from tests.e2e.serve import TownExplainer
from tests.unit.console.house import HERE, House

REPAIR = "digital.computer_repair"
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


class AwayExplainer:
    """Neither knows prices nor anything else."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def _away(self, **_: Any) -> Any:
        raise self._error

    prices = demands_for = preview_decline = _away


def matched(house: House) -> str:
    """Let a job be matched, with one demand more than there are seats; return the assignment."""
    now = datetime.now(UTC)
    house.town.settle(units=1, members=1, resources=0, at=now)
    house.town.offer(at=now, item=REPAIR, community=HERE)
    house.town.ask(2, at=now, item=REPAIR, community=HERE)
    [proposal, *_] = house.town.decide(at=now).proposals
    return proposal.assignment_id


async def test_what_is_scarce_is_told_dearest_first_by_the_name_of_its_street(house: House) -> None:
    matched(house)
    element, _ = house.page()
    told = (await element.ask(what="prices", region="310105"))["prices"]
    assert told["region"] == "310105"
    [first, *_] = told["rows"]
    assert (first["item"], first["street"], first["place"]) == (REPAIR, HERE[:9], "华阳路街道")
    assert first["highest"] == max(row["highest"] for row in told["rows"]) > 0
    assert first["unserved"] is None  # one to four
    elsewhere = (await element.ask(what="prices", region="310105002"))["prices"]
    assert elsewhere["rows"] == []


async def test_so_many_shards_are_not_solved_for_one_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    matched(house)
    monkeypatch.setattr(foresight, "MOST_SHARDS", 0)
    element, _ = house.page(AwayExplainer(AssertionError("nothing is solved")))
    assert (await element.ask(what="prices", region=""))["prices"]["too_wide"] == 1


async def test_what_nobody_can_read_is_left_out_and_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    class Board(TownExplainer):
        async def prices(self, *, shard: str) -> PriceBoard:
            row = ClassPrice(
                item=REPAIR, street=HERE[:9], stretch=NOW, highest=0, mean=0, lines=None, seats=None, unserved=None
            )
            rows = [row.model_copy(update={"highest": price, "mean": price}) for price in (5, 4, 3, 0)]
            return PriceBoard(shard=shard, round_no=1, at=NOW, rows=tuple(rows))

    monkeypatch.setattr(foresight, "MOST_ROWS", 2)
    element, _ = house.page(Board(house.town))
    told = (await element.ask(what="prices", region="310105"))["prices"]
    assert [row["highest"] for row in told["rows"]] == [5, 4]
    assert told["left_out"] == 1
    assert told["at"] == millis(NOW)


async def test_units_of_the_street_come_first_and_members_never(house: House) -> None:
    now = datetime.now(UTC)
    house.town.settle(units=6, members=20, resources=0, at=now)
    for _ in range(30):
        house.town.offer(at=now, item=REPAIR, community=house.town.random.choice(house.town.communities))
    element, _ = house.page()
    told = await element.ask(what="units", item=REPAIR, street=HERE[:9])
    assert 0 < len(told["units"]) <= 6
    assert {unit["provider"]["kind"] for unit in told["units"]} == {"unit"}
    here = [unit["place"].startswith("华阳路街道") for unit in told["units"]]
    assert here == sorted(here, reverse=True)
    assert (await element.ask(what="units", item=REPAIR, street="%"))["units"] == []


async def test_an_offer_says_whom_it_could_help_by_title_and_place(house: House) -> None:
    now = datetime.now(UTC)
    house.town.settle(units=1, members=1, resources=0, at=now)
    offer = house.town.offer(at=now, item=REPAIR, community=HERE)
    [wish] = house.town.ask(1, at=now, item=REPAIR, community=HERE)
    element, _ = house.page()
    told = (await element.ask(what="resource", id=offer))["answer"]
    [chance] = told["chances"]
    assert (chance["demand_id"], chance["only"], chance["given"]) == (wish, True, 1)
    assert chance["place"] == "华阳路街道 华一居委会"
    assert chance["title"]
    assert told["adds"] == chance["adds"] > 0


async def test_before_a_no_it_is_said_what_would_move(house: House) -> None:
    assignment = matched(house)
    element, _ = house.page()
    message = await element.ask(what="decline", id=assignment)
    assert (message["of"], message["id"]) == ("decline", assignment)
    told = message["answer"]
    assert not told["refilled"] or told["moves"]
    assert all(move["title"] for move in told["moves"])


async def test_what_has_ended_is_not_asked_about(house: House) -> None:
    assignment, now = matched(house), datetime.now(UTC)
    house.town.publish([AssignmentDeclined(assignment_id=assignment, shard="310105", at=now)], at=now)
    house.town.decide(at=now)
    element, _ = house.page()
    assert (await element.ask(what="decline", id=assignment))["answer"] == {"missing": "not_open"}


@pytest.mark.parametrize("kind", ["resource", "decline"])
async def test_what_never_was_is_not_found(house: House, kind: str) -> None:
    element, _ = house.page()
    assert (await element.ask(what=kind, id="none"))["answer"] == {"missing": "not_found"}


@pytest.mark.parametrize("error", [Refused("unavailable"), OSError("the disk is away")])
async def test_where_the_round_cannot_be_asked_the_page_says_so(house: House, error: Exception) -> None:
    assignment = matched(house)
    element, _ = house.page(AwayExplainer(error))
    assert (await element.ask(what="prices", region="310105"))["prices"] == {"region": "310105", "failed": True}
    assert (await element.ask(what="decline", id=assignment))["answer"] == {"missing": "explainer_busy"}


@pytest.mark.parametrize(("street", "place"), [(HERE[:9], "华阳路街道"), (None, None)])
def test_a_scarce_class_has_the_name_of_its_street_where_it_may_be_told(
    house: House, street: str | None, place: str | None
) -> None:
    scarce = ScarceClass(item=REPAIR, street=street, stretch=NOW if street else None, sources=6)
    line = LineWhy(
        line=0, item=REPAIR, asked=1, filled=0, verdict="outbid", considered=6, failing={}, eligible=6, scarce=scarce
    )
    why = DemandWhy(demand_id="d-1", shard="310105", round_no=1, at=NOW, lines=(line,))
    [told] = why_message(why, house.town.catalogue, house.regions)["lines"]
    assert told["scarce"] == {
        "item": REPAIR,
        "place": place,
        "stretch": street and millis(NOW),
        "sources": 6,
    }
