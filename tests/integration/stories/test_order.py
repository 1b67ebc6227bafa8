"""Orders from either side: placed, answered, delivered in part, confirmed; and what rounds make of their claims."""

import asyncio
from pathlib import Path
from typing import Any

from matcher.round.publication import events_of
from schemas.claims import ClaimDropped, ClaimMade
from schemas.envelope import new_event
from schemas.responses import AssignmentDeclined, AssignmentDone
from schemas.rounds import RoundDecided
from tests.apiworld import COMMUNITY, NOW, World, demand, resource, world_in

CENTRE = "unit:52310105MJ47000120"
FIRM = "unit:91310105MA1FW0008T"
HALL = f"community:{COMMUNITY}"
DUE = "2026-12-05T18:00:00+08:00"


async def lists(world: World, *, quantity: int = 6, **asked: Any) -> tuple[str, str]:
    """The community asks for haircuts; the centre has four hands to give."""
    lines = [{"item": "elder_care.hair_cut", "quantity": quantity}]
    wanted = (await world.post("/v1/demands", demand(lines=lines, **asked))).json()["id"]
    hands = {"provider": CENTRE, "capacity": 4, "qualifications": ["vetted_home_visit"]}
    return wanted, (await world.post("/v1/resources", resource(**hands))).json()["id"]


def order(demand_id: str, resource_id: str, **changes: Any) -> dict[str, Any]:
    ours = {"side": "provider", "by": CENTRE, "quantity": 2, "due": DUE}
    return ours | {"demand_id": demand_id, "resource_id": resource_id} | changes


