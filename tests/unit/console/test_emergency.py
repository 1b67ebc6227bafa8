"""The header's band: which emergencies concern whoever looks at a region, and when they are over."""

from datetime import UTC, datetime, timedelta

import pytest

from api.console.desk import EMERGENCIES, millis
from api.console.names import Message
from schemas.lives.mode import ModeDeclared, ModeExtended, ModeLifted
from tests.unit.console.house import HERE, House

OFFICE = "office:310100000000"
NOW = datetime.now(UTC)
DISTRICT = "310105000000"


def declare(house: House, mode: str, region: str, **said: object) -> None:
    fact = ModeDeclared(id=mode, step=1, community=region, by=OFFICE, at=NOW, reason="台风橙色预警", **said)
    house.town.publish([fact], at=NOW)


def band(house: House, region: str) -> Message:
    found: Message = house.desk.view(region)["emergencies"]
    return found


def shown(house: House, region: str) -> list[str]:
    return [each["id"] for each in band(house, region)["shown"]]


@pytest.mark.parametrize(
    ("region", "ids"),
    [
        ("", ["m-district", "m-hall"]),
        ("3101", ["m-district", "m-hall"]),
        ("310105", ["m-district", "m-hall"]),
        (HERE[:9], ["m-district", "m-hall"]),
        (HERE, ["m-district", "m-hall"]),
        ("310105001002", ["m-district"]),
        ("310104", []),
    ],
)
def test_an_emergency_is_shown_within_its_region_and_above_it(house: House, region: str, ids: list[str]) -> None:
    declare(house, "m-hall", HERE)
    declare(house, "m-district", DISTRICT)
    assert shown(house, region) == ids


def test_the_band_says_where_since_when_until_when_and_why(house: House) -> None:
    declare(house, "m-hall", HERE, due=NOW + timedelta(days=2))
    declare(house, "m-city", "310100000000")
    city, hall = band(house, HERE)["shown"]
    assert (city["place"], city["until"], city["since"]) == ("上海市", None, millis(NOW))
    assert (hall["place"], hall["reason"]) == ("华阳路街道 华一居委会", "台风橙色预警")
    assert hall["until"] - hall["since"] == 2 * 86_400_000


def test_it_goes_when_it_is_lifted_or_its_day_has_come(house: House) -> None:
    declare(house, "m-hall", HERE, due=NOW - timedelta(minutes=1))
    assert shown(house, HERE) == [], "nobody lifted it, and it is over"
    told = {"id": "m-hall", "community": HERE, "by": OFFICE, "at": NOW}
    house.town.publish([ModeExtended(step=2, due=NOW + timedelta(days=1), **told)], at=NOW)
    assert shown(house, HERE) == ["m-hall"]
    house.town.publish([ModeLifted(step=3, **told)], at=NOW)
    assert shown(house, HERE) == []


def test_of_many_it_names_the_widest_and_counts_the_others(house: House) -> None:
    for number in range(1, 6):
        declare(house, f"m-{number}", f"31010500100{number}")
    declare(house, "m-district", DISTRICT)
    assert band(house, "310105")["count"] == 6
    assert len(shown(house, "310105")) == EMERGENCIES
    assert shown(house, "310105")[0] == "m-district"
