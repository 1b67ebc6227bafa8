"""``docs/requirements.md``: fifty rows, each with an address that exists and a test that is there."""

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
LINK = re.compile(r"\[`(\w+)`\]\(\.\./(tests/[\w/]+\.py)\)")
ADDRESS = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`?\s]+)")


class Row(NamedTuple):
    """One requirement: its number, what it asks, where it works, and the tests that show it."""

    number: str
    asked: str
    works: str
    shown: str


def rows() -> list[Row]:
    found = [line.strip("|").split("|") for line in PAGE.splitlines() if re.match(r"\| R\d\d ", line)]
    return [Row(*(cell.strip() for cell in cells)) for cells in found]


def addresses() -> set[tuple[str, str]]:
    document = json.loads((ROOT / "docs" / "contracts" / "openapi.json").read_text(encoding="utf-8"))
    return {(method.upper(), _shape(path)) for path, methods in document["paths"].items() for method in methods}


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def test_all_fifty_are_there_in_order() -> None:
    assert [row.number for row in rows()] == [f"R{number:02}" for number in range(1, 51)]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.number)
def test_every_row_leads_to_a_test_that_is_there(row: Row) -> None:
    links = LINK.findall(row.shown)
    assert links, "a row names at least one test"
    for name, path in links:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"def {name}\b", source), f"{path} has no {name}"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.number)
def test_every_address_of_a_row_exists(row: Row) -> None:
    known = addresses()
    for method, path in ADDRESS.findall(row.works):
        assert (method, _shape(path)) in known, f"{method} {path}"
    assert row.works, "it says where it works, or why it does not"
