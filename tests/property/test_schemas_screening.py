"""What the screening of public texts lets through and what it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import no_personal_data
from schemas.uscc import UNIT_KINDS, check_character

words = st.text(alphabet="请致电联系王阿姨号：，。（） /-abXZ", max_size=20)
phones = st.from_regex(r"(\+86)?1[3-9][0-9]{9}", fullmatch=True)
births = st.dates().filter(lambda day: 1900 <= day.year <= 2099).map(lambda day: f"{day:%Y%m%d}")
identity_numbers = st.builds(
    lambda area, birth, rest: area + birth + rest,
    st.from_regex(r"[1-8][0-9]{5}", fullmatch=True),
    births,
    st.from_regex(r"[0-9]{3}[0-9Xx]", fullmatch=True),
)
units = st.builds(
    lambda kind, body: kind + body + check_character(kind + body),
    st.sampled_from([kind for kind in sorted(UNIT_KINDS) if kind.startswith("9")]),
    st.from_regex(r"310[0-9]{3}MA1[0-9A-HJ-NP-RTUWXY]{6}", fullmatch=True),
)


@given(words, phones | identity_numbers, words)
def test_a_number_of_a_person_is_found_wherever_it_stands(before: str, number: str, after: str) -> None:
    with pytest.raises(ValueError, match="personal_data"):
        no_personal_data(f"{before}{number}{after}")


@given(words, units | st.integers(0, 9_999_999_999).map(str), words)
def test_other_numbers_pass(before: str, number: str, after: str) -> None:
    text = f"{before}{number}{after}"
    assert no_personal_data(text) == text


@given(
    st.from_regex(r"[a请 -]{0,3}(\+?(00)?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}[a请 -]{0,3}", fullmatch=True)
)
def test_a_number_in_groups_is_found_however_it_is_grouped(text: str) -> None:
    with pytest.raises(ValueError, match="personal_data"):
        no_personal_data(text)
