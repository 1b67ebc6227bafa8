"""What the check character of a unified social credit code catches."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.uscc import UNIT_KINDS, check_character, parse_uscc

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
bodies = st.builds("".join, st.tuples(st.sampled_from(sorted(UNIT_KINDS)), st.text(ALPHABET, min_size=15, max_size=15)))
codes = bodies.map(lambda body: body + check_character(body))


@given(codes)
def test_a_code_with_its_check_character_holds(code: str) -> None:
    assert parse_uscc(code) == code
    assert parse_uscc(f" {code.lower()} ") == code


@given(codes, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_caught(code: str, place: int, other: str) -> None:
    assume(code[place] != other)
    with pytest.raises(ValueError, match="bad_uscc"):
        parse_uscc(code[:place] + other + code[place + 1 :])


@given(codes, st.integers(0, 16))
def test_two_neighbours_changed_round_are_always_caught(code: str, place: int) -> None:
    assume(code[place] != code[place + 1])
    with pytest.raises(ValueError, match="bad_uscc"):
        parse_uscc(code[:place] + code[place + 1] + code[place] + code[place + 2 :])


@given(codes, st.integers(0, 17), st.sampled_from("IOSVZ-é"))
def test_letters_outside_the_alphabet_are_refused(code: str, place: int, other: str) -> None:
    with pytest.raises(ValueError, match="bad_uscc"):
        parse_uscc(code[:place] + other + code[place + 1 :])
