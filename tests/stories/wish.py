"""The wish procedure: collected, verified, put on the wall, taken on, come true, confirmed; and what nobody takes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.stories.house import House

COMMUNITY = "310105001001"
HALL = f"community:{COMMUNITY}"
UNIT = "unit:91310105MA1FW0008T"


def _window(first_day: int, last_day: int) -> dict[str, str]:
    today = datetime.now(UTC).replace(microsecond=0)
    return {
        "start": (today + timedelta(days=first_day)).isoformat(),
        "end": (today + timedelta(days=last_day)).isoformat(),
    }


async def _on_the_wall(house: House, title: str, **said: Any) -> str:
    """A visitor writes a wish down, the community looks into it and hangs it on the wall; return where it is."""
    told = {"title": title, "channel": "visit", "micro_wish": True, "beneficiary": "elderly"}
    wish = await house.post("/v1/needs", told | {"community": COMMUNITY, "by": HALL})
    at = f"/v1/needs/{wish['id']}"
    lines = [{"item": "relief.micro_wish_goods", "quantity": 1}]
    await house.post(f"{at}:verify", {"by": HALL, "lines": lines, "cost_cap": 200})
    await house.post(f"{at}:publish", {"by": HALL, "window": _window(1, 8)} | said)
    return at


async def tell(house: House) -> None:
    """Three wishes: a member makes one come true, a unit one that nobody took, and one comes back to the wall."""
    member = f"member:m-{uuid4().hex[:8]}"
    await _taken_on_and_true(house, member)
    await _taken_up_by_a_unit(house)
    await _back_on_the_wall(house, member)


async def _taken_on_and_true(house: House, member: str) -> None:
    wish = await _on_the_wall(house, "想要一副老花镜")
    assert wish.rpartition("/")[2] in await _wall(house)
    untouched = await house.refused(f"{wish}:confirm", {"by": HALL})
    assert untouched["code"] == "not_delivered"

    await house.post(f"{wish}:claim", {"by": member})
    late = await house.refused(f"{wish}:claim", {"by": UNIT})
    assert (late["code"], late["state"]) == ("not_possible_now", "claimed"), "a wish is taken on once"
    assert wish.rpartition("/")[2] not in await _wall(house)
    assert wish.rpartition("/")[2] in await _ids(house, party=member)
    await house.until(wish, lambda told: told["beside"]["entry"]["state"] == "matched")
    other = await house.refused(f"{wish}:realise", {"by": UNIT})
    assert other["code"] == "not_yours"
    await house.post(f"{wish}:realise", {"by": member, "note": "已送到家中。"})

    await house.post(f"{wish}:confirm", {"by": HALL, "satisfaction": 5, "remark": "看得清了，谢谢！"})
    await house.until(wish, lambda told: told["beside"]["entry"]["state"] == "fulfilled")
    await house.post(f"{wish}:close", {"by": HALL})
    told = await house.get(wish)
    assert (told["life"]["state"], told["life"]["outcome"], told["life"]["satisfaction"]) == ("closed", "solved", 5)
    actions = [step["action"] for step in told["history"]]
    assert actions == ["collect", "verify", "publish", "claim", "realise", "confirm", "close"]
    assert [each["stage"] for each in told["beside"]["stages"]][-4:] == ["claimed", "realised", "confirmed", "closed"]


async def _taken_up_by_a_unit(house: House) -> None:
    """Nobody takes it in its round: it rolls over, first in line, then units are asked."""
    wish = await _on_the_wall(house, "想要一台收音机")
    first = (await house.get(wish))["beside"]["entry"]["demand"]["posted_at"]
    await house.post(f"{wish}:roll_over", {"by": HALL, "window": _window(8, 15)})
    told = await house.until(wish, lambda told: told["beside"]["entry"]["version"] == 2)
    assert told["beside"]["entry"]["demand"]["posted_at"] == first, "its waiting counts from the first round"
    assert told["life"]["rolled_over"] == 1

    await house.post(f"{wish}:raise", {"by": HALL, "to": [UNIT]})
    told = await house.until(wish, lambda told: told["beside"]["entry"]["version"] == 3)
    assert told["beside"]["entry"]["demand"]["urgency"] == "urgent"
    assert wish.rpartition("/")[2] in await _ids(house, party=UNIT), "it is on the list of the unit that was asked"
    await house.post(f"{wish}:claim", {"by": UNIT})
    await house.until(wish, lambda told: told["beside"]["entry"]["state"] == "matched")
    await house.post(f"{wish}:realise", {"by": UNIT})
    await house.post(f"{wish}:confirm", {"by": HALL, "satisfaction": 4})
    await house.until(wish, lambda told: told["beside"]["entry"]["state"] == "fulfilled")


async def _back_on_the_wall(house: House, member: str) -> None:
    """Who took it on cannot, and gives it back at no cost; then it is not needed any more."""
    wish = await _on_the_wall(house, "想要一张全家福")
    await house.post(f"{wish}:claim", {"by": member})
    await house.until(wish, lambda told: told["beside"]["entry"]["state"] == "matched")
    await house.post(f"{wish}:release", {"by": member, "reason": "临时出差"})
    await house.until(wish, lambda told: told["beside"]["entry"]["state"] == "open")
    assert wish.rpartition("/")[2] in await _wall(house)
    await house.post(f"{wish}:cancel", {"by": HALL, "reason": "家人已经拍了"})
    await house.until(wish, lambda told: told["beside"]["entry"]["state"] == "withdrawn")


async def _wall(house: House) -> list[str]:
    """What is on the wall: published wishes of the community."""
    rows = (await house.get("/v1/needs", region=COMMUNITY, state="published"))["rows"]
    return [row["life"]["id"] for row in rows if row["life"].get("micro_wish")]


async def _ids(house: House, **query: str) -> list[str]:
    return [row["life"]["id"] for row in (await house.get("/v1/needs", **query))["rows"]]