async def test_a_unit_orders_two_of_six_and_delivers_them(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        placed = await world.post("/v1/orders", order(*await lists(world)))
        assert placed.status_code == 201, placed.text
        at = placed.headers["location"]
        life = (await world.get(at)).json()["life"]
        assert (life["title"], life["to"], life["asked"]) == ("给楼里的老人理发", HALL, 6)

        assert (await world.post(f"{at}:accept", {"by": CENTRE})).json()["code"] == "not_yours"
        early = await world.post(f"{at}:deliver", {"by": CENTRE, "delivered": 2})
        assert (early.json()["code"], early.json()["possible"]) == (
            "not_possible_now",
            ["accept", "decline", "withdraw", "extend", "lapse"],
        )
        assert (await world.post(f"{at}:accept", {"by": HALL})).status_code == 200
        assert (await world.post(f"{at}:start", {"by": CENTRE})).status_code == 200
        too_much = await world.post(f"{at}:deliver", {"by": CENTRE, "delivered": 3})
        assert too_much.json()["code"] == "more_than_ordered"
        assert (await world.post(f"{at}:deliver", {"by": CENTRE, "delivered": 2})).status_code == 200
        assert (await world.post(f"{at}:confirm", {"by": HALL, "confirmed": 1})).status_code == 200, "one was ill"
        assert (await world.post(f"{at}:close", {"by": HALL})).status_code == 200
        found = (await world.get(at)).json()["life"]
        assert (found["state"], found["delivered"], found["confirmed"]) == ("closed", 2, 1)


async def test_an_order_makes_a_claim_and_takes_it_back_with_a_no(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        wanted, hands = await lists(world)
        at = (await world.post("/v1/orders", order(wanted, hands))).headers["location"]
        [made] = world.sink.facts(ClaimMade)
        assert (made.demand_id, made.resource_id, made.by, made.shard) == (wanted, hands, "provider", "310105")
        beside = (await world.get(at)).json()["beside"]
        assert (beside["claim"]["state"], beside["assignments"], beside["promised"]) == ("open", [], 0)

        assert (await world.post(f"{at}:decline", {"by": HALL, "reason": "已有安排"})).status_code == 200
        assert [each.claim_id for each in world.sink.facts(ClaimDropped)] == [made.claim_id]
        assert (await world.get(at)).json()["beside"]["claim"]["state"] == "dropped"
        again = await world.post("/v1/orders", order(wanted, hands, quantity=4))
        assert again.status_code == 201, "a no costs nothing"


async def test_a_round_honours_what_was_ordered(tmp_path: Path) -> None:
    """The matcher hears the claim, and prefers it to what it would have chosen itself."""
    async with world_in(tmp_path) as world:
        wanted, hands = await lists(world, quantity=2)
        await world.post("/v1/resources", resource(provider="member:m-near", title="就近理发"))
        await world.post("/v1/orders", order(wanted, hands))
        for event in world.sink.events:
            if event.topic.name != "cobuild.projects.v1":
                world.explainer.tell(event.data)
        decided = world.explainer.decide()
        assert [(each.outcome, each.resource_id) for each in decided.claims] == [("honoured", hands)]
        assert {each.resource_id for each in decided.proposals} == {hands}


async def test_a_community_orders_what_a_unit_offers(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        wanted, hands = await lists(world)
        not_mine = await world.post("/v1/orders", order(wanted, hands, side="requester", by=FIRM))
        assert not_mine.json()["code"] == "not_yours", "the demand that it is for is the community's"
        at = (await world.post("/v1/orders", order(wanted, hands, side="requester", by=HALL))).headers["location"]
        assert (await world.get(at)).json()["life"]["to"] == CENTRE
        assert (await world.post(f"{at}:accept", {"by": CENTRE})).status_code == 200
        assert (await world.post(f"{at}:deliver", {"by": HALL, "delivered": 2})).json()["code"] == "not_yours"
        assert (await world.post(f"{at}:deliver", {"by": CENTRE, "delivered": 2})).status_code == 200
        assert (await world.post(f"{at}:dispute", {"by": HALL, "reason": "只来了一位"})).status_code == 200
        assert (await world.post(f"{at}:deliver", {"by": CENTRE, "delivered": 1})).status_code == 200
        assert (await world.post(f"{at}:confirm", {"by": HALL})).status_code == 200
        assert (await world.get(at)).json()["life"]["confirmed"] == 1


async def test_units_ask_and_communities_offer_alike(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        lines = [{"item": "venue.meeting_room", "quantity": 1}]
        asked = demand(requester=FIRM, title="借用会议室", lines=lines, channel="unit")
        wanted = (await world.post("/v1/demands", asked)).json()["id"]
        room = resource(provider=HALL, title="社区会议室", kind="venue", item="venue.meeting_room")
        offered = (await world.post("/v1/resources", room)).json()["id"]
        at = await world.post("/v1/orders", order(wanted, offered, by=HALL, quantity=1))
        assert at.status_code == 201, at.text
        assert (await world.get(at.headers["location"])).json()["life"]["to"] == FIRM


async def test_never_more_is_ordered_than_is_open(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        wanted, hands = await lists(world, quantity=3)
        five = await world.post("/v1/orders", order(wanted, hands, quantity=5))
        assert (five.json()["code"], five.json()["free"]) == ("more_than_open", 3)
        both = await asyncio.gather(*(world.post("/v1/orders", order(wanted, hands)) for _ in range(2)))
        assert sorted(answer.status_code for answer in both) == [201, 409]
        loser = next(each for each in both if each.status_code == 409).json()
        assert (loser["code"], loser["detail"], loser["free"]) == ("more_than_open", "1 open", 1)
        assert (await world.post("/v1/orders", order(wanted, hands, quantity=1))).status_code == 201


async def test_a_wish_is_taken_by_one_at_a_time(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        wanted, hands = await lists(world, quantity=1, micro_wish=True)
        first = await world.post("/v1/orders", order(wanted, hands, quantity=1))
        assert first.status_code == 201
        second = await world.post("/v1/orders", order(wanted, hands, quantity=1))
        assert second.json()["code"] in ("already_held", "more_than_open")
        at = first.headers["location"]
        assert (await world.post(f"{at}:withdraw", {"by": CENTRE, "reason": "临时有事"})).status_code == 200
        assert (await world.post("/v1/orders", order(wanted, hands, quantity=1))).status_code == 201


async def test_an_order_whose_day_passed_is_overdue_and_lapses(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        wanted, hands = await lists(world)
        past = await world.post("/v1/orders", order(wanted, hands, due="2026-11-20T00:00:00Z"))
        assert past.json()["code"] == "window_passed"
        at = (await world.post("/v1/orders", order(wanted, hands))).headers["location"]
        await world.post(f"{at}:accept", {"by": HALL})
        assert (await world.post(f"{at}:lapse", {"by": HALL})).json()["code"] == "too_early"
        world.clock.pass_(days=15)
        assert [row["kind"] for row in (await world.get("/v1/overdue")).json()["rows"]] == ["order"]
        assert (await world.post(f"{at}:lapse", {"by": HALL})).status_code == 200
        assert (await world.get("/v1/orders?open=true")).json()["rows"] == []
        elsewhere = await world.post("/v1/resources", resource(provider=CENTRE, home="310106001001"))
        far = await world.post("/v1/orders", order(wanted, elsewhere.json()["id"]))
        assert far.json()["code"] == "other_shard"


# -- what rounds make of an order ---------------------------------------------------------------------------------

_HEARD = ("cobuild.resources.v1", "cobuild.demands.v1", "cobuild.responses.v1")


class Rounds:
    """A matcher beside the lists: it hears what is new in them, and they hear what it decides."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._heard = 0

    async def decide(self) -> RoundDecided:
        events = self._world.sink.events
        for event in events[self._heard :]:
            if event.topic.name in _HEARD:
                self._world.explainer.tell(event.data)
        decided = self._world.explainer.decide()
        told = new_event(decided, id=f"round-{decided.round_no}", source="tests", key="310105", time=NOW)
        await self._world.sink.publish([told, *events_of(decided)])
        self._heard = len(events)
        return decided


async def ordered(world: World, **said: Any) -> tuple[str, str]:
    """Order two of four; return where the order is, and the demand."""
    wanted, hands = await lists(world, quantity=4)
    placed = await world.post("/v1/orders", order(wanted, hands, **said))
    assert placed.status_code == 201, placed.text
    return placed.headers["location"], wanted


async def steps(world: World, at: str, *taken: tuple[str, str, dict[str, Any]]) -> None:
    for action, by, said in taken:
        answer = await world.post(f"{at}:{action}", {"by": by} | said)
        assert answer.status_code == 200, answer.text


WHOLE = (
    ("accept", HALL, {}),
    ("deliver", CENTRE, {"delivered": 2}),
    ("confirm", HALL, {}),
    ("close", HALL, {}),
)


async def seats_of(world: World, demand_id: str) -> tuple[int, int, int]:
    """Return of how many seats how many are filled, and fulfilled."""
    view = (await world.get(f"/v1/demands/{demand_id}")).json()["view"]
    return view["asked"], view["filled"], view["fulfilled"]


async def refuse_the_others(world: World, at: str) -> None:
    """Say no to what the round proposed of the same pair by itself."""
    for each in (await world.get(at)).json()["beside"]["assignments"]:
        if each["state"] == "proposed":
            await world.post(f"/v1/assignments/{each['assignment_id']}:decline")


async def test_an_order_that_a_round_heard_of_holds_two_of_four_until_they_are_fulfilled(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        rounds, (at, wanted) = Rounds(world), await ordered(world)
        first = await rounds.decide()
        beside = (await world.get(at)).json()["beside"]
        assert (beside["claim"]["state"], beside["promised"], beside["done"]) == ("honoured", 2, 0)
        assert [each["state"] for each in beside["assignments"]].count("confirmed") == 2, "two were ordered, not four"
        await steps(world, at, *WHOLE)
        await refuse_the_others(world, at)
        await rounds.decide()
        assert await seats_of(world, wanted) == (4, 2, 2)
        assert (await world.get(at)).json()["beside"]["done"] == 2
        assert len(first.proposals) == 4
        assert (await rounds.decide()).proposals == (), "what was delivered is not given again"


async def test_an_order_that_was_over_before_any_round_is_fulfilled_by_the_next(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        rounds, (at, wanted) = Rounds(world), await ordered(world)
        await steps(world, at, *WHOLE)
        assert (await rounds.decide()).size.left_out, "the next round follows at once"
        await rounds.decide()
        assert (await seats_of(world, wanted))[2] == 2
        found = (await world.get("/v1/assignments?state=proposed")).json()["rows"]
        assert len(found) == 2, "the two that nobody ordered"


async def test_what_a_round_proposed_of_the_pair_by_itself_can_be_ordered(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        rounds, (wanted, hands) = Rounds(world), await lists(world, quantity=4)
        await rounds.decide()
        assert await seats_of(world, wanted) == (4, 4, 0)
        five = await world.post("/v1/orders", order(wanted, hands, quantity=5))
        assert (five.json()["code"], five.json()["free"]) == ("more_than_open", 4)
        at = (await world.post("/v1/orders", order(wanted, hands))).headers["location"]
        await steps(world, at, *WHOLE)
        await rounds.decide()
        await rounds.decide()
        assert await seats_of(world, wanted) == (4, 4, 2), "two are done, two are proposed as before"


async def test_what_was_not_received_is_open_again(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        rounds, (at, wanted) = Rounds(world), await ordered(world)
        await rounds.decide()
        await refuse_the_others(world, at)
        await steps(world, at, *WHOLE[:2], ("confirm", HALL, {"confirmed": 1}))
        await rounds.decide()
        assert await seats_of(world, wanted) == (4, 1, 1)


async def test_an_order_that_ends_without_a_delivery_gives_its_seats_back(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        rounds, (at, wanted) = Rounds(world), await ordered(world)
        await rounds.decide()
        await refuse_the_others(world, at)
        await steps(world, at, ("accept", HALL, {}), ("withdraw", CENTRE, {"reason": "人手不够"}))
        assert {each.reason for each in world.sink.facts(AssignmentDeclined)} == {None, "人手不够"}
        await rounds.decide()
        assert await seats_of(world, wanted) == (4, 0, 0)


async def test_who_is_asked_for_help_accepts_the_seats_with_the_order(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        rounds, (at, _) = Rounds(world), await ordered(world, side="requester", by=HALL)
        await rounds.decide()
        assert {each["state"] for each in (await world.get(at)).json()["beside"]["assignments"]} == {"proposed"}
        await steps(world, at, ("accept", CENTRE, {}))
        await rounds.decide()
        states = [each["state"] for each in (await world.get(at)).json()["beside"]["assignments"]]
        assert (states.count("confirmed"), states.count("proposed")) == (2, 2)


async def test_a_repeat_after_a_crash_says_the_same_again(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        rounds, (at, _) = Rounds(world), await ordered(world)
        await rounds.decide()
        await steps(world, at, *WHOLE[:2])
        for _ in range(2):
            assert (await world.post(f"{at}:confirm", {"by": HALL}, Idempotency_Key="got-it")).status_code == 200
        assert len(world.sink.facts(AssignmentDone)) == 2


async def test_what_a_round_found_no_seats_for_cannot_be_accepted(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        rounds, (at, _) = Rounds(world), await ordered(world)
        hands = (await world.get(at)).json()["life"]["resource_id"]
        gone = await world.post(f"/v1/resources/{hands}:withdraw", None, If_Match='"1"')
        assert gone.is_success, gone.text
        await rounds.decide()
        refused = await world.post(f"{at}:accept", {"by": HALL})
        assert (refused.status_code, refused.json()["code"], refused.json()["free"]) == (409, "more_than_open", 0)
