"""What clients ask for and offer: random entries of both lists, small enough a world that they meet."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.catalogue import load_catalogue
from schemas.uscc import check_character

Body = dict[str, Any]

DISTRICTS = ("310105", "310106", "310104", "310115")
CATEGORIES = ("relief", "culture", "digital", "environment", "health")
GATES = {"environment": "insurance", "health": "medical_licence"}
MADE_UP_NAME = "查无此人"
"""Every made-up name begins so: it may stand nowhere but in the vault."""
MADE_UP_PHONE = "1398765"
"""So does every made-up phone number; four digits follow."""
LONGEST_DEADLINE_S = 8.0

_ITEMS = {
    category: sorted(item for item in load_catalogue().items if item.startswith(f"{category}."))[:3]
    for category in CATEGORIES
}


def community_in(chance: random.Random, district: str) -> str:
    """Return one of six communities of a district."""
    return f"{district}00{chance.randint(1, 2)}00{chance.randint(1, 3)}"


def item(chance: random.Random) -> str:
    """Return an item; some are asked for more than others."""
    category = chance.choices(CATEGORIES, weights=(5, 4, 3, 2, 2))[0]
    return chance.choice(_ITEMS[category])


def resource(chance: random.Random, *, district: str, mark: str) -> Body:
    """Return the body of an offer."""
    what, home = item(chance), community_in(chance, district)
    goods = chance.random() < 0.4
    capacity = chance.choice((1, 1, 2, 3, 5))
    scopes = ([district], [home[:9]], [home], [district[:4]], [f"{district}001", f"{district}002001"])
    body: Body = {
        "provider": f"team:t{chance.randrange(50)}",
        "title": f"可以帮忙 {mark}",
        "detail": mark,
        "item": what,
        "kind": "goods" if goods else "skill",
        "capacity": capacity,
        "renewable": not goods,
        "scope": chance.choice(scopes),
        "home": home,
        "auto_accept": chance.random() < 0.35,
        "notice_minutes": chance.choice((0, 0, 60, 60 * 30)),
    }
    if not goods and chance.random() < 0.3:
        body["per_occasion"] = True
    if chance.random() < 0.2:
        body["recurring"] = [_recurrence(chance)]
    if chance.random() < 0.5:
        body["windows"] = [_window(chance, hours=14) for _ in range(chance.randint(1, 3))]
    if (gate := GATES.get(what.partition(".")[0])) and chance.random() < 0.7:
        body["qualifications"] = [gate]
    return body


def resource_patch(chance: random.Random, *, district: str, mark: str) -> Body:
    """Return a merge patch that changes something about an offer, and says its mark."""
    changes: list[Body] = [
        {"capacity": chance.randint(1, 5)},
        {"item": item(chance)},
        {"windows": [_window(chance, hours=10)]},
        {"windows": None},
        {"recurring": [_recurrence(chance)]},
        {"recurring": None},
        {"scope": [district]},
        {"scope": [community_in(chance, district)]},
        {"auto_accept": chance.random() < 0.5},
        {"renewable": chance.random() < 0.5, "per_occasion": False},
        {"renewable": True, "per_occasion": True},
        {"home": community_in(chance, district)},
        {"qualifications": ["insurance"]},
    ]
    return {"detail": mark} | chance.choice(changes)


def demand(chance: random.Random, *, district: str, mark: str) -> Body:
    """Return the body of a demand; one in four must be met within seconds."""
    place = community_in(chance, district)
    body: Body = {
        "requester": f"community:{place}",
        "title": f"需要帮忙 {mark}",
        "detail": mark,
        "lines": [_line(chance) for _ in range(chance.choice((1, 1, 1, 2)))],
        "community": place,
        "window": _window(chance, hours=chance.randint(3, 12)),
        "duration_minutes": chance.choice((30, 60, 120)),
        "urgency": chance.choices(("normal", "urgent", "whistle", "emergency"), weights=(12, 4, 2, 1))[0],
        "risky": chance.random() < 0.2,
    }
    if len(body["lines"]) > 1 and chance.random() < 0.4:
        body["bundle"] = True
    if chance.random() < 0.15:
        body |= {"window": _window(chance, hours=100), "recurring": [_recurrence(chance)]}
    if chance.random() < 0.25:
        body["deadline"] = _iso(datetime.now(UTC) + timedelta(seconds=chance.uniform(1.5, LONGEST_DEADLINE_S)))
    return body


def demand_patch(chance: random.Random, *, district: str, mark: str) -> Body:
    """Return a merge patch that changes something about a demand, and says its mark."""
    changes: list[Body] = [
        {"lines": [_line(chance) for _ in range(chance.randint(1, 2))]},
        {"urgency": chance.choice(("normal", "urgent", "whistle"))},
        {"window": _window(chance, hours=8), "recurring": None},
        {"community": community_in(chance, district)},
        {"duration_minutes": chance.choice((30, 90))},
        {"risky": chance.random() < 0.5},
        {"bundle": chance.random() < 0.5},
        {"deadline": _iso(datetime.now(UTC) + timedelta(seconds=chance.uniform(1.5, LONGEST_DEADLINE_S)))},
        {"deadline": None},
    ]
    return {"detail": mark} | chance.choice(changes)


def identity(number: int) -> Body:
    """Return the name and phone of somebody who does not exist."""
    return {"name": f"{MADE_UP_NAME}{number:04}", "phone": f"{MADE_UP_PHONE}{number % 10_000:04}"}


def member(chance: random.Random, *, district: str, mark: str, number: int) -> Body:
    """Return the body of a member's enrolment."""
    return {
        "member_class": chance.choice(("in_service", "mobile")),
        "kind": chance.choice(("unit_link", "residence")),
        "community": community_in(chance, district),
        "skills": [item(chance)],
        "member_ref": f"m-{mark}",
        "contact": identity(number),
    }


def unit(chance: random.Random, *, district: str, mark: str, number: int) -> Body:
    """Return the body of a unit's enrolment, with a code of its own."""
    head = f"91{district}MA{number:07}"
    return {
        "uscc": head + check_character(head),
        "name": f"单位 {mark}",
        "community": community_in(chance, district),
        "liaison": identity(number),
    }


def _line(chance: random.Random) -> Body:
    quantity = chance.choice((1, 1, 2, 3))
    line: Body = {"item": item(chance), "quantity": quantity, "siblings": chance.random() < 0.7}
    return line | {"together": True} if quantity > 1 and chance.random() < 0.4 else line


def _window(chance: random.Random, *, hours: int) -> Body:
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=chance.randint(26, 60))
    return {"start": _iso(start), "end": _iso(start + timedelta(hours=hours))}


def _recurrence(chance: random.Random) -> Body:
    return {"first": _window(chance, hours=9), "rule": f"FREQ=DAILY;INTERVAL={chance.randint(1, 2)};COUNT=4"}


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
