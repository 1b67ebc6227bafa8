"""From rows to entries: each row is told of once, and the rows of a bundle 组合需求 are one demand or none."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.checks import Checks
from api.imports.columns import DEMANDS
from api.imports.rows import Parsed, RowParser
from api.imports.shapes import Lookup
from schemas.catalogue import load_catalogue
from schemas.demands import Demand
from schemas.regions import Regions

CATALOGUE = load_catalogue()
NAMES = [column.name for column in DEMANDS]
PARSER = RowParser(
    "demands",
    {name: place for place, name in enumerate(NAMES)},
    Checks(catalogue=CATALOGUE, regions=Regions.load(), horizon=timedelta(days=400)),
    Lookup(CATALOGUE),
    datetime(2026, 11, 21, 6, 0, tzinfo=UTC),
)
WHOLE = {
    "title": "重阳节茶话会",
    "item": "venue.activity_room",
    "community": "310105001001",
    "start": "2026-11-25 09:00",
    "end": "2026-11-25 12:00",
}
MORE = {"item": "骑手信息员志愿者", "quantity": "3"}


def row(**cells: str) -> list[str]:
    return [cells.get(name, "") for name in NAMES]


def parse(*rows: dict[str, str]) -> list[Parsed]:
    return PARSER.parse([row(**cells) for cells in rows], first=2)


def told(parsed: Parsed) -> dict[int, list[tuple[str, str | None]]]:
    return {number: [(fault.code, fault.field) for fault in faults] for number, faults in parsed.faults.items()}


def lines(parsed: Parsed) -> list[tuple[str, int]]:
    assert isinstance(parsed.entry, Demand), parsed.faults
    return [(line.item, line.quantity) for line in parsed.entry.lines]


def test_rows_of_one_name_are_the_lines_of_one_demand() -> None:
    party, alone = parse(WHOLE | {"bundle": "A"}, WHOLE, MORE | {"bundle": " a "})
    assert (party.numbers, alone.numbers) == ((2, 4), (3,))
    assert lines(party) == [("venue.activity_room", 1), ("new_groups.rider_volunteer", 3)]
    assert isinstance(party.entry, Demand) and isinstance(alone.entry, Demand)
    assert (party.entry.bundle, alone.entry.bundle) == (True, False)
    assert (party.entry.title, party.entry.requester) == (WHOLE["title"], "community:310105001001")


@pytest.mark.parametrize("no", ["", "否", "no", "0"])
def test_who_says_no_stands_alone(no: str) -> None:
    first, second = parse(WHOLE | {"bundle": no}, WHOLE | {"bundle": no})
    assert first.numbers == (2,) and second.numbers == (3,)
    assert isinstance(first.entry, Demand) and not first.entry.bundle


def test_what_stands_in_later_rows_is_as_in_the_first() -> None:
    (party,) = parse(
        WHOLE | {"bundle": "A", "urgency": "紧急"},
        MORE | {"bundle": "A", "urgency": "urgent", "start": "2026/11/25 9:00", "title": WHOLE["title"]},
    )
    assert len(lines(party)) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"title": "另一场"},
        {"start": "2026-11-25 10:00"},
        {"community": "310105001002"},
        {"urgency": "紧急"},
        {"id": "d-2"},
        {"detail": "二楼"},
    ],
)
def test_a_row_that_says_otherwise_spoils_its_bundle_and_no_other(other: dict[str, str]) -> None:
    spoilt, fine = parse(
        WHOLE | {"bundle": "A"}, MORE | {"bundle": "A"} | other, WHOLE | {"bundle": "B"}, MORE | {"bundle": "B"}
    )
    assert told(spoilt) == {2: [("bundle_refused", "bundle")], 3: [("bundle_differs", *other)]}
    assert {fault.detail for faults in spoilt.faults.values() for fault in faults} == {"row 2", "row 3"}
    assert len(lines(fine)) == 2


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ([{}, {"item": "月球漫步"}], {2: [("bundle_refused", "bundle")], 3: [("unknown_item", "item")]}),
        ([{}, {"item": ""}], {2: [("bundle_refused", "bundle")], 3: [("invalid_value", "item")]}),
        ([{}, {"quantity": "1001"}], {2: [("bundle_refused", "bundle")], 3: [("invalid_value", "quantity")]}),
        ([{"start": "早上"}, {"start": "2026-11-25 09:00"}],
         {2: [("bad_time", "start")], 3: [("bundle_refused", "bundle")]}),
        ([{"title": ""}, {"title": "茶话会"}],
         {2: [("invalid_value", "title")], 3: [("bundle_differs", "title")]}),
        ([{"quantity": "600"}, {"quantity": "600"}],
         {2: [("team_too_large", "quantity")], 3: [("bundle_refused", "bundle")]}),
        ([{"end": "2026-11-25 08:00"}, {}], {2: [("impossible_window", "end")], 3: [("bundle_refused", "bundle")]}),
        ([{}] * 21, {2: [("invalid_value", "item")], **{n: [("bundle_refused", "bundle")] for n in range(3, 23)}}),
    ],
)  # fmt: skip
def test_a_bundle_falls_as_a_whole_and_each_row_says_why(
    rows: list[dict[str, str]], faults: dict[int, list[tuple[str, str]]]
) -> None:
    (party,) = parse(*({**(MORE if n else WHOLE), "bundle": "A", **cells} for n, cells in enumerate(rows)))
    assert party.entry is None
    assert told(party) == faults


def test_a_bundle_keeps_its_id_whatever_it_is_called_and_wherever_its_rows_lie() -> None:
    one, _ = parse(WHOLE | {"bundle": "A"}, MORE | {"bundle": "A"}, WHOLE)
    again, other = parse(
        WHOLE | {"bundle": "b"}, WHOLE | {"bundle": "c"}, MORE | {"bundle": "b"}, MORE | {"bundle": "c"}
    )
    ids = [parsed.entry.demand_id for parsed in (one, again, other) if isinstance(parsed.entry, Demand)]
    assert ids[0] == ids[1] != ids[2]
    (named,) = parse(WHOLE | {"bundle": "A", "id": "d-1"}, MORE | {"bundle": "A", "id": "d-1"})
    assert isinstance(named.entry, Demand) and named.entry.demand_id == "d-1" and named.given_id


CELLS: dict[str, Any] = {
    "title": st.sampled_from(["", "a", "b"]),
    "item": st.sampled_from(["", "月球漫步", "venue.activity_room", "上门理发"]),
    "quantity": st.sampled_from(["", "2", "x", "900"]),
    "community": st.sampled_from(["", "310105001001", "31"]),
    "start": st.sampled_from(["", "2026-11-25 09:00", "?"]),
    "end": st.sampled_from(["", "2026-11-25 12:00", "2026-11-25 08:00"]),
    "together": st.sampled_from(["", "是", "maybe"]),
    "bundle": st.sampled_from(["", "否", "A", "b", "是"]),
    "id": st.sampled_from(["", "", "d-1", "not an id"]),
}


@given(st.lists(st.fixed_dictionaries(CELLS), max_size=6))
def test_every_row_is_told_of_once_and_falls_with_a_reason(rows: list[dict[str, str]]) -> None:
    found = parse(*rows)
    filled = [number for number, cells in enumerate(rows, start=2) if any(cells.values())]
    assert sorted(number for parsed in found for number in parsed.numbers) == filled
    for parsed in found:
        names = {rows[number - 2]["bundle"].lower() for number in parsed.numbers}
        assert len(names) == 1
        assert len(parsed.numbers) == 1 or not names & {"", "否"}
        if parsed.entry is None:
            assert all(parsed.faults[number] for number in parsed.numbers)
        else:
            assert not parsed.faults
            assert len(lines(parsed)) == len(parsed.numbers)
