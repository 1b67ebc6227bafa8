"""Unified social credit codes: every series, and how people write them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.uscc import UNIT_KINDS, Uscc, check_character, parse_uscc, unit_kind

REAL = ["91350100M000100Y43", "91110000600037341L"]
"""The code that GB 32100-2015 is explained with, and the one that python-stdnum documents its check with."""


@pytest.mark.parametrize("code", REAL)
def test_published_codes_hold(code: str) -> None:
    assert parse_uscc(code) == code
    assert check_character(code[:17]) == code[17]


@pytest.mark.parametrize("kind", sorted(UNIT_KINDS))
def test_every_kind_of_unit_has_valid_codes(kind: str) -> None:
    body = f"{kind}310105MA1FW0001"
    code = body + check_character(body)
    assert parse_uscc(code) == code
    assert unit_kind(code) == UNIT_KINDS[kind]


def test_the_military_and_village_series_are_units_like_any_other() -> None:
    assert unit_kind("A1310105MA1FW0001" + check_character("A1310105MA1FW0001")) == (
        "military institution",
        "军队事业单位",
    )
    assert unit_kind("N2310105MA1FW0001" + check_character("N2310105MA1FW0001")) == (
        "village collective",
        "村集体经济组织",
    )
    body = "Y1310105MA1FW0001"
    assert parse_uscc(body + check_character(body)).startswith("Y1")
    assert unit_kind(body) is None


@pytest.mark.parametrize("written", [" 91350100m000100y43 ", "9135 0100 M000 100Y 43", "\t91350100M000100Y43\n"])
def test_lower_case_and_blanks_are_accepted(written: str) -> None:
    assert parse_uscc(written) == "91350100M000100Y43"


@pytest.mark.parametrize(
    "wrong",
    ["", "91350100M000100Y4", "91350100M000100Y433", "91350100M000100Y44", "9135010OM000100Y43", "９1350100M000100Y43"],
)
def test_what_is_no_code_is_refused_by_its_code(wrong: str) -> None:
    with pytest.raises(ValidationError, match="bad_uscc"):
        TypeAdapter(Uscc).validate_python(wrong)
