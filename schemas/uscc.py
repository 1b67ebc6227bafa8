"""The unified social credit code 统一社会信用代码 of organisations (GB 32100-2015).

python-stdnum refuses the A (military), N (village collective) and Y series, which are resident
units like any other; hence a check of our own.
"""

from typing import Annotated

from pydantic import AfterValidator

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))

UNIT_KINDS = {
    "11": ("office", "机关"),
    "12": ("public institution", "事业单位"),
    "51": ("social group", "社会团体"),
    "52": ("private non-enterprise", "民办非企业单位"),
    "53": ("foundation", "基金会"),
    "81": ("union", "工会"),
    "91": ("company", "企业"),
    "92": ("sole trader", "个体工商户"),
    "93": ("cooperative", "农民专业合作社"),
    "A1": ("military institution", "军队事业单位"),
    "N2": ("village collective", "村集体经济组织"),
}
"""Unit kinds by the first two characters: English and Chinese name."""


def check_character(body: str) -> str:
    """Return the 18th character for the first 17; raise ValueError for a character outside the alphabet."""
    total = sum(_ALPHABET.index(char) * weight for char, weight in zip(body, _WEIGHTS, strict=True))
    return _ALPHABET[(31 - total % 31) % 31]


def parse_uscc(text: str) -> str:
    """Return the code in upper case without blanks; raise ValueError where it is not well formed."""
    code = "".join(text.split()).upper()
    if len(code) != 18 or any(char not in _ALPHABET for char in code):
        raise ValueError("bad_uscc: a USCC has 18 characters, digits and capitals without I, O, S, V, Z")
    if check_character(code[:17]) != code[17]:
        raise ValueError("bad_uscc: the check character does not fit")
    return code


def unit_kind(code: str) -> tuple[str, str] | None:
    """Return the unit's kind in English and Chinese, or None for a prefix that the table does not name."""
    return UNIT_KINDS.get(code[:2])


Uscc = Annotated[str, AfterValidator(parse_uscc)]
