"""The shipped data sets fit together."""

import lzma
import re
from collections import Counter

from schemas.catalogue import builtin
from schemas.data import DATA
from schemas.regions import Level, Regions, level_of


def _rows(text: str) -> list[dict[str, str]]:
    lines = text.splitlines()
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines[1:]]


def test_every_request_of_boston_has_its_item_place_and_time() -> None:
    with lzma.open(DATA / "boston" / "requests.tsv.xz", "rt", encoding="utf-8") as file:
        rows = _rows(file.read())
    assert len(rows) == len({row["request_id"] for row in rows}) == 121_145
    assert {row["item_id"] for row in rows} <= set(builtin("boston").items)
    communities = {region.code for region in Regions.builtin("boston").communities()}
    assert {row["community_code"] for row in rows} <= communities
    opened = [row["opened_at"] for row in rows]
    assert opened == sorted(opened)
    assert {moment[:4] for moment in opened} == {"2015"}


def test_the_shipped_requests_hold_no_precise_place() -> None:
    with lzma.open(DATA / "boston" / "requests.tsv.xz", "rt", encoding="utf-8") as file:
        text = file.read()
    assert all(re.fullmatch(r"-?\d+\.\d{1,3}|", row[side]) for row in _rows(text) for side in ("latitude", "longitude"))


def test_every_capacity_of_boston_names_an_item_and_a_neighbourhood() -> None:
    rows = _rows((DATA / "boston" / "capacity.tsv").read_text(encoding="utf-8"))
    assert len(rows) == 806
    assert {row["item_id"] for row in rows} <= set(builtin("boston").items)
    regions = Regions.builtin("boston")
    assert all(regions.known(row["street_code"]) and level_of(row["street_code"]) is Level.STREET for row in rows)
    assert all(float(row["median_per_active_day"]) >= 1 for row in rows)


def test_figures_of_scale_are_quoted() -> None:
    rows = _rows((DATA / "scale.tsv").read_text(encoding="utf-8"))
    assert all(row["metric"] and row["value"] and row["quote"] and row["use"] for row in rows)
    assert max(Counter(row["metric"] for row in rows).values()) == 1
