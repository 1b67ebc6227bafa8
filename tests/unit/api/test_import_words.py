"""The words that people write into cells."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.imports.cells import as_text, decoded
from api.imports.columns import COLUMNS, ListKind
from api.imports.headers import find_header
from api.imports.shapes import Lookup, party
from api.imports.words import ZH, enumerated, instant, several, whole, yes_or_no
from schemas.catalogue import load_catalogue
from schemas.demands import Beneficiary, Channel, Fitness, Urgency
from schemas.refusals import Refused
from schemas.resources import AccessMode, DeliveryMode, ResourceKind


@pytest.mark.parametrize(
    ("text", "ends", "expected"),
    [
        ("2026-11-25 09:00", False, "2026-11-25T09:00:00+08:00"),
        ("2026/1/5 9:05", False, "2026-01-05T09:05:00+08:00"),
        ("2026.11.25", False, "2026-11-25T00:00:00+08:00"),
        ("2026.11.25", True, "2026-11-26T00:00:00+08:00"),
        ("2026年11月25日", True, "2026-11-26T00:00:00+08:00"),
        ("2026年11月25日 14点30分", False, "2026-11-25T14:30:00+08:00"),
        ("2026年11月25日14时", False, "2026-11-25T14:00:00+08:00"),
        ("2026-11-25T09:00:00", True, "2026-11-25T09:00:00+08:00"),
        ("2026-11-25T09:00:00Z", False, "2026-11-25T09:00:00+00:00"),
        ("2026-11-25T09:00:00+09:00", False, "2026-11-25T09:00:00+09:00"),
        ("2026-12-31", True, "2027-01-01T00:00:00+08:00"),
    ],
)
def test_times_as_people_write_them(text: str, ends: bool, expected: str) -> None:
    assert instant(text, ends=ends) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-02-30", "25:00", "2026-11-25 25:00", "45987"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="bad_time"):
        instant(text)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        assert instant(text).tzinfo is not None
    except Refused as refused:
        assert refused.code == "bad_time"


@pytest.mark.parametrize("kind", [Urgency, Channel, Beneficiary, Fitness, ResourceKind, AccessMode, DeliveryMode])
def test_every_word_is_known_in_both_languages(kind: type) -> None:
    for member in kind:
        assert enumerated(kind, ZH[member]) is member
        assert enumerated(kind, f" {member.value.upper()} ") is member
    assert len({ZH[member] for member in kind}) == len(kind)
    with pytest.raises(Refused, match="unknown_word"):
        enumerated(kind, "别的")


def test_a_cell_may_hold_several_words() -> None:
    both = (Fitness.ADULT, Fitness.LIFTING)
    for text in ("成年、能负重", "adult, lifting", "成年 能负重", "，成年；能负重；"):
        assert several(Fitness, text) == both
    with pytest.raises(Refused, match="unknown_word"):
        several(Fitness, "成年、别的")


def test_yes_no_and_numbers() -> None:
    assert (yes_or_no("是"), yes_or_no("No"), yes_or_no("√"), yes_or_no("false")) == (True, False, True, False)
    assert (whole("1,000"), whole(" 7 "), whole("-3")) == (1000, 7, -3)
    for text in ("maybe", ""):
        with pytest.raises(Refused):
            yes_or_no(text)
    for text in ("1.5", "七", "٣", "9" * 19):
        with pytest.raises(Refused):
            whole(text)


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, ""), (310105001001.0, "310105001001"), (1.5, "1.5"), (True, "true"), (" x ", "x"), (3, "3")],
)
def test_cells_read_as_a_person_would_type_them(cell: object, text: str) -> None:
    assert as_text(cell) == text


def test_text_with_zero_bytes_is_no_table() -> None:
    with pytest.raises(ValueError, match="zero bytes"):
        decoded(b"a,\0b")


def test_parties_may_be_told_by_their_codes() -> None:
    assert party("91310105ma1fw0008t") == "unit:91310105MA1FW0008T"
    assert party("310105001001") == "community:310105001001"
    assert party("member:m-1") == "member:m-1"


def test_items_are_found_by_id_and_by_either_name() -> None:
    lookup = Lookup(load_catalogue())
    for text in ("elder_care.hair_cut", "上门理发", "home haircut", "Home Haircut"):
        assert lookup.item(text) == "elder_care.hair_cut"
    with pytest.raises(Refused, match="unknown_item"):
        lookup.item("月球漫步")


@pytest.mark.parametrize("kind", [*COLUMNS])
def test_headers_are_found_in_either_language_whatever_their_order(kind: ListKind) -> None:
    columns = COLUMNS[kind]
    chinese = [f" {column.zh.replace('（', '(').replace('）', ')')}* " for column in reversed(columns)]
    english = [column.name.upper().replace("_", " ") for column in columns]
    for row in (chinese, english):
        place, found = find_header([["标题"], row, ["x"]], columns=columns)
        assert place == 1
        assert set(found) == {column.name for column in columns}


def test_no_two_columns_of_a_list_answer_to_the_same_header() -> None:
    for columns in COLUMNS.values():
        names = [name for column in columns for name in (column.zh, column.name, *column.aliases)]
        assert len(names) == len(set(names))
