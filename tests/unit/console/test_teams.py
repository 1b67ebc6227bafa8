"""A team 组团 is shown as a team: in both lists, in the demand's drawer and in that of each of its matches."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.console.teams import MOST, Team, teams_of
from schemas.base import Window
from schemas.demands import Demand, DemandLine, DemandPosted
from tests.unit.console.house import HERE, House

REPAIR, LESSONS = "digital.computer_repair", "culture.heritage_craft"
NOW = datetime.now(UTC)


def demand(*lines: DemandLine, bundle: bool = False, name: str = "d-team") -> Demand:
    start = NOW + timedelta(hours=5)
    return Demand(
        demand_id=name,
        requester=f"community:{HERE}",
        title='重阳节 "together":true',
        lines=lines,
        community=HERE,
        window=Window(start=start, end=start + timedelta(hours=8)),
        bundle=bundle,
        posted_at=NOW,
    )


def line(item: str = REPAIR, *, quantity: int = 1, together: bool = False) -> DemandLine:
    return DemandLine(item=item, quantity=quantity, together=together)


@pytest.mark.parametrize(
    ("asked", "teams"),
    [
        (demand(line(quantity=3)), []),
        (demand(line(quantity=3, together=True)), [Team((0,), 3)]),
        (demand(line(together=True)), []),
        (demand(line(LESSONS), line(quantity=3), bundle=True), [Team((0, 1), 4)]),
        (demand(line(LESSONS), line(quantity=2, together=True), bundle=True), [Team((0, 1), 3)]),
        (demand(line(), bundle=True), []),
        (demand(line(quantity=2, together=True), line(), line(quantity=4, together=True)),
         [Team((0,), 2), Team((2,), 4)]),
    ],
)  # fmt: skip
def test_the_lines_of_a_team_are_told_with_their_seats(asked: Demand, teams: list[Team]) -> None:
    assert teams_of(asked) == teams


def ask(house: House, *asked: Demand) -> None:
    """Let two lesson givers and three who mend computers be there, and post."""
    if not house.town.settled:
        house.town.settle(units=1, members=1, resources=0, at=NOW)
        house.town.offer(at=NOW, item=LESSONS, community=HERE)
        house.town.offer(at=NOW, item=REPAIR, community=HERE, capacity=3)
    house.town.publish([DemandPosted(demand=wish) for wish in asked], at=NOW)


async def drawer(house: House, what: str, identity: str) -> Any:
    element, _ = house.page()
    return (await element.ask(what=what, id=identity))["answer"]


async def test_a_bundle_s_matches_name_each_other(house: House) -> None:
    ask(house, demand(line(LESSONS), line(quantity=3), bundle=True))
    decided = house.town.decide(at=NOW)
    assert len(decided.proposals) == 4
    for proposal in decided.proposals:
        team = (await drawer(house, "assignment", proposal.assignment_id))["team"]
        assert (team["lines"], team["seats"]) == ((0, 1), 4)
        others = {p.assignment_id for p in decided.proposals} - {proposal.assignment_id}
        assert {mate["id"] for mate in team["mates"]} == others
        assert [mate["item"] for mate in team["mates"]] == sorted(mate["item"] for mate in team["mates"])
        assert all(mate["state"] in ("proposed", "confirmed") for mate in team["mates"])
        assert all(mate["provider"]["ref"] for mate in team["mates"])
    rows = house.desk.recent("", "").rows
    assert [row["teamed"] for row in rows] == [True] * 4


async def test_a_match_of_an_ordinary_line_stands_alone_beside_a_team(house: House) -> None:
    ask(house, demand(line(LESSONS), line(quantity=2, together=True)))
    decided = house.town.decide(at=NOW)
    alone = next(p for p in decided.proposals if p.line == 0)
    assert (await drawer(house, "assignment", alone.assignment_id))["team"] is None
    teamed = {row["item"]: row["teamed"] for row in house.desk.recent("", "").rows}
    assert teamed == {LESSONS: False, REPAIR: True}


async def test_who_waits_as_a_team_is_marked_whatever_a_title_says(house: House) -> None:
    ask(
        house,
        demand(line(quantity=9, together=True), name="d-team"),
        demand(line(LESSONS, quantity=9), line(quantity=9), name="d-free"),
    )
    waiting = {wish["id"]: wish["teamed"] for wish in house.desk.view("")["waiting"]}
    assert waiting == {"d-team": True, "d-free": False}
    assert (await drawer(house, "demand", "d-team"))["teams"] == [{"lines": (0,), "seats": 9}]
    assert (await drawer(house, "demand", "d-free"))["teams"] == []


async def test_of_a_large_team_some_are_named(house: House) -> None:
    house.town.settle(units=1, members=1, resources=0, at=NOW)
    house.town.offer(at=NOW, item=REPAIR, community=HERE, capacity=40)
    ask(house, demand(line(quantity=40, together=True)))
    decided = house.town.decide(at=NOW)
    team = (await drawer(house, "assignment", decided.proposals[0].assignment_id))["team"]
    assert (team["seats"], len(team["mates"])) == (40, MOST)
